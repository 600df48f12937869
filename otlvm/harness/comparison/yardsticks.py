"""Which rows are measured by one yardstick, and so can be ranked together.

A divergence from one prior says nothing beside that from another, nor the time on one machine
beside that on another, nor the reconstruction of one data set beside that of another.
"""

import json
from collections.abc import Callable
from typing import Any

import pandas as pd

from otlvm.harness.config import as_mapping, get_field
from otlvm.harness.metrics import Metric, Yardstick

SHARED = "side by side"
PRIOR = "model.prior"
LIKELIHOOD = "model.likelihood"
MACHINE = ("device", "device_name", "cores", "threads", "torch")
UNLIKE: dict[Yardstick, str] = {
    "data": "other data",
    "components": "another number of components",
    "prior": "another prior",
    "likelihood": "another likelihood",
    "machine": "another machine",
}


class Yardsticks:
    """By what yardsticks runs were measured.

    Args:
        records: What `otlvm.harness.comparison.records.read_records` returns; a column that is
            missing is the same for all.
    """

    def __init__(self, records: pd.DataFrame) -> None:
        self._done = records[records["status"] == "done"].reset_index(drop=True)
        self._known: dict[Yardstick, pd.Series] = {}

    def of_rows(self, metric: Metric) -> pd.Series:
        """Say by what yardstick each row was measured.

        Returns:
            By label, a text that is equal for rows that can be compared; missing for rows that can
            be compared with none: their own runs differ in it, or it is a time and other runs
            shared their machine. Labels without finished runs are left out.
        """
        return self._of_rows(metric, self._done)

    def comparable(self, metric: Metric) -> list[pd.DataFrame]:
        """Part finished runs into groups of rows that can be ranked together in a metric.

        Returns:
            The finished runs that measured the metric, of each group; rows that can be compared
            with none are in no group.
        """
        measured = self._done.dropna(subset=metric.key)
        keys = measured["label"].map(self._of_rows(metric, measured))
        return [part for _, part in measured.groupby(keys, sort=False)]

    def _of_rows(self, metric: Metric, runs: pd.DataFrame) -> pd.Series:
        """What all runs of a row share, so that another row may share it too."""
        texts = self._of_runs(metric.yardstick)[runs.index]
        pairs = pd.DataFrame({"label": runs["label"], "text": texts}).drop_duplicates()
        one = pairs.drop_duplicates("label", keep=False).set_index("label")["text"]
        known = one.reindex(runs["label"].unique())
        if not metric.timing:
            return known
        return known.mask(_shared(runs).groupby(runs["label"], sort=False).any())

    def _of_runs(self, yardstick: Yardstick) -> pd.Series:
        """The text of each run, for all metrics that have a yardstick."""
        if yardstick not in self._known:
            column, own = _OF[yardstick]
            parts = [_column(self._done, name) for name in ("data", "data_checksum", column)]
            texts = [f"{a} {b} {own(of_run)}" for a, b, of_run in zip(*parts, strict=True)]
            self._known[yardstick] = pd.Series(texts, self._done.index, dtype=object)
        return self._known[yardstick]


def unlike(done: pd.DataFrame, metric: Metric, one: str, two: str) -> str:
    """Say why two rows cannot be compared in a metric, for example ``another prior``.

    Args:
        done: Finished runs, as `Yardsticks` takes them.
        metric: The metric.
        one: Label of a row.
        two: Label of another.

    Returns:
        Nothing if they can be compared.
    """
    both = done[done["label"].isin([one, two])]
    known = Yardsticks(both).of_rows(metric)
    if metric.timing and _shared(both).any():
        return SHARED
    alike = known.notna().all() and known.nunique() < 2
    return "" if alike else UNLIKE[metric.yardstick]


def _shared(runs: pd.DataFrame) -> pd.Series:
    """Whether other runs shared the machine."""
    return pd.Series(_column(runs, "side_by_side"), runs.index, dtype=float) > 1


def _column(runs: pd.DataFrame, name: str) -> list[Any]:
    return list(runs[name]) if name in runs else [None] * len(runs)


def _prior(config: Any) -> str:
    prior = as_mapping(get_field(config, PRIOR))
    return json.dumps(prior, sort_keys=True, default=str)


def _components(config: Any) -> str:
    """K, where the prior says it; else the prior decides."""
    components = get_field(config, f"{PRIOR}.components")
    return _prior(config) if components is None else str(components)


def _likelihood(config: Any) -> str:
    """Its name: with other settings, densities of the same data can be compared."""
    return str(get_field(as_mapping(get_field(config, LIKELIHOOD)), "name"))


def _machine(environment: Any) -> str:
    return json.dumps([get_field(environment, key) for key in MACHINE])


_OF: dict[Yardstick, tuple[str, Callable[[Any], str]]] = {
    "data": ("data", lambda _: ""),
    "components": ("config", _components),
    "prior": ("config", _prior),
    "likelihood": ("config", _likelihood),
    "machine": ("environment", _machine),
}
"""What of a run is the yardstick, besides its data: a column of the records, and what of it."""
