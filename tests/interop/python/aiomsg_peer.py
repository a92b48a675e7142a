"""aiomsg_peer.py client|server ENDPOINT TASK [options]: a peer of parley-agent by the standard library alone.

Every byte that comes is compared with what docs/protocols/aiomsg.md says should come; heartbeats may come at any time.
"""

import argparse
import os
import ssl
import struct
import time

import aiomsg_frames
import peer

DIALECTS = {"v1": aiomsg_frames.Version1, "legacy": aiomsg_frames.Legacy}
IDENTITY = bytes(range(0xf0, 0x100))


class Conversation:
    def __init__(self, sock, options):
        self.sock = sock
        self.wire = DIALECTS[options.dialect]
        self.options = options
        self.confirms = options.delivery == "at-least-once"
        self.seen = set()  # ids of requests

    # --- bytes ---

    def send(self, data):
        if self.options.cut:
            for i in range(len(data)):
                self.sock.sendall(data[i:i + 1])
        else:
            self.sock.sendall(data)

    def read(self, size):
        data = bytearray()
        while len(data) < size:
            part = self.sock.recv(size - len(data))
            if not part:
                raise EOFError(f"ended behind {bytes(data)!r}, {size} bytes were to come")
            data += part
        return bytes(data)

    def frame(self):
        length = self.read(4)
        return length + self.read(*struct.unpack(">I", length))

    def telling_frame(self):
        while (frame := self.frame()) == self.wire.heartbeat:
            pass
        return frame

    def expect(self, wanted):
        frame = self.telling_frame()
        assert frame == wanted, f"{frame[:60].hex(' ')} came for {wanted[:60].hex(' ')}"

    def expect_end(self):
        rest = bytearray()
        while part := self.sock.recv(65536):
            rest += part
        heartbeats = len(rest) // len(self.wire.heartbeat)
        assert rest == heartbeats * self.wire.heartbeat, bytes(rest)

    # --- what is said ---

    def greet(self):
        """In the order that fails if the other side waits for what it must not wait for."""
        hello = self.wire.hello(IDENTITY)
        is_server = self.options.role == "server"
        # Version 1: who listens may wait for the other's greeting. Legacy: who listens greets at once.
        speaks_first = is_server if self.wire is aiomsg_frames.Legacy else not is_server
        if speaks_first:
            self.send(hello)
        theirs = self.frame()
        assert theirs == self.wire.hello(bytes.fromhex(self.options.identity)), theirs.hex(" ")
        if not speaks_first:
            self.send(hello)

    def payloads(self):
        return [f"{self.options.prefix}{i}".encode() for i in range(self.options.count)]

    def receive(self, payload, frame=None):
        """The next message, which has to be this one."""
        frame = frame or self.telling_frame()
        message_id = self.wire.id_in(frame)
        wanted = self.wire.request(message_id, payload) if self.confirms else self.wire.data(payload)
        assert frame == wanted, f"{frame[:60].hex(' ')} came for {wanted[:60].hex(' ')}"
        if not self.confirms:
            return
        assert message_id not in self.seen, "an id came twice"
        self.seen.add(message_id)
        self.send(self.wire.acknowledgement(message_id))


# --- tasks -----------------------------------------------------------------------------------------------------------


def sink(talk):
    for payload in talk.payloads():
        talk.receive(payload)


def sink_to_the_end(talk):
    sink(talk)
    talk.expect_end()


def source(talk):
    """At least once, each message but the last is sent twice, as if an acknowledgement had been lost."""
    payloads = talk.payloads()
    for payload in payloads:
        if not talk.confirms:
            talk.send(talk.wire.data(payload))
            continue
        message_id = os.urandom(16)
        for _ in range(1 if payload is payloads[-1] else 2):
            talk.send(talk.wire.request(message_id, payload))
            talk.expect(talk.wire.acknowledgement(message_id))
    talk.expect_end()


def ask(talk):
    """Everything has to come back, unchanged: all at once, and then one after the other."""
    sizes = [1, 2, 16, 24, 1000] + ([] if talk.options.cut else [70_000, 1_000_000])
    payloads = [bytes(i % 251 for i in range(size)) for size in sizes]
    if talk.wire is aiomsg_frames.Version1:
        payloads.append(b"")
    assert len(payloads) * 2 == talk.options.count, "the agent has to be told the count"
    talk.send(b"".join(map(talk.wire.data, payloads)))
    for payload in payloads:
        talk.receive(payload)
    for number, payload in enumerate(payloads):
        message_id = bytes([number] * 16)
        talk.send(talk.wire.request(message_id, payload))
        talk.expect(talk.wire.acknowledgement(message_id))
        talk.receive(payload)
    talk.expect_end()


def echo(talk):
    """What comes is sent back to one who does not want it; it is acknowledged all the same."""
    payloads, unacknowledged = talk.payloads(), []
    while payloads or unacknowledged:
        frame = talk.telling_frame()
        if unacknowledged and frame == talk.wire.acknowledgement(unacknowledged[0]):
            unacknowledged.pop(0)
            continue
        talk.receive(payloads.pop(0), frame)
        unacknowledged.append(len(payloads).to_bytes(16, "big"))
        talk.send(talk.wire.request(unacknowledged[-1], b"back"))


def heartbeat(talk):
    """Who has nothing to say says that after 5 seconds, and again after 5 more."""
    begun = time.monotonic()
    frame = talk.frame()
    assert frame == talk.wire.heartbeat, frame.hex(" ")
    assert time.monotonic() - begun > 4, "too early"


TASKS = {each.__name__: each for each in (sink, sink_to_the_end, source, ask, echo, heartbeat)}


# --- the connection --------------------------------------------------------------------------------------------------


def meet(options):
    if not options.endpoint.startswith("tls://"):
        return peer.meet(options.role, options.endpoint)
    sock = peer.meet(options.role, "tcp" + options.endpoint[3:])
    if options.role == "server":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.tls_cert, options.tls_key)
        return context.wrap_socket(sock, server_side=True, suppress_ragged_eofs=False)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(options.tls_ca)
    return context.wrap_socket(sock, server_hostname="127.0.0.1", suppress_ragged_eofs=False)


def parse_arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("role", choices=("client", "server"))
    parser.add_argument("endpoint")
    parser.add_argument("task", choices=TASKS)
    parser.add_argument("--dialect", choices=DIALECTS, default="v1")
    parser.add_argument("--delivery", choices=("at-most-once", "at-least-once"), default="at-most-once")
    parser.add_argument("--count", type=int, default=10)
    parser.add_argument("--prefix", default="m")
    parser.add_argument("--identity", required=True, help="of the agent, 32 digits")
    parser.add_argument("--cut", action="store_true", help="write byte by byte")
    parser.add_argument("--tls-cert")
    parser.add_argument("--tls-key")
    parser.add_argument("--tls-ca")
    return parser.parse_args()


def main():
    options = parse_arguments()
    with meet(options) as sock:
        talk = Conversation(sock, options)
        talk.greet()
        TASKS[options.task](talk)


if __name__ == "__main__":
    main()
