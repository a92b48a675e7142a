// Two programs for Python's Smart Connection, and how to run them, for smart_connection_peer.cpp.
#pragma once

#include "python_program.hpp"

#include <string>

constexpr const char* python_server = R"(
import asyncio

from smart_connection import wrap_server_connection_handler


@wrap_server_connection_handler
async def answer(connection):
    async for order in connection:
        total = sum(item["price"] for item in order["items"])
        await connection.send({"number": order["number"], "total": total, "accepted": True})


async def main():
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
)";

constexpr const char* python_client = R"(
import asyncio
import sys

from smart_connection import wrap_client_connection_handler


async def main():
    ends = await asyncio.open_connection("127.0.0.1", int(sys.argv[1]))
    async with wrap_client_connection_handler(ends) as connection:
        await connection.send({"number": 7, "items": [{"name": "bolt", "price": 0.5}, {"name": "nut", "price": 0.25}]})
        print("receipt:", await connection.receive())

        await connection.send(sys.exit)  # a function: to unpickle it is to look code up
        print("refused:", await connection.receive())


asyncio.run(main())
)";

// Where Smart Connection is not installed, this stands in for it: the names that the programs use, and the same bytes.
constexpr const char* stand_in = R"(
import contextlib, importlib.util, pickle, struct, sys, types

class Connection:
    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer

    async def send(self, value):
        body = pickle.dumps(value)
        self.writer.write(struct.pack(">I", len(body)) + body)
        await self.writer.drain()

    async def receive(self):
        size, = struct.unpack(">I", await self.reader.readexactly(4))
        return pickle.loads(await self.reader.readexactly(size))

    async def __aiter__(self):
        with contextlib.suppress(EOFError):
            while True:
                yield await self.receive()

@contextlib.asynccontextmanager
async def wrap_client_connection_handler(ends):
    yield Connection(*ends)
    ends[1].close()

def wrap_server_connection_handler(handler):
    async def handle(*ends):
        await handler(Connection(*ends))
        ends[1].close()
    return handle

if importlib.util.find_spec("smart_connection") is None:
    module = sys.modules["smart_connection"] = types.ModuleType("smart_connection")
    module.wrap_client_connection_handler = wrap_client_connection_handler
    module.wrap_server_connection_handler = wrap_server_connection_handler
)";

/// One of the programs, running.
class SmartConnectionProgram : public Python {
 public:
  explicit SmartConnectionProgram(const char* program, const std::string& argument = "")
      : Python{std::string{stand_in} + program, argument} {}
};
