"""What is measured (questions) and what is judged (rows, with the bounds that parley must and wants to reach)."""

from dataclasses import dataclass, field
from typing import Callable, Optional


@dataclass(frozen=True)
class Contender:
    name: str
    driver: str
    variant: str = ""
    hostile: int = 0  # bystander: connections that misbehave meanwhile
    transport: str = ""  # another than the question's

    @property
    def is_context(self):
        """Not part of any ratio, only good to know."""
        return self.name in ("raw copy", "raw single", "nng", "asio", "asio poll")


PARLEY = Contender("parley", "parley-bench", "connection")
PARLEY_BLOCKING = Contender("parley blocking", "parley-bench", "connection-blocking")
PARLEY_POLL = Contender("parley poll", "parley-bench", "connection-poll")
RAW = Contender("raw", "raw_driver", "batched")
RAW_COPY = Contender("raw copy", "raw_driver", "batched-copy")
RAW_SINGLE = Contender("raw single", "raw_driver", "single")
RAW_POLL = Contender("raw poll", "raw_driver", "single-poll")
ZMQ = Contender("zmq", "zmq_driver")
NNG = Contender("nng", "nng_driver")
ASIO = Contender("asio", "asio_driver", "coroutine")
OPENSSL = Contender("openssl", "openssl_driver")
PARLEY_TCP = Contender("parley tcp", "parley-bench", "connection", transport="tcp")
ASIO_POLL = Contender("asio poll", "asio_driver", "coroutine-poll")
PARLEY_ALONE = Contender("parley alone", "parley-bench", "connection")
PARLEY_BESET = Contender("parley", "parley-bench", "connection", hostile=1000)


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
    "p50": ("us", lambda r: (r.get("client") or r["server"])["p50_ns"] / 1000),
    "p99": ("us", lambda r: (r.get("client") or r["server"])["p99_ns"] / 1000),
    "connects": ("conn/s", lambda r: r["client"]["round_trips"] / r["client"]["elapsed_s"]),
    "memory": ("KiB/conn", lambda r: r["server"]["rss_per_conn"] / 1024),
    "accepts": ("conn/s", lambda r: r["client"]["conns_per_s"]),
}

FIGURES = {  # which of them a scenario has
    "throughput": ("rate", "bytes", "cpu", "cpu server", "cpu client"),
    "bystander": ("rate",),
    "latency": ("p50", "p99"),
    "connect": ("connects", "p50", "p99"),
    "idle": ("memory", "accepts"),
    "conns": ("rate",),
    "inproc-throughput": ("rate", "cpu"),
    "inproc-latency": ("p50", "p99"),
}

# --- questions --------------------------------------------------------------------------------------------------------

SIZES = {64: "64 B", 1024: "1 KiB", 65536: "64 KiB", 1 << 20: "1 MiB"}
TRANSPORTS = ("tcp", "unix")
IDLE_PEERS, BUSY_PEERS = 9900, 1000


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
    return result


def figures_of(question):
    return FIGURES["idle" if question.name.startswith("idle") else question.scenario]


# --- rows, in the order of the table ----------------------------------------------------------------------------------

ONE_WAY = {  # (transport, size): the peer, must, wants
    ("tcp", 64): ("zmq", 2.5, 3.5), ("tcp", 1024): ("zmq", 3, 5),
    ("tcp", 65536): ("raw", 0.85, 1.0), ("tcp", 1 << 20): ("raw", 0.85, 1.0),
    ("unix", 64): ("zmq", 2.5, 4), ("unix", 1024): ("zmq", 4, 6),
    ("unix", 65536): ("raw", 0.85, 1.0), ("unix", 1 << 20): ("raw", 0.85, 1.0),
}


def one_way_rows():
    for (transport, size), (peer, must, wants) in ONE_WAY.items():
        yield Row(f"throughput.{transport}.{size}", f"one way, {transport}, {SIZES[size]}",
                  "rate" if peer == "zmq" else "bytes", peer, must=must, wants=wants)
    for transport in TRANSPORTS:
        bounds = {"must": 0.36, "wants": 0.27} if transport == "tcp" else {}  # 85 and 65 ns where zmq takes 237
        yield Row(f"throughput.{transport}.64", f"CPU per message, both ends, {transport}, 64 B", "cpu", "zmq",
                  more_is_better=False, **bounds)


def layered_rows():
    for size in (1024, 65536):
        yield Row(f"throughput.tls.{size}", f"one way, tls, {SIZES[size]}", "bytes", "openssl", must=0.8, wants=1.0)
    for size, must in ((1024, 0.6), (65536, None)):
        yield Row(f"throughput.ws.{size}", f"one way, ws against tcp, {SIZES[size]}", "bytes", "parley tcp", must=must)


def ping_pong_rows():
    for transport in TRANSPORTS:
        for metric in ("p50", "p99"):
            yield Row(f"latency.{transport}", f"ping-pong {metric}, asleep, {transport}", metric, "raw",
                      more_is_better=False, must=1.15)
        yield Row(f"latency.{transport}", f"ping-pong p50, asleep, {transport}, blocking facade", "p50", "raw",
                  "parley blocking", more_is_better=False, must=1.3)
        for metric in ("p50", "p99"):
            yield Row(f"latency-poll.{transport}", f"ping-pong {metric}, polling, {transport}", metric, "raw poll",
                      "parley poll", more_is_better=False, must=1.7, wants=1.25)


def connection_rows():
    for transport in TRANSPORTS:
        yield Row(f"connect.{transport}", f"connect, round trip, close, {transport}", "connects", "raw")
    for transport in TRANSPORTS:
        yield Row(f"idle.{transport}", f"memory of an idle connection (of {IDLE_PEERS}), {transport}", "memory", "zmq",
                  more_is_better=False, must=4, wants=2, absolute=True)
        yield Row(f"idle.{transport}", f"accepted with a first message, {transport}", "accepts", "zmq", must=1.5, wants=2.5)
        yield Row(f"conns.{transport}", f"{BUSY_PEERS} peers sending at once, {transport}", "rate", "zmq", must=0.9, wants=1.1)


def other_rows():
    yield Row("inproc", "inproc, two threads, 64 B", "rate", "zmq", must=1.5, wants=3)
    yield Row("inproc-latency", "inproc ping-pong p50", "p50", "zmq", more_is_better=False)
    yield Row("bystander.tcp", "beside 1000 mute peers and one that never reads", "rate", "parley alone", must=0.9)


def rows():
    return [*one_way_rows(), *layered_rows(), *ping_pong_rows(), *connection_rows(), *other_rows()]
