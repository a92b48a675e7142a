"""Messages with a 4-byte big-endian length, by asyncio streams: the other end of parley's default framing.

    length_prefixed.py client|server ENDPOINT exchange --manner whole --count 300 --size-max 5000 --seed 1
    length_prefixed.py client|server ENDPOINT end --ending in_body
    length_prefixed.py client|server ENDPOINT report
    length_prefixed.py client|server ENDPOINT json --count 100
"""

import argparse
import asyncio
import json
import struct

import peer

PATTERN = bytes(range(251))


def body(seed, size_max, number):
    """The message with this number of a conversation that both ends know."""
    mixed = ((number + seed) * 2654435761 & 0xFFFFFFFF) >> 8
    size = mixed % (size_max + 1)
    if number % 10 == 3:
        size = 0
    if size_max >= 1000 and number % 100 == 50:
        size = 1 << 20
    shift = number % len(PATTERN)
    return (PATTERN * (size // len(PATTERN) + 2))[shift:shift + size]


def frame(data):
    return struct.pack(">I", len(data)) + data


async def receive(reader):
    (size,) = struct.unpack(">I", await reader.readexactly(4))
    return await reader.readexactly(size)


async def expect_end(reader):
    rest = await reader.read()
    assert rest == b"", f"{len(rest)} bytes after the last message"


def writes(manner, frames):
    """The same bytes, cut as different programs would."""
    if manner == "whole":
        yield from frames
    elif manner == "parts":
        for each in frames:
            yield each[:4]
            yield each[4:]
    elif manner == "threes":
        for first in range(0, len(frames), 3):
            yield b"".join(frames[first:first + 3])
    elif manner == "bytes":
        for each in frames:
            for value in each:
                yield bytes([value])


async def exchange(options, reader, writer):
    bodies = [body(options.seed, options.size_max, number) for number in range(options.count)]

    async def send_all():
        for piece in writes(options.manner, [frame(data) for data in bodies]):
            writer.write(piece)
            await writer.drain()
        writer.write_eof()

    async def receive_all():
        for number, wanted in enumerate(bodies):
            got = await receive(reader)
            assert got == wanted, f"message {number}: {len(got)} bytes for {len(wanted)}"
        await expect_end(reader)

    await asyncio.gather(send_all(), receive_all())


async def end(options, reader, writer):
    pieces = {"clean": b"", "in_length": b"\0\0", "in_body": struct.pack(">I", 10) + b"half"}
    writer.write(frame(b"before") + pieces[options.ending])
    writer.write_eof()
    await expect_end(reader)


async def report(options, reader, writer):
    """Prints how the peer's messages ended."""
    count = 0
    try:
        while True:
            await receive(reader)
            count += 1
    except asyncio.IncompleteReadError as e:
        print(f"{count} messages, then {len(e.partial)} bytes of another")


async def talk_json(options, reader, writer):
    for number in range(options.count):
        question = {"number": number, "text": f"Grüße \"{number}\""}
        writer.write(frame(json.dumps(question, ensure_ascii=False).encode()))
        answer = json.loads(await receive(reader))
        assert answer == {"answer": number * number, "to": question}, answer
    writer.write_eof()
    await expect_end(reader)


TASKS = {"exchange": exchange, "end": end, "report": report, "json": talk_json}


def parse_arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("role", choices=("client", "server"))
    parser.add_argument("endpoint")
    parser.add_argument("task", choices=TASKS)
    parser.add_argument("--manner", choices=("whole", "parts", "threes", "bytes"), default="whole")
    parser.add_argument("--count", type=int, default=0)
    parser.add_argument("--size-max", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--ending", choices=("clean", "in_length", "in_body"), default="clean")
    return parser.parse_args()


async def main():
    options = parse_arguments()
    sock = peer.meet(options.role, options.endpoint)
    sock.setblocking(False)
    reader, writer = await asyncio.open_connection(sock=sock)
    await asyncio.wait_for(TASKS[options.task](options, reader, writer), peer.TIME_OUT)
    writer.close()


asyncio.run(main())
