"""The checks of the documents: what is made from the headers, and that links lead somewhere."""

import subprocess
import sys

from .build import ROOT

sys.path.insert(0, str(ROOT / "tests" / "tidy"))
import links  # noqa: E402


def check(report, build):
    with report.step("documents: links"):
        for name, problem in links.check(ROOT):
            report.result(f"links: {name}", problem)
    with report.step("documents: the error catalogue is what error.hpp says"):
        command = [sys.executable, "-B", ROOT / "scripts" / "error_catalogue.py", "--check"]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        report.result("documents: docs/errors.md", done.stdout if done.returncode else None)
    with report.step("documents: the reference has everything that is public"):
        code, output = build.logged("reference", ["ninja", "-C", build.folder, "docs"])
        report.result("documents: the reference", output[-4000:] if code else None)
