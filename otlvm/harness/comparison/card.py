"""The reproducibility card: what results came from, as their records say."""

from collections import Counter
from collections.abc import Iterable

import pandas as pd

from otlvm.harness.config import get_field
from otlvm.harness.escapes.markdown import escape
from otlvm.harness.messages import show_duration

TITLES = {
    "otlvm": "otlvm",
    "git": "git revision",
    "python": "Python",
    "torch": "torch",
    "numpy": "NumPy",
    "scikit-learn": "scikit-learn",
    "pot": "POT",
    "geomloss": "geomloss",
    "platform": "platform",
    "device": "device",
    "device_name": "processor or GPU",
    "cores": "cores",
    "threads": "threads of each run",
}
CHECKSUM_DIGITS = 16
MOST_CLASSES = 20


def card(records: pd.DataFrame) -> dict[str, str]:
    """Say what the results of a store came from.

    Args:
        records: What `read_records` returns.

    Returns:
        Values by title. Where runs differ, each value with the number of its runs.
    """
    known = records[records["environment"].notna()]
    environments = list(known["environment"])
    lines = {
        title: _values(environment.get(key) for environment in environments)
        for key, title in TITLES.items()
    }
    checksums = known["data_checksum"].str[:CHECKSUM_DIGITS]
    names = known["data"].where(known["data"] != "", "data")
    lines["data (SHA-256)"] = _values(f"{n}: {c}" for n, c in zip(names, checksums, strict=True))
    lines["classes"] = _values(
        f"{name}: {_listed(classes)}"
        for name, classes in zip(names, known["class_names"], strict=True)
        if isinstance(classes, list)
    )
    lines["images without a label"] = _values(
        f"{name}: {counts[0]} of training, {counts[1]} held out, left out of the scores"
        for name, counts in zip(names, known["unlabelled"], strict=True)
        if isinstance(counts, list) and any(counts)
    )
    lines["data as they are seen"] = _values(_preparation(each) or None for each in known["config"])
    lines["seeds"] = ", ".join(str(seed) for seed in sorted(set(records["seed"])))
    counts = Counter(records["status"])
    lines["runs"] = ", ".join(f"{count} {status}" for status, count in counts.items())
    lines["at a time"] = _values(known["side_by_side"].astype(int))
    lines["time of all runs"] = show_duration(float(known["wall_seconds"].sum()))
    return {title: value for title, value in lines.items() if value}


def _preparation(config: object) -> str:
    """Say how a run's data were scaled and binarized."""
    said = {word: get_field(config, f"data.{word}") for word in ("scale", "binarize")}
    return ", ".join(
        f"{word} {value}" for word, value in said.items() if value not in (None, "none")
    )


def _values(values: Iterable[object]) -> str:
    counts = Counter(str(value) for value in values if value is not None)
    if len(counts) == 1:
        return next(iter(counts))
    runs = {value: "1 run" if count == 1 else f"{count} runs" for value, count in counts.items()}
    return ", ".join(f"{value} ({count})" for value, count in runs.items())


def _listed(classes: list[str]) -> str:
    more = len(classes) - MOST_CLASSES
    return ", ".join(classes[:MOST_CLASSES]) + (f" and {more} more" if more > 0 else "")


def to_markdown(lines: dict[str, str]) -> str:
    """Write the card as a Markdown list."""
    return "".join(f"- {escape(title)}: {escape(value)}\n" for title, value in lines.items())
