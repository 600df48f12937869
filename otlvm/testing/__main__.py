"""``python -m otlvm.testing KEY``: check a plug-in, or a built-in, and list what was found."""

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console

from otlvm.divergences import divergences
from otlvm.metrics import metrics
from otlvm.objectives import objectives
from otlvm.plugins import find_plugins_in
from otlvm.priors import priors
from otlvm.registry import Registry, RegistryError
from otlvm.testing import (
    Outcome,
    divergence_outcomes,
    metric_outcomes,
    objective_outcomes,
    prior_outcomes,
)

KINDS: tuple[tuple[Registry[Any], Callable[[Any], list[Outcome]]], ...] = (
    (divergences, divergence_outcomes),
    (priors, prior_outcomes),
    (objectives, objective_outcomes),
    (metrics, metric_outcomes),
)
COLOURS = {"passed": "green", "failed": "red", "skipped": "yellow"}


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns 0, 1 if a check failed, 2 if there is nothing to check."""
    parser = argparse.ArgumentParser(prog="python -m otlvm.testing", description=__doc__)
    parser.add_argument("key", help="my_module:MyDivergence, or a registered name")
    key = parser.parse_args(arguments).key
    find_plugins_in(Path.cwd())
    console, reasons = Console(), []
    for registry, outcomes_of in KINDS:
        try:
            registry.build(key)
        except RegistryError as error:
            reasons.append(f"as a {registry.kind}: {error}")
            continue
        outcomes = outcomes_of(partial(registry.build, key))
        for outcome in outcomes:
            mark = f"[{COLOURS[outcome.status]}]{outcome.status:7}[/]"
            console.print(mark, outcome.check, highlight=False)
            if outcome.message:
                console.print(f"        {outcome.message}", markup=False, highlight=False)
        return int(any(outcome.status == "failed" for outcome in outcomes))
    Console(stderr=True).print("\n".join(reasons), style="red", markup=False)
    return 2


if __name__ == "__main__":
    raise SystemExit(main())
