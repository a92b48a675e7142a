"""The parts of ./test: build, run, count."""
