"""Configures and builds one preset; the words of the tools go to build/logs."""

import contextlib
import fcntl
import fnmatch
import os
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
LOGS = ROOT / "build" / "logs"


class Build:
    def __init__(self, preset, **parts):
        """`parts` are the PARLEY_BUILD_ options: named, so that what ./run chose earlier in this folder is undone."""
        self.preset = preset
        self.options = [f"-DPARLEY_BUILD_{part}={'ON' if on else 'OFF'}" for part, on in parts.items()]
        self.folder = ROOT / "build" / preset
        self.bin = self.folder / "bin"

    def make(self, report, *targets):
        """Whether everything was built. A failure is reported, with the compiler's first complaints."""
        with report.step(f"{self.preset}: build"):
            problem = self.configure() or self.build(*targets)
            report.result(f"{self.preset}: build", problem)
        return problem is None

    def configure(self):
        command = ["cmake", "-S", ROOT, "--preset", self.preset, *self.options]
        code, output = self.logged("configure", command)
        return None if code == 0 else "\n".join(output.splitlines()[-40:])

    def build(self, *targets):
        """None, or the complaints. A target may be a pattern: example_*."""
        wanted = [known for known in self.known_targets() if any(fnmatch.fnmatchcase(known, each) for each in targets)]
        code, output = self.logged("build", ["ninja", "-C", self.folder, "-k", "0", *wanted])
        return None if code == 0 else complaints(output)

    def known_targets(self):
        """A tier without any source yet has no target."""
        listing = subprocess.run(["ninja", "-C", self.folder, "-t", "targets", "all"], capture_output=True, text=True)
        return {line.split(":")[0] for line in listing.stdout.splitlines()}

    def logged(self, name, command):
        LOGS.mkdir(parents=True, exist_ok=True)
        log = LOGS / f"{self.preset}-{name}.log"
        with self.locked(), log.open("w") as out:
            code = subprocess.run([str(c) for c in command], stdout=out, stderr=subprocess.STDOUT, cwd=ROOT).returncode
        return code, log.read_text(errors="replace")

    @contextlib.contextmanager
    def locked(self):
        """./run may build in the same folder at the same time, and takes the same lock."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def executables(self, prefix):
        return sorted(p for p in self.bin.glob(prefix + "*") if p.is_file() and os.access(p, os.X_OK))


def complaints(output):
    """What failed, and the lines with errors: a build by `-k 0` buries them."""
    failures = re.findall(r"^FAILED: .*$", output, re.MULTILINE)
    errors = re.findall(r"^.*(?:error:|undefined reference).*$", output, re.MULTILINE)
    return "\n".join([*failures[:20], *errors[:30]]) or "\n".join(output.splitlines()[-40:])
