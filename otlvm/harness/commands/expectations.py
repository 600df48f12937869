"""``python -m benchmarks.expectations``: what each expectation over k costs, and its noise."""

import argparse
from pathlib import Path

from otlvm.harness.speed.expectations import compare


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.expectations", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("results/expectations"), metavar="DIR")
    out = parser.parse_args(arguments).out
    frame = compare()
    print(frame.to_string(float_format="%.3f"))  # noqa: T201 (the command's output)
    out.mkdir(parents=True, exist_ok=True)
    frame.to_csv(out / "table.csv", float_format="%.4g", index_label="expectation")
    return 0
