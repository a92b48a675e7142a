"""Values by Python's own pickle and json, framed by a 4-byte big-endian length.

    typed_values.py client|server ENDPOINT pickle --protocol 4
    typed_values.py client|server ENDPOINT json

Sends every one of VALUES, gets it back changed as the other end says it will, and sends one that must be refused.
"""

import argparse
import json
import pickle
import struct

import peer

NOT_IN_JSON = {"blob": None, "pair": None, "by_number": None}
VALUES = [
    {"name": "bolt", "count": 7, "price": 0.1, "tags": ["a", "ü€😀"], "note": None, **NOT_IN_JSON},
    {"name": "", "count": -(2**63), "price": -1e300, "tags": [], "note": "x" * 70_000, **NOT_IN_JSON},
    {"name": "\"\\\n\0", "count": 2**63 - 1, "price": 5e-324, "tags": ["t"] * 1000, "note": "t", **NOT_IN_JSON},
]


def values_for_pickle(protocol):
    """Also what JSON does not have. Protocol 2 has no bytes."""
    more = {"pair": (1, "x"), "by_number": {0: True, 2**32: False, 2**64 - 1: True}}
    if protocol > 2:
        more["blob"] = bytes(range(256)) * 3
    return [*VALUES, {**VALUES[0], **more}]


def receive_exactly(sock, size):
    data = b""
    while len(data) < size:
        piece = sock.recv(size - len(data))
        assert piece, "the stream ended inside a message"
        data += piece
    return data


class Peer:
    def __init__(self, sock, dumps, loads):
        self.sock, self.dumps, self.loads = sock, dumps, loads

    def send(self, value):
        body = self.dumps(value)
        self.sock.sendall(struct.pack(">I", len(body)) + body)

    def receive(self):
        (size,) = struct.unpack(">I", receive_exactly(self.sock, 4))
        return self.loads(receive_exactly(self.sock, size))


class NotData:
    """Its pickle names code."""


def talk(other, values, refused):
    for value in values:
        other.send(value)
        answer = other.receive()
        if answer["item"]["pair"]:
            answer["item"]["pair"] = tuple(answer["item"]["pair"])  # it was sent as a tuple, and comes as a list
        assert answer == {"item": value, "twice": value["price"] * 2, "flags": [True, False]}, answer
    other.send(refused)
    print(other.receive())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("role", choices=("client", "server"))
    parser.add_argument("endpoint")
    parser.add_argument("codec", choices=("pickle", "json"))
    parser.add_argument("--protocol", type=int, default=4)
    options = parser.parse_args()
    with peer.meet(options.role, options.endpoint) as sock:
        if options.codec == "pickle":
            other = Peer(sock, lambda value: pickle.dumps(value, protocol=options.protocol), pickle.loads)
            talk(other, values_for_pickle(options.protocol), NotData())
        else:
            other = Peer(sock, lambda value: json.dumps(value).encode(), json.loads)
            talk(other, VALUES, {**VALUES[0], "count": "7"})


main()
