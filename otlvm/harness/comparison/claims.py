"""What became of a suite's claims, by what was measured."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import pandas as pd

from otlvm.harness.comparison.evidence import (
    Evidence,
    Verdict,
    against_number,
    between_rows,
    decide,
    seed_by_seed,
)
from otlvm.harness.comparison.yardsticks import unlike
from otlvm.harness.metrics import METRICS, Metric
from otlvm.harness.suite.claims_section import Claim, Term
from otlvm.harness.suite.runs import Row

NO_CURVES = pd.DataFrame()


def check_claims(
    claims: Sequence[Claim],
    records: pd.DataFrame,
    curves: pd.DataFrame = NO_CURVES,
    known_metrics: Sequence[Metric] = METRICS,
) -> list[Verdict]:
    """Check the claims of a suite against records.

    Args:
        claims: All claims of the suite: they are corrected for their number.
        records: What `otlvm.harness.comparison.records.read_records` returns.
        curves: What `otlvm.harness.comparison.records.read_curves` returns, for claims about steps.
        known_metrics: The metrics; others have no yardstick.
    """
    keys = {metric.key: metric for metric in known_metrics}
    done = records[records["status"] == "done"]
    if not curves.empty:  # of finished runs, as the records
        curves = curves.merge(done[["label", "seed"]], on=["label", "seed"])
        curves = curves.set_index(["label", "seed"])
    known = [Row(*names) for names in records[["label", "method", "data"]].itertuples(index=False)]
    nothing = Evidence("", why="not measured")  # the rows are not in this folder yet
    found = (list(_evidence(claim, known, done, curves, keys)) for claim in claims)
    return decide([evidence or [nothing] for evidence in found])


def _evidence(
    claim: Claim,
    known: list[Row],
    done: pd.DataFrame,
    curves: pd.DataFrame,
    keys: Mapping[str, Metric],
) -> Iterator[Evidence]:
    """Yield what each row, or each pair of rows of one data set, says."""
    for row in claim.left.rows(known):
        one = _values(done, curves, claim.left, row.label)
        if isinstance(claim.right, float):
            yield against_number(one.to_numpy(), claim.right, claim.sign, row.label)
            continue
        for other in claim.right.rows(known):
            itself = other == row and replace(claim.right, label=claim.left.label) == claim.left
            if itself or other.data != row.data:
                continue
            two = claim.factor * _values(done, curves, claim.right, other.label)
            both = row.label if other == row else f"{row.label} and {other.label}"
            if other == row or claim.paired:
                shared = one.index.intersection(two.index)
                sides = one[shared].to_numpy(), two[shared].to_numpy()
                evidence = seed_by_seed(*sides, claim.sign, both)
            else:
                evidence = between_rows(one.to_numpy(), two.to_numpy(), claim.sign, both)
            unlike_rows = other != row and not evidence.why
            why = _unlike(claim, row, other, done, keys) if unlike_rows else ""
            yield replace(evidence, fact=evidence.fact and not why, why=why or evidence.why)


def _unlike(
    claim: Claim, row: Row, other: Row, done: pd.DataFrame, keys: Mapping[str, Metric]
) -> str:
    """Say what keeps two rows from being compared, if something does."""
    terms = {term.metric for term in claim.terms()}
    reasons = (unlike(done, keys[key], row.label, other.label) for key in terms if key in keys)
    return next(filter(None, reasons), "")


def _values(done: pd.DataFrame, curves: pd.DataFrame, term: Term, label: str) -> pd.Series:
    """Return a metric of a row's finished runs, by seed; nothing where it was not measured."""
    if term.step is None:
        rows = done.set_index(["label", "seed"])
    else:
        rows = curves[curves["step"] == term.step] if len(curves) else curves
    if term.metric not in rows:  # a suite of another version, or one whose data has no labels
        return pd.Series(dtype=float)
    values = rows.loc[rows.index.get_level_values("label") == label, term.metric]
    return pd.to_numeric(values, errors="coerce").droplevel("label").dropna()
