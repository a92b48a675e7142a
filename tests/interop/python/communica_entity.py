"""Requests and answers of communica, across the connections of one pair of peers (docs/protocols/communica.md)."""

import asyncio
import json
import sys
import uuid

from communica_wire import Json, Malformed, Rejected

REQUEST, NOTICE, ANSWER = 1, 2, 11
FAILED, REQUESTER, PAYLOAD, RESPONDER = 30, 41, 42, 51
QUEUE_MAX = 32


class Failure(Exception):
    """An answer that is an error: raised by handlers for the other side, and by request() for this one."""

    def __init__(self, type, message, code=None):
        super().__init__(type, message, code)
        self.type, self.message, self.code = type, message, code

    def __str__(self):
        return f"type {self.type}, code {json.dumps(self.code)}: {self.message}"


class Simple:
    """One handler for all: what is asked for is in the value."""

    @staticmethod
    def wrap(operation, value):
        return {}, {"op": operation, "v": value}

    @staticmethod
    def unwrap(metadata, value):
        if not isinstance(value, dict) or "op" not in value:
            raise Failure(PAYLOAD, "no object with an \"op\"")
        return value["op"], value.get("v")


class Route:
    """A handler for each route."""

    @staticmethod
    def wrap(operation, value):
        return {"route": operation}, value

    @staticmethod
    def unwrap(metadata, value):
        return metadata["route"], value


KINDS = {"simple": Simple, "route": Route}


class Partner:
    """The other side, whatever the connection: what waits to be sent, is being handled or has been asked for goes on
    when it has a new one."""

    def __init__(self, name, kind, services, compact=False, chunk_size=0):
        self.name, self.kind, self.services = name, KINDS[kind], services
        self.json, self.chunk_size = Json(compact), chunk_size
        self.queue = asyncio.Queue(QUEUE_MAX)
        self.stream, self.is_connected = None, asyncio.Event()
        self.connection_count = 0
        self.calls, self.handlers = {}, set()
        self.problems = []
        self.last = None  # the message that was read last
        self.writer = asyncio.create_task(self.write_queue())

    # --- connections ---

    async def run(self, stream):
        """Reads one connection to its end, which a newer one brings about too; returns whether a notice told of it."""
        if self.stream:
            self.stream.end()
        self.stream = stream
        self.connection_count += 1
        self.is_connected.set()
        try:
            return await self.read(stream)
        finally:
            stream.end()
            if self.stream is stream:
                self.stream = None
                self.is_connected.clear()

    async def read(self, stream):
        try:
            while message := await stream.receive():
                self.take(message)
            return True
        except asyncio.IncompleteReadError as e:
            if e.partial:
                self.say(f"ends after {len(e.partial)} bytes of {e.expected}")
        except Rejected:
            raise
        except Malformed as e:
            self.problems.append(f"{self.name} sent {e}")
            self.say(f"sent {e}")
        except OSError as e:
            self.say(f"is gone: {e}")
        return False

    async def write_queue(self):
        while True:
            metadata, data, chunk_size = await self.queue.get()
            while self.stream is None:
                await self.is_connected.wait()
            try:
                await self.stream.send(metadata, data, chunk_size)
            except OSError as e:
                self.say(f"will not get a message: {e}")
            self.queue.task_done()

    async def close(self):
        """Behind everything queued."""
        await self.queue.join()
        if self.stream:
            await self.stream.close()

    def say(self, text):
        print(f"{self.name} {text}", file=sys.stderr, flush=True)

    # --- asking ---

    async def request(self, operation, value=None, chunk_size=None):
        extra, value = self.kind.wrap(operation, value)
        return await self.request_raw(extra, self.json.text(value), chunk_size)

    async def request_raw(self, extra, data, chunk_size=None):
        """`data`, whatever it is, with these keys behind "id" and "type"."""
        id = uuid.uuid1().hex
        self.calls[id] = asyncio.get_running_loop().create_future()
        try:
            await self.put({"id": id, "type": REQUEST, **extra}, data, chunk_size)
            return await self.calls[id]
        finally:
            del self.calls[id]

    async def notify(self, operation, value=None):
        extra, value = self.kind.wrap(operation, value)
        await self.put({"id": "", "type": NOTICE, **extra}, self.json.text(value))

    async def put(self, metadata, data, chunk_size=None):
        await self.queue.put((metadata, data, self.chunk_size if chunk_size is None else chunk_size))

    # --- what comes ---

    def take(self, message):
        self.last = message
        if message.metadata["type"] >= ANSWER:
            return self.take_answer(message)
        handler = asyncio.create_task(self.handle(message))
        self.handlers.add(handler)
        handler.add_done_callback(self.handlers.discard)

    def take_answer(self, message):
        call = self.calls.get(message.metadata.get("id"))
        if call is None or call.done():
            return self.say(f"answers what was not asked: {message.metadata}")
        try:
            value = json.loads(message.data)
            type = message.metadata["type"]
            if type == ANSWER:
                call.set_result(value)
            else:
                call.set_exception(Failure(type, value["message"], None if type == PAYLOAD else value["code"]))
        except (ValueError, KeyError, TypeError) as e:
            call.set_exception(Malformed(f"an answer {message.data[:100]!r} to {message.metadata}: {e!r}"))

    async def handle(self, message):
        try:
            type, value, chunk_size = await self.outcome(message)
        except Failure as e:
            type, chunk_size = e.type, None
            value = {"message": e.message} if type == PAYLOAD else {"code": e.code, "message": e.message}
        except Exception as e:
            type, value, chunk_size = FAILED, {"code": None, "message": repr(e)}, None
        if message.metadata["type"] == NOTICE or self.kind is Route and "route" not in message.metadata:
            return
        await self.put({**message.metadata, "type": type}, self.json.text(value), chunk_size)

    async def outcome(self, message):
        try:
            value = json.loads(message.data)
        except ValueError as e:
            raise Failure(PAYLOAD, f"not JSON: {e}") from e
        operation, value = self.kind.unwrap(message.metadata, value)
        service = getattr(self.services, f"do_{operation}", None)
        if service is None:
            raise Failure(REQUESTER, f'Route "{operation}" is not defined')
        result = service(self, value, message)
        if asyncio.iscoroutine(result):
            result = await result
        return (ANSWER, *result) if isinstance(result, tuple) else (ANSWER, result, None)
