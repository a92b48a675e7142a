#!/usr/bin/env python3
"""Things that have no place in the sources, found by their text. Each rule: where, what, why."""

import pathlib
import re
import sys

CODE = ("include", "src", "tools", "tests", "fuzz", "bench", "examples")
LIBRARY = ("include", "src")
CORES = ("include/parley/wire", "include/parley/policy", "src/wire", "src/policy")

RULES = [
    ("unfinished", CODE, r"\b(TODO|FIXME|XXX)\b", "finish it or write it down elsewhere"),
    ("library_never_prints", LIBRARY, r"std::(cout|cerr|clog)\b|\bf?printf\(|\bputs\(|#include <iostream>",
     "the log hook is for that"),
    ("library_never_starts_a_thread", LIBRARY, r"std::j?thread\b(?!::id)|#include <thread>|std::async\b",
     "threads are the user's; a blocking::Socket has its own by src/blocking/private_thread, app::Server::run() by src/app/loops"),
    ("cores_are_given_time_and_seeds", CORES, r"_clock::now\(|random_device|#include <(random|thread|mutex|future)>",
     "time, randomness and threads come from outside"),
    ("headers_are_not_umbrellas", CODE, r"#include <boost/(asio|beast)\.hpp>", "include the narrow headers"),
    ("headers_use_no_namespace", LIBRARY, r"^using namespace", "it would reach users"),
    ("tests_do_not_sleep", ("tests/unit", "tests/driver", "tests/integration", "tests/interop", "tests/property"),
     r"\bsleep_(for|until)\b|\bu?sleep\(", "wait for the event itself, with a bound"),
]

# Where a rule does not hold: the beginnings of paths.
EXCEPTIONS = {"library_never_starts_a_thread": ("src/blocking/private_thread.", "src/app/loops.")}


def sources(root, places):
    for place in places:
        for path in sorted((root / place).rglob("*.[ch]pp")):
            yield path


def findings(root, places, pattern, why, exceptions):
    for path in sources(root, places):
        if str(path.relative_to(root)).startswith(exceptions):
            continue
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            code = line if "TODO" in pattern else re.sub(r"//.*", "", line)
            if re.search(pattern, code):
                yield f"{path.relative_to(root)}:{number}: {line.strip()} ({why})"


def misnamed(root):
    for path in sources(root, CODE):
        if not re.fullmatch(r"[a-z0-9_]+\.[ch]pp", path.name) and path.name != "parley-bench.cpp":
            yield f"{path.relative_to(root)}: file names are snake_case"


def check(root):
    """(rule, problem or None) of each rule."""
    for name, places, pattern, why in RULES:
        yield name, "\n".join(findings(root, places, pattern, why, EXCEPTIONS.get(name, ()))) or None
    yield "files_are_snake_case", "\n".join(misnamed(root)) or None


def main():
    failed = [f"{name}\n{problem}" for name, problem in check(pathlib.Path(__file__).resolve().parents[2]) if problem]
    print(*failed, sep="\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
