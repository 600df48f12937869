"""What became of a suite's claims, by what was measured. Never imports torch."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pandas as pd

from otlvm.harness.comparison.significance import LEVEL, MIN_SEEDS, paired_p
from otlvm.harness.suite.claims_section import COMPARISONS, Claim, Term
from otlvm.harness.suite.runs import Row

NO_CURVES = pd.DataFrame()
VERDICTS = ("fails", "undecided", "holds")


@dataclass(frozen=True)
class Outcome:
    """What became of a claim, for one row or pair of rows.

    Attributes:
        verdict: ``holds``, ``fails`` or ``undecided``.
        left: The measured mean; NaN if nothing was.
        right: The number, or the other row's mean.
        n: Seeds that decided.
        rows: The labels.
    """

    verdict: str
    left: float
    right: float
    n: int
    rows: str


def check_claim(claim: Claim, records: pd.DataFrame, curves: pd.DataFrame = NO_CURVES) -> Outcome:
    """Check a claim against records; of several rows the worst outcome counts.

    Args:
        claim: The claim.
        records: What `otlvm.harness.comparison.records.read_records` returns.
        curves: What `otlvm.harness.comparison.records.read_curves` returns, for claims about steps.
    """
    done = records[records["status"] == "done"]
    if not curves.empty:  # of finished runs, as the records
        curves = curves.merge(done[["label", "seed"]], on=["label", "seed"])
    known = [Row(*names) for names in records[["label", "method", "data"]].itertuples(index=False)]
    return min(_outcomes(claim, known, done, curves), key=lambda outcome: _rank(claim, outcome))


def _rank(claim: Claim, outcome: Outcome) -> tuple[int, float]:
    """How well a claim does: by its verdict, then by how far the numbers are on its side."""
    if not outcome.n:
        return VERDICTS.index(outcome.verdict), -math.inf
    gap = outcome.left - outcome.right
    return VERDICTS.index(outcome.verdict), gap if ">" in claim.sign else -gap


def _outcomes(
    claim: Claim, known: list[Row], done: pd.DataFrame, curves: pd.DataFrame
) -> Iterator[Outcome]:
    """Yield the outcome for each row, or each pair of rows of one data set."""
    compared = False
    for row in claim.left.rows(known):
        one = _values(done, curves, claim.left, row.label)
        if isinstance(claim.right, float):
            compared = True
            yield _judge(claim, one, pd.Series(claim.right, one.index), row.label)
            continue
        for other in claim.right.rows(known):
            itself = other == row and replace(claim.right, label=claim.left.label) == claim.left
            if not itself and other.data == row.data:
                compared = True
                two = claim.factor * _values(done, curves, claim.right, other.label)
                shared = one.index.intersection(two.index)
                both = row.label if other == row else f"{row.label} and {other.label}"
                yield _judge(claim, one[shared], two[shared], both)
    if not compared:  # the rows are not in this folder yet
        yield Outcome("undecided", float("nan"), float("nan"), 0, "")


def _values(done: pd.DataFrame, curves: pd.DataFrame, term: Term, label: str) -> pd.Series:
    """Return a metric of a row's finished runs, by seed; nothing where it was not measured."""
    if term.step is None:
        rows = done[done["label"] == label]
    elif term.metric in curves:
        rows = curves[(curves["label"] == label) & (curves["step"] == term.step)]
    else:
        return pd.Series(dtype=float)
    return rows.set_index("seed")[term.metric].astype(float).dropna()


def _judge(claim: Claim, one: pd.Series, two: pd.Series, rows: str) -> Outcome:
    if not len(one):
        return Outcome("undecided", float("nan"), float("nan"), 0, rows)
    left, right = float(one.mean()), float(two.mean())
    verdict = "holds" if COMPARISONS[claim.sign](left, right) else "fails"
    told_apart = (one == two).all() or paired_p(one.to_numpy(), two.to_numpy()) <= LEVEL
    if len(one) >= MIN_SEEDS and not told_apart:
        verdict = "undecided"
    return Outcome(verdict, left, right, len(one), rows)
