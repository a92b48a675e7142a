// A program that has TCPChan already, for tcpchan_peer.cpp: Python, of nothing but its standard library, doing on the
// wire what the original does. Its messages are lines, as bytes on a channel have no boundaries of their own.
#pragma once

#include "python_program.hpp"

#include <string>

constexpr const char* tcpchan_wire = R"(
import asyncio, random, struct, sys

MAGIC = 0xFEEDBACC
REQUEST, REPLY, CREATE, CLOSE, PAYLOAD = range(1, 6)

def send(writer, operation, number, data=None):
    length = b"" if data is None else struct.pack(">H", len(data))
    writer.write(struct.pack(">BBI", 0, operation, number) + length + (data or b""))

async def receive(reader):
    _, operation, number = struct.unpack(">BBI", await reader.readexactly(6))
    if operation != PAYLOAD:
        return operation, number, None
    size, = struct.unpack(">H", await reader.readexactly(2))
    return operation, number, await reader.readexactly(size)
)";

// Answers lines by lines in capitals, whatever channel they come on.
constexpr const char* tcpchan_server = R"(
async def talk(reader, writer):
    while True:
        operation, number, data = await receive(reader)
        if operation == REQUEST and number == MAGIC:
            send(writer, REPLY, MAGIC)
        if operation == PAYLOAD:
            send(writer, PAYLOAD, number, data.upper())

async def main():
    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()

asyncio.run(main())
)";

// Creates three channels, asks on each, and closes each when it has its answer.
constexpr const char* tcpchan_client = R"(
async def main():
    reader, writer = await asyncio.open_connection("127.0.0.1", int(sys.argv[1]))
    send(writer, REQUEST, MAGIC)
    assert await receive(reader) == (REPLY, MAGIC, None)
    answers = {number: b"" for number in random.sample(range(2 ** 32), 3)}
    for number in answers:
        send(writer, CREATE, number)
        send(writer, PAYLOAD, number, b"hello on %d\n" % number)
    while answers:
        operation, number, data = await receive(reader)
        assert operation == PAYLOAD
        answers[number] += data
        if answers[number].endswith(b"\n"):
            assert answers.pop(number) == b"HELLO ON %d\n" % number
            send(writer, CLOSE, number)
    await writer.drain()
    print("answered", flush=True)

asyncio.run(main())
)";

/// One of the two, running.
class TcpChanProgram : public Python {
 public:
  explicit TcpChanProgram(const char* program, const std::string& argument = "")
      : Python{std::string{tcpchan_wire} + program, argument} {}
};
