"""What a call of ``otlvm run`` writes of its plan: the manifest, and the lock that reruns it.

It is written when the call begins, so that others see what is under way, and when it ends, for
others may have written meanwhile. Each writer keeps what the others have named.
"""

from dataclasses import asdict
from typing import TYPE_CHECKING

from otlvm.harness.config import WAYS
from otlvm.harness.messages import say
from otlvm.harness.store.turns import turn
from otlvm.harness.suite.lock_section import LOCK

if TYPE_CHECKING:  # they need torch
    from rich.console import Console

    from otlvm.harness.execution.backends import Place
    from otlvm.harness.planning.plan import Plan


def write_plan(plan: "Plan", place: "Place", errors: "Console | None" = None) -> None:
    """Write the manifest, and the lock that reruns exactly what it names.

    Args:
        plan: What the call does.
        place: Where.
        errors: Where to say which rows are left out; None says nothing.
    """
    from otlvm.harness.planning.lock import lock_content, lock_of, lock_text, shown_runs
    from otlvm.harness.planning.metrics import asked_now, other_numbers
    from otlvm.harness.worker.machine import environment, threads_each

    suite, here = plan.suite, environment(place.device)
    threads = threads_each(place.jobs, place.threads) if place.backend == "local" else place.threads
    sections = suite.sections()
    if numbers := [asdict(number) for number in other_numbers(suite)]:
        sections["numbers"] = numbers
    if ways := asked_now(plan):
        sections[WAYS] = ways
    with turn(plan.store.root):
        shown = shown_runs(plan)
        lock = lock_of(plan, shown, place.device, threads, here)
        text = lock_text(lock_content(suite, shown.runs, lock, plan.store.root))
        plan.store.write_manifest(suite.name, shown.rows(), **sections)
        plan.store.write_text(LOCK, text)
    if errors is not None:
        for label in shown.left_out:
            say(errors, f"{label}: left out of the tables, for its results are of another config, "
                "data or code; run it again without --only", "yellow")  # fmt: skip
