"""The checks of the source tree itself: headers that stand alone, layers, words, format."""

import re
import subprocess
import sys

from .build import ROOT

sys.path[:0] = [str(ROOT / "tests" / "tidy"), str(ROOT / "tests" / "planted")]
import bugs  # noqa: E402
import layering  # noqa: E402
import words  # noqa: E402


def check(report, build):
    with report.step("headers: each compiled alone"):
        headers(report, build)
    with report.step("layers, from the compiler's dependency lists"):
        listing = subprocess.run(["ninja", "-C", build.folder, "-t", "deps"], capture_output=True, text=True, check=True)
        for name, problem in layering.check(ROOT, build.folder, listing.stdout):
            report.result(f"layers: {name}", problem)
    with report.step("words that have no place in the sources"):
        for name, problem in words.check(ROOT):
            report.result(f"words: {name}", problem)
    with report.step("bugs that can be planted"):
        for name, problem in bugs.check(ROOT):
            report.result(f"planted bugs: {name}", problem)
    with report.step("format"):
        done = subprocess.run([ROOT / "scripts" / "format", "--check"], capture_output=True, text=True)
        report.result("format: scripts/format --check", done.stderr[-2000:] if done.returncode else None)


def headers(report, build):
    _, output = build.logged("headers", ["ninja", "-C", build.folder, "-k", "0", "header_tests"])
    failed = dict(re.findall(r"^FAILED: \S*?/(parley/\S+)\.cpp\.o.*\n((?:(?!\[|FAILED).*\n)*)", output, re.MULTILINE))
    for header in sorted((ROOT / "include").rglob("*.hpp")):
        name = str(header.relative_to(ROOT / "include"))
        report.result(f"header: {name}", failed.pop(name, None))
    for name, problem in failed.items():
        report.result(f"header: {name}", problem)
    if "build stopped" in output and "FAILED:" not in output:
        report.result("header: the build itself", output[-2000:])
