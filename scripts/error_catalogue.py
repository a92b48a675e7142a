#!/usr/bin/env python3
"""Writes docs/errors.md from the comments of include/parley/error.hpp: error_catalogue.py [--check].

The comment of each enumerator has three parts, divided by empty lines: what happened; `To do: …`; `Options: …`. The
sentence that a code has by itself comes from src/error.cpp. With --check nothing is written, and the exit code tells
whether the file is what it should be.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "errors.md"
WIDTH = 120

INTRODUCTION = """\
# Error catalogue

Every code of `parley::error`: what happened, what to do, and which options govern it. Codecs, TLS and WebSocket use these
codes as well; the library has no others. A code printed by itself is its number, as in `parley:5`, or the sentence in
quotes; `parley::Error::what()` and `last_error()` have a fuller sentence, with the numbers and the peer.

This page is made from the comments of [error.hpp](../include/parley/error.hpp) by `scripts/error_catalogue.py`.

What the operating system or Asio reports is passed on as it is: `asio::error::connection_refused`,
`asio::error::operation_aborted` and so on. The guide's [chapter on errors](guide/05-errors-and-endings.md) says when.
"""


class Code:
    def __init__(self, name, number, comment, sentence):
        self.name, self.number, self.sentence = name, number, sentence
        parts = [" ".join(part.split()) for part in re.split(r"\n\s*\n", comment.strip())]
        self.happened, self.to_do, self.options = self.divided(parts)

    def divided(self, parts):
        if len(parts) != 3 or not parts[1].startswith("To do: ") or not parts[2].startswith("Options: "):
            raise SystemExit(f"error::{self.name}: say what happened, `To do: …` and `Options: …`, divided by empty lines")
        return parts[0], parts[1].removeprefix("To do: "), parts[2].removeprefix("Options: ")


def codes(header, source):
    """What the enum and its comments say, in order."""
    body = re.search(r"^enum class error \{\n(.*?)^\};", header, re.MULTILINE | re.DOTALL)[1]
    sentences = dict(re.findall(r'case error::(\w+): return "(.*)";', source))
    number, described = 0, set()
    for comment, name, value in re.findall(r"((?:^ *///.*\n)+)^ *(\w+)(?: = (\d+))?,$", body, re.MULTILINE):
        number = int(value) if value else number + 1
        described.add(name)
        yield Code(name, number, re.sub(r"^ */// ?", "", comment, flags=re.MULTILINE), sentences[name])
    if lacking := sentences.keys() - described:
        raise SystemExit(f"no comment at {', '.join(sorted(lacking))}")


def unknown_options(code, headers):
    """`Type::member` in the options that is in no public header."""
    for kind, member in re.findall(r"`(\w+)::(\w+)`", code.options):
        if not any(re.search(rf"\b{kind}\b", text) and re.search(rf"\b{member}\b", text) for text in headers):
            yield f"{kind}::{member}"


def wrapped(text):
    """Lines of at most WIDTH characters; not textwrap, which would break inside of `code`."""
    lines, line = [], ""
    for word in re.findall(r"(?:`[^`]*`|\S)+", text):
        if line and len(line) + 1 + len(word) > WIDTH:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return "\n".join([*lines, line])


def section(code):
    return "\n".join([f"## {code.name}", "", f"{code.number}: “{code.sentence}”", "", wrapped(code.happened), "",
                      wrapped(f"**What to do:** {code.to_do}"), "", wrapped(f"**Options:** {code.options}"), ""])


def page():
    known = list(codes((ROOT / "include/parley/error.hpp").read_text(), (ROOT / "src/error.cpp").read_text()))
    headers = [path.read_text() for path in (ROOT / "include").rglob("*.hpp")]
    wrong = [f"error::{code.name} names {option}, which does not exist"
             for code in known for option in unknown_options(code, headers)]
    if wrong:
        raise SystemExit("\n".join(wrong))
    return "\n".join([INTRODUCTION, *map(section, known)])


def main(arguments):
    text = page()
    if arguments != ["--check"]:
        PAGE.write_text(text)
    elif not PAGE.exists() or PAGE.read_text() != text:
        print("docs/errors.md is not what scripts/error_catalogue.py makes of error.hpp: run it")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
