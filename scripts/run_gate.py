#!/usr/bin/env python3
"""What `./test` does after installing packages: run_gate.py quick|normal|full. Each step is a function, in order."""

import sys

from gate import documents, foreign, fuzzers, gtest, package, programs, structure
from gate.build import Build
from gate.report import Report

SANITIZER_PATIENCE = 5  # an instrumented test may take this many times longer


def release(report, tiers, everything=False):
    build = Build("release", TOOL=True, TESTS=True, EXAMPLES=everything, BENCH=everything)
    targets = ["all"] if everything else ["parley_tool", *(f"{tier}_tests" for tier in tiers)]
    if not build.make(report, *targets):
        return
    gtest.run_tiers(report, build, tiers)
    if everything:
        programs.run_examples(report, build)
        fuzzers.replay(report, build)


def clang(report):
    build = Build("clang", TOOL=True, TESTS=True, EXAMPLES=False, BENCH=False)
    if build.make(report, "parley", "parley_tool", "unit_tests"):
        gtest.run_tiers(report, build, ["unit"])


def sanitized(report, preset, tiers, replay=True):
    build = Build(preset, TOOL=True, TESTS=True, EXAMPLES=True, BENCH=False)
    if not build.make(report, "parley_tool", *(f"{tier}_tests" for tier in tiers), "example_*", "snippet_*",
                      *(["replay_*"] if replay else [])):
        return
    gtest.run_tiers(report, build, tiers, patience=SANITIZER_PATIENCE)
    programs.run_examples(report, build, patience=SANITIZER_PATIENCE)
    if replay:
        fuzzers.replay(report, build)


def fuzz(report, seconds):
    build = Build("fuzz")
    if build.make(report, "fuzz_targets"):
        fuzzers.fuzz(report, build, seconds)


def main(mode):
    report = Report()
    if mode == "quick":
        release(report, ["unit", "driver", "integration"])
        return report.finish()
    is_full = mode == "full"
    tiers = ["unit", "driver", "integration", "interop"]
    foreign.make(report)
    release(report, [*tiers, "property"], everything=is_full)
    structure.check(report, Build("release"))
    documents.check(report, Build("release"))
    package.check_installed(report, Build("release"))
    if is_full:
        clang(report)
    # Fuzzing replays under the same sanitizers, by Clang.
    sanitized(report, "asan", [*tiers, "property"] if is_full else ["unit", "driver", "interop"], replay=is_full)
    fuzz(report, seconds=60 if is_full else 5)
    if is_full:
        package.check_variants(report)
        sanitized(report, "tsan", tiers)
        gtest.run_tiers(report, Build("release"), ["property"], patience=40, property_scale=20)
    return report.finish()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
