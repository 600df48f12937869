"""Claims: what a suite is expected to show; `claim_check` says what became of them.

A claim reads ``accuracy of GM-WAE >= 0.65`` or ``bce of GM-WAE < bce of beta=*``: a metric of a
row, and a number or a metric of a row, times a number if need be. Labels may be patterns; a claim
about several rows holds if it holds for each. ``at step 10`` behind a label takes the value from
the learning curve: ``kl_z of VAE at step 10 > 100 * reconstruction of VAE at step 10``.
"""

import fnmatch
import operator
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

TERM = r"(?P<{0}metric>\w+) of (?P<{0}label>.+?)(?: at step (?P<{0}step>\d+))?"
NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
PATTERN = re.compile(
    rf"{TERM.format('')}\s+(?P<sign><=|>=|<|>)\s+"
    rf"(?:(?:(?P<factor>{NUMBER}) \* )?{TERM.format('other_')}|(?P<number>{NUMBER}))"
)
COMPARISONS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


class Row(NamedTuple):
    """A row of the comparison."""

    label: str
    method: str
    data: str


@dataclass(frozen=True)
class Term:
    """A metric of the rows whose label, or label without data set, is or matches a pattern.

    Attributes:
        metric: The metric; at a step, a column of the learning curves.
        label: Label or pattern.
        step: The step; None takes the final value, on all held-out images.
    """

    metric: str
    label: str
    step: int | None = None

    def rows(self, known: Iterable[Row]) -> list[Row]:
        """Return the rows that it means: those of that name, else all that match."""
        rows = list(dict.fromkeys(known))
        equal = [row for row in rows if self.label in (row.label, row.method)]
        return equal or [row for row in rows if fnmatch.fnmatchcase(row.label, self.label)]


@dataclass(frozen=True)
class Claim:
    """A claim.

    Attributes:
        text: As the suite has it.
        left: What is claimed to be smaller or larger.
        sign: Which of the two.
        right: Than what.
        factor: By what the right term is multiplied.
    """

    text: str
    left: Term
    sign: str
    right: Term | float
    factor: float = 1.0

    def terms(self) -> list[Term]:
        """Return the terms that name rows."""
        return [self.left] if isinstance(self.right, float) else [self.left, self.right]


def parse_claim(text: str) -> Claim:
    """Read a claim.

    Raises:
        ValueError: If it is none.
    """
    match = PATTERN.fullmatch(text.strip())
    if match is None:
        raise ValueError(
            f"expected '<metric> of <label> < <number>' or '... < <metric> of <label>', with <, "
            f"<=, > or >=, and 'at step <number>' behind a label if need be, got {text!r}"
        )
    right = _term(match, "other_") if match["number"] is None else float(match["number"])
    factor = float(match["factor"] or 1)
    return Claim(text.strip(), _term(match, ""), match["sign"], right, factor)


def _term(match: re.Match[str], prefix: str) -> Term:
    metric, label, step = (match[prefix + name] for name in ("metric", "label", "step"))
    return Term(metric, label, None if step is None else int(step))
