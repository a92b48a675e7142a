"""aiomsg_web_socket_peer.py sink|source ENDPOINT [--count N] [--tls-ca PATH]: the aiomsg protocol over the `websockets`
library, as a browser speaks it.

The sink prints what it gets, a line each. The source sends its greeting and the first message, which wants to be
acknowledged, as one WebSocket message, and every third frame in two, cut behind three bytes.
"""

import argparse
import asyncio
import os
import ssl

import websockets

import aiomsg_frames

TIME_OUT = 15  # seconds, for the whole conversation
IDENTITY = bytes(range(0xe0, 0xf0))
WIRE = aiomsg_frames.Version1


class Bytes:
    """The stream that the binary messages make."""

    def __init__(self, socket):
        self.socket = socket
        self.unread = b""

    async def read(self, size):
        while len(self.unread) < size:
            message = await self.socket.recv()
            assert isinstance(message, bytes), message
            self.unread += message
        taken, self.unread = self.unread[:size], self.unread[size:]
        return taken

    async def frame(self):
        length = await self.read(4)
        return length + await self.read(int.from_bytes(length, "big"))

    async def telling_frame(self):
        while (frame := await self.frame()) == WIRE.heartbeat:
            pass
        return frame


async def expect_hello(stream):
    hello = await stream.telling_frame()
    assert hello == WIRE.hello(WIRE.identity_in(hello)), hello.hex(" ")


async def sink(socket, count):
    stream = Bytes(socket)
    await socket.send(WIRE.hello(IDENTITY))
    await expect_hello(stream)
    for _ in range(count):
        frame = await stream.telling_frame()
        payload = frame[5:]
        if frame != WIRE.data(payload):
            payload = frame[21:]
            message_id = WIRE.id_in(frame)
            assert frame == WIRE.request(message_id, payload), frame.hex(" ")
            await socket.send(WIRE.acknowledgement(message_id))
        print(payload.decode(), flush=True)


async def source(socket, count):
    stream = Bytes(socket)
    ids = [os.urandom(16) for _ in range(count)]
    frames = [WIRE.request(ids[i], b"m%d" % i) for i in range(count)]
    await socket.send(WIRE.hello(IDENTITY) + frames[0])
    for number, frame in enumerate(frames[1:], 1):
        if number % 3 == 0:
            await socket.send(frame[:3])
            await socket.send(frame[3:])
        else:
            await socket.send(frame)
    await expect_hello(stream)
    for message_id in ids:
        frame = await stream.telling_frame()
        assert frame == WIRE.acknowledgement(message_id), frame.hex(" ")


async def main(options):
    context = None
    if options.endpoint.startswith("wss:"):
        context = ssl.create_default_context(cafile=options.tls_ca)
    # Neither the path nor what is offered here matters to the other side.
    async with websockets.connect(options.endpoint, ssl=context, subprotocols=["chat"]) as socket:
        assert socket.subprotocol is None and not socket.extensions
        await {"sink": sink, "source": source}[options.task](socket, options.count)
    assert socket.close_code == 1000, socket.close_code


def parse_arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("task", choices=("sink", "source"))
    parser.add_argument("endpoint")
    parser.add_argument("--count", type=int, default=10)
    parser.add_argument("--tls-ca")
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(asyncio.wait_for(main(parse_arguments()), TIME_OUT))
