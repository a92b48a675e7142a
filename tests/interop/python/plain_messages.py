"""Messages told apart by a separator, by their size or by the end of the stream, over blocking sockets.

    plain_messages.py client|server ENDPOINT lines --separator crlf --count 200
    plain_messages.py client|server ENDPOINT fixed --count 100
    plain_messages.py client|server ENDPOINT whole --size 300000

Sends everything, ends its direction, and wants the same bytes back.
"""

import argparse
import socket

import peer

RECORD_SIZE = 1024


def lines(options):
    separator = {"lf": b"\n", "crlf": b"\r\n"}[options.separator]
    return b"".join(b"line %d" % number + separator for number in range(options.count))


def fixed(options):
    return b"".join((b"record %d" % number).ljust(RECORD_SIZE) for number in range(options.count))


def whole(options):
    return bytes(number * number % 256 for number in range(options.size))


def receive_all(sock):
    pieces = []
    while piece := sock.recv(65536):
        pieces.append(piece)
    return b"".join(pieces)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("role", choices=("client", "server"))
    parser.add_argument("endpoint")
    parser.add_argument("kind", choices=("lines", "fixed", "whole"))
    parser.add_argument("--separator", choices=("lf", "crlf"), default="lf")
    parser.add_argument("--count", type=int, default=0)
    parser.add_argument("--size", type=int, default=0)
    parser.add_argument("--chunk", type=int, default=1000, help="bytes of one write")
    options = parser.parse_args()
    data = {"lines": lines, "fixed": fixed, "whole": whole}[options.kind](options)
    with peer.meet(options.role, options.endpoint) as sock:
        for offset in range(0, len(data), options.chunk):
            sock.sendall(data[offset:offset + options.chunk])
        sock.shutdown(socket.SHUT_WR)
        got = receive_all(sock)
    assert got == data, f"{len(got)} bytes came back for {len(data)}, or others"


main()
