"""The bytes of communica as docs/protocols/communica.md has them: greetings and frames over one connection."""

import asyncio
import json
import struct
from dataclasses import dataclass

MESSAGE, CHUNK, CLOSE_NOTICE = 10, 11, 20
REJECTION = b"\x04"
FRAME_SIZE_MAX = 1 << 28  # far above what tests send


class Malformed(Exception):
    """What came is not communica."""


class Rejected(Exception):
    """The other side will not have this one; the argument is its reason."""


@dataclass
class Message:
    metadata: dict
    data: bytes
    chunk_count: int = 0  # 0: it came in one frame


class Record:
    """A line for each greeting and frame: the number of the connection, "sent" or "received", and the bytes."""

    def __init__(self, path):
        self.file = open(path, "w") if path else None

    def add(self, number, direction, data):
        if self.file:
            print(number, direction, data.hex(), file=self.file, flush=True)


class Json:
    """Blanks behind commas and colons, as Python has them by itself; none where the original runs with orjson."""

    def __init__(self, compact=False):
        self.separators = (",", ":") if compact else None

    def text(self, value):
        return json.dumps(value, ensure_ascii=False, separators=self.separators).encode()


def reason_in(rejection):
    try:
        return str(json.loads(rejection)["reason"])
    except (ValueError, KeyError, TypeError) as e:
        raise Malformed(f"a rejection without a reason: {rejection[:60]!r}") from e


class Stream:
    def __init__(self, reader, writer, number=1, record=None, compact=False, cut=False):
        self.reader, self.writer, self.number = reader, writer, number
        self.record = record or Record(None)
        self.json, self.cut = Json(compact), cut

    # --- bytes ---

    async def write(self, data):
        self.record.add(self.number, "sent", data)
        if not self.cut:
            self.writer.write(data)
            return await self.writer.drain()
        for i in range(len(data)):
            self.writer.write(data[i:i + 1])
            await self.writer.drain()

    async def read(self, size, begun=b""):
        """What was `begun`, and so much more; what there is of it is recorded though the stream ends."""
        try:
            return begun + await self.reader.readexactly(size)
        except asyncio.IncompleteReadError as e:
            if begun + e.partial:
                self.record.add(self.number, "received", begun + e.partial)
            raise

    # --- greetings ---

    async def greet(self, greeting):
        await self.write(self.json.text(greeting) + b"\0")

    async def greeting(self):
        """The other side's. Raises Rejected, Malformed, or asyncio.IncompleteReadError at an end without a word."""
        try:
            text = await self.reader.readuntil(b"\0")
        except asyncio.LimitOverrunError as e:
            raise Malformed("a greeting of more than 65536 bytes") from e
        except asyncio.IncompleteReadError as e:
            if e.partial:
                self.record.add(self.number, "received", e.partial)
            at = e.partial.find(REJECTION)
            if at < 0:
                raise
            raise Rejected(reason_in(e.partial[at + 1:])) from e
        self.record.add(self.number, "received", text)
        try:
            return json.loads(text[:-1])
        except ValueError as e:
            raise Malformed(f"a greeting that is not JSON: {text[:60]!r}") from e

    async def reject(self, reason):
        await self.write(REJECTION + self.json.text({"reason": reason}))
        self.writer.close()

    # --- frames ---

    async def send(self, metadata, data, chunk_size=0):
        """In one frame, or in chunks of so many bytes of data."""
        head = self.json.text(metadata)
        if not chunk_size or len(data) <= chunk_size:
            size = 5 + len(head) + len(data)
            return await self.write(struct.pack(">IBI", size, MESSAGE, 4 + len(head)) + head + data)
        count = -(-len(data) // chunk_size)
        for index in range(count):
            part = data[index * chunk_size:(index + 1) * chunk_size]
            size = 13 + len(head) + len(part)
            await self.write(struct.pack(">IBIII", size, CHUNK, index, count, len(head)) + head + part)
            head = b""

    async def receive(self):
        """The next message; None at a close notice. Raises asyncio.IncompleteReadError at an end without one."""
        kind, body = await self.frame()
        if kind == CLOSE_NOTICE:
            return None
        if kind == MESSAGE:
            return self.message(body, 4, struct.unpack_from(">I", body)[0] - 4)
        return await self.chunks(body)

    async def frame(self):
        header = await self.read(5)
        size, kind = struct.unpack(">IB", header)
        if header[:1] == REJECTION and kind not in (MESSAGE, CHUNK, CLOSE_NOTICE):
            rest = await self.reader.read()
            self.record.add(self.number, "received", header + rest)
            raise Rejected(reason_in(header[1:] + rest))
        least = {MESSAGE: 5, CHUNK: 13, CLOSE_NOTICE: 1}.get(kind, FRAME_SIZE_MAX)
        if not least <= size < FRAME_SIZE_MAX or kind == CLOSE_NOTICE and size != 1:
            self.record.add(self.number, "received", header)
            raise Malformed(f"a frame of kind {kind} and {size} bytes")
        frame = await self.read(size - 1, header)
        self.record.add(self.number, "received", frame)
        return kind, frame[5:]

    async def chunks(self, body):
        index, count, head_size = struct.unpack_from(">III", body)
        if index != 0 or count == 0:
            raise Malformed(f"chunk {index} of {count} begins a message")
        whole = [body]
        for wanted in range(1, count):
            kind, body = await self.frame()
            found = struct.unpack_from(">III", body) if kind == CHUNK else None
            if found != (wanted, count, 0):
                raise Malformed(f"kind {kind}, {found}, came for chunk {wanted} of {count}")
            whole.append(body[12:])
        return self.message(b"".join(whole), 12, head_size, count)

    @staticmethod
    def message(body, begin, head_size, chunk_count=0):
        end = begin + head_size
        if head_size < 0 or end > len(body):
            raise Malformed(f"metadata of {head_size} bytes in a frame of {len(body)}")
        try:
            metadata = json.loads(body[begin:end])
            if type(metadata["type"]) is not int or type(metadata.get("id", "")) is not str:
                raise TypeError
        except (ValueError, KeyError, TypeError, RecursionError) as e:
            raise Malformed(f"metadata {body[begin:end][:100]!r}") from e
        return Message(metadata, body[end:], chunk_count)

    # --- the end ---

    async def close(self):
        await self.write(struct.pack(">IB", 1, CLOSE_NOTICE))
        self.writer.close()
        await self.writer.wait_closed()

    def end(self):
        """Without a notice."""
        self.writer.close()

    def reset(self):
        """What was written may be lost."""
        self.writer.transport.abort()
