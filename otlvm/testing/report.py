"""Running checks, and telling what they found."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from otlvm.testing.fault import Fault, NotApplicable
from otlvm.testing.state import restored_state

Make = TypeVar("Make", bound=Callable[..., Any])


class ConformanceError(AssertionError):
    """A plug-in that fails checks; the message lists them all."""


@dataclass(frozen=True)
class Outcome:
    """What one check found.

    Attributes:
        check: What was checked, in a few words.
        status: ``passed``, ``failed`` or ``skipped``.
        message: The fault, or why it was skipped.
    """

    check: str
    status: str
    message: str = ""


@dataclass(frozen=True)
class Check(Generic[Make]):
    """A property: its name, and a function that raises a `Fault` where it does not hold."""

    name: str
    test: Callable[[Make], None]


def run_checks(checks: Sequence[Check[Make]], make: Make) -> list[Outcome]:
    """Run every check on instances made anew; one fault neither hides nor causes another."""
    outcomes = []
    for check in checks:
        try:
            with restored_state():
                check.test(make)
            outcomes.append(Outcome(check.name, "passed"))
        except NotApplicable as reason:
            outcomes.append(Outcome(check.name, "skipped", str(reason)))
        except Fault as fault:
            outcomes.append(Outcome(check.name, "failed", str(fault)))
        except Exception as error:  # the plug-in's own: told like any other fault
            message = f"it raises {type(error).__name__}: {error}"
            outcomes.append(Outcome(check.name, "failed", message))
    return outcomes


def raise_faults(subject: str, outcomes: Sequence[Outcome]) -> None:
    """Raise if any check failed.

    Raises:
        ConformanceError: Naming every failed check.
    """
    failed = [outcome for outcome in outcomes if outcome.status == "failed"]
    if failed:
        lines = "".join(f"\n- {outcome.check}: {outcome.message}" for outcome in failed)
        raise ConformanceError(f"{subject} fails {len(failed)} of {len(outcomes)} checks:{lines}")
