// Two programs for Python's Flexi-Socket, and how to run them, for flexi_socket_peer.cpp.
#pragma once

#include "python_program.hpp"

#include <cstdint>
#include <string>

constexpr const char* flexi_server = R"(
import sys

from flexi_socket import ClientClassifier, Connection, FlexiSocket, Mode, Protocol
from flexi_socket.message_packaging import SeparatorStrategy


class Kinds(ClientClassifier):
    client_types = ["panel"]

    def classify(self, first_message):
        return "panel" if first_message.startswith("!!") else ClientClassifier.DEFAULT


server = FlexiSocket(mode=Mode.SERVER, protocol=Protocol.TCP, host="127.0.0.1", port=int(sys.argv[1]),
                     classifier=Kinds(), message_strategy=SeparatorStrategy())


@server.on_connect()
async def on_connect(connection: Connection):
    print("somebody has come", flush=True)


@server.on_disconnect()
async def on_disconnect(connection: Connection):
    print("somebody has gone", flush=True)


@server.on_message("panel")
async def on_alarm(connection: Connection, message: str):
    if connection.is_first_message_from_client:
        print("a panel", flush=True)
    await connection.send("noted: " + message)


@server.on_message()
async def on_message(connection: Connection, message: str):
    await connection.send("who are you?")


@server.after_receive("panel")
async def strip(connection: Connection, message: str) -> str:
    return message.strip("!\n")


@server.before_send("panel")
async def sign(connection: Connection, message: str) -> bytes:
    return (message + ", the server").encode()


server.start()
)";

constexpr const char* flexi_client = R"(
import sys

from flexi_socket import Connection, FlexiSocket, Mode, Protocol
from flexi_socket.message_packaging import SeparatorStrategy

client = FlexiSocket(mode=Mode.CLIENT, protocol=Protocol.TCP, host="127.0.0.1", port=int(sys.argv[1]),
                     message_strategy=SeparatorStrategy())


@client.on_message()
async def on_message(connection: Connection, message: str):
    print(message.strip(), flush=True)
    if message == "hello\n":
        await connection.send("!!fire")


client.start()
)";

// Where Flexi-Socket is not installed, this stands in for it: the names that the programs use, and the same bytes.
constexpr const char* flexi_stand_in = R"(
import asyncio, enum, importlib.util, sys, types

Mode = enum.Enum("Mode", "SERVER CLIENT")
Protocol = enum.Enum("Protocol", "TCP UDP")

class ClientClassifier:
    DEFAULT = "default"

    def classify(self, first_message):
        return self.DEFAULT

class SeparatorStrategy:
    def __init__(self, separator="\n"):
        self.separator = separator.encode()

class Connection:
    def __init__(self, reader, writer, owner):
        self.reader, self.writer, self.owner = reader, writer, owner
        self.kind, self.count = None, 0

    @property
    def is_first_message_from_client(self):
        return self.count == 1

    async def call(self, event, *arguments):
        function = self.owner.functions.get((event, self.kind))
        return await function(self, *arguments) if function else None

    async def send(self, text):
        made = await self.call("before_send", text)
        self.writer.write((made if isinstance(made, bytes) else text.encode()) + self.owner.message_strategy.separator)
        await self.writer.drain()

    async def run(self):
        await self.owner.functions.get(("on_connect", None), nothing)(self)
        while line := await self.reader.readline():
            text = line.decode()
            self.kind = self.kind or self.owner.classifier.classify(text)
            self.count += 1
            changed = await self.call("after_receive", text)
            await self.call("on_message", text if changed is None else changed)
        self.writer.close()
        await self.owner.functions.get(("on_disconnect", None), nothing)(self)

async def nothing(connection):
    pass

class FlexiSocket:
    def __init__(self, mode, protocol, port, message_strategy, host="0.0.0.0", classifier=ClientClassifier()):
        self.mode, self.host, self.port = mode, host, port
        self.message_strategy, self.classifier, self.functions = message_strategy, classifier, {}

    def register(self, event, kind):
        def keep(function):
            self.functions[event, kind] = function
            return function
        return keep

    def on_connect(self):
        return self.register("on_connect", None)

    def on_disconnect(self):
        return self.register("on_disconnect", None)

    def on_message(self, kind=ClientClassifier.DEFAULT):
        return self.register("on_message", kind)

    def after_receive(self, kind=ClientClassifier.DEFAULT):
        return self.register("after_receive", kind)

    def before_send(self, kind=ClientClassifier.DEFAULT):
        return self.register("before_send", kind)

    async def work(self):
        async def accepted(reader, writer):
            await Connection(reader, writer, self).run()
        if self.mode == Mode.SERVER:
            await (await asyncio.start_server(accepted, self.host, self.port)).serve_forever()
        else:
            await accepted(*await asyncio.open_connection(self.host, self.port))

    def start(self):
        asyncio.run(self.work())

if importlib.util.find_spec("flexi_socket") is None:
    module = sys.modules["flexi_socket"] = types.ModuleType("flexi_socket")
    inner = sys.modules["flexi_socket.message_packaging"] = types.ModuleType("message_packaging")
    for each in (ClientClassifier, Connection, FlexiSocket, Mode, Protocol):
        setattr(module, each.__name__, each)
    inner.SeparatorStrategy = SeparatorStrategy
)";

/// One of the programs, running.
class FlexiSocketProgram : public Python {
 public:
  FlexiSocketProgram(const char* program, std::uint16_t port)
      : Python{std::string{flexi_stand_in} + program, std::to_string(port)} {}
};
