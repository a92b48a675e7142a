"""What is measured (questions) and what is judged (rows, with the bounds that parley must and wants to reach)."""

from dataclasses import dataclass, field
from typing import Callable, Optional


@dataclass(frozen=True)
class Contender:
    name: str
    driver: str
    variant: str = ""
    hostile: int = 0  # bystander, stalled, rpc: connections that misbehave meanwhile
    transport: str = ""  # another than the question's
    scenario: str = ""  # likewise

    @property
    def is_context(self):
        """Not part of any ratio, only good to know."""
        return self.name in ("raw copy", "raw single", "nng", "asio", "asio poll", "connection")


PARLEY = Contender("parley", "parley-bench", "connection")
PARLEY_BLOCKING = Contender("parley blocking", "parley-bench", "connection-blocking")
PARLEY_POLL = Contender("parley poll", "parley-bench", "connection-poll")
RAW = Contender("raw", "raw_driver", "batched")
RAW_COPY = Contender("raw copy", "raw_driver", "batched-copy")
RAW_SINGLE = Contender("raw single", "raw_driver", "single")
RAW_POLL = Contender("raw poll", "raw_driver", "single-poll")
ZMQ = Contender("zmq", "zmq_driver")
NNG = Contender("nng", "nng_driver")
GRPC = Contender("grpc", "grpc_driver", "stock")
GRPC_LEAN = Contender("grpc lean", "grpc_driver", "lean")
ASIO = Contender("asio", "asio_driver", "coroutine")
OPENSSL = Contender("openssl", "openssl_driver")
PARLEY_TCP = Contender("parley tcp", "parley-bench", "connection", transport="tcp")
ASIO_POLL = Contender("asio poll", "asio_driver", "coroutine-poll")
PARLEY_ALONE = Contender("parley alone", "parley-bench", "connection")
PARLEY_BESET = Contender("parley", "parley-bench", "connection", hostile=1000)
SOCKET = Contender("socket", "parley-bench", "socket")
SOCKET_POLL = Contender("socket poll", "parley-bench", "socket-poll")
SOCKET_ALONE = Contender("socket alone", "parley-bench", "socket")
SOCKET_BESET = Contender("socket", "parley-bench", "socket", hostile=1)
CHANNEL = Contender("channel", "parley-bench", "mux")
CHANNEL_BESIDE = Contender("channel beside", "parley-bench", "mux-beside")
CHANNEL_POLL = Contender("channel poll", "parley-bench", "mux-poll")
RAW_PING_PONG = Contender("raw ping-pong", "raw_driver", "batched", scenario="latency")
RPC = Contender("rpc", "parley-bench", "rpc")
RPC_ALONE = Contender("rpc alone", "parley-bench", "rpc")
RPC_BESET = Contender("rpc", "parley-bench", "rpc", hostile=1)
RPC_CALLBACK = Contender("rpc callback", "parley-bench", "rpc-callback")
RPC_HUNDRED = Contender("rpc 100 routes", "parley-bench", "rpc-hundred")
RPC_JSON = Contender("rpc json", "parley-bench", "rpc-json")
ECHO = Contender("echo", "parley-bench", "echo")
APP = Contender("app", "parley-bench", "app")
APP_HOOK = Contender("app hook", "parley-bench", "app-hook")
APP_COROUTINE = Contender("app coroutine", "parley-bench", "app-coroutine")
WAITING = Contender("parley waiting", "parley-bench", "connection-waiting")
CONNECTION = Contender("connection", "parley-bench", "connection")  # beside a Socket, which does the same and more


@dataclass(frozen=True)
class Question:
    name: str
    scenario: str
    transport: str
    contenders: tuple
    options: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """One figure of one question: parley's against a peer's, or against a fixed bound where `absolute`."""
    question: str
    label: str
    metric: str
    peer: str
    parley: str = "parley"
    more_is_better: bool = True
    must: Optional[float] = None
    wants: Optional[float] = None
    absolute: bool = False

    def reaches(self, value, bound):
        return value >= bound if self.more_is_better else value <= bound


# --- figures, each from the reports of both sides ---------------------------------------------------------------------

def cpu_ns(report):
    return report["cpu_user_ns"] + report["cpu_sys_ns"]


def cpu_per_message(reports):
    return sum(cpu_ns(report) for report in reports.values()) / reports["server"]["received"]


METRICS: dict[str, tuple[str, Callable]] = {
    "rate": ("msg/s", lambda r: r["server"]["msgs_per_s"]),
    "bytes": ("MiB/s", lambda r: r["server"]["mib_per_s"]),
    "cpu": ("ns CPU/msg", cpu_per_message),
    "cpu server": ("ns CPU/msg", lambda r: cpu_ns(r["server"]) / r["server"]["received"]),
    "cpu client": ("ns CPU/msg", lambda r: cpu_ns(r["client"]) / r["server"]["received"]),
    "cpu each": ("us CPU", lambda r: sum(cpu_ns(report) for report in r.values()) / r["client"]["round_trips"] / 1000),
    "p50": ("us", lambda r: (r.get("client") or r["server"])["p50_ns"] / 1000),
    "p99": ("us", lambda r: (r.get("client") or r["server"])["p99_ns"] / 1000),
    "connects": ("conn/s", lambda r: r["client"]["round_trips"] / r["client"]["elapsed_s"]),
    "memory": ("KiB/conn", lambda r: r["server"]["rss_per_conn"] / 1024),
    "lost": ("of 100", lambda r: 100 * (1 - r["server"]["received_in_all"] / r["server"]["sent_in_all"])),
    "accepts": ("conn/s", lambda r: r["client"]["conns_per_s"]),
    "delivered": ("msg/s", lambda r: r["client"]["msgs_per_s"]),
    "requests": ("req/s", lambda r: r["client"]["reqs_per_s"]),
    "cpu request": ("ns CPU/req", lambda r: sum(cpu_ns(report) for report in r.values()) / r["client"]["requests"]),
    "cpu delivered": ("ns CPU/msg", lambda r: sum(cpu_ns(report) for report in r.values()) / r["client"]["delivered"]),
}

FIGURES = {  # which of them a scenario has
    "throughput": ("rate", "bytes", "cpu", "cpu server", "cpu client"),
    "bystander": ("rate",),
    "latency": ("p50", "p99"),
    "rpc": ("requests", "p50", "p99", "cpu request"),
    "datagrams": ("rate", "lost", "cpu server"),
    "echo": ("requests", "p50", "p99", "cpu request"),
    "addresses": ("memory",),
    "connect": ("connects", "p50", "p99", "cpu each"),
    "idle": ("memory", "accepts"),
    "conns": ("rate",),
    "inproc-throughput": ("rate", "cpu"),
    "inproc-latency": ("p50", "p99"),
    "fanout": ("delivered", "cpu delivered"),
    "stalled": ("delivered",),
}

# --- questions --------------------------------------------------------------------------------------------------------

SIZES = {64: "64 B", 1024: "1 KiB", 65536: "64 KiB", 1 << 20: "1 MiB"}
TRANSPORTS = ("tcp", "unix")
IDLE_PEERS, BUSY_PEERS = 9900, 1000
SUBSCRIBERS = 100
AT_ONCE = 64
REMOTE_ADDRESSES = 20_000

ONE_WAY = {  # (transport, size): the peer, must, wants
    ("tcp", 64): ("zmq", 2.5, 3.5), ("tcp", 1024): ("zmq", 3, 5),
    ("tcp", 65536): ("raw", 0.85, 1.0), ("tcp", 1 << 20): ("raw", 0.85, 1.0),
    ("unix", 64): ("zmq", 2.5, 4), ("unix", 1024): ("zmq", 4, 6),
    ("unix", 65536): ("raw", 0.85, 1.0), ("unix", 1 << 20): ("raw", 0.85, 1.0),
}

IN_FLIGHT = {  # requests open on one connection: peer, must, wants
    1: (("grpc", 1.2, None), ("zmq", None, None)),
    64: (("grpc", 5, None), ("zmq", None, 1.0)),
    1024: (("grpc", 20, 50), ("zmq", None, 1.0)),
}

PUBLISHED_PER_SECOND = {64: 60_000, 1024: 8_000}  # so that libzmq takes about as long as the window of others


def questions(seconds, warmup, count):
    timed = {"--seconds": seconds, "--warmup": warmup}
    result = []
    for transport in TRANSPORTS:
        for size in SIZES:
            result.append(Question(f"throughput.{transport}.{size}", "throughput", transport,
                                   (PARLEY, RAW, ZMQ, NNG, RAW_COPY, RAW_SINGLE, ASIO), {**timed, "--size": size}))
    for size in (1024, 65536):
        result.append(Question(f"throughput.tls.{size}", "throughput", "tls", (PARLEY, OPENSSL), {**timed, "--size": size}))
        result.append(Question(f"throughput.ws.{size}", "throughput", "ws", (PARLEY, PARLEY_TCP), {**timed, "--size": size}))
    for transport in TRANSPORTS:
        result.append(Question(f"latency.{transport}", "latency", transport, (PARLEY, PARLEY_BLOCKING, RAW, ZMQ, NNG, ASIO), timed))
        result.append(Question(f"latency-poll.{transport}", "latency", transport, (PARLEY_POLL, RAW_POLL, ASIO_POLL), timed))
    for transport in TRANSPORTS:
        result.append(Question(f"connect.{transport}", "connect", transport, (PARLEY, RAW, ZMQ, NNG, ASIO), {"--count": count}))
    for transport in TRANSPORTS:
        result.append(Question(f"idle.{transport}", "conns", transport, (PARLEY, RAW, ZMQ, NNG, ASIO),
                               {"--peers": IDLE_PEERS, "--seconds": 0}))
        result.append(Question(f"conns.{transport}", "conns", transport, (PARLEY, RAW, ZMQ, NNG, ASIO),
                               {"--peers": BUSY_PEERS, "--seconds": seconds}))
    result.append(Question("inproc", "inproc-throughput", "inproc", (PARLEY, ZMQ, NNG), timed))
    result.append(Question("inproc-latency", "inproc-latency", "inproc", (PARLEY, ZMQ, NNG), timed))
    result.append(Question("bystander.tcp", "bystander", "tcp", (PARLEY_BESET, PARLEY_ALONE), {**timed, "--peers": 1002}))
    return (result + datagram_questions(timed) + socket_questions(seconds, timed, count) + channel_questions(seconds, timed, count) +
            rpc_questions(timed) + app_questions(timed))


def datagram_questions(timed):
    """What UDP is asked: datagrams as fast as they go, of which some are lost, round trips, and who has been heard of."""
    result = [Question(f"datagrams.{size}", "datagrams", "udp", (PARLEY, RAW), {**timed, "--size": size}) for size in (64, 1024)]
    result += [Question(f"echo.{count}", "echo", "udp", (PARLEY, RAW), {**timed, "--size": 64, "--concurrency": count})
               for count in (1, AT_ONCE)]
    result.append(Question("addresses", "addresses", "udp", (PARLEY, WAITING), {"--peers": REMOTE_ADDRESSES, "--size": 64}))
    return result


def socket_questions(seconds, timed, count):
    """The same for a Socket, and what only a Socket does."""
    result = []
    for (transport, size), (peer, _, _) in ONE_WAY.items():
        result.append(Question(f"socket.throughput.{transport}.{size}", "throughput", transport,
                               (SOCKET, ZMQ if peer == "zmq" else RAW, CONNECTION), {**timed, "--size": size}))
    for transport in TRANSPORTS:
        result.append(Question(f"socket.latency.{transport}", "latency", transport, (SOCKET, RAW, CONNECTION), timed))
        result.append(Question(f"socket.latency-poll.{transport}", "latency", transport, (SOCKET_POLL, RAW_POLL), timed))
    for size, rate in PUBLISHED_PER_SECOND.items():
        result.append(Question(f"socket.fanout.tcp.{size}", "fanout", "tcp", (SOCKET, ZMQ, RAW),
                               {"--size": size, "--peers": SUBSCRIBERS, "--count": int(rate * seconds)}))
    for transport in TRANSPORTS:
        result.append(Question(f"socket.connect.{transport}", "connect", transport, (SOCKET, ZMQ, CONNECTION), {"--count": count}))
        result.append(Question(f"socket.idle.{transport}", "conns", transport, (SOCKET, ZMQ, CONNECTION),
                               {"--peers": IDLE_PEERS, "--seconds": 0}))
        result.append(Question(f"socket.conns.{transport}", "conns", transport, (SOCKET, ZMQ, CONNECTION),
                               {"--peers": BUSY_PEERS, "--seconds": seconds}))
    result.append(Question("socket.inproc", "inproc-throughput", "inproc", (SOCKET, ZMQ, CONNECTION), timed))
    result.append(Question("socket.inproc-latency", "inproc-latency", "inproc", (SOCKET, ZMQ, CONNECTION), timed))
    result.append(Question("socket.stalled.tcp", "stalled", "tcp", (SOCKET_BESET, SOCKET_ALONE),
                           {**timed, "--peers": SUBSCRIBERS // 10}))
    return result


def channel_questions(seconds, timed, count):
    """What a channel of a session that is there saves against a connection of its own, and what it costs."""
    one, many = {"--count": count, **timed}, {"--count": 10 * count, "--concurrency": AT_ONCE}
    return [
        Question("channel.connect.tcp", "connect", "tcp", (CHANNEL, RAW, RAW_PING_PONG, PARLEY), one),
        Question("channel.connect-poll.tcp", "connect", "tcp", (CHANNEL_POLL, PARLEY_POLL), {"--count": 10 * count}),
        Question(f"channel.connect.tcp.{AT_ONCE}", "connect", "tcp", (CHANNEL, RAW, PARLEY), many),
        Question("channel.connect.tls", "connect", "tls", (CHANNEL, PARLEY), {"--count": count}),
        Question(f"channel.connect.tls.{AT_ONCE}", "connect", "tls", (CHANNEL, PARLEY), {**many, "--count": 3 * count}),
        Question("channel.beside.tcp", "latency", "tcp", (CHANNEL_BESIDE, CHANNEL), one),
        Question("channel.throughput.tcp.64", "throughput", "tcp", (CHANNEL, PARLEY), {**timed, "--size": 64}),
        Question("channel.throughput.tcp.65536", "throughput", "tcp", (CHANNEL, PARLEY), {**timed, "--size": 65536}),
        Question("channel.idle.tcp", "conns", "tcp", (CHANNEL, PARLEY), {"--peers": IDLE_PEERS, "--seconds": 0}),
    ]


def rpc_questions(timed):
    return [Question(f"rpc.{count}", "rpc", "tcp", (RPC, RPC_CALLBACK, RPC_HUNDRED, RPC_JSON, GRPC, ZMQ, GRPC_LEAN, RAW, ASIO),
                     {**timed, "--size": 64, "--concurrency": count}) for count in IN_FLIGHT] + [
        Question("rpc.beside", "rpc", "tcp", (RPC_BESET, RPC_ALONE), {**timed, "--size": 64, "--concurrency": 1})]


def app_questions(timed):
    """What handlers cost against a coroutine of one's own on a Connection: messages that are sent back."""
    return [Question(f"app.{count}", "rpc", "tcp", (APP, APP_HOOK, APP_COROUTINE, ECHO),
                     {**timed, "--size": 64, "--concurrency": count}) for count in (1, 1024)]


def figures_of(question, contender=None):
    is_idle = question.scenario == "conns" and question.options["--seconds"] == 0
    return FIGURES["idle" if is_idle else (contender and contender.scenario) or question.scenario]


# --- rows, in the order of the table ----------------------------------------------------------------------------------


def one_way_rows(name, label, parley):
    for (transport, size), (peer, must, wants) in ONE_WAY.items():
        yield Row(f"{name}throughput.{transport}.{size}", f"{label}one way, {transport}, {SIZES[size]}",
                  "rate" if peer == "zmq" else "bytes", peer, parley, must=must, wants=wants)
    for transport in TRANSPORTS:
        bounds = {"must": 0.36, "wants": 0.27} if transport == "tcp" else {}  # 85 and 65 ns where zmq takes 237
        yield Row(f"{name}throughput.{transport}.64", f"{label}CPU per message, both ends, {transport}, 64 B", "cpu", "zmq",
                  parley, more_is_better=False, **bounds)


def layered_rows():
    for size in (1024, 65536):
        yield Row(f"throughput.tls.{size}", f"one way, tls, {SIZES[size]}", "bytes", "openssl", must=0.8, wants=1.0)
    for size, must in ((1024, 0.6), (65536, None)):
        yield Row(f"throughput.ws.{size}", f"one way, ws against tcp, {SIZES[size]}", "bytes", "parley tcp", must=must)


def ping_pong_rows(name, label, parley):
    for transport in TRANSPORTS:
        for metric in ("p50", "p99"):
            yield Row(f"{name}latency.{transport}", f"{label}ping-pong {metric}, asleep, {transport}", metric, "raw", parley,
                      more_is_better=False, must=1.15)
        if parley == "parley":
            yield Row(f"latency.{transport}", f"ping-pong p50, asleep, {transport}, blocking facade", "p50", "raw",
                      "parley blocking", more_is_better=False, must=1.3)
        for metric in ("p50", "p99"):
            yield Row(f"{name}latency-poll.{transport}", f"{label}ping-pong {metric}, polling, {transport}", metric, "raw poll",
                      f"{parley} poll", more_is_better=False, must=1.7, wants=1.25)


def connection_rows():
    for transport in TRANSPORTS:
        yield Row(f"connect.{transport}", f"connect, round trip, close, {transport}", "connects", "raw")
    yield from many_peers_rows("", "", "parley")


def many_peers_rows(name, label, parley):
    for transport in TRANSPORTS:
        yield Row(f"{name}idle.{transport}", f"{label}memory of an idle connection (of {IDLE_PEERS}), {transport}", "memory",
                  "zmq", parley, more_is_better=False, must=4, wants=2, absolute=True)
        yield Row(f"{name}idle.{transport}", f"{label}accepted with a first message, {transport}", "accepts", "zmq", parley,
                  must=1.5, wants=2.5)
        yield Row(f"{name}conns.{transport}", f"{label}{BUSY_PEERS} peers sending at once, {transport}", "rate", "zmq", parley,
                  must=0.9, wants=1.1)


def inproc_rows(name, label, parley):
    yield Row(f"{name}inproc", f"{label}inproc, two threads, 64 B", "rate", "zmq", parley, must=1.5, wants=3)
    yield Row(f"{name}inproc-latency", f"{label}inproc ping-pong p50", "p50", "zmq", parley, more_is_better=False)


def datagram_rows():
    for size in (64, 1024):
        yield Row(f"datagrams.{size}", f"udp: one way, {SIZES[size]}", "rate", "raw", must=0.7, wants=0.9)
    yield Row("echo.1", f"udp: ping-pong p50, asleep, {SIZES[64]}", "p50", "raw", more_is_better=False, must=1.4)
    yield Row(f"echo.{AT_ONCE}", f"udp: echo, {AT_ONCE} in flight, {SIZES[64]}", "requests", "raw", must=0.7, wants=0.9)
    yield Row("addresses", f"udp: memory of a remote address (of {REMOTE_ADDRESSES})", "memory", "parley waiting",
              more_is_better=False, must=1, absolute=True)


def socket_rows():
    like = ("socket.", "socket: ", "socket")
    yield from one_way_rows(*like)
    yield from ping_pong_rows(*like)
    for size in PUBLISHED_PER_SECOND:
        yield Row(f"socket.fanout.tcp.{size}", f"socket: publish to {SUBSCRIBERS} subscribers, tcp, {SIZES[size]}", "delivered",
                  "zmq", "socket", must=2, wants=5)
    for transport in TRANSPORTS:
        yield Row(f"socket.connect.{transport}", f"socket: connect, round trip, close, {transport}", "connects", "zmq", "socket")
    yield from many_peers_rows(*like)
    yield from inproc_rows(*like)
    yield Row("socket.stalled.tcp", "socket: subscribers beside one that never reads", "delivered", "socket alone", "socket",
              must=0.9)


def channel_rows():
    name, label = "channel.connect.tcp", "channel: open, round trip, close"
    yield Row(name, f"{label}, against a raw ping-pong, p50", "p50", "raw ping-pong", "channel", more_is_better=False, must=1.15)
    yield Row(name, f"{label}, against raw tcp", "connects", "raw", "channel")
    yield Row("channel.connect-poll.tcp", f"{label}, polling, against tcp", "connects", "parley poll", "channel poll", must=1.8)
    many = f"{label}, {AT_ONCE} at once"
    yield Row(f"{name}.{AT_ONCE}", f"{many}, against tcp", "connects", "parley", "channel", must=10, wants=20)
    yield Row(f"{name}.{AT_ONCE}", f"{many}, against raw tcp", "connects", "raw", "channel")
    yield Row(f"{name}.{AT_ONCE}", f"{many}, CPU, against tcp", "cpu each", "parley", "channel", more_is_better=False, must=0.1)
    yield Row(f"{name}.{AT_ONCE}", f"{many}, CPU, against raw tcp", "cpu each", "raw", "channel", more_is_better=False)
    yield Row("channel.connect.tls", f"{label}, against tls", "connects", "parley", "channel", must=10)
    yield Row(f"channel.connect.tls.{AT_ONCE}", f"{label}, {AT_ONCE} at once, against tls", "connects", "parley", "channel", must=40)
    yield Row("channel.beside.tcp", "channel: round trip beside a saturating one, against alone, p99", "p99", "channel",
              "channel beside", more_is_better=False, must=3)
    yield Row("channel.throughput.tcp.64", f"channel: one way, against tcp, {SIZES[64]}", "rate", "parley", "channel")
    yield Row("channel.throughput.tcp.65536", f"channel: one way, against tcp, {SIZES[65536]}", "bytes", "parley", "channel",
              must=0.8)
    yield Row("channel.idle.tcp", f"channel: memory of an idle one (of {IDLE_PEERS}), both objects", "memory", "parley", "channel",
              more_is_better=False)


def rpc_rows():
    for count, peers in IN_FLIGHT.items():
        label = f"rpc: requests and replies, {count} in flight, {SIZES[64]}"
        for peer, must, wants in peers:
            yield Row(f"rpc.{count}", f"{label}, against {peer}", "requests", peer, "rpc", must=must, wants=wants)
        for peer in ("grpc lean", "raw"):
            yield Row(f"rpc.{count}", f"{label}, against {peer}", "requests", peer, "rpc")
        for peer, must, wants in peers:
            yield Row(f"rpc.{count}", f"{label}, called back, against {peer}", "requests", peer, "rpc callback", wants=wants)
            yield Row(f"rpc.{count}", f"{label}, 100 routes, against {peer}", "requests", peer, "rpc 100 routes", must=must,
                      wants=wants)
        yield Row(f"rpc.{count}", f"{label}, ten fields in JSON against bytes", "requests", "rpc", "rpc json",
                  must=0.5 if count == 64 else None)
    yield Row("rpc.beside", "rpc: a request beside a client that floods, against alone, p99", "p99", "rpc alone", "rpc",
              more_is_better=False, must=2)


def app_rows():
    for count, must in ((1024, 0.8), (1, None)):
        label = f"handlers: messages sent back, {count} in flight, {SIZES[64]}"
        yield Row(f"app.{count}", f"{label}, against a Connection", "requests", "echo", "app", must=must)
        yield Row(f"app.{count}", f"{label}, with a hook and a classifier", "requests", "echo", "app hook", must=must)
        yield Row(f"app.{count}", f"{label}, by coroutines", "requests", "echo", "app coroutine")


def rows():
    yield from one_way_rows("", "", "parley")
    yield from layered_rows()
    yield from ping_pong_rows("", "", "parley")
    yield from connection_rows()
    yield from inproc_rows("", "", "parley")
    yield Row("bystander.tcp", "beside 1000 mute peers and one that never reads", "rate", "parley alone", must=0.9)
    yield from datagram_rows()
    yield from socket_rows()
    yield from channel_rows()
    yield from rpc_rows()
    yield from app_rows()
