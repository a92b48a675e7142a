#!/usr/bin/env python3
"""Takes the C++ out of documents so that the build compiles it: snippets.py OUT_FOLDER DOCUMENT...

Every ```cpp block is compiled. One with `int main` becomes a program, which the tests also run. A comment on the line
before a fence says what else it is; of C++:

    <!-- compile: declarations -->  at namespace scope (also when there is no comment)
    <!-- compile: body -->          inside a coroutine that has `boost::asio::any_io_executor ex`

and of any language, which other languages have to say:

    <!-- from: FILE -->             the block is a part of this file, which the tests run
    <!-- run by: FILE -->           this test reads the document and runs the block

Fragments of one document share a translation unit, each in a namespace of its own; their #include lines move up.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
PREAMBLE = """#include <parley/parley.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
"""


class Block:
    def __init__(self, document, start, language, mark):
        self.document, self.start, self.language, self.mark = document, start, language, mark
        self.lines = []

    def fail(self, problem):
        raise SystemExit(f"{self.document}:{self.start - 1}: {problem}")

    def is_compiled(self):
        """Whether it is for the compiler. What is run elsewhere is checked to be so."""
        if self.language == "cpp" and self.mark in (None, "compile: declarations", "compile: body"):
            return True
        if file := self.named("from: "):
            if "\n".join(self.lines) not in file.read_text():
                self.fail(f"the block is not a part of {file.relative_to(ROOT)}")
        elif file := self.named("run by: "):
            if self.document.name not in file.read_text():
                self.fail(f"{file.relative_to(ROOT)} does not name {self.document.name}")
        else:
            self.fail(f"nothing runs this block: \"{self.language}\", \"{self.mark}\"")
        return False

    def named(self, what):
        """The file that the mark names, or None."""
        if not self.mark or not self.mark.startswith(what):
            return None
        file = ROOT / self.mark.removeprefix(what)
        return file if file.is_file() else self.fail(f"there is no {file.relative_to(ROOT)}")


def blocks(document):
    block, mark = None, None
    for number, line in enumerate(document.read_text().splitlines(), 1):
        fence = re.match(r" *(```|~~~) *(.*)", line)
        if block is not None and line == "```":
            yield block
            block, mark = None, None
        elif block is not None:
            block.lines.append(line)
        elif fence:
            block = Block(document, number + 1, fence[2], mark)
            if not line.startswith("```"):
                block.fail("a fence is ``` at the beginning of a line")
        elif comment := re.fullmatch(r"<!-- (.*) -->", line):
            mark = comment[1]
        elif line.strip():
            mark = None
    if block is not None:
        block.fail("the block is never closed")


def fragment(name, block):
    """In a namespace of its own: several documents may be compiled as one."""
    body = [f'#line {block.start} "{block.document}"']
    body += ["" if line.startswith("#include") else line for line in block.lines]
    if block.mark == "compile: body":
        body = ["boost::asio::awaitable<void> body([[maybe_unused]] boost::asio::any_io_executor ex) {"] + body
        body += ["co_return;", "}"]
    return "\n".join([f"namespace fragment_{name} {{", "namespace asio = boost::asio;", *body, "}", ""])


def extract(document):
    """File name to text, for everything in `document`."""
    stem = re.sub(r"\W", "_", document.stem).lower()
    files, includes, fragments = {}, [], []
    for number, block in enumerate(blocks(document), 1):
        if not block.is_compiled():
            continue
        if any(re.match(r"int main\(", line) for line in block.lines):
            files[f"program_{stem}_{number}.cpp"] = "\n".join([f'#line {block.start} "{document}"', *block.lines, ""])
        else:
            includes += [line for line in block.lines if line.startswith("#include")]
            fragments.append(fragment(f"{stem}_{number}", block))
    if fragments:
        files[f"fragments_{stem}.cpp"] = "\n".join([PREAMBLE, *dict.fromkeys(includes), "", *fragments])
    return files


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {}
    for document in sys.argv[2:]:
        files = extract(pathlib.Path(document))
        if taken := files.keys() & wanted.keys():
            raise SystemExit(f"two documents would make {', '.join(taken)}: give one another name")
        wanted |= files
    for old in folder.glob("*.cpp"):
        if old.name not in wanted:
            old.unlink()
    for name, text in wanted.items():
        path = folder / name
        if not path.exists() or path.read_text() != text:  # an unchanged file keeps its time: nothing to rebuild
            path.write_text(text)


main()
