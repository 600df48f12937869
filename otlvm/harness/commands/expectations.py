"""Measure what each expectation over k costs, and its noise."""

import argparse
from pathlib import Path

from otlvm.harness.commands import streams
from otlvm.harness.commands.arguments import ALL_DONE, call
from otlvm.harness.messages import say


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.description = __doc__
    parser.add_argument("--out", type=Path, default=Path("results/expectations"), metavar="DIR")


def run(options: argparse.Namespace) -> int:
    """Do what the command line asks for; returns the exit code."""
    from otlvm.harness.speed.expectations import compare

    frame = compare()
    options.out.mkdir(parents=True, exist_ok=True)
    path = options.out / "table.csv"
    frame.to_csv(path, float_format="%.4g", index_label="expectation")
    say(streams.output(), frame.to_string(float_format="%.3f"))
    return ALL_DONE


def main(arguments: list[str] | None = None) -> int:
    """Run ``python -m benchmarks.expectations``; returns the exit code."""
    return call("expectations", add_arguments, run, arguments)
