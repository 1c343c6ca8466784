"""A fake of the way between a worker and PostgreSQL, which breaks at one COMMIT: a test says at which and how.

    python3 postgres_proxy.py FOLDER SERVER

It listens in FOLDER as a server would, and hands everything on to the server whose socket is in SERVER. It prints
a line "write" for every COMMIT of a transaction in which the ledger left its mark, which it does where it changed
something. On SIGUSR1 it reads FOLDER/order, a number and a way, prints "ready", and counts the writes from then on.
To the write of that number it does this and prints "come":

    hold-before    keeps the COMMIT and never hands it on
    hold-after     hands it on, and never the reply
    pass           hands on both
    lose-before    cuts the connection instead of handing the COMMIT on
    lose-after     hands it on, and cuts the connection instead of handing on the reply
"""

import asyncio
import signal
import struct
import sys
from pathlib import Path

SOCKET = ".s.PGSQL.5432"


def say(line):
    print(line, flush=True)


class Proxy:
    def __init__(self, folder, server):
        self.folder = Path(folder)
        self.server = Path(server)
        self.count = 0
        self.number = 0
        self.way = ""

    def take_order(self):
        number, self.way = (self.folder / "order").read_text().split()
        self.number = int(number)
        self.count = 0
        say("ready")

    async def run(self):
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, self.take_order)
        listener = await asyncio.start_unix_server(self.serve, self.folder / SOCKET)
        say("listening")
        await listener.serve_forever()

    async def serve(self, reader, writer):
        try:
            there = await asyncio.open_unix_connection(self.server / SOCKET)
        except OSError:
            writer.close()
            return
        connection = Connection(self, (reader, writer), there)
        ways = [asyncio.create_task(connection.up()), asyncio.create_task(connection.down())]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        for end in (writer, there[1]):
            end.close()

    def due(self):
        """What is to be done about a write that has come."""
        say("write")
        self.count += 1
        return self.way if self.count == self.number else None


class Connection:
    """One client's connection and its like to the server; either direction that ends, ends both."""

    def __init__(self, proxy, here, there):
        self.proxy = proxy
        self.here = here
        self.there = there
        self.statements = {}
        self.is_marked = False
        # What is to be done about the next reply.
        self.reply = None

    async def up(self):
        reader, server = self.here[0], self.there[1]
        # The first message has no kind.
        head = await reader.readexactly(4)
        server.write(head + await reader.readexactly(struct.unpack("!I", head)[0] - 4))
        while True:
            head = await reader.readexactly(5)
            body = await reader.readexactly(struct.unpack("!I", head[1:])[0] - 4)
            way = self.proxy.due() if self.is_write(head[:1], body) else None
            if way in ("hold-before", "lose-before"):
                say("come")
                if way == "hold-before":
                    await reader.read(-1)
                return
            if way:
                self.reply = way
            server.write(head + body)
            await server.drain()

    def is_write(self, kind, body):
        """Whether a message executes the COMMIT of a transaction that changed something."""
        if kind == b"P":
            name, text = body.split(b"\0")[:2]
            self.statements[name] = text
        if kind == b"Q" and body.startswith(b"ROLLBACK"):
            self.is_marked = False
        if kind != b"B":
            return False
        text = self.statements.get(body.split(b"\0")[1], b"")
        if b"INSERT INTO writers" in text:
            self.is_marked = True
        if text != b"COMMIT" or not self.is_marked:
            return False
        self.is_marked = False
        return True

    async def down(self):
        reader, client = self.there[0], self.here[1]
        while data := await reader.read(65536):
            way, self.reply = self.reply, None
            if way in ("hold-after", "lose-after"):
                say("come")
                if way == "hold-after":
                    await asyncio.Event().wait()
                return
            client.write(data)
            await client.drain()
            if way:
                say("come")


asyncio.run(Proxy(sys.argv[1], sys.argv[2]).run())
