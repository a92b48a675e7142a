#!/usr/bin/env python3
"""What `./test` does after installing packages: run_gate.py quick|normal|full.

Tests wait for sockets more than they compute, and compilers only compute: the builds for later steps are made beside the
tests of earlier ones."""

import sys

from gate import documents, foreign, fuzzers, gtest, package, programs, structure
from gate.beside import Beside
from gate.build import Build
from gate.report import Report

SANITIZER_PATIENCE = 5  # an instrumented test may take this many times longer


RELEASE = Build("release", TOOL=True, TESTS=True, EXAMPLES=False, BENCH=False)
RELEASE_FULL = Build("release", TOOL=True, TESTS=True, EXAMPLES=True, BENCH=True)
CLANG = Build("clang", TOOL=True, TESTS=True, EXAMPLES=False, BENCH=False)
ASAN = Build("asan", TOOL=True, TESTS=True, EXAMPLES=True, BENCH=False)
TSAN = Build("tsan", TOOL=True, TESTS=True, EXAMPLES=False, BENCH=False)
FUZZ = Build("fuzz")

TIERS = ["unit", "driver", "integration", "interop"]
PROGRAMS = ["example_*", "snippet_*"]


def tests_of(tiers):
    return ["parley_tool", *(f"{tier}_tests" for tier in tiers)]


def quick(report):
    tiers = ["unit", "driver", "integration"]
    if RELEASE.make(report, *tests_of(tiers)):
        gtest.run_tiers(report, RELEASE, tiers)


def tree(report):
    structure.check(report, RELEASE)
    documents.check(report, RELEASE)
    package.check_installed(report, RELEASE)


def normal(report):
    foreign.make(report)
    sanitized_tiers = ["unit", "driver", "interop"]
    is_built = RELEASE.make(report, *tests_of([*TIERS, "property"]))
    with Beside() as beside:
        asan_is_built = beside.run(ASAN.make, report, *tests_of(sanitized_tiers), *PROGRAMS)
        # It replays the corpora under the same sanitizers, by Clang.
        beside.run(fuzz, report, seconds=5)
        if is_built:
            gtest.run_tiers(report, RELEASE, [*TIERS, "property"])
            tree(report)
        if asan_is_built.result():
            gtest.run_tiers(report, ASAN, sanitized_tiers, patience=SANITIZER_PATIENCE)
            programs.run_examples(report, ASAN, patience=SANITIZER_PATIENCE)


def full(report):
    foreign.make(report)
    is_built = RELEASE_FULL.make(report, "all")
    with Beside() as beside:
        asan_is_built = beside.run(ASAN.make, report, *tests_of([*TIERS, "property"]), *PROGRAMS, "replay_*")
        clang_is_built = beside.run(CLANG.make, report, "parley", *tests_of(["unit"]))
        tsan_is_built = beside.run(TSAN.make, report, *tests_of(TIERS))
        beside.run(fuzz, report, seconds=20)
        beside.run(package.check_variants, report)
        if is_built:
            gtest.run_tiers(report, RELEASE, TIERS)
            programs.run_examples(report, RELEASE)
            fuzzers.replay(report, RELEASE)
            tree(report)
            gtest.run_tiers(report, RELEASE, ["property"], patience=40, property_scale=10)
        if asan_is_built.result():
            gtest.run_tiers(report, ASAN, [*TIERS, "property"], patience=SANITIZER_PATIENCE)
            programs.run_examples(report, ASAN, patience=SANITIZER_PATIENCE)
            fuzzers.replay(report, ASAN)
        if clang_is_built.result():
            gtest.run_tiers(report, CLANG, ["unit"])
        if tsan_is_built.result():
            gtest.run_tiers(report, TSAN, TIERS, patience=SANITIZER_PATIENCE)


def fuzz(report, seconds):
    if FUZZ.make(report, "fuzz_targets"):
        fuzzers.fuzz(report, FUZZ, seconds)


def main(mode):
    report = Report()
    {"quick": quick, "normal": normal, "full": full}[mode](report)
    return report.finish()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
