"""Fuzz targets: the seed corpus and the old crashes replayed, and new inputs tried for a bounded time."""

import concurrent.futures
import os

from . import process
from .build import ROOT


def inputs(stem):
    """The seed corpus of a target, and its old crashes if it has any."""
    places = [ROOT / "fuzz" / kind / stem for kind in ("corpus", "regressions")]
    return [place for place in places if place.is_dir()]


def replay(report, build):
    """By the ordinary build of each target, so that old crashes meet every compiler and sanitizer."""
    with report.step(f"{build.preset}: fuzz corpora replayed"):
        for executable in build.executables("replay_"):
            stem = executable.name.removeprefix("replay_")
            problem, output = process.run([executable, *inputs(stem)], seconds=120)
            if not problem and output.startswith("0 inputs"):
                problem = f"fuzz/corpus/{stem} has no seed"
            report.result(f"{build.preset}: {executable.name}", problem and f"{problem}\n{output[-4000:]}")


def fuzz(report, build, seconds):
    """Each target for `seconds`, one on each processor. What it learns is kept in build/fuzz/corpus for the next time."""
    targets = build.executables("fuzz_")
    with report.step(f"fuzz: {len(targets)} targets, {seconds} s each"):
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            runs = [(target, pool.submit(fuzz_one, build, target, seconds)) for target in targets]
        for target, run in runs:
            problem, output = run.result()
            report.result(f"fuzz: {target.name}", problem and f"{problem}\n{output[-4000:]}")


def fuzz_one(build, target, seconds):
    stem = target.name.removeprefix("fuzz_")
    learned, crashes = build.folder / "corpus" / stem, build.folder / "crashes"
    learned.mkdir(parents=True, exist_ok=True)
    crashes.mkdir(exist_ok=True)
    command = [target, f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1",
               f"-artifact_prefix={crashes}/{stem}-", learned, *inputs(stem)]
    return process.run(command, seconds=2 * seconds + 120)
