"""Examples and the programs in the documents: each is run without arguments and has to exit 0 in bounded time."""

from . import process

SECONDS = 30


def run_examples(report, build, patience=1):
    with report.step(f"{build.preset}: examples and documents' programs"):
        for executable in [*build.executables("example_"), *build.executables("snippet_")]:
            problem, output = process.run([executable], seconds=SECONDS * patience)
            report.result(f"{build.preset}: {executable.name}", problem and f"{problem}\n{output[-4000:]}")
