"""websocket_peer.py client|server HOST:PORT: binary messages by the `websockets` library.

The client sends messages of many sizes, some in fragments, pings in between, and wants each back; the server echoes
until the other side closes.
"""

import asyncio
import sys

import websockets

TIME_OUT = 15  # seconds, for the whole conversation
SIZES = [0, 1, 125, 126, 65535, 65536, 1_000_000]


async def fragments(body):
    for begin in range(0, len(body), 30_000):
        yield body[begin:begin + 30_000]


async def be_client(host, port):
    async with websockets.connect(f"ws://{host}:{port}/talk?x=1", max_size=None, compression="deflate") as peer:
        for size in SIZES:
            body = bytes(i % 251 for i in range(size))
            await peer.send(body)
            assert await peer.recv() == body, size
            await (await peer.ping(b"are you there"))
        await peer.send(fragments(body))
        assert await peer.recv() == body
    assert peer.close_code == 1000, peer.close_code


async def be_server(host, port):
    done = asyncio.get_running_loop().create_future()

    async def echo(peer, path=None):
        try:
            async for message in peer:
                await peer.send(message)
            await peer.wait_closed()
            done.set_result(peer.close_code)
        except Exception as failure:
            done.set_exception(failure)

    async with websockets.serve(echo, host, port, max_size=None) as server:
        print("listening on", *server.sockets[0].getsockname(), file=sys.stderr, flush=True)
        assert await done == 1000, done


if __name__ == "__main__":
    role, address = sys.argv[1:]
    host, port = address.rsplit(":", 1)
    asyncio.run(asyncio.wait_for((be_client if role == "client" else be_server)(host, int(port)), TIME_OUT))
