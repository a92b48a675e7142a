#!/usr/bin/env python3
"""Takes the C++ out of documents so that the build compiles it: snippets.py OUT_FOLDER DOCUMENT...

Every ```cpp block is compiled. One with `int main` becomes a program, which the tests also run. Of the others, a
comment on the line before the fence says what it is:

    <!-- compile: declarations -->  at namespace scope (also when there is no comment)
    <!-- compile: body -->          inside a coroutine that has `boost::asio::any_io_executor ex`
    <!-- compile: skip -->          not C++ that could compile

Fragments of one document share a translation unit, each in a namespace of its own; their #include lines move up.
"""

import pathlib
import re
import sys

PREAMBLE = """#include <parley/parley.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
"""


def blocks(text):
    """(line number, kind, lines) of each ```cpp block."""
    kind, start, inside = "declarations", None, []
    for number, line in enumerate(text.splitlines(), 1):
        if start is not None:
            if line.strip() == "```":
                yield start, kind, inside
                kind, start, inside = "declarations", None, []
            else:
                inside.append(line)
        elif line.strip() == "```cpp":
            start = number + 1
        elif mark := re.fullmatch(r"<!-- compile: (declarations|body|skip) -->", line.strip()):
            kind = mark[1]
        elif line.strip():
            kind = "declarations"
    if start is not None:
        raise SystemExit(f"the block that opens at line {start - 1} is never closed")


def fragment(number, line, kind, lines, document):
    body = [f'#line {line} "{document}"'] + ["" if l.startswith("#include") else l for l in lines]
    if kind == "body":
        body = ["boost::asio::awaitable<void> body([[maybe_unused]] boost::asio::any_io_executor ex) {"] + body
        body += ["co_return;", "}"]
    return "\n".join([f"namespace fragment_{number} {{", "namespace asio = boost::asio;", *body, "}", ""])


def extract(document):
    """File name to text, for everything in `document`."""
    stem = re.sub(r"\W", "_", document.stem).lower()
    files, includes, fragments = {}, [], []
    for number, (line, kind, lines) in enumerate(blocks(document.read_text()), 1):
        if kind == "skip":
            continue
        if any(re.match(r"int main\(", l) for l in lines):
            files[f"program_{stem}_{number}.cpp"] = "\n".join([f'#line {line} "{document}"', *lines, ""])
        else:
            includes += [l for l in lines if l.startswith("#include")]
            fragments.append(fragment(number, line, kind, lines, document))
    if fragments:
        files[f"fragments_{stem}.cpp"] = "\n".join([PREAMBLE, *dict.fromkeys(includes), "", *fragments])
    return files


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {}
    for document in sys.argv[2:]:
        wanted |= extract(pathlib.Path(document))
    for old in folder.glob("*.cpp"):
        if old.name not in wanted:
            old.unlink()
    for name, text in wanted.items():
        path = folder / name
        if not path.exists() or path.read_text() != text:  # an unchanged file keeps its time: nothing to rebuild
            path.write_text(text)


main()
