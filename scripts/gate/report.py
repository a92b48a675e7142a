"""Counts what passed, remembers what failed, and says how long each step took."""

import contextlib
import sys
import threading
import time


class Report:
    """Steps of two threads may run at a time: each counts what its own thread tells."""

    def __init__(self):
        self.passed = []
        self.failed = []
        self.skipped = []
        self.began = time.monotonic()
        self.here = threading.local()

    def result(self, name, problem=None):
        """One check: it passed, or `problem` says what went wrong."""
        if problem is None:
            self.passed.append(name)
        else:
            self.failed.append(name)
            self.say(f"FAILED {name}\n{indented(problem)}")
        if counts := getattr(self.here, "counts", None):
            counts[problem is not None] += 1

    def skip(self, name):
        self.skipped.append(name)

    @contextlib.contextmanager
    def step(self, name):
        """Names a piece of work while it runs, and prints its wall time and counts after it."""
        if sys.stdout.isatty():
            print(f"... {name}", end="\r", flush=True)
        self.here.counts, began = [0, 0], time.monotonic()
        yield
        passed, failed = self.here.counts
        counts = f"{passed} passed, {failed} failed" if failed else f"{passed} passed"
        self.say(f"{time.monotonic() - began:7.1f} s  {name}: {counts}")

    def say(self, text):
        print(text, flush=True)

    def finish(self):
        """Prints the counts; returns the exit code."""
        print(f"{time.monotonic() - self.began:7.1f} s  in all")
        for title, names in (("skipped", self.skipped), ("failed", self.failed)):
            if names:
                print(f"{title}:", *(f"  {name}" for name in names), sep="\n")
        print(f"{len(self.passed)} passed, {len(self.failed)} failed", flush=True)
        return 1 if self.failed or not self.passed else 0


def indented(text):
    return "\n".join("    " + line for line in text.rstrip().splitlines())
