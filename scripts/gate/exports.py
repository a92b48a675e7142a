"""What a shared library of ours would offer: all that public headers declare, and nothing else. Objects say of each symbol
whether it is hidden, so static libraries are enough to know."""

import re
import subprocess

from .build import ROOT

SCOPE = re.compile(r" *(namespace|class|struct) (?:PARLEY_EXPORT )?([\w:]+)(?: final)?(?: : .*)? \{$")
FUNCTION = re.compile(r"(operator[^\s(]+|\w+)\(")
SYMBOL = re.compile(r" *\d+: \S+ +\S+ (?:FUNC|OBJECT) +GLOBAL (\w+) +\d+ (?:vtable for |non-virtual thunk to )?(parley::.*)")


def problem(libraries, table="--syms"):
    """None, or the symbols that are offered and should not be, or the other way round."""
    classes, functions = declared()
    wrong = set()
    for name, hidden in symbols(libraries, table):
        owner = name.rpartition("::")[0]
        public = owner in classes or name in classes or name in functions
        if public and hidden:
            wrong.add(f"{name} is declared in a public header, which does not mark it PARLEY_EXPORT")
        elif not public and not hidden:
            wrong.add(f"{name} is internal, and exported")
    return "\n".join(sorted(wrong)) or None


def symbols(libraries, table):
    """(qualified name, whether it is hidden) of everything that is defined once."""
    listing = subprocess.run(["readelf", "--wide", "--demangle", table, *libraries],
                             capture_output=True, text=True, check=True).stdout
    for line in listing.splitlines():
        if (match := SYMBOL.match(line)) and "[clone" not in line:
            yield qualified(match[2]), match[1] == "HIDDEN"


def qualified(signature):
    """parley::A<int>::f[abi:cxx11](int) const -> parley::A::f"""
    name = re.sub(r"\[abi:\w+\]", "", signature.partition("(")[0])
    while (shorter := re.sub(r"(?<!operator)(?<!operator<)<[^<>]*>", "", name)) != name:
        name = shorter
    return name


def declared():
    """Qualified names of the classes that public headers define, and of the functions they declare outside of classes."""
    classes, functions = set(), set()
    for header in sorted((ROOT / "include").rglob("*.hpp")):
        scopes, depth = [], 0  # the name of each open scope, and how deep it lies
        for line in header.read_text().splitlines():
            code = re.sub(r"//.*|\"(?:\\.|[^\"])*\"|'[{}]'", "", line).rstrip()
            if match := SCOPE.match(code):
                scopes.append((match[2], depth))
                if match[1] != "namespace":
                    classes.add("::".join(name for name, _ in scopes))
            elif re.match(r"[\w\[]", code) and (match := FUNCTION.search(code)):
                functions.add("::".join([*(name for name, _ in scopes), match[1]]))
            depth += code.count("{") - code.count("}")
            while scopes and depth <= scopes[-1][1]:
                scopes.pop()
    return classes, functions
