"""A connected socket, by connecting or by listening, at an endpoint written as parley writes it."""

import socket
import sys

TIME_OUT = 15  # seconds, for every wait


def parse(endpoint):
    """(family, address) of tcp://HOST:PORT or unix:///PATH."""
    if endpoint.startswith("unix://"):
        return socket.AF_UNIX, endpoint[len("unix://"):]
    host, port = endpoint[len("tcp://"):].rsplit(":", 1)
    return socket.AF_INET, (host, int(port))


def accept_one(listener):
    """Says on standard error where it listens, as netcat does."""
    name = listener.getsockname()
    print("listening on", name if isinstance(name, str) else f"{name[0]} {name[1]}", file=sys.stderr, flush=True)
    peer, _ = listener.accept()
    return peer


def meet(role, endpoint):
    family, address = parse(endpoint)
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.settimeout(TIME_OUT)
    if role == "client":
        sock.connect(address)
        return sock
    with sock:
        sock.bind(address)
        sock.listen()
        peer = accept_one(sock)
    peer.settimeout(TIME_OUT)
    return peer
