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
ALIKE: dict[Yardstick, str] = {
    "data": "one data set",
    "components": "one number of components",
    "prior": "one prior",
    "likelihood": "one likelihood",
    "machine": "one machine",
}


class Yardsticks:
    """By what yardsticks runs were measured.

    Args:
        records: What `otlvm.harness.comparison.records.read_records` returns; a column that is
            missing is the same for all.
    """

    def __init__(self, records: pd.DataFrame) -> None:
        self._done = records[records["status"] == "done"].reset_index(drop=True)
        self._known: dict[tuple[Yardstick, bool], pd.Series] = {}

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
        texts = self._of_runs(metric)[runs.index]
        pairs = pd.DataFrame({"label": runs["label"], "text": texts}).drop_duplicates()
        one = pairs.drop_duplicates("label", keep=False).set_index("label")["text"]
        known = one.reindex(runs["label"].unique())
        if not metric.timing:
            return known
        return known.mask(_shared(runs).groupby(runs["label"], sort=False).any())

    def _of_runs(self, metric: Metric) -> pd.Series:
        """The text of each run, for all metrics that have a yardstick and are times or not."""
        key = (metric.yardstick, metric.timing)
        if key not in self._known:
            runs = self._done
            if metric.timing and "timed_in" in runs:  # a repetition's times are of its machine
                runs = runs.assign(environment=runs["timed_in"].fillna(runs["environment"]))
            of_run = _OF[metric.yardstick]
            data = zip(_column(runs, "data"), _column(runs, "data_checksum"), strict=True)
            texts = [f"{a} {b} {own}" for (a, b), own in zip(data, of_run(runs), strict=True)]
            self._known[key] = pd.Series(texts, runs.index, dtype=object)
        return self._known[key]


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


def _priors(runs: pd.DataFrame) -> list[str]:
    """As they were built, or as the suite has them, which older folders know alone."""
    if _built(runs):
        return [str(prior) for prior in runs["prior"]]
    specs = (as_mapping(get_field(config, PRIOR)) for config in _column(runs, "config"))
    return [json.dumps(prior, sort_keys=True, default=str) for prior in specs]


def _components(runs: pd.DataFrame) -> list[str]:
    """K, where it is known; else the prior decides."""
    if _built(runs):
        return [f"{count:g}" for count in runs["components"]]
    told = [get_field(config, f"{PRIOR}.components") for config in _column(runs, "config")]
    pairs = zip(told, _priors(runs), strict=True)
    return [prior if count is None else str(count) for count, prior in pairs]


def _built(runs: pd.DataFrame) -> bool:
    """Whether all runs know their prior as it was built, defaults included."""
    return {"prior", "components"} <= set(runs) and bool(runs["components"].notna().all())


def _likelihoods(runs: pd.DataFrame) -> list[str]:
    """Their names: with other settings, densities of the same data can be compared."""
    specs = (as_mapping(get_field(config, LIKELIHOOD)) for config in _column(runs, "config"))
    return [str(get_field(spec, "name")) for spec in specs]


def _machines(runs: pd.DataFrame) -> list[str]:
    environments = _column(runs, "environment")
    return [json.dumps([get_field(each, key) for key in MACHINE]) for each in environments]


_OF: dict[Yardstick, Callable[[pd.DataFrame], list[str]]] = {
    "data": lambda runs: [""] * len(runs),
    "components": _components,
    "prior": _priors,
    "likelihood": _likelihoods,
    "machine": _machines,
}
"""What of each run is the yardstick, besides its data."""
