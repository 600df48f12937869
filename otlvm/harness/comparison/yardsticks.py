"""Which rows are measured by one yardstick, and so can be ranked together.

A divergence from one prior says nothing beside that from another, nor the time on one machine
beside that on another, nor the reconstruction of one data set beside that of another.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from otlvm.harness.config import as_mapping, get_field
from otlvm.harness.metrics import Metric, Yardstick

Run = Mapping[Any, Any]
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


def yardsticks(records: pd.DataFrame, metric: Metric) -> pd.Series:
    """Say by what yardstick each row was measured.

    Args:
        records: What `otlvm.harness.comparison.records.read_records` returns; a column that is
            missing is the same for all.
        metric: The metric.

    Returns:
        By label, a text that is equal for rows that can be compared; None for rows that can be
        compared with none: their own runs differ in it, or it is a time and other runs shared
        their machine. Labels without finished runs are left out.
    """
    done = records[records["status"] == "done"]
    own = _OF[metric.yardstick]
    texts = [
        SHARED
        if metric.timing and _shared(run)
        else " ".join(map(str, (run.get("data"), run.get("data_checksum"), own(run))))
        for run in done.to_dict("records")
    ]
    of_runs = pd.Series(texts, done.index, dtype=object).groupby(done["label"], sort=False)
    return pd.Series({label: _the_one(set(runs)) for label, runs in of_runs}, dtype=object)


def _the_one(texts: set[str]) -> str | None:
    """What all runs of a row share, so that another row may share it too."""
    return None if len(texts) > 1 or SHARED in texts else next(iter(texts))


def comparable(records: pd.DataFrame, metric: Metric) -> list[pd.DataFrame]:
    """Part finished runs into groups of rows that can be ranked together.

    Args:
        records: What `otlvm.harness.comparison.records.read_records` returns.
        metric: The metric.

    Returns:
        The finished runs that measured the metric, of each group; rows that can be compared with
        none are in no group.
    """
    done = records[records["status"] == "done"].dropna(subset=metric.key)
    keys = done["label"].map(yardsticks(done, metric))
    return [part for _, part in done.groupby(keys, sort=False)]


def unlike(done: pd.DataFrame, metric: Metric, one: str, two: str) -> str:
    """Say why two rows cannot be compared in a metric, for example ``another prior``.

    Args:
        done: Finished runs, as `yardsticks` takes them.
        metric: The metric.
        one: Label of a row.
        two: Label of another.

    Returns:
        Nothing if they can be compared.
    """
    both = done[done["label"].isin([one, two])]
    known = yardsticks(both, metric)
    if metric.timing and any(map(_shared, both.to_dict("records"))):
        return SHARED
    alike = known.notna().all() and known.nunique() < 2
    return "" if alike else UNLIKE[metric.yardstick]


def _shared(run: Run) -> bool:
    """Whether other runs shared the machine."""
    return (run.get("side_by_side") or 1) > 1


def _prior(run: Run) -> str:
    prior = as_mapping(get_field(run.get("config"), PRIOR))
    return json.dumps(prior, sort_keys=True, default=str)


def _components(run: Run) -> str:
    """K, where the prior says it; else the prior decides."""
    components = get_field(run.get("config"), f"{PRIOR}.components")
    return _prior(run) if components is None else str(components)


def _likelihood(run: Run) -> str:
    """Its name: with other settings, densities of the same data can be compared."""
    return str(get_field(as_mapping(get_field(run.get("config"), LIKELIHOOD)), "name"))


def _machine(run: Run) -> str:
    environment = run.get("environment")
    return json.dumps([get_field(environment, key) for key in MACHINE])


_OF: dict[Yardstick, Callable[[Run], str]] = {
    "data": lambda _: "",
    "components": _components,
    "prior": _prior,
    "likelihood": _likelihood,
    "machine": _machine,
}
