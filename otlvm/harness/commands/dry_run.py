"""What ``otlvm run --dry-run`` prints: what is done, what is to do, about how long it takes."""

import textwrap
from typing import TYPE_CHECKING

from otlvm.harness.config import Config, beyond, common
from otlvm.harness.messages import say, show_duration
from otlvm.harness.planning.state import MOST_LISTED, USUAL
from otlvm.harness.suite.yaml import dump_short

if TYPE_CHECKING:  # they need torch
    from rich.console import Console

    from otlvm.harness.execution.estimate import Estimate
    from otlvm.harness.planning.plan import Plan


def show(plan: "Plan", jobs: int, console: "Console", timed: "Estimate | None" = None) -> None:
    """Print what the configs share, each run's state, and what a row has of its own.

    Args:
        plan: The plan.
        jobs: How many runs at a time.
        console: Where to print.
        timed: What runs may take, if that was asked for; else it is taken from earlier runs.
    """
    configs = [item.job.config for item in plan.planned]
    shared = common({k: v for k, v in config.items() if k != "baseline"} for config in configs)
    say(console, "what rows have in common:")
    say(console, _yaml(shared), "dim")
    before: tuple[str, Config] | None = None
    count, listed = len(plan.planned), 0
    for item in plan.planned:
        job, state = item.job, item.state
        if count > MOST_LISTED and (state.name in USUAL or listed == MOST_LISTED):
            continue
        listed += 1
        again = ", run again" if state.record and item.wanted else ""
        note = f"  ({state.note})" if state.note else ""
        note += _cost(job.id, timed) if timed else ""
        say(console, f"{state.name}{again}  {job.id}  {job.label}, seed {job.seed}{note}")
        row = (job.label, beyond(job.config, shared))
        if row[1] and row != before:
            say(console, _yaml(row[1]), "dim")
        before = row
    if listed < count:
        say(console, f"{count - listed:,} runs are counted, not listed")
    left = timed.total(jobs) if timed else plan.seconds(jobs)
    about = "" if left is None else f", about {show_duration(left)} with --jobs {jobs}"
    say(console, f"{count} runs, {len(plan.todo)} to compute{about}, into {plan.store.root}")
    if timed:
        say(console, _basis(timed))


def _cost(run: str, timed: "Estimate") -> str:
    """Say what a run may take."""
    if run in timed.seconds:
        start = ", without its start" if run in timed.without_start else ""
        return f"  (about {show_duration(timed.seconds[run])}{start})"
    return f"  (not timed: {timed.failed[run]})" if run in timed.failed else ""


def _basis(timed: "Estimate") -> str:
    """Say what an estimate is made from, and what it leaves out."""
    left_out = [
        f"{len(runs)} {what}"
        for runs, what in (
            (timed.untimed, "runs of baselines, which have no steps"),
            (timed.without_start, "starts"),
            (timed.failed, "runs that could not be timed"),
        )
        if runs
    ]
    without = f"; without {', '.join(left_out)}" if left_out else ""
    return (
        f"an estimate from {timed.steps} steps, a row of the curve and an evaluation of each of "
        f"{timed.configs} configs, alone on this machine{without}"
    )


def _yaml(config: Config) -> str:
    return textwrap.indent(dump_short(config).rstrip(), "    ")
