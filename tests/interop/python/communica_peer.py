"""A peer of communica by the standard library alone: answers requests, or asks for all that a peer should be able to do.

    communica_peer.py server ENDPOINT [options]            until a "quit", SIGTERM or the end of its standard input
    communica_peer.py client ENDPOINT serve [options]      the same, having connected
    communica_peer.py client ENDPOINT CHECK... [options]   prints a line for each check; exit code 0 if all went well

    ENDPOINT   tcp://HOST:PORT, unix:///PATH, tls://HOST:PORT, or local://NAME, which is the original's
               TMP/communica/NAME.sock, in lower case. With port 0 a server says "listening on HOST PORT".

What either side answers, whoever connects, and what the checks therefore want of the side that they are run against.
Simple: the request is {"op": NAME, "v": VALUE}. Route: NAME is the route, VALUE the data.

    echo         any value: the same
    sum          a list of numbers, or an object of such: their sum; of anything else, 42
    fail         {"message", "code"}: error 41 with these; the code may be missing
    break        {"message", "code"}: error 51 with these
    raise        a text: error 30
    (data that is not JSON, or, Simple, is no object with an "op": error 42)
    (any other name: error 41, without a code: Route "NAME" is not defined)
    slow         {"seconds", "v"}: v, after these seconds
    hold         {"key", "v"}: v, when "release" has been sent
    release      a key: lets go what is held with it, now or later
    gather       {"count", "v"}: v, when so many are waiting; the last that came is answered first
    note         (to be sent as a notice) a text: kept
    notes        {"prefix", "count"}: the texts kept with this prefix, in their order, when there are so many
    call_back    {"op", "v"}: asks the asker for this, and answers {"ok": VALUE} or {"error": TYPE, "code", "message"}
    throw_back   {"op", "v"}: sends the asker this as a notice; null
    measure      a text: {"size", "crc32", "chunks"}: its length, and of how many chunks the message was; 0 if of none
    large        {"size", "chunk"}: the text that `large_text` makes, of this size, in chunks of so many bytes if there is
                 such a key
    who          {"client_id", "connections"}: of the asker, and how often it has connected
    drop         (to be sent as a notice) "end", "reset" or "notice": ends the connection in this manner
    quit         null, and the end of this program
"""

import argparse
import asyncio
import os
import signal
import ssl
import sys
import tempfile
import uuid
import zlib

import communica_wire
import peer
from communica_entity import FAILED, KINDS, PAYLOAD, REQUESTER, RESPONDER, Failure, Partner
from communica_wire import Rejected, Stream

MANY = 1000
LARGE = 16 << 20


def large_text(size):
    return ("0123456789abcdef" * (size // 16 + 1))[:size]


def measured(text, chunk_count):
    return {"size": len(text), "crc32": zlib.crc32(text.encode()), "chunks": chunk_count}


# --- what is answered ------------------------------------------------------------------------------------------------


class Services:
    def __init__(self):
        self.notes, self.noted = [], asyncio.Condition()
        self.held = {}
        self.gathered = []
        self.done = asyncio.Event()

    def do_echo(self, asker, value, message):
        return value

    def do_sum(self, asker, value, message):
        numbers = list(value.values()) if isinstance(value, dict) else value
        if not isinstance(numbers, list) or any(type(each) not in (int, float) for each in numbers):
            raise Failure(PAYLOAD, "numbers, in a list or an object, are to be added")
        return sum(numbers)

    def do_fail(self, asker, value, message):
        raise Failure(REQUESTER, value["message"], value.get("code"))

    def do_break(self, asker, value, message):
        raise Failure(RESPONDER, value["message"], value.get("code"))

    def do_raise(self, asker, value, message):
        raise ValueError(value)

    async def do_slow(self, asker, value, message):
        await asyncio.sleep(value["seconds"])
        return value["v"]

    def lock(self, key):
        return self.held.setdefault(key, asyncio.Event())

    async def do_hold(self, asker, value, message):
        await self.lock(value["key"]).wait()
        return value["v"]

    def do_release(self, asker, value, message):
        self.lock(value).set()

    async def do_gather(self, asker, value, message):
        here = asyncio.get_running_loop().create_future()
        self.gathered.append(here)
        if len(self.gathered) == value["count"]:
            for each in reversed(self.gathered):
                each.set_result(None)
            self.gathered = []
        await here
        return value["v"]

    async def do_note(self, asker, value, message):
        async with self.noted:
            self.notes.append(value)
            self.noted.notify_all()

    async def do_notes(self, asker, value, message):
        def found():
            return [each for each in self.notes if each.startswith(value["prefix"])]

        async with self.noted:
            await self.noted.wait_for(lambda: len(found()) >= value["count"])
            return found()

    async def do_call_back(self, asker, value, message):
        try:
            return {"ok": await asker.request(value["op"], value["v"])}
        except Failure as e:
            return {"error": e.type, "code": e.code, "message": e.message}

    async def do_throw_back(self, asker, value, message):
        await asker.notify(value["op"], value["v"])

    def do_measure(self, asker, value, message):
        return measured(value, message.chunk_count)

    def do_large(self, asker, value, message):
        return large_text(value["size"]), value.get("chunk")

    def do_who(self, asker, value, message):
        return {"client_id": asker.name, "connections": asker.connection_count}

    async def do_drop(self, asker, value, message):
        if value == "notice":
            await asker.close()
        else:
            {"end": asker.stream.end, "reset": asker.stream.reset}[value]()

    def do_quit(self, asker, value, message):
        # Behind the answer, which is queued when this has returned.
        asyncio.get_running_loop().call_soon(self.done.set)


# --- who connects and who listens ------------------------------------------------------------------------------------


def local_path(name):
    folder = os.path.join(tempfile.gettempdir(), "communica")
    os.makedirs(folder, exist_ok=True)
    return os.path.join(folder, name.lower() + ".sock")


class Place:
    """An endpoint, as asyncio wants it."""

    def __init__(self, options):
        scheme, _, rest = options.endpoint.partition("://")
        self.path = {"unix": lambda: rest, "local": lambda: local_path(rest)}.get(scheme, lambda: None)()
        if self.path is None:
            self.host, _, port = rest.rpartition(":")
            self.host, self.port = self.host.strip("[]"), int(port)
        self.tls = self.context(options) if scheme == "tls" else None

    @staticmethod
    def context(options):
        if options.role == "client":
            return ssl.create_default_context(cafile=options.tls_ca)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.tls_cert, options.tls_key)
        return context

    def connect(self):
        if self.path is not None:
            return asyncio.open_unix_connection(self.path)
        return asyncio.open_connection(self.host, self.port, ssl=self.tls)

    async def listen(self, on_connection):
        """What is left of an earlier one is replaced, as the original does."""
        if self.path is not None:
            server = await asyncio.start_unix_server(on_connection, self.path)
            name = self.path
        else:
            server = await asyncio.start_server(on_connection, self.host, self.port, ssl=self.tls, backlog=MANY)
            name = "{} {}".format(*server.sockets[0].getsockname())
        print("listening on", name, file=sys.stderr, flush=True)
        return server


class End:
    """What both sides have: services, a record, and how streams are to be written."""

    def __init__(self, options):
        self.options, self.services = options, Services()
        self.record = communica_wire.Record(options.record)
        self.stream_count = 0

    def stream(self, reader, writer):
        self.stream_count += 1
        return Stream(reader, writer, self.stream_count, self.record, self.options.compact, self.options.cut)

    def partner(self, name):
        return Partner(name, self.options.kind, self.services, self.options.compact, self.options.chunk_size)


class Server(End):
    def __init__(self, options):
        super().__init__(options)
        self.partners, self.problems = {}, []
        self.rejections = dict(options.reject)

    async def accepted(self, reader, writer):
        stream = self.stream(reader, writer)
        try:
            name = await self.admit(stream)
            if name is not None:
                await self.known(name).run(stream)
        except communica_wire.Malformed as e:
            self.problems.append(f"connection {stream.number} began with {e}")
        except (OSError, asyncio.IncompleteReadError, Rejected) as e:
            print(f"connection {stream.number} is over: {type(e).__name__}: {e}", file=sys.stderr, flush=True)
        finally:
            stream.end()

    def known(self, name):
        if name not in self.partners:
            self.partners[name] = self.partner(name)
        return self.partners[name]

    async def admit(self, stream):
        """The name of who is let in. Only who rejects clients, and does so early, has to know them first."""
        waits = self.rejections and not self.options.late
        if not waits:
            await stream.greet({"hello": "hello"})
        greeting = await stream.greeting()
        name = greeting.get("client_id") if isinstance(greeting, dict) else None
        if not isinstance(name, str):
            raise communica_wire.Malformed(f"no client_id in {greeting!r}")
        if (reason := self.rejections.get(name, self.rejections.get("*"))) is not None:
            return await stream.reject(reason)
        if waits:
            await stream.greet({"hello": "hello"})
        return name

    async def run(self):
        server = await Place(self.options).listen(self.accepted)
        await self.services.done.wait()
        server.close()
        for partner in self.partners.values():
            if partner.stream:
                await asyncio.wait_for(partner.close(), peer.TIME_OUT)
        problems = self.problems + [each for partner in self.partners.values() for each in partner.problems]
        for each in problems:
            print(each, file=sys.stderr)
        return 1 if problems else 0


class Client(End):
    """Connects again, under its name, whenever a connection has ended, until the end is wanted."""

    def __init__(self, options):
        super().__init__(options)
        self.id = options.client_id or uuid.uuid4().hex
        self.server = self.partner("the server")
        self.dialed = asyncio.create_task(self.keep_connected())

    async def connect(self):
        """A connection that was refused is tried again: a server may be about to start."""
        while True:
            try:
                stream = self.stream(*await Place(self.options).connect())
                break
            except OSError:
                await asyncio.sleep(self.options.pause)
        await stream.greet({"client_id": self.id})
        await stream.greeting()
        return stream

    async def keep_connected(self):
        while True:
            await self.server.run(await self.connect())
            await asyncio.sleep(self.options.pause)

    async def close(self):
        await self.server.close()
        self.dialed.cancel()

    async def run(self):
        if self.options.checks == ["serve"]:
            return await self.serve()
        for name in self.options.checks:
            try:
                print(f"{name}: {await self.check(name)}", flush=True)
            except Exception as e:
                print(f"{name}: FAILED: {type(e).__name__}: {e}", flush=True)
                return 1
        if not self.dialed.done():
            await asyncio.wait_for(self.close(), peer.TIME_OUT)
        for each in self.server.problems:
            print(f"FAILED: {each}")
        return 1 if self.server.problems else 0

    async def check(self, name):
        """Also ends, with its reason, when no connection can be had, unless that is what is wanted."""
        task = asyncio.create_task(CHECKS[name](self))
        ends = {task} if name == "rejected" else {task, self.dialed}
        await asyncio.wait(ends, timeout=self.options.patience, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            task.cancel()
            if self.dialed.done():
                self.dialed.result()
            raise TimeoutError(f"not done after {self.options.patience:g} seconds")
        return task.result()

    async def serve(self):
        done = asyncio.create_task(self.services.done.wait())
        await asyncio.wait({done, self.dialed}, return_when=asyncio.FIRST_COMPLETED)
        if self.dialed.done():
            self.dialed.result()
        await asyncio.wait_for(self.close(), peer.TIME_OUT)
        return 1 if self.server.problems else 0


# --- what a client asks for ------------------------------------------------------------------------------------------

VALUES = [None, True, False, 0, -1, 1 << 53, -(1 << 63), 0.5, 1e300, "", "h\u00e9llo \u2603 \U0001f600", "\0\x1f\"\\/\n",
          [], {}, [[[]], [None, {}]], {"": 0, "a": [1, {"b": "c"}], "\u00e9": None}]


def same(wanted, found):
    assert wanted == found and type(wanted) is type(found), f"{found!r:.200} came for {wanted!r:.200}"


async def failure_of(call):
    try:
        value = await call
    except Failure as e:
        return e
    raise AssertionError(f"{value!r:.200} came for an error")


async def expect_failure(call, type, code, message=None):
    failure = await failure_of(call)
    same((type, code), (failure.type, failure.code))
    if message is not None:
        same(message, failure.message)
    return str(failure)


async def request(client):
    for value in VALUES:
        same(value, await client.server.request("echo", value))
    same(5, await client.server.request("sum", {"a": 2, "b": 3}))
    same(5050, await client.server.request("sum", list(range(101))))
    same("late", await client.server.request("slow", {"seconds": 0.01, "v": "late"}))
    return f"{len(VALUES)} values came back, sums are right"


async def notify(client):
    prefix = uuid.uuid4().hex
    texts = [f"{prefix} {i}" for i in range(100)]
    for each in texts:
        await client.server.notify("note", each)
    same(texts, await client.server.request("notes", {"prefix": prefix, "count": len(texts)}))
    # What goes wrong with a notice is not told.
    await client.server.notify("fail", {"message": "unheard"})
    await client.server.notify("nope")
    same(1, await client.server.request("echo", 1))
    return f"{len(texts)} notices were kept in their order, two that fail are not answered"


async def errors(client):
    ask = client.server.request
    seen = [
        await expect_failure(ask("fail", {"message": "bad input", "code": 404}), REQUESTER, 404, "bad input"),
        await expect_failure(ask("fail", {"message": "h\u00e9llo \u2603"}), REQUESTER, None, "h\u00e9llo \u2603"),
        await expect_failure(ask("break", {"message": "server trouble", "code": 500}), RESPONDER, 500, "server trouble"),
        await expect_failure(ask("raise", "boom"), FAILED, None),
        await expect_failure(ask("sum", "no numbers"), PAYLOAD, None),
        await expect_failure(client.server.request_raw(client.server.kind.wrap("sum", 0)[0], b"{nonsense"), PAYLOAD,
                             None),
    ]
    return "; ".join(seen)


async def unknown_route(client):
    return await expect_failure(client.server.request("nope", 1), REQUESTER, None, 'Route "nope" is not defined')


async def both_directions(client):
    ask = client.server.request
    same({"ok": "there and back"}, await ask("call_back", {"op": "echo", "v": "there and back"}))
    same({"error": REQUESTER, "code": 7, "message": "no"},
         await ask("call_back", {"op": "fail", "v": {"message": "no", "code": 7}}))
    deep = {"op": "call_back", "v": {"op": "call_back", "v": {"op": "echo", "v": "deep"}}}
    same({"ok": {"ok": {"ok": "deep"}}}, await ask("call_back", deep))
    calls = [ask("call_back", {"op": "echo", "v": i}) for i in range(100)]
    same([{"ok": i} for i in range(100)], await asyncio.gather(*calls))
    prefix = uuid.uuid4().hex
    for i in range(3):
        same(None, await ask("throw_back", {"op": "note", "v": f"{prefix} {i}"}))
    same([f"{prefix} {i}" for i in range(3)],
         await client.services.do_notes(client.server, {"prefix": prefix, "count": 3}, None))
    return "104 requests and 3 notices came back from the server, 1 of them three deep"


async def concurrent(client):
    order = []

    async def one(i):
        same(i, await client.server.request("gather", {"count": MANY, "v": i}))
        order.append(i)

    await asyncio.gather(*map(one, range(MANY)))
    same(list(reversed(range(MANY))), order)
    return f"{MANY} requests at once were answered, the last that was asked first"


async def large(client):
    text, seen = large_text(LARGE), []
    for chunk_size in (0, 1 << 20, 99_991):
        result = await client.server.request("measure", text, chunk_size)
        same(measured(text, 0) | {"chunks": result["chunks"]}, result)
        seen.append(f"sent in {'one frame' if not chunk_size else f'chunks of {chunk_size}'}")
    for how in ({}, {"chunk": 0}, {"chunk": 1 << 20}, {"chunk": 99_991}):
        found = await client.server.request("large", {"size": LARGE, **how})
        assert found == text, f"{len(found)} characters came, which are not those that were to come"
        count = client.server.last.chunk_count
        seen.append(f"received in {f'{count} chunks' if count else 'one frame'}")
    assert text == await client.server.request("echo", text)
    return f"{LARGE} bytes were {', '.join(seen)}; echoed"


async def reconnect(client):
    """In each manner: a request that is being handled, one sent before its end, and one made while there is none."""
    server = client.server
    for manner in ("end", "reset", "close", "drop"):
        key = uuid.uuid4().hex
        held = asyncio.create_task(server.request("hold", {"key": key, "v": manner}))
        same("behind", await server.request("echo", "behind"))
        before = server.stream
        if manner == "drop":
            await server.notify("drop", "end")
        elif manner == "close":
            await server.close()
        else:
            {"end": before.end, "reset": before.reset}[manner]()
        while server.stream is before:
            await asyncio.sleep(0.001)
        assert not held.done()
        same("waits", await server.request("echo", "waits"))
        assert server.stream is not before
        await server.request("release", key)
        same(manner, await held)
    same(client.id, (await server.request("who"))["client_id"])
    return "requests that were being handled were answered on 4 new connections"


async def rejected(client):
    try:
        await client.dialed
    except Rejected as e:
        return str(e)


async def quit(client):
    same(None, await client.server.request("quit"))
    return "the server leaves"


CHECKS = {each.__name__: each for each in (request, notify, errors, unknown_route, both_directions, concurrent, large,
                                          reconnect)}
ALL = list(CHECKS)
CHECKS |= {"rejected": rejected, "quit": quit}


# --- the program -----------------------------------------------------------------------------------------------------


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    roles = parser.add_subparsers(dest="role", required=True)
    for role in ("server", "client"):
        each = roles.add_parser(role)
        each.add_argument("endpoint", metavar="ENDPOINT")
        each.add_argument("--kind", choices=KINDS, default="simple", help="one handler, or routes")
        each.add_argument("--chunk-size", type=int, default=0, metavar="BYTES",
                          help="send what is larger in chunks of this size; 0: everything in one frame")
        each.add_argument("--compact", action="store_true", help="JSON without blanks, as the original with orjson")
        each.add_argument("--cut", action="store_true", help="write byte by byte")
        each.add_argument("--record", metavar="FILE",
                          help="a line for each greeting and frame: number of the connection, sent or received, bytes in "
                               "hexadecimal")
        each.add_argument("--patience", type=float, default=2 * peer.TIME_OUT, metavar="SECONDS",
                          help="for each check")
        if role == "server":
            each.add_argument("--reject", nargs=2, action="append", default=[], metavar=("CLIENT_ID", "REASON"),
                              help="do not let this client in; * is for all others")
            each.add_argument("--late", action="store_true", help="reject behind the greeting, not in place of it")
            each.add_argument("--tls-cert")
            each.add_argument("--tls-key")
        else:
            each.add_argument("checks", nargs="+", metavar="CHECK", choices=["all", "serve", *CHECKS],
                              help=f"serve, all, or of {', '.join(CHECKS)}; all are those but the last two")
            each.add_argument("--client-id", help="made up if none is given")
            each.add_argument("--pause", type=float, default=0.1, metavar="SECONDS",
                              help="before it connects again; the original waits for 1")
            each.add_argument("--tls-ca")
    options = parser.parse_args()
    if options.role == "client" and options.checks == ["all"]:
        options.checks = ALL
    return options


def end_with_input(services):
    """Who started this program keeps its standard input open, so this one cannot outlive it."""
    loop = asyncio.get_running_loop()

    def read():
        if not os.read(sys.stdin.fileno(), 65536):
            loop.remove_reader(sys.stdin.fileno())
            services.done.set()

    try:
        loop.add_reader(sys.stdin.fileno(), read)
    except PermissionError:
        services.done.set()  # a file, or nothing at all


async def main():
    options = parse_arguments()
    end = (Server if options.role == "server" else Client)(options)
    if options.role == "server" or options.checks == ["serve"]:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, end.services.done.set)
        end_with_input(end.services)
    return await end.run()


sys.exit(asyncio.run(main()))
