"""The checks of the documents: that what is made from the headers is what is there."""

import subprocess
import sys

from .build import ROOT


def check(report):
    with report.step("documents"):
        catalogue = problem_of(sys.executable, "-B", "scripts/error_catalogue.py", "--check")
        report.result("documents: docs/errors.md is what error.hpp says", catalogue)


def problem_of(*command):
    """None, or what a failing command says."""
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.stdout[-4000:] if done.returncode else None
