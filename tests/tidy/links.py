#!/usr/bin/env python3
"""Relative links of the documents lead somewhere: to a file that is there, and to a heading in it where one is named.
So do the documents and examples that sources name in their comments."""

import pathlib
import re
import sys

LINK = re.compile(r"\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^()\s]+)\)")
NAMED = re.compile(r"\b(?:docs|examples|bench|fuzz)/[\w./-]+\.(?:md|[ch]pp)\b")
SOURCES = ("include", "src", "tools", "tests", "fuzz", "bench", "examples", "scripts", "cmake")


def documents(root):
    folders = [path for path in root.iterdir() if path.is_dir() and path.name != "build" and path.name[0] != "."]
    return sorted([*root.glob("*.md"), *(path for folder in folders for path in folder.rglob("*.md"))])


def prose(text):
    """Without code, where brackets mean something else."""
    text = re.sub(r"^ *```.*?^ *```", "", text, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"(?<=\n\n)(?: {4}.*\n+)+", "", text)
    return re.sub(r"`[^`\n]*`", "", text)


def anchors(document):
    """What GitHub makes of the headings."""
    text = re.sub(r"^ *```.*?^ *```", "", document.read_text(), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ +(.*?) *$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken(document, target):
    """What is wrong with a link, or None."""
    path, _, anchor = target.partition("#")
    to = (document.parent / path).resolve() if path else document
    if not to.exists():
        return "there is no such file"
    if anchor and to.suffix == ".md" and anchor not in anchors(to):
        return "there is no such heading"
    return None


def broken_links(document, root):
    for target in LINK.findall(prose(document.read_text())):
        if re.match(r"[a-z]+:", target):
            continue  # to elsewhere: not for us to keep alive
        if problem := broken(document, target):
            yield f"{document.relative_to(root)}: ({target}): {problem}"


def broken_names(root):
    for folder in SOURCES:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix not in (".hpp", ".cpp", ".py", ".cmake") or path == pathlib.Path(__file__).resolve():
                continue
            for name in NAMED.findall(path.read_text(errors="replace")):
                if not (root / name).exists():
                    yield f"{path.relative_to(root)} names {name}, which does not exist"


def check(root):
    """(name, problem or None) of each document, and of the sources together."""
    for document in documents(root):
        yield str(document.relative_to(root)), "\n".join(broken_links(document, root)) or None
    yield "documents named in sources", "\n".join(broken_names(root)) or None


def main():
    results = list(check(pathlib.Path(__file__).resolve().parents[2]))
    print(*(problem for _, problem in results if problem), sep="\n")
    return 1 if any(problem for _, problem in results) else 0


if __name__ == "__main__":
    sys.exit(main())
