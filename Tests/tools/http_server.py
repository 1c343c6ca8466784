"""An HTTP/1.1 server that does what a test tells it to, and remembers what it was asked.

    python3 http_server.py [FILE]    with TLS where FILE holds a key and its certificate

It listens on a free port of 127.0.0.1, prints the port, and ends when its standard input does.
Paths below /_control are for the test:

    POST /_control/replies    a JSON list of replies for the next requests, appended
    GET  /_control/requests   the requests so far, as a JSON list
    GET  /_control/held?n=3   answers once three requests are held at the same time
    POST /_control/release    lets every held request, now and later, go on
    GET  /_control/gone?n=1   answers once one held request's client has gone away

A reply is {"status", "headers": [[name, value]], "body", "action"}; what is absent is 200, none, "" and
"reply". Without a reply in the list a request is answered with 200 and its own body. Actions:

    reply     answers
    hold      answers when released
    reset     resets the connection after reading the request
    close     closes the connection after reading the request, without a byte of an answer
    half      answers with half of the body and closes the connection
    pause     answers with half of the body, and with the rest when released
    dribble   answers one byte of the body at a time, "every" seconds apart
    closing   answers and closes the connection, as "Connection: close" announces
"""

import asyncio
import base64
import json
import os
import resource
import socket
import ssl
import struct
import sys
from urllib.parse import parse_qs, urlsplit


class Server:
    def __init__(self):
        self.replies = []
        self.requests = []
        self.connections = 0
        self.held = 0
        self.gone = 0
        self.released = asyncio.Event()
        self.changed = asyncio.Condition()

    async def serve(self, reader, writer):
        number = None
        try:
            while (request := await self.read(reader)) is not None:
                if request["target"].startswith("/_control/"):
                    await self.control(request, writer)
                    continue
                if number is None:
                    self.connections += 1
                    number = self.connections
                request["connection"] = number
                self.requests.append(request)
                if not await self.answer(request, reader, writer):
                    break
        except (ConnectionError, asyncio.IncompleteReadError, ValueError):
            pass  # The client went away, or does not speak HTTP.
        finally:
            writer.close()

    async def read(self, reader):
        line = await reader.readline()
        if not line:
            return None
        method, target, _ = line.decode("latin-1").split(" ", 2)
        headers = []
        while (line := await reader.readline()) not in (b"\r\n", b""):
            name, value = line.decode("latin-1").rstrip("\r\n").split(":", 1)
            headers.append([name, value.strip()])
        length = next((int(v) for n, v in headers if n.lower() == "content-length"), 0)
        body = await reader.readexactly(length)
        return {
            "method": method,
            "target": target,
            "headers": headers,
            "body": base64.b64encode(body).decode(),
        }

    async def control(self, request, writer):
        parts = urlsplit(request["target"])
        count = int(parse_qs(parts.query).get("n", ["0"])[0])
        result = []
        match parts.path.rsplit("/", 1)[1]:
            case "replies":
                self.replies += json.loads(base64.b64decode(request["body"]))
            case "requests":
                result = self.requests
            case "held":
                await self.wait(lambda: self.held >= count)
            case "gone":
                await self.wait(lambda: self.gone >= count)
            case "release":
                self.released.set()
        await self.send(writer, self.head(200, [], json.dumps(result).encode()))

    async def wait(self, holds):
        async with self.changed:
            await self.changed.wait_for(holds)

    async def note(self, **changes):
        async with self.changed:
            for name, change in changes.items():
                setattr(self, name, getattr(self, name) + change)
            self.changed.notify_all()

    async def hold(self, reader):
        """Waits for the release; false if the client goes away first."""
        await self.note(held=1)
        leaving = asyncio.ensure_future(reader.read(1))
        release = asyncio.ensure_future(self.released.wait())
        await asyncio.wait({leaving, release}, return_when=asyncio.FIRST_COMPLETED)
        stays = not leaving.done()
        for task in (leaving, release):
            task.cancel()
        await asyncio.gather(leaving, release, return_exceptions=True)
        await self.note(held=-1, gone=0 if stays else 1)
        return stays

    async def answer(self, request, reader, writer):
        """Answers one request; false if the connection ends with it."""
        default = {"body": base64.b64decode(request["body"]).decode("latin-1")}
        reply = self.replies.pop(0) if self.replies else default
        body = reply.get("body", "").encode("latin-1" if reply is default else "utf-8")
        if "body64" in reply:
            body = base64.b64decode(reply["body64"])
        headers = reply.get("headers", [])
        action = reply.get("action", "reply")
        full = self.head(reply.get("status", 200), headers, body)
        if request["method"] == "HEAD":
            full = full[: full.index(b"\r\n\r\n") + 4]
        middle = len(full) - len(body) // 2
        match action:
            case "reply":
                await self.send(writer, full)
            case "hold":
                if not await self.hold(reader):
                    return False
                await self.send(writer, full)
            case "reset":
                # Closing a socket that lingers for no time resets the connection.
                writer.get_extra_info("socket").setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
                )
                return False
            case "close":
                return False
            case "half":
                await self.send(writer, full[:middle])
                return False
            case "pause":
                await self.send(writer, full[:middle])
                if not await self.hold(reader):
                    return False
                await self.send(writer, full[middle:])
            case "dribble":
                start = len(full) - len(body)
                await self.send(writer, full[:start])
                for index in range(start, len(full)):
                    await asyncio.sleep(reply["every"])
                    await self.send(writer, full[index : index + 1])
            case "closing":
                await self.send(writer, full)
                return False
        return True

    def head(self, status, headers, body):
        lines = [f"HTTP/1.1 {status} Reason"] + [f"{n}: {v}" for n, v in headers]
        if not any(n.lower() == "content-length" for n, _ in headers):
            lines.append(f"Content-Length: {len(body)}")
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + body

    async def send(self, writer, data):
        writer.write(data)
        await writer.drain()


async def main():
    # A thousand connections are more than a process may open where nobody raised the limit.
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    server = Server()
    tls = None
    if len(sys.argv) > 1:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(sys.argv[1])
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0, backlog=2048, ssl=tls)
    print(listener.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    os._exit(0)  # Without a word about the connections that are still open.


asyncio.run(main())
