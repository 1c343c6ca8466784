"""HTTP/1.1 on this machine only: connections are kept, requests read whole, one thread for each client."""

from __future__ import annotations

import socket
import sys
import time
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from .front import Front
from .wire import AWSError, Reply, Request, error_reply


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512
    front: Front

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is an everyday thing; anything else is worth a trace."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            traceback.print_exc(file=sys.stderr)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    # Buffered, so that a reply's headers and body leave together.
    wbufsize = -1
    server: Server
    _clock: float = 0

    def version_string(self) -> str:
        return "StandInForAWS"

    def handle_expect_100(self) -> bool:
        going_on = super().handle_expect_100()
        self.wfile.flush()
        return going_on

    def _handle(self) -> None:
        headers: dict[str, str] = {}
        for name, value in self.headers.items():
            key = name.lower()
            headers[key] = f"{headers[key]},{value}" if key in headers else value
        request = Request(self.command, self.path, headers, self._body(headers), gone=self._gone)
        try:
            reply = self.server.front.answer(request)
        except Exception as error:
            traceback.print_exc(file=sys.stderr)
            reply = error_reply(request, AWSError("StandInFailed", f"The local stand-in failed: {error!r}", 501))
        if reply is None:
            self._drop()
        else:
            self._send(reply)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _handle

    def _body(self, headers: dict[str, str]) -> bytes:
        if "chunked" not in headers.get("transfer-encoding", ""):
            return self.rfile.read(int(headers.get("content-length", "0")))
        parts = []
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline() not in (b"\r\n", b"\n", b""):
            continue
        return b"".join(parts)

    def _send(self, reply: Reply) -> None:
        headers = {
            name: value for name, value in reply.headers.items() if name.lower() not in ("server", "date", "connection")
        }
        bare = reply.status in (204, 304)
        if self.command != "HEAD" and not bare:
            headers["content-length"] = str(len(reply.body))
        if reply.torn and (bare or self.command == "HEAD" or not reply.body):
            # There is no half of nothing.
            return self._drop()
        self._clock = reply.clock
        self.send_response(reply.status)
        for name, value in headers.items():
            self.send_header(name, value)
        if self.command == "HEAD" and "content-length" not in headers:
            self.send_header("content-length", "0")
        self.end_headers()
        sent = b"" if self.command == "HEAD" or bare else reply.body
        if reply.torn:
            self.wfile.write(sent[: len(sent) // 2])
            self.wfile.flush()
            return self._drop()
        self.wfile.write(sent)
        self.wfile.flush()

    def date_time_string(self, timestamp: float | None = None) -> str:
        return super().date_time_string((time.time() if timestamp is None else timestamp) + self._clock)

    def _gone(self) -> bool:
        """Whether the client has closed its side, as one that was killed has."""
        try:
            return self.connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True

    def _drop(self) -> None:
        """Close without a word, as a connection that breaks does."""
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: object) -> None:
        return


def serve(port: int, update_seconds: float) -> Server:
    server = Server(("127.0.0.1", port), Handler)
    server.front = Front(update_seconds, f"http://127.0.0.1:{server.server_address[1]}")
    return server
