"""A peer of TCPChan that does on the wire what the original does: any number for a channel, "create" and "close" as mere
notices, one message for a write.

    tcpchan_peer.py client|server HOST:PORT JOB [NUMBER]

What the jobs are, and what channels are for by their first byte, is told in ../go/yamux_peer.go; serve, echo and bulk
are those that this one can do.
"""

import asyncio
import random
import struct
import sys

import peer

MAGIC = 0xFEEDBACC
REQUEST, REPLY, CREATE, CLOSE, PAYLOAD = range(1, 6)
LARGEST = 65535

# Byte number i of a body with number n is (n + i) % 251.
PATTERN = bytes(i % 251 for i in range(1 << 18))


def piece(at, size):
    """Of the pattern from byte number `at` on, of `size` bytes at most."""
    return PATTERN[at % 251:at % 251 + size]


class Channel:
    def __init__(self, session, number):
        self.session, self.number = session, number
        self.received, self.unread = asyncio.Queue(), b""

    async def some(self):
        """What has come; empty at the end."""
        if self.unread:
            some, self.unread = self.unread, b""
            return some
        while (some := await self.received.get()) == b"":
            pass
        return some or b""

    async def read(self, size):
        read = b""
        while len(read) < size:
            some = await self.some()
            assert some, f"the end comes after {len(read)} of {size} bytes"
            read += some
        self.unread = read[size:]
        return read[:size]

    async def write(self, data):
        for at in range(0, len(data), LARGEST):
            part = data[at:at + LARGEST]
            self.session.send(PAYLOAD, self.number, struct.pack(">H", len(part)) + part)
            await self.session.writer.drain()

    async def round_trip(self, body):
        await self.write(body)
        assert await self.read(len(body)) == body, "other bytes came back than were sent"

    def close(self):
        if self.session.channels.pop(self.number, None):
            self.session.send(CLOSE, self.number)


class Session:
    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer
        self.channels, self.services = {}, set()
        self.is_ready = asyncio.Event()

    def send(self, operation, number, rest=b""):
        self.writer.write(struct.pack(">BBI", 0, operation, number) + rest)

    async def run(self):
        while True:
            try:
                version, operation, number = struct.unpack(">BBI", await self.reader.readexactly(6))
            except asyncio.IncompleteReadError as e:
                assert e.partial == b"", "the stream ends inside of a message"
                return
            assert version == 0
            await self.HANDLERS[operation](self, number)

    async def requested(self, magic):
        assert magic == MAGIC
        self.send(REPLY, MAGIC)
        self.is_ready.set()

    async def replied(self, magic):
        assert magic == MAGIC
        self.is_ready.set()

    async def created(self, number):
        assert number not in self.channels, f"{number} is created again"
        self.channels[number] = Channel(self, number)
        service = asyncio.create_task(answer(self.channels[number]))
        self.services.add(service)

    async def closed(self, number):
        if channel := self.channels.pop(number, None):
            channel.received.put_nowait(None)

    async def payload(self, number):
        (size,) = struct.unpack(">H", await self.reader.readexactly(2))
        data = await self.reader.readexactly(size)
        if channel := self.channels.get(number):
            channel.received.put_nowait(data)

    HANDLERS = {REQUEST: requested, REPLY: replied, CREATE: created, CLOSE: closed, PAYLOAD: payload}

    def open(self):
        number = random.getrandbits(32)
        while number in self.channels:
            number += 1
        self.channels[number] = Channel(self, number)
        self.send(CREATE, number)
        return self.channels[number]


# --- channels that the other side has created ---


async def echo(channel):
    while some := await channel.some():
        await channel.write(some)


async def count_pattern(channel):
    (size,) = struct.unpack(">Q", await channel.read(8))
    at = 0
    while at < size:
        some = await channel.some()
        assert some, f"the end comes after {at} of {size} bytes"
        assert some == piece(at, len(some)), f"wrong bytes after {at}"
        at += len(some)
    await channel.write(b"right")
    assert await channel.some() == b""


async def answer(channel):
    await {b"e": echo, b"c": count_pattern}[await channel.read(1)](channel)


# --- channels that this side creates ---


async def echo_all(session, count):
    channels = [session.open() for _ in range(count)]
    for i, channel in enumerate(channels):
        await channel.write(b"e" + piece(i, i * 3 % 3001))
    for i, channel in enumerate(channels):
        wanted = piece(i, i * 3 % 3001)
        assert await channel.read(len(wanted)) == wanted, f"other bytes came back on channel {i}"
    for channel in channels:
        channel.close()


async def small_echoes(session):
    channel = session.open()
    await channel.write(b"e")
    for i in range(10):
        await channel.round_trip(piece(i, 100))
    channel.close()


async def bulk(session, size):
    """The last byte goes when ten small answers have come."""
    answers = asyncio.create_task(small_echoes(session))
    channel = session.open()
    await channel.write(b"c" + struct.pack(">Q", size))
    for at in range(0, size - 1, LARGEST):
        await channel.write(piece(at, min(LARGEST, size - 1 - at)))
    await answers
    await channel.write(piece(size - 1, 1))
    assert await channel.read(5) == b"right"
    channel.close()


async def quit(session):
    channel = session.open()
    await channel.write(b"q")
    channel.close()


async def main(role, address, job, number=0):
    sock = await asyncio.to_thread(peer.meet, role, "tcp://" + address)
    sock.setblocking(False)
    reader, writer = await asyncio.open_connection(sock=sock)
    session = Session(reader, writer)
    running = asyncio.create_task(session.run())
    if role == "client":
        session.send(REQUEST, MAGIC)
    if job != "serve":
        await asyncio.wait_for(session.is_ready.wait(), peer.TIME_OUT)
        await asyncio.wait_for({"echo": echo_all, "bulk": bulk}[job](session, int(number)), 2 * peer.TIME_OUT)
        await quit(session)
    await asyncio.wait_for(running, 2 * peer.TIME_OUT)
    writer.close()
    for service in session.services:
        assert service.done(), "a channel was not closed"
        service.result()


asyncio.run(main(*sys.argv[1:]))
