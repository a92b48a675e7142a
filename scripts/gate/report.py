"""Counts what passed, remembers what failed, and says how long each step took."""

import contextlib
import sys
import time


class Report:
    def __init__(self):
        self.passed = 0
        self.failed = []
        self.skipped = []
        self.began = time.monotonic()

    def result(self, name, problem=None):
        """One check: it passed, or `problem` says what went wrong."""
        if problem is None:
            self.passed += 1
            return
        self.failed.append(name)
        self.say(f"FAILED {name}\n{indented(problem)}")

    def skip(self, name):
        self.skipped.append(name)

    @contextlib.contextmanager
    def step(self, name):
        """Names a piece of work while it runs, and prints its wall time and counts after it."""
        if sys.stdout.isatty():
            print(f"... {name}", end="\r", flush=True)
        passed, failed, began = self.passed, len(self.failed), time.monotonic()
        yield
        counts = f"{self.passed - passed} passed"
        if len(self.failed) > failed:
            counts += f", {len(self.failed) - failed} failed"
        self.say(f"{time.monotonic() - began:7.1f} s  {name}: {counts}")

    def say(self, text):
        print(text, flush=True)

    def finish(self):
        """Prints the counts; returns the exit code."""
        print(f"{time.monotonic() - self.began:7.1f} s  in all")
        for title, names in (("skipped", self.skipped), ("failed", self.failed)):
            if names:
                print(f"{title}:", *(f"  {name}" for name in names), sep="\n")
        print(f"{self.passed} passed, {len(self.failed)} failed", flush=True)
        return 1 if self.failed or not self.passed else 0


def indented(text):
    return "\n".join("    " + line for line in text.rstrip().splitlines())
