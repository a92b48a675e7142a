"""Runs GoogleTest executables whole, and counts their tests as they are told, so that a crash or a hang is blamed on
the test in which it happened."""

import re

from . import process

SECONDS = {"unit": 120, "driver": 300, "integration": 600, "interop": 600, "property": 240}
SILENCE = 60  # no single test may take longer, before patience


def run_tiers(report, build, tiers, patience=1, property_scale=1):
    for tier in tiers:
        for executable in build.executables(f"{tier}_tests"):
            with report.step(f"{build.preset}: {tier} tests"):
                run_executable(report, f"{build.preset}: {tier}", executable, tier, patience, property_scale)


def run_executable(report, label, executable, tier, patience, property_scale):
    story = Story(report, label, skips_allowed=tier != "interop")
    problem, _ = process.run(
        [executable, "--gtest_color=no"], seconds=SECONDS[tier] * patience, silence=SILENCE * patience,
        on_line=story.hear, PARLEY_PROPERTY_SCALE=str(property_scale))
    story.end(problem)


class Story:
    """What an executable tells: `[ RUN      ] Suite.name`, then its ending."""

    def __init__(self, report, label, skips_allowed):
        self.report, self.label, self.skips_allowed = report, label, skips_allowed
        self.current, self.lines, self.count, self.failed = None, [], 0, 0

    def hear(self, line):
        mark = re.match(r"\[ +(RUN|OK|FAILED|SKIPPED) +\] ([^\s,]+)", line)
        if mark and mark[1] == "RUN":
            self.current, self.lines = mark[2], []
        elif mark and mark[2] == self.current:
            self.close(mark[1])
        else:
            self.lines.append(line)

    def close(self, verdict):
        name, text = f"{self.label}: {self.current}", "".join(self.lines[-60:])
        self.current, self.lines, self.count = None, [], self.count + 1
        if verdict == "SKIPPED" and self.skips_allowed:
            self.report.skip(name)
        elif verdict == "OK":
            self.report.result(name)
        else:
            self.failed += 1
            self.report.result(name, text or verdict)

    def end(self, problem):
        """A failing exit that no test explains is a failure too: a leak is told after the last test."""
        tail = "".join(self.lines[-60:])
        if self.current:
            self.report.result(f"{self.label}: {self.current}", f"{problem or 'exited'}; the later tests did not run\n{tail}")
        elif problem and not self.failed:
            self.report.result(f"{self.label}: after the last test", f"{problem}\n{tail}")
        elif not self.count:
            self.report.result(f"{self.label}: has tests", f"ran none\n{tail}")
