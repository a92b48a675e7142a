"""The foreign programs of the interop tests that are made here, and no packages of Debian's."""

import subprocess

from .build import ROOT


def make(report):
    with report.step("foreign peers"):
        done = subprocess.run([ROOT / "scripts" / "foreign-peers"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True)
        report.result("foreign peers: scripts/foreign-peers", done.stdout[-4000:] if done.returncode else None)
