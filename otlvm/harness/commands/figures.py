"""``otlvm figures DIR NAME``: draw one figure again, from what runs keep."""

import argparse
from typing import TYPE_CHECKING

from otlvm.harness.commands.arguments import ALL_DONE, BAD_INPUT, add_directory, call
from otlvm.harness.figures.captions import CAPTIONS
from otlvm.harness.messages import one_screen, say
from otlvm.wording import did_you_mean

if TYPE_CHECKING:
    from otlvm.harness.store.store import Store


def _names(store: "Store") -> list[str]:
    """Say which figures there are."""
    from otlvm.harness.comparison.records import read_records
    from otlvm.harness.figures.write import asked_for, known_figures

    known = known_figures(store, read_records(store), asked_for(store))
    width = max(map(len, known))
    return [f"{name:{width}}  {CAPTIONS[name]}" for name in known]


def _draw(store: "Store", name: str) -> list[str]:
    """Draw a figure, and say where it is.

    Raises:
        ValueError: If there is no such figure, or it does not apply.
        LeftOutError: If what it shows is missing.
    """
    from otlvm.harness.comparison.records import read_records
    from otlvm.harness.figures.style import style, write
    from otlvm.harness.figures.write import asked_for, known_figures

    known = known_figures(store, read_records(store), asked_for(store))
    if name not in known:
        raise ValueError(_unknown(name, list(known)))
    with style():
        figure = known[name]()
    if figure is None:
        raise ValueError(f"figure {name} does not apply to what {store.root} holds")
    return [str(path) for path in write(figure, store.root / name)]


def _unknown(name: str, known: list[str]) -> str:
    if name in CAPTIONS:
        return f"the suite's figures: section does not ask for {name}; docs/figures.md shows how"
    return f"unknown figure {name!r}{did_you_mean(name, known)}; known: {', '.join(known)}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add_directory(parser, __doc__)
    parser.add_argument("name", nargs="?", help="which figure; without it, all names are listed")


def run(options: argparse.Namespace) -> int:
    """Draw a figure; returns the exit code: 2 if the figure is not there to be drawn."""
    from otlvm.harness.commands import streams
    from otlvm.harness.figures.paper.source import LeftOutError
    from otlvm.harness.store.store import Store

    console = streams.output()
    try:
        store = Store(options.directory)
        lines = _draw(store, options.name) if options.name else _names(store)
    except (OSError, ValueError, LeftOutError) as error:
        say(streams.errors(), one_screen(f"{error}"), "red")
        return BAD_INPUT
    for line in lines:
        say(console, line)
    return ALL_DONE


def main(arguments: list[str] | None = None) -> int:
    """Run ``python -m benchmarks.figures``; returns the exit code."""
    return call("figures", add_arguments, run, arguments)
