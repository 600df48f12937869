"""``python -m benchmarks.run suite.yaml``: train a suite's runs and compare them."""

import sys

from benchmarks.options import parser
from benchmarks.server import start_server


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    options = parser().parse_args(arguments)
    if options.suite is not None and options.jobs > 0 and not (options.list or options.dry_run):
        start_server()
    from benchmarks.command import run_command  # takes seconds, while the server does the same

    return run_command(options)


if __name__ == "__main__":
    sys.exit(main())
