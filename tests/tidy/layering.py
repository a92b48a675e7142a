#!/usr/bin/env python3
"""Who includes whom, as the compiler saw it (`ninja -t deps`): Asio is header-only, so a clean link proves nothing.

layering.py BUILD_FOLDER checks a release build that has `header_tests`; ./test does so.
"""

import pathlib
import re
import subprocess
import sys

CORES = {"wire", "policy"}
TRANSPORTS = {"transport/tcp", "transport/unix", "transport/tls", "transport/ws"}

# What the code of a layer may see, beside itself. `plain` is error, time, limits, message, endpoint, identity, version;
# `common` is whatever else stands at the top (the log hook, `run`, signals).
LAYERS = {
    "plain": {"detail"},
    "wire": {"plain", "detail"},
    "policy": {"plain", "wire", "detail"},
    "codec": {"plain", "wire", "detail"},
    "detail": {"plain", "common"},
    "common": {"plain", "detail"},
    "transport": {"plain", "common", "detail", *CORES},
    "connection": {"plain", "common", "detail", "transport", "codec", *CORES},
    "blocking": {"plain", "common", "detail", "transport", "connection", "socket", "rpc", "codec", *CORES},
    "mux": {"plain", "common", "detail", "transport", "connection", *CORES},
    "socket": {"plain", "common", "detail", "transport", "connection", "codec", *CORES},
    "rpc": {"plain", "common", "detail", "transport", "connection", "codec", *CORES},
    "app": {"plain", "common", "detail", "transport", "connection", "codec", "filters", *CORES},
    "filters": {"plain", "wire", "detail"},
}
PLAIN = re.compile(r"(error|time|limits|message\w*|endpoint\w*|identity|version)\.[ch]pp")

FOREIGN_TO_CORES = re.compile(r"/boost/(asio|beast)[/.]|/openssl/|/c\+\+/[\d.]+/(thread|future|random|condition_variable)$")
OF_DEFLATE = re.compile(r"/boost/beast/(zlib|core)/")  # free of Asio; for filters, in one translation unit
FOREIGN_TO_HEADERS = re.compile(r"/boost/(asio\.hpp|beast[/.])|/openssl/")


def dependency_lists(listing, build_folder):
    """Object to the files it was made from."""
    lists, current = {}, None
    for line in listing.splitlines():
        if head := re.fullmatch(r"(\S+): #deps \d+, deps mtime \d+ \((\w+)\)", line):
            current = lists.setdefault(head[1], []) if head[2] == "VALID" else None
        elif line.strip() and current is not None:
            current.append(str((build_folder / line.strip()).resolve()))
    return lists


def layer_of(path):
    """The layer of a path below include/parley or src."""
    if path == "parley.hpp":
        return "umbrella"  # includes what most programs use, of every layer
    if "/" not in path:
        return "plain" if PLAIN.fullmatch(path) else "common"
    if path.startswith(("app/filter.", "app/filters/")):
        return "filters"  # as pure as codecs, for whoever has another event loop
    return path.split("/")[0]


def own_files(root, files):
    """Those of ours, relative to include/parley or src."""
    places = (f"{root}/include/parley/", f"{root}/src/")
    return {f.removeprefix(p) for f in files for p in places if f.startswith(p)}


def layer_problems(own, layer):
    allowed = LAYERS.get(layer)
    if allowed is None:
        return []
    wrong = [f for f in sorted(own) if layer_of(f) != layer and layer_of(f) not in allowed]
    if layer == "connection":
        wrong += [f for f in sorted(own) if str(pathlib.PurePath(f).with_suffix("")) in TRANSPORTS]
    return [f"{layer} must not see {f}" for f in wrong]


def unit_problems(root, layer, files):
    problems = layer_problems(own_files(root, files), layer)
    if layer in CORES or layer in ("plain", "codec", "filters"):
        foreign = [f for f in files if FOREIGN_TO_CORES.search(f)]
        problems += [f"{layer} must not see {f}" for f in foreign if layer != "filters" or not OF_DEFLATE.search(f)]
    return problems


def source_of(root, build_folder, files):
    """The translation unit, named from the root; for a header compiled alone, the header."""
    first = files[0]
    generated = f"{build_folder}/tests/headers/"
    if first.startswith(generated):
        return "include/" + first.removeprefix(generated).removesuffix(".cpp")
    return first.removeprefix(f"{root}/") if first.startswith(f"{root}/") else None


def check(root, build_folder, listing):
    """(name, problem or None) of each translation unit of the library and each public header."""
    root, build_folder = root.resolve(), build_folder.resolve()
    core_count = 0
    for files in dependency_lists(listing, build_folder).values():
        name = source_of(root, build_folder, files)
        if not name or not (root / name).exists() or not name.startswith(("src/", "include/parley/")):
            continue
        layer = layer_of(name.removeprefix("src/").removeprefix("include/parley/"))
        core_count += layer in CORES
        problems = unit_problems(root, layer, files)
        if name.startswith("include/"):
            problems += [f"a public header must not pull in {f}" for f in files if FOREIGN_TO_HEADERS.search(f)]
        yield name, "\n".join(problems[:10]) or None
    # Without this, a build that lost its dependency lists would pass.
    yield "the dependency lists are there", None if core_count else "ninja -t deps tells of no unit of wire or policy"


def main(build_folder):
    root = pathlib.Path(__file__).resolve().parents[2]
    listing = subprocess.run(["ninja", "-C", build_folder, "-t", "deps"], capture_output=True, text=True, check=True)
    failed = [f"{name}\n  {problem}" for name, problem in check(root, pathlib.Path(build_folder), listing.stdout) if problem]
    print(*failed, sep="\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
