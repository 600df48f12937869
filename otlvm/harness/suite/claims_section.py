"""The section ``claims:``: what a suite is expected to show, and what can be wrong with it.

A claim reads ``accuracy of GM-WAE >= 0.65`` or ``bce of GM-WAE < bce of beta=*``: a metric of a
row, and a number or a metric of a row, times a number if need be. Labels may be patterns; a claim
about several rows holds if it holds for each. ``at step 10`` behind a label takes the value from
the learning curve: ``kl_z of VAE at step 10 > 100 * reconstruction of VAE at step 10``. ``, seed by
seed`` at the end pairs the seeds of two rows that share what they start from.
"""

import operator
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from otlvm.harness.config import Config
from otlvm.harness.messages import InputError, KeyPath, no_row
from otlvm.harness.metrics import METRICS, Metric
from otlvm.harness.suite.runs import Row, Run, rows_meant
from otlvm.harness.suite.table_section import check_metric

TERM = r"(?P<{0}metric>\w+) of (?P<{0}label>.+?)(?: at step (?P<{0}step>\d+))?"
NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
PATTERN = re.compile(
    rf"{TERM.format('')}\s+(?P<sign><=|>=|<|>)\s+"
    rf"(?:(?:(?P<factor>{NUMBER}) \* )?{TERM.format('other_')}(?P<paired>, seed by seed)?"
    rf"|(?P<number>{NUMBER}))"
)
COMPARISONS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


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
        """Return the rows that it means."""
        return rows_meant(self.label, known)


@dataclass(frozen=True)
class Claim:
    """A claim.

    Attributes:
        text: As the suite has it.
        left: What is claimed to be smaller or larger.
        sign: Which of the two.
        right: Than what.
        factor: By what the right term is multiplied.
        paired: Whether the seeds of two rows are compared one by one.
    """

    text: str
    left: Term
    sign: str
    right: Term | float
    factor: float = 1.0
    paired: bool = False

    def terms(self) -> list[Term]:
        """Return the terms that name rows."""
        return [self.left] if isinstance(self.right, float) else [self.left, self.right]


def parse_claim(text: str) -> Claim:
    """Read a claim.

    Raises:
        ValueError: If it does not read so.
    """
    match = PATTERN.fullmatch(text.strip())
    if match is None:
        raise ValueError(
            f"expected '<metric> of <label> < <number>' or '... < <metric> of <label>', with <, "
            f"<=, > or >=, and 'at step <number>' behind a label if need be, got {text!r}"
        )
    right = _term(match, "other_") if match["number"] is None else float(match["number"])
    factor = float(match["factor"] or 1)
    paired = match["paired"] is not None
    return Claim(text.strip(), _term(match, ""), match["sign"], right, factor, paired)


def _term(match: re.Match[str], prefix: str) -> Term:
    metric, label, step = (match[prefix + name] for name in ("metric", "label", "step"))
    return Term(metric, label, None if step is None else int(step))


def check_claims(
    claims: Sequence[str],
    runs: Sequence[Run],
    changed: bool = False,
    known: Sequence[Metric] | None = METRICS,
) -> None:
    """Check that each claim is one, about metrics, rows and steps that there are.

    Args:
        claims: The claims.
        runs: The suite's runs.
        changed: Whether the command line changes their training: a claim about a step that is then
            not there is undecided.
        known: The metrics; None if they are not known yet, see `check_claimed_metrics`.

    Raises:
        InputError: If not.
    """
    rows = [run.row for run in runs]
    configs = {row: run.config for row, run in zip(rows, runs, strict=True)}
    for index, text in enumerate(claims):
        path = ("claims", index)
        try:
            claim = parse_claim(text)
        except ValueError as error:
            raise InputError(f"{error}", path) from error
        for term in claim.terms():
            if not term.rows(rows):
                raise InputError(no_row(term.label, (row.label for row in rows)), path)
            if term.step is not None and not changed:
                for row in term.rows(rows):
                    _check_step(term.step, row.label, configs[row], path)
    if known is not None:
        check_claimed_metrics(claims, known)


def check_claimed_metrics(claims: Sequence[str], known: Sequence[Metric]) -> None:
    """Check that there are the metrics that claims are about.

    Raises:
        InputError: If not.
    """
    for index, text in enumerate(claims):
        for term in parse_claim(text).terms():
            if term.step is None:  # objectives name their own terms of the curves
                check_metric(term.metric, known, ("claims", index))


def _check_step(step: int, label: str, config: Config, path: KeyPath) -> None:
    """Check that a row's learning curve has a step."""
    train = config.get("train")
    if train is None:
        raise InputError(f"{label!r} is a baseline: it has no learning curve", path)
    if train["epochs"] is not None:
        return  # how many steps there are depends on the data
    further = {*train["eval_at"], *train["snapshots"], train["steps"]}
    if step > train["steps"] or (step % train["eval_every"] and step not in further):
        remedy = f"name a multiple of {train['eval_every']} up to {train['steps']}, or add it to"
        raise InputError(f"{label!r} logs no step {step}: {remedy} 'train.eval_at'", path)
