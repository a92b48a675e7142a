// Two programs for Python's communica, and how to run them, for communica_peer.cpp.
#pragma once

#include "python_program.hpp"

#include <string>

constexpr const char* communica_server = R"(
import asyncio
import sys

from communica.connectors import TcpConnector
from communica.entities import RouteServer, RouteTable
from communica.exceptions import ReqError

routes = RouteTable()


@routes.handler("price")
def price(order):
    if order["count"] < 1:
        raise ReqError("nothing is ordered", 422)
    return order["count"] * 1.5


@routes.handler("log")
def log(line):
    print(line, flush=True)


async def main():
    async with RouteServer(TcpConnector("127.0.0.1", int(sys.argv[1])), routes) as shop:
        print(await shop.request("paper", "A4", client_id="till-1"), flush=True)
        await asyncio.Event().wait()


asyncio.run(main())
)";

constexpr const char* communica_client = R"(
import asyncio
import sys

from communica.connectors import TcpConnector
from communica.entities import RouteClient, RouteTable
from communica.exceptions import ReqError

routes = RouteTable()


@routes.handler("paper")
def paper(size):
    return 500


async def main():
    async with RouteClient(TcpConnector("127.0.0.1", int(sys.argv[1])), "till-1", routes) as till:
        await till.throw("log", "open")
        print(await till.request("price", {"item": "bolt", "count": 4}), flush=True)
        try:
            await till.request("price", {"item": "bolt", "count": 0})
        except ReqError as error:
            print(error.code, error.message, flush=True)


asyncio.run(main())
)";

// Where communica is not installed, this stands in for it: the names that the programs use, and the same bytes
// (docs/protocols/communica.md).
constexpr const char* communica_stand_in = R"(
import asyncio, collections, importlib.util, json, struct, sys, types, uuid

class TcpConnector:
    def __init__(self, host, port):
        self.place = host, port

class ReqError(Exception):
    def __init__(self, message, code=None):
        super().__init__(message, code)
        self.message, self.code = message, code

class RouteTable:
    def __init__(self):
        self.handlers = {}

    def handler(self, route):
        return lambda function: self.handlers.setdefault(route, function)

class Talk:
    def __init__(self, reader, writer, routes, greeting):
        self.reader, self.writer, self.handlers, self.answers = reader, writer, routes.handlers, {}
        writer.write(json.dumps(greeting).encode() + b"\0")

    async def greeted(self):
        return json.loads((await self.reader.readuntil(b"\0"))[:-1])

    async def run(self):
        while True:
            size, kind = struct.unpack(">IB", await self.reader.readexactly(5))
            body = await self.reader.readexactly(size - 1)
            if kind != 10:
                return self.writer.close()
            data = struct.unpack(">I", body[:4])[0]
            self.take(json.loads(body[4:data]), json.loads(body[data:]))

    def take(self, metadata, value):
        if metadata["type"] > 10:
            return self.answers.pop(metadata["id"]).set_result((metadata["type"], value))
        try:
            kind, value = 11, self.handlers[metadata["route"]](value)
        except ReqError as error:
            kind, value = 41, {"code": error.code, "message": error.message}
        if metadata["type"] == 1:
            self.send({**metadata, "type": kind}, value)

    def send(self, metadata, value):
        head, data = json.dumps(metadata).encode(), json.dumps(value).encode()
        self.writer.write(struct.pack(">IBI", 5 + len(head) + len(data), 10, 4 + len(head)) + head + data)

    async def request(self, route, value):
        number = uuid.uuid1().hex
        self.answers[number] = asyncio.get_running_loop().create_future()
        self.send({"id": number, "type": 1, "route": route}, value)
        kind, value = await self.answers[number]
        if kind > 11:
            raise ReqError(value["message"], value["code"])
        return value

    async def throw(self, route, value):
        self.send({"id": "", "type": 2, "route": route}, value)

class RouteServer:
    def __init__(self, connector, routes):
        self.place, self.routes = connector.place, routes

    async def __aenter__(self):
        self.clients = collections.defaultdict(asyncio.get_running_loop().create_future)
        self.server = await asyncio.start_server(self.welcome, *self.place)
        return self

    async def __aexit__(self, *_):
        self.server.close()

    async def welcome(self, reader, writer):
        talk = Talk(reader, writer, self.routes, {"hello": "hello"})
        self.clients[(await talk.greeted())["client_id"]].set_result(talk)
        await talk.run()

    async def request(self, route, value, client_id):
        return await (await self.clients[client_id]).request(route, value)

class RouteClient:
    def __init__(self, connector, client_id, routes):
        self.place, self.client_id, self.routes = connector.place, client_id, routes

    async def __aenter__(self):
        self.talk = Talk(*await asyncio.open_connection(*self.place), self.routes, {"client_id": self.client_id})
        await self.talk.greeted()
        self.task = asyncio.create_task(self.talk.run())
        return self.talk

    async def __aexit__(self, *_):
        self.talk.writer.write(struct.pack(">IB", 1, 20))
        await self.talk.writer.drain()

if importlib.util.find_spec("communica") is None:
    names = {"connectors": [TcpConnector], "entities": [RouteClient, RouteServer, RouteTable], "exceptions": [ReqError]}
    for name, members in {"": [], **names}.items():
        module = types.ModuleType(name)
        vars(module).update({member.__name__: member for member in members})
        sys.modules[f"communica.{name}".rstrip(".")] = module
)";

/// One of the programs, running.
class CommunicaProgram : public Python {
 public:
  explicit CommunicaProgram(const char* program, const std::string& argument)
      : Python{std::string{communica_stand_in} + program, argument} {}
};
