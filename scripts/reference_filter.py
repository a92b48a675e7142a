#!/usr/bin/env python3
"""How Doxygen reads a header (docs/Doxyfile): reference_filter.py HEADER. Adds and removes no line, so that warnings
name the right one.

- The comment that opens a header is about the file.
- What is indented in a comment is code, for which Markdown wants four blanks more.
- A comment before a member is about all members that follow it without an empty line: overloads, pairs.
- What the compiler writes (`= default`, `= delete`) needs no words unless it has some.
- Of other libraries' namespaces, Doxygen has to know that they exist.
"""

import re
import sys

FOREIGN = "namespace std {} namespace boost { namespace asio {} namespace system {} }"
COMMENT = re.compile(r" *///(?!<)")
WRITTEN = r" *(?:explicit |constexpr |friend |virtual )*(?:~?[A-Z]\w*\(|[\w&]+ operator=|bool operator==).*"
SPECIAL = re.compile(WRITTEN + " = (?:default|delete);")
SCOPE = re.compile(r" *(?:class|struct|enum|union|namespace|concept)\b")


def about_the_file(lines):
    """The comment up to `#pragma once`, made one about the file."""
    for i, line in enumerate(lines):
        if line == "#pragma once":
            after = lines[i + 1:]
            after[0] = after[0] or FOREIGN
            return [*(re.sub("^//", "///", each) for each in lines[:i]), r"/// \file", *after]
    return lines


def without_what_the_compiler_writes(lines):
    return ["" if SPECIAL.match(line) and not COMMENT.match(before) else line
            for before, line in zip(["", *lines], lines)]


def with_code(line):
    return re.sub(r"^( *)///   ", r"\1///       ", line)


def opens_group(lines, i):
    """Whether a comment that begins here is about members, and not about a class."""
    if not COMMENT.match(lines[i]) or (i > 0 and COMMENT.match(lines[i - 1])):
        return False
    rest = (line for line in lines[i:] if not COMMENT.match(line) and not re.match(r" *(?:template|requires)\b", line))
    return not SCOPE.match(next(rest, "class"))


def mark(before, line, sign):
    """Puts a sign between two lines: at the end of the first, or of the second where there is a comment in the first
    and none in the second."""
    if before and "//" not in before[-1]:
        before[-1] += f" {sign}"
        return line
    return f"{line}{sign}" if not line else f"{sign} {line}"


def ends_group(lines, i, indent):
    line = lines[i]
    return (not line or len(line) - len(line.lstrip()) < indent or line.startswith("}  // namespace") or
            (COMMENT.match(line) and not COMMENT.match(lines[i - 1])))


def grouped(lines):
    """Groups in Doxygen's sense: what is said about the first member is said about all."""
    out, indent = [], None  # of the open group
    for i, line in enumerate(lines):
        if indent is not None and ends_group(lines, i, indent):
            indent, line = None, mark(out, line, "/**@}*/")
        if opens_group(lines, i):
            indent, line = len(lines[i]) - len(lines[i].lstrip()), mark(out, line, "/**@{*/")
        out.append(line)
    return out if indent is None else [*out, "/**@}*/"]


def main(header):
    with open(header) as file:
        lines = without_what_the_compiler_writes(about_the_file(file.read().splitlines()))
    print(*grouped([with_code(line) for line in lines]), sep="\n")


if __name__ == "__main__":
    main(sys.argv[1])
