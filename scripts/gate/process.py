"""Runs one program with a bound on its time, so that a hang is a failure and leaves nothing behind."""

import contextlib
import functools
import os
import pathlib
import queue
import shutil
import signal
import subprocess
import threading
import time

SANITIZERS = {
    "ASAN_OPTIONS": "detect_stack_use_after_return=0:check_initialization_order=1",
    "UBSAN_OPTIONS": "print_stacktrace=1",
    "TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1:die_after_fork=0:suppressions="
                    f"{pathlib.Path(__file__).with_name('tsan.supp')}",
}


@functools.lru_cache
def fixed_addresses():
    """The sanitizers of GCC 12 cannot live with as much address randomisation as recent kernels use."""
    wrapper = ["setarch", "--addr-no-randomize"]
    works = shutil.which("setarch") and subprocess.run([*wrapper, "true"], capture_output=True).returncode == 0
    return wrapper if works else []


def run(command, seconds, on_line=None, silence=None, **environment):
    """Runs `command`; returns (problem or None, output). `silence` bounds the seconds without a line of output."""
    process = subprocess.Popen(
        [*fixed_addresses(), *(str(c) for c in command)],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        start_new_session=True, text=True, errors="replace", env={**os.environ, **SANITIZERS, **environment})
    lines, output, end, problem = queue.Queue(), [], time.monotonic() + seconds, None
    threading.Thread(target=pump, args=(process.stdout, lines), daemon=True).start()
    while problem is None:
        left = end - time.monotonic()
        try:
            line = lines.get(timeout=max(0, min(left, silence or left)))
        except queue.Empty:
            problem = f"hung: killed after {seconds:.0f} s in all" if end <= time.monotonic() else \
                f"hung: killed after {silence:.0f} s in silence"
            break
        if line is None:
            break
        output.append(line)
        if on_line:
            on_line(line)
    problem = problem or ended(process)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return problem, "".join(output)


def ended(process):
    try:
        code = process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        return "hung: closed its output and did not exit"
    if code < 0:
        return f"killed by {signal.Signals(-code).name}"
    return f"exit code {code}" if code else None


def pump(stream, lines):
    for line in stream:
        lines.put(line)
    lines.put(None)
