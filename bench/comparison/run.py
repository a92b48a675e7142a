"""Runs the two sides of one measurement, as bench/README.md describes, and returns what they reported."""

import json
import os
import queue
import random
import signal
import socket
import subprocess
import tempfile
import threading
import time

LEADERS = {"throughput": "server", "bystander": "server", "conns": "server", "latency": "client", "rpc": "client",
           "datagrams": "server", "echo": "client", "addresses": "server", "connect": "client", "fanout": "client", "stalled": "client"}


class RunFailed(Exception):
    """A side said so, died, hung, or reported figures that do not add up."""


class NotOffered(Exception):
    """The driver has no such scenario or variant (or is not built)."""


class Side:
    """One process of a driver, in a process group of its own so that nothing of it is left behind."""

    def __init__(self, name, command, deadline):
        self.name, self.deadline = name, deadline
        self.depends_on = None  # another side, without which no line will come
        self.lines = queue.Queue()
        self.errors = tempfile.TemporaryFile()
        try:
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors,
                                            text=True, start_new_session=True)
        except FileNotFoundError:
            raise NotOffered(f"{os.path.basename(command[0])} is not built") from None
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line.strip())
        self.lines.put(None)

    def _line(self):
        while True:
            left = self.deadline - time.monotonic()
            try:
                line = self.lines.get(timeout=max(0.0, min(left, 0.5)))
                break
            except queue.Empty:
                if left <= 0:
                    raise RunFailed(f"{self.name}: nothing more came in time") from None
                if self.depends_on and self.depends_on.process.poll() is not None:
                    raise RunFailed(f"{self.name}: waits for a {self.depends_on.name} that has ended") from None
        if line is None:
            raise RunFailed(f"{self.name}: ended without its line, exit code {self._exit_code()}{self._last_words()}")
        return line

    def expect(self, word):
        line = self._line()
        if line != word:
            self._raise_what_it_says(line)
            raise RunFailed(f"{self.name}: said {line!r} where {word} was due")

    def report(self):
        line = self._line()
        said = self._raise_what_it_says(line)
        if said is None:
            raise RunFailed(f"{self.name}: said {line!r} where its report was due")
        if self._exit_code() != 0:
            raise RunFailed(f"{self.name}: exit code {self._exit_code()} after its report{self._last_words()}")
        return said

    def _raise_what_it_says(self, line):
        try:
            said = json.loads(line)
        except ValueError:
            return None
        if not isinstance(said, dict):
            return None
        if "not_offered" in said:
            raise NotOffered(said["not_offered"])
        for key in ("error", "usage"):
            if key in said:
                raise RunFailed(f"{self.name}: {said[key]}")
        return said

    def signal(self):
        """The line on standard input that a side waits for."""
        try:
            self.process.stdin.write("\n")
            self.process.stdin.flush()
        except OSError:
            pass  # it has died; reading its report says how

    def _exit_code(self):
        try:
            return self.process.wait(timeout=max(0.1, self.deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            return None

    def _last_words(self):
        self.errors.seek(0)
        words = self.errors.read().decode(errors="replace").strip().splitlines()
        return f": {words[-1]}" if words else ""

    def end(self):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.errors):
            try:
                stream.close()
            except OSError:
                pass


class Runner:
    """Where the executables are, and the options that every run of this comparison has."""

    def __init__(self, bin_folder, common_options):
        self.bin, self.common = bin_folder, common_options
        self.folder = tempfile.TemporaryDirectory(prefix="parley-compare-")
        self._make_certificate()

    def _make_certificate(self):
        """Of a kind whose handshake is quick; the drivers find it by their environment."""
        pem = os.path.join(self.folder.name, "server.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-subj", "/CN=localhost", "-days", "2", "-keyout", pem, "-out", pem + ".crt"],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with open(pem, "a") as both, open(pem + ".crt") as certificate:
            both.write(certificate.read())
        os.environ["BENCH_TLS_PEM"] = pem

    def _command(self, driver, role, scenario, address, options):
        flat = [str(part) for pair in {**self.common, **options}.items() for part in pair]
        return [os.path.join(self.bin, driver), "--scenario", scenario, "--role", role, "--addr", address, *flat]

    def address(self, transport):
        if transport in ("tcp", "tls", "ws", "udp"):
            return f"{transport}://127.0.0.1:{free_port()}"
        name = f"{random.getrandbits(48):012x}"
        return f"inproc://{name}" if transport == "inproc" else f"unix://{self.folder.name}/{name}.sock"

    def measure(self, driver, scenario, transport, options, timeout, hostile=0):
        """The reports of one run as {"server": {...}, "client": {...}}; inproc has only "server". Raises RunFailed or NotOffered."""
        address, deadline, sides = self.address(transport), time.monotonic() + timeout, []

        def start(name, program, role, its_scenario, its_options):
            sides.append(Side(name, self._command(program, role, its_scenario, address, its_options), deadline))
            return sides[-1]

        try:
            if transport == "inproc":
                return checked(scenario, options, {"server": start("both", driver, "both", scenario, options).report()})
            server = start("server", driver, "server", scenario, options)
            server.expect("READY")
            if hostile and scenario == "stalled":
                start("deaf", driver, "client", "deaf", options).expect("READY")
            elif hostile and scenario == "rpc":
                start("flood", driver, "client", "flood", options).expect("READY")
            elif hostile:
                start("hostile", "raw_driver", "client", "hostile", {**options, "--peers": hostile, "--variant": ""}).expect("READY")
            if scenario == "addresses":  # nobody needs to be fast there
                driver, options = "raw_driver", {**options, "--variant": "batched"}
            client = start("client", driver, "client", "throughput" if scenario == "bystander" else scenario, options)
            if scenario in ("conns", "addresses"):
                server.depends_on = client
                server.expect("ALL")
                client.signal()
            elif scenario in ("fanout", "stalled"):
                client.expect("READY")
                server.signal()
            return checked(scenario, options, collect(scenario, server, client))
        finally:
            for side in sides:
                side.end()


def collect(scenario, server, client):
    leader, other = (server, client) if LEADERS[scenario] == "server" else (client, server)
    leader.depends_on = other
    try:
        first = leader.report()
    except RunFailed as failure:
        raise RunFailed(f"{failure}{other_side_says(other)}") from None
    other.signal()
    second = other.report()
    return {leader.name: first, other.name: second}


def other_side_says(side):
    """What the other side had to say when the leader failed: often it is the cause."""
    side.deadline = time.monotonic() + 0.2
    try:
        side.report()
    except (RunFailed, NotOffered) as failure:
        return f"; {failure}"
    return ""


def checked(scenario, options, reports):
    """A run whose figures do not agree with each other is a failed run, whatever its rate."""

    def fail_unless(condition, words):
        if not condition:
            raise RunFailed(f"{words}: {json.dumps(reports)}")

    try:
        server, client = reports["server"], reports.get("client", {})
        if scenario in ("throughput", "bystander", "inproc-throughput"):
            fail_unless(server["received"] == server["expected"] > 0, "not every message arrived")
            fail_unless("sent" not in client or client["sent"] == server["received"], "not every message arrived")
        elif scenario == "latency":
            fail_unless(client["round_trips"] == server["served"] > 0, "round trips and replies differ")
        elif scenario == "datagrams":
            fail_unless(server["received"] > 0 and server["received_in_all"] + server["lost"] == server["sent_in_all"],
                        "what was lost is not what was counted")
        elif scenario == "addresses":
            fail_unless(server["rss_per_conn"] > 0 and server["lost"] == 0, "not every address was heard of")
        elif scenario in ("rpc", "echo"):
            fail_unless(client["requests"] == server["served"] > 0, "requests and replies differ")
        elif scenario == "inproc-latency":
            fail_unless(server["round_trips"] > 0, "no round trip")
        elif scenario == "connect":
            fail_unless(client["round_trips"] == options["--count"], "not every connection was made")
        elif scenario == "fanout":
            fail_unless(client["delivered"] == client["expected"] == server["sent"] * options["--peers"] > 0,
                        "not every message was delivered")
        elif scenario == "stalled":
            fail_unless(client["received"] > 0, "nothing arrived")
        elif scenario == "conns":
            fail_unless(client["conns_per_s"] > 0 and (server["received"] > 0 or options["--seconds"] == 0), "nothing arrived")
    except KeyError as missing:
        raise RunFailed(f"the report has no {missing}: {json.dumps(reports)}") from None
    return reports


def free_port():
    """Below the ports that the kernel gives to clients, so that none of ours takes it before the server does."""
    while True:
        port = random.randint(20000, 32000)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
