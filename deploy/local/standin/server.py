"""HTTP/1.1 on this machine only: connections are kept, requests read whole, one thread for each client."""

from __future__ import annotations

import socket
import sys
import threading
import time
import traceback
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

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


class Door(Server):
    """One more address, whose connections can be cut and refused for a while, as when a network is down."""

    def __init__(self, front: Front, listener: socket.socket | None = None) -> None:
        address = listener.getsockname() if listener else ("127.0.0.1", 0)
        super().__init__(address, Handler, bind_and_activate=listener is None)
        if listener:
            self.socket.close()
            self.socket = listener
            self.server_activate()
        self.front = front
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def shut(self) -> socket.socket:
        """Refuse connections and cut those there are; gives a socket that keeps the port and does not listen."""
        self.shutdown()
        address = self.socket.getsockname()
        self.server_close()
        keeper = socket.socket()
        keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        keeper.bind(address)
        with self._lock:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        return keeper


class Doors:
    """Further addresses of one stand-in, by their ports."""

    def __init__(self) -> None:
        self.front: Front | None = None
        self._doors: dict[int, Door] = {}
        # What keeps the ports of those that are shut.
        self._kept: dict[int, socket.socket] = {}
        self._lock = threading.Lock()

    def open(self) -> int:
        assert self.front
        door = Door(self.front)
        with self._lock:
            self._doors[door.server_port] = door
        return door.server_port

    def close(self, port: int) -> None:
        with self._lock:
            door = self._doors.pop(port)
            keeper = self._kept.pop(port, None) or door.shut()
        keeper.close()

    def shut(self, port: int) -> None:
        """Refuse connections at a door until it is opened again."""
        with self._lock:
            self._kept[port] = self._doors[port].shut()

    def open_again(self, port: int) -> None:
        assert self.front
        with self._lock:
            self._doors[port] = Door(self.front, self._kept.pop(port))


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
        request = Request(
            self.command, self.path, headers, self._body(headers), gone=self._gone, shut_door=self._shut_door
        )
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

    def _shut_door(self) -> None:
        self.server.front.doors.shut(self.server.server_port)

    def _drop(self) -> None:
        """Close without a word, as a connection that breaks does."""
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: object) -> None:
        return


def serve(port: int, update_seconds: float) -> Server:
    server = Server(("127.0.0.1", port), Handler)
    doors = Doors()
    server.front = doors.front = Front(update_seconds, f"http://127.0.0.1:{server.server_port}", doors)
    return server
