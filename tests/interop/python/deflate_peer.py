"""Messages compressed by Python's own zlib, with a CRC-32 behind them, framed by a 4-byte big-endian length.

    deflate_peer.py client|server ENDPOINT each|context LEVEL

Sends every one of BODIES and gets it back, each a zlib stream of its own, or flushed pieces of one stream.
"""

import argparse
import random
import struct
import zlib

import peer

NOISE = random.Random(1).randbytes(70_000)
BODIES = [b"", b"a", b"hello hello hello", b"x" * 100_000, NOISE, b"", b"hello hello hello", NOISE[:20_000],
          *(b'{"sensor": "t%d", "value": %d}' % (i % 7, i * i % 1009) for i in range(200))]


class Each:
    def __init__(self, level):
        self.level = level

    def deflate(self, body):
        return zlib.compress(body, self.level)

    def inflate(self, data):
        return zlib.decompress(data)


class Context:
    def __init__(self, level):
        self.deflater, self.inflater = zlib.compressobj(level), zlib.decompressobj()

    def deflate(self, body):
        return self.deflater.compress(body) + self.deflater.flush(zlib.Z_SYNC_FLUSH)

    def inflate(self, data):
        assert data.endswith(b"\0\0\xff\xff"), "a message without a flush"
        return self.inflater.decompress(data)


def receive_exactly(sock, size):
    data = b""
    while len(data) < size:
        piece = sock.recv(size - len(data))
        assert piece, "the stream ended inside a message"
        data += piece
    return data


def send(sock, data):
    data += struct.pack("<I", zlib.crc32(data))
    sock.sendall(struct.pack(">I", len(data)) + data)


def receive(sock):
    (size,) = struct.unpack(">I", receive_exactly(sock, 4))
    data = receive_exactly(sock, size)
    assert struct.unpack("<I", data[-4:]) == (zlib.crc32(data[:-4]),), "another CRC"
    return data[:-4]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("role", choices=("client", "server"))
    parser.add_argument("endpoint")
    parser.add_argument("way", choices=("each", "context"))
    parser.add_argument("level", type=int)
    options = parser.parse_args()
    codec = {"each": Each, "context": Context}[options.way](options.level)
    with peer.meet(options.role, options.endpoint) as sock:
        for body in BODIES:
            send(sock, codec.deflate(body))
            assert codec.inflate(receive(sock)) == body, body[:100]
    print(len(BODIES))


main()
