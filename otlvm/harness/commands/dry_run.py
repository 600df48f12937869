"""What ``otlvm run --dry-run`` prints: what is done, what is to do, about how long it takes."""

import textwrap
from typing import TYPE_CHECKING

from otlvm.harness.config import Config, beyond, common
from otlvm.harness.messages import say, show_duration
from otlvm.harness.suite.yaml import dump_short

if TYPE_CHECKING:  # they need torch
    from rich.console import Console

    from otlvm.harness.planning.plan import Plan


def show(plan: "Plan", jobs: int, console: "Console") -> None:
    """Print what the configs share, each run's state, and what a row has of its own.

    Args:
        plan: The plan.
        jobs: How many runs at a time.
        console: Where to print.
    """
    configs = [item.job.config for item in plan.planned]
    shared = common({k: v for k, v in config.items() if k != "baseline"} for config in configs)
    say(console, "what rows have in common:")
    say(console, _yaml(shared), "dim")
    before: tuple[str, Config] | None = None
    for item in plan.planned:
        job, state = item.job, item.state
        again = ", run again" if state.record and item.wanted else ""
        note = f"  ({state.note})" if state.note else ""
        say(console, f"{state.name}{again}  {job.id}  {job.label}, seed {job.seed}{note}")
        row = (job.label, beyond(job.config, shared))
        if row[1] and row != before:
            say(console, _yaml(row[1]), "dim")
        before = row
    left = plan.seconds(jobs)
    estimate = "" if left is None else f", about {show_duration(left)} with --jobs {jobs}"
    count, todo = len(plan.planned), len(plan.todo)
    say(console, f"{count} runs, {todo} to compute{estimate}, into {plan.store.root}")


def _yaml(config: Config) -> str:
    return textwrap.indent(dump_short(config).rstrip(), "    ")
