"""Conformance of schedules."""

import json
import math
from collections.abc import Callable

from otlvm.schedules import Schedule
from otlvm.testing.fault import Fault
from otlvm.testing.report import Check, Outcome, raise_faults, run_checks

Make = Callable[[], Schedule]
STEPS = 200


def check_schedule(make: Make) -> None:
    """Check that a schedule behaves as the toolkit needs.

    Args:
        make: The class, or a function without arguments that builds one.

    Raises:
        ConformanceError: Naming every check that fails, and the fault.
    """
    raise_faults(getattr(make, "__name__", repr(make)), schedule_outcomes(make))


def schedule_outcomes(make: Make) -> list[Outcome]:
    """Run all checks of `check_schedule` and return what they found."""
    return run_checks(CHECKS, make)


def _factors(schedule: Schedule, start: int = 1) -> list[float]:
    """Factors of steps, with a row every ten that shows a loss which soon stops falling."""
    found = []
    for step in range(start, STEPS + 1):
        found.append(schedule.factor(step, STEPS))
        if step % 10 == 0:
            schedule.observe({"step": step, "loss": max(1.0, 5 - step / 10)})
    return found


def _is_a_factor(make: Make) -> None:
    for step, factor in enumerate(_factors(make()), 1):
        if not isinstance(factor, float | int) or not math.isfinite(factor) or factor < 0:
            raise Fault(f"factor({step}, {STEPS}) is {factor!r}, not a number from 0 on")


def _may_be_short(make: Make) -> None:
    if not math.isfinite(make().factor(1, 1)):
        raise Fault("a training of one step has no finite factor")


def _does_not_count_calls(make: Make) -> None:
    schedule = make()
    if len({schedule.factor(7, STEPS) for _ in range(3)}) > 1:
        raise Fault("factor(7, 200) changes from call to call: count steps by the argument")


def _goes_on(make: Make) -> None:
    whole = _factors(make())
    first = make()
    for step in range(1, STEPS // 2 + 1):
        first.factor(step, STEPS)
        if step % 10 == 0:
            first.observe({"step": step, "loss": max(1.0, 5 - step / 10)})
    state = first.state_dict()
    json.dumps(state)  # checkpoints take plain data and tensors, and no code
    second = make()
    second.load_state_dict(state)
    if _factors(second, STEPS // 2 + 1) != whole[STEPS // 2 :]:
        raise Fault("state_dict() does not hold all: a resumed training has other rates")


CHECKS: tuple[Check[Make], ...] = (
    Check("a finite factor for each step", _is_a_factor),
    Check("a training of one step", _may_be_short),
    Check("depends on the step, not on calls", _does_not_count_calls),
    Check("goes on from its state", _goes_on),
)
