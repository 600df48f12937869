"""The command line of whatever shows a folder of results."""

import argparse
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from benchmarks.store import Store


def store_parser(name: str, description: str | None) -> argparse.ArgumentParser:
    """Return the parser of ``python -m benchmarks.NAME DIR``."""
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.{name}", description=description)
    parser.add_argument("directory", type=Path, help="what --out was when the suite ran")
    return parser


def show_store(
    parser: argparse.ArgumentParser,
    show: Callable[[Store, Console], None],
    arguments: list[str] | None,
) -> int:
    """Parse ``DIR``, show what it holds, and return the exit code: 2 if it holds no results."""
    directory = parser.parse_args(arguments).directory
    try:
        show(Store(directory), Console())
    except (OSError, ValueError) as error:
        Console(stderr=True).print(f"{error}", style="red", markup=False, soft_wrap=True)
        return 2
    return 0
