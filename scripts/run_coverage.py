#!/usr/bin/env python3
"""Builds the preset `coverage`, runs the unit, driver and integration tests, and prints how many of the library's lines
they reach, by folder. A line that is never run is a question, not a fault: is there a test missing, or is it needed?"""

import argparse
import collections
import json
import re
import subprocess
import sys

from gate import gtest
from gate.build import ROOT, Build
from gate.report import Report

TIERS = ["unit", "driver", "integration"]
PATIENCE = 5  # nothing is optimised


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/coverage", description=__doc__)
    parser.add_argument("--files", action="store_true", help="each file, those with the most lines missed first")
    parser.add_argument("--lines", metavar="FILE", help="the numbers of the lines of one file that were not reached")
    parser.add_argument("--again", action="store_true", help="print what the last run found, and run nothing")
    return parser.parse_args()


def run_tests(build):
    """Whether all passed."""
    report = Report()
    if build.make(report, "parley_tool", *(f"{tier}_tests" for tier in TIERS)):
        for counts in build.folder.rglob("*.gcda"):
            counts.unlink()  # of an earlier run
        gtest.run_tiers(report, build, TIERS, patience=PATIENCE)
    return report.finish() == 0


def collect(build):
    """{file: {line: times it was run}}, of the library's own files."""
    result = build.folder / "coverage.json"
    command = ["gcovr", "--root", ROOT, "--filter", f"{ROOT}/src/", "--filter", f"{ROOT}/include/", "--json", result,
               "--exclude-unreachable-branches", "--gcov-ignore-parse-errors", build.folder]
    done = subprocess.run([str(each) for each in command], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"gcovr failed:\n{done.stderr[-2000:]}")
    files = json.loads(result.read_text())["files"]
    return {each["file"]: {line["line_number"]: line["count"] for line in each["lines"] if not line["gcovr/noncode"]}
            for each in files}


def folder_of(file):
    """A header and its source belong together: both of `wire` are called wire."""
    return re.sub(r"^(src|include/parley)/?", "", file.rpartition("/")[0]) or "(top)"


def counted(lines):
    return len(lines), sum(count > 0 for count in lines.values())


def table(rows):
    """`rows`: (name, lines, reached)."""
    rows = [*rows, ("in all", sum(row[1] for row in rows), sum(row[2] for row in rows))]
    width = max(len(row[0]) for row in rows)
    print(f"{'':{width}}  {'lines':>6}  {'missed':>6}  reached")
    for name, count, reached in rows:
        print(f"{name:{width}}  {count:6}  {count - reached:6}  {100 * reached / max(count, 1):6.1f} %")


def by_folder(files):
    folders = collections.defaultdict(lambda: [0, 0])
    for file, lines in files.items():
        for i, number in enumerate(counted(lines)):
            folders[folder_of(file)][i] += number
    return [(name, *numbers) for name, numbers in sorted(folders.items())]


def by_file(files):
    rows = [(file, *counted(lines)) for file, lines in files.items()]
    return sorted(rows, key=lambda row: (row[2] - row[1], row[0]))


def main():
    options = arguments()
    build = Build("coverage", TOOL=True, TESTS=True, EXAMPLES=False, BENCH=False)
    passed = options.again or run_tests(build)
    files = collect(build)
    if options.lines:
        if options.lines not in files:
            sys.exit(f"no line of {options.lines} was compiled; --files shows the names")
        print(*(number for number, count in sorted(files[options.lines].items()) if count == 0), sep="\n")
    else:
        table(by_file(files) if options.files else by_folder(files))
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
