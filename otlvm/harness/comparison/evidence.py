"""What seeds say of claims: p-values for and against each, corrected for their number.

A claim about one row is tested by Student's t-test; about a row at two steps, seed by seed; about
two rows by Welch's test (see `seed_tests`), or seed by seed where it says so. It *holds* where the
seeds tell that it does, *fails* where they tell that it does not, and is *undecided* else: of the
two verdicts one is wrong, whichever is true, and that one is given with a chance of `LEVEL` at
most, over all claims of a suite together (Holm's correction).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from otlvm.harness.comparison.seed_tests import (
    LEVEL,
    MIN_SEEDS,
    ROUNDING,
    Gaps,
    holm,
    spread,
    welch,
)
from otlvm.harness.suite.claims_section import COMPARISONS

HOLDS, FAILS, UNDECIDED = "holds", "fails", "undecided"


@dataclass(frozen=True)
class Evidence:
    """What the seeds of a row, or of a pair of rows, say of a claim.

    Attributes:
        rows: The labels.
        left: The measured mean; NaN if nothing was.
        right: The number, or the other mean.
        n: Seeds that tell: those of the side that has fewer.
        holds: One-sided p-value against chance that the claim holds; NaN if it cannot be tested.
        fails: The same that it fails.
        fact: Whether there is nothing to test: all seeds of a side agree, on both sides.
        why: Why it cannot be tested, for example ``n = 2``.
    """

    rows: str
    left: float = float("nan")
    right: float = float("nan")
    n: int = 0
    holds: float = float("nan")
    fails: float = float("nan")
    fact: bool = False
    why: str = ""


@dataclass(frozen=True)
class Verdict:
    """What became of a claim.

    Attributes:
        outcome: ``holds``, ``fails`` or ``undecided``.
        p: The p-value behind it, corrected for the number of claims; NaN if nothing was tested.
        shown: The evidence that decided, or stands most in the way.
    """

    outcome: str
    p: float
    shown: Evidence

    @property
    def text(self) -> str:
        """The outcome, and why nothing was tested, for example ``undecided (n = 2)``."""
        return f"{self.outcome} ({self.shown.why})" if self.shown.why else self.outcome


def against_number(values: NDArray[Any], number: float, sign: str, rows: str) -> Evidence:
    """Test a row against a number.

    Args:
        values: The row's values ``[n]``.
        number: The number.
        sign: Of the claim: ``<``, ``<=``, ``>`` or ``>=``.
        rows: The row's label.
    """
    return _evidence(values, np.full(len(values), number), sign, rows)


def seed_by_seed(one: NDArray[Any], two: NDArray[Any], sign: str, rows: str) -> Evidence:
    """Test two quantities of the same runs, or of runs that share what they start from.

    Args:
        one: Values of the left side ``[n]``.
        two: Values of the right side ``[n]``, of the same seeds.
        sign: Of the claim.
        rows: The label.
    """
    return _evidence(one, two, sign, rows)


def between_rows(one: NDArray[Any], two: NDArray[Any], sign: str, rows: str) -> Evidence:
    """Test two different rows.

    Args:
        one: Values of the left row ``[n]``.
        two: Values of the right row ``[m]``.
        sign: Of the claim.
        rows: The labels.
    """
    n = min(len(one), len(two))
    variances = (spread(one), spread(two)) if n else (0.0, 0.0)
    evidence = _untested(one, two, n, sign, rows, fact=not any(variances))
    if not _open(evidence):
        return evidence
    gap = Gaps.between(one.mean() - two.mean(), *variances, len(one), len(two))
    return _tested(evidence, gap, sign)


def _evidence(one: NDArray[Any], two: NDArray[Any], sign: str, rows: str) -> Evidence:
    """Test two sides ``[n]`` of the same seeds."""
    gaps, n = one - two, len(one)
    scale = float(max(np.abs(one).max(), np.abs(two).max())) if n else 0.0
    variance = spread(gaps, scale) if n else 0.0
    evidence = _untested(one, two, n, sign, rows, fact=variance == 0)
    if not _open(evidence):
        return evidence
    return _tested(evidence, Gaps.of_rows(gaps.mean(), variance, n), sign)


def _untested(
    one: NDArray[Any], two: NDArray[Any], n: int, sign: str, rows: str, fact: bool
) -> Evidence:
    """The means, whether they are a fact, and why they cannot be tested."""
    if not n:
        return Evidence(rows, why="not measured")
    left, right = float(one.mean()), float(two.mean())
    if fact and n > 1:
        equal = abs(left - right) <= ROUNDING * max(abs(left), abs(right))
        true = COMPARISONS[sign](left, left if equal else right)
        return Evidence(rows, left, right, n, float(not true), float(true), fact=True)
    return Evidence(rows, left, right, n, why="" if n >= MIN_SEEDS else f"n = {n}")


def _open(evidence: Evidence) -> bool:
    """Whether a test has to tell, and can."""
    return not evidence.fact and not evidence.why


def _tested(evidence: Evidence, gap: Gaps, sign: str) -> Evidence:
    above = float(welch(gap)[0])
    holds = above if ">" in sign else 1 - above
    return replace(evidence, holds=holds, fails=1 - holds)


def decide(claims: Sequence[Sequence[Evidence]]) -> list[Verdict]:
    """Decide the claims of a suite.

    A claim about several rows holds if it holds for each, so the weakest evidence for it counts,
    uncorrected (an intersection-union test: Berger, 1982); it fails if it fails for any, so the
    strongest evidence against it counts, times the number of rows that were searched for it.

    Args:
        claims: For each claim the evidence of each row that it is about, one or more.
    """
    sides = [_sides(evidence) for evidence in claims]
    chance = [any(map(_open, evidence)) for evidence in claims]
    p_values = np.array(
        [min(side) if any_ else np.nan for side, any_ in zip(sides, chance, strict=True)]
    )
    corrected = holm(p_values)
    verdicts = []
    for evidence, (holds, fails), p in zip(claims, sides, corrected, strict=True):
        decided = p <= LEVEL if not np.isnan(p) else min(holds, fails) == 0
        outcome = UNDECIDED if not decided else HOLDS if holds < fails else FAILS
        verdicts.append(Verdict(outcome, float(p), _shown(evidence, outcome)))
    return verdicts


def _sides(evidence: Sequence[Evidence]) -> tuple[float, float]:
    """P-values that a claim about all rows holds, and that it fails; 1 where nothing tells."""
    tested = [each for each in evidence if not each.why]
    holds = max(each.holds for each in tested) if len(tested) == len(evidence) else 1.0
    searched = sum(not each.fact for each in tested)
    fails = [each.fails * (1 if each.fact else searched) for each in tested]
    return holds, min([1.0, *fails])


def _shown(evidence: Sequence[Evidence], outcome: str) -> Evidence:
    """The row that does worst; of facts the one that is farthest off, or holds just so."""
    untested = [each for each in evidence if each.why]
    if outcome == UNDECIDED and untested:
        return untested[0]
    tested = [each for each in evidence if not each.why]
    side = -1 if outcome == FAILS else 1
    return min(tested, key=lambda each: (each.fails, side * abs(each.left - each.right)))
