"""Whether runs that are repeated come out the same."""

import csv
import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from otlvm.harness.escapes.csv import unescape
from otlvm.harness.messages import InputError
from otlvm.harness.metrics import METRICS, Metric
from otlvm.harness.store.files import check_readable
from otlvm.harness.store.record import Record
from otlvm.harness.suite.load import Suite
from otlvm.harness.suite.runs import Run

RUNS = "runs.csv"


AGAIN = "'otlvm table DIR'"
AGAIN_DRAWN = f"draw it again with {AGAIN}"


Rows = dict[tuple[str, int], dict[str, float]]
"""The metrics of finished runs by label and seed."""


@dataclass(frozen=True)
class Verdict:
    """Whether a run came out the same.

    Attributes:
        how: ``equal`` (to the last bit), ``close`` (within the tolerance), ``differs``, or
            ``nothing`` (there was no number to compare).
        text: The same for a reader, with what differs most.
    """

    how: str
    text: str


def read_rows(path: Path, known: Sequence[Metric] = METRICS) -> Rows:
    """Read the finished runs of ``runs.csv``, numbers to the last bit and labels as they are.

    Args:
        path: The file.
        known: The folder's metrics; costs do not come out the same.

    Raises:
        InputError: If it cannot be read, or is not such a table.
    """
    compared = [metric for metric in known if metric.best is not None]
    rows: Rows = {}
    line = 1
    try:
        check_readable(path)
        with path.open(encoding="utf-8", newline="") as file:
            for row in (reader := csv.DictReader(file, strict=True)):
                line = reader.line_num
                if row["status"] == "done":
                    texts = {metric.key: row.get(metric.key) for metric in compared}
                    metrics = {key: float(text) for key, text in texts.items() if text}
                    rows[unescape(row["label"]), int(row["seed"])] = metrics
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error}") from error
    except KeyError as error:
        raise InputError(f"{path} has no column {error}: {AGAIN_DRAWN}") from error
    except (ValueError, TypeError, csv.Error) as error:
        message = f"{path}:{line}: {error}: {AGAIN_DRAWN}"
        raise InputError(message) from error
    return rows


def judge(
    before: Mapping[str, float],
    after: Record | None,
    tolerance: float,
    known: Sequence[Metric] = METRICS,
) -> Verdict:
    """Compare the metrics of a run and of its repetition; times and memory do not count.

    Args:
        before: Its metrics in ``runs.csv``.
        after: The repetition's record; None if it has none.
        tolerance: The largest relative difference that counts as rounding.
        known: The folder's metrics.
    """
    if after is None or after["status"] != "done":
        status = after["status"] if after else "missing"
        reason = f": {after['reason']}" if after and after["reason"] else ""
        return Verdict("differs", f"{status}{reason}")
    gaps = []
    for metric in (each for each in known if each.best is not None):
        there, here = before.get(metric.key), after["metrics"].get(metric.key)
        if (there is None) != (here is None):
            return Verdict("differs", f"{metric.title}: {there} there, {here} here")
        if there is not None and here is not None:
            if not (math.isfinite(there) and math.isfinite(here)):
                return Verdict("differs", f"{metric.title}: {there} there, {here} here")
            gap = abs(there - here) / max(abs(there), abs(here), 1e-300)
            gaps.append((gap, f"{metric.title}: {there:.6g} there, {here:.6g} here"))
    if not gaps:
        return Verdict("nothing", f"nothing to compare: {RUNS} has no number of it; {AGAIN_DRAWN}")
    worst, where = max(gaps)
    if worst == 0:
        return Verdict("equal", "equal to the last bit")
    if worst <= tolerance:
        return Verdict("close", f"equal to {worst:.1e} ({where})")
    return Verdict("differs", where)


def sample(suite: Suite, rows: Rows, count: int | None, seed: int) -> list[Run]:
    """Draw finished runs at random, of as many labels as possible.

    Args:
        suite: The suite.
        rows: What `read_rows` returns.
        count: How many; None takes all.
        seed: Seed of the draw.
    """
    runs = [run for run in suite.runs if (run.label, run.seed) in rows]
    if count is None:
        return runs
    random.Random(seed).shuffle(runs)  # noqa: S311 (no secret)
    turn: dict[str, int] = {}
    order = []
    for run in runs:  # the first of each label before the second of any
        turn[run.label] = turn.get(run.label, 0) + 1
        order.append(turn[run.label])
    ranked = sorted(range(len(runs)), key=order.__getitem__)
    return [runs[index] for index in ranked[:count]]
