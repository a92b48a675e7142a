// Two programs for Python's aiomsg, and how to run them, for aiomsg_peer.cpp.
#pragma once

#include "python_program.hpp"

#include <string>

constexpr const char* python_server = R"(
import asyncio

from aiomsg import Søcket


async def main():
    async with Søcket() as sock:
        await sock.bind("127.0.0.1", 0)
        print(sock.server.sockets[0].getsockname()[1], flush=True)
        while True:
            identity, message = await sock.recv_identity()
            await sock.send(message.upper(), identity)


asyncio.run(main())
)";

constexpr const char* python_client = R"(
import asyncio
import sys

from aiomsg import DeliveryGuarantee, Søcket


async def main():
    async with Søcket(delivery_guarantee=DeliveryGuarantee.AT_LEAST_ONCE) as sock:
        await sock.connect("127.0.0.1", int(sys.argv[1]))
        for text in ("hello", "how are you?"):
            await sock.send_string(text)
            print(await sock.recv_string(), flush=True)


asyncio.run(main())
)";

// Where aiomsg is not installed, this stands in for it: the names that the programs use, for one peer, and the same
// bytes (docs/protocols/aiomsg.md).
constexpr const char* stand_in = R"(
import asyncio, contextlib, enum, importlib.util, struct, sys, types, uuid

DeliveryGuarantee = enum.Enum("DeliveryGuarantee", "AT_MOST_ONCE AT_LEAST_ONCE")

class Søcket:
    def __init__(self, delivery_guarantee=DeliveryGuarantee.AT_MOST_ONCE):
        self.wants_acknowledgements = delivery_guarantee is DeliveryGuarantee.AT_LEAST_ONCE
        self.received, self.peer, self.has_peer = asyncio.Queue(), None, asyncio.Event()

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        self.peer.close()

    async def bind(self, host, port):
        self.server = await asyncio.start_server(self.run, host, port)

    async def connect(self, host, port):
        self.task = asyncio.create_task(self.run(*await asyncio.open_connection(host, port)))

    async def run(self, reader, writer):
        self.put(writer, 1, b"\1" + uuid.uuid4().bytes)
        with contextlib.suppress(EOFError):
            while True:
                size, kind = struct.unpack(">IB", await reader.readexactly(5))
                body = await reader.readexactly(size - 1)
                if kind == 1:
                    self.peer, identity = writer, body[1:]
                    self.has_peer.set()
                elif kind == 3:
                    self.received.put_nowait((identity, body))
                elif kind == 4:
                    self.put(writer, 5, body[:16])
                    self.received.put_nowait((identity, body[16:]))

    def put(self, peer, kind, body):
        peer.write(struct.pack(">IB", len(body) + 1, kind) + body)

    async def send(self, message, identity=None):
        await self.has_peer.wait()
        if self.wants_acknowledgements:
            self.put(self.peer, 4, uuid.uuid4().bytes + message)
        else:
            self.put(self.peer, 3, message)

    async def send_string(self, text):
        await self.send(text.encode())

    async def recv_identity(self):
        return await self.received.get()

    async def recv_string(self):
        return (await self.received.get())[1].decode()

if importlib.util.find_spec("aiomsg") is None:
    module = sys.modules["aiomsg"] = types.ModuleType("aiomsg")
    module.DeliveryGuarantee, module.Søcket = DeliveryGuarantee, Søcket
)";

/// One of the programs, running.
class AiomsgProgram : public Python {
 public:
  explicit AiomsgProgram(const char* program, const std::string& argument = "")
      : Python{std::string{stand_in} + program, argument} {}
};
