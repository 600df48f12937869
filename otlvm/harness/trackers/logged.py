"""What trackers log, read from the store: only it knows what became of runs of other calls."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from otlvm.harness.config import fields_of, get_field
from otlvm.harness.store.record import Record
from otlvm.harness.store.store import Store

SHOWN = (".png", ".pdf", ".csv", ".md", ".tex", ".html", ".yaml")
"""Suffixes of the files of tables and figures."""


@dataclass(frozen=True)
class LoggedRun:
    """A run whose result is in the store.

    Attributes:
        label: Its row.
        record: Its record; ``digest`` tells this result from any other.
        folder: Its files.
        arrays: What its model shows.
    """

    label: str
    record: Record
    folder: Path
    arrays: Mapping[str, NDArray[Any]]

    @property
    def name(self) -> str:
        """What to call it."""
        return f"{self.label} seed {self.record['seed']}"

    @property
    def params(self) -> dict[str, Any]:
        """Its config by dotted paths, and its seed."""
        config = self.record["config"]
        values = {path: get_field(config, path) for path in fields_of(config)}
        return {**values, "seed": self.record["seed"]}

    @property
    def metrics(self) -> dict[str, float]:
        """What was measured at its end."""
        return dict(self.record["metrics"])

    @cached_property
    def curves(self) -> list[dict[str, float]]:
        """The rows of its learning curve, each with its ``step``; a baseline has none."""
        from otlvm.harness.comparison.records import read_curve  # pandas, which a dry run can spare

        rows = read_curve(self.folder).to_dict("records")
        return [{str(key): value for key, value in row.items() if value == value} for row in rows]

    @property
    def pictures(self) -> dict[str, bytes]:
        """PNGs of what its model shows, by name."""
        from otlvm.harness.report.run_pictures import draw  # matplotlib, which a dry run can spare

        drawn = draw(self.arrays, self.name)
        found = {}
        for index, part in enumerate(drawn.reconstructions):
            found[f"reconstructions_{index}"] = part
        if drawn.components is not None:
            found["components"] = drawn.components
        for scatter in drawn.scatters:
            found[f"codes_by_{scatter.by}"] = scatter.picture
        contents = {name: picture.uri.partition(",")[2] for name, picture in found.items()}
        return {name: base64.b64decode(content) for name, content in contents.items()}

    @property
    def started(self) -> float:
        """When it began, in seconds since 1970; if it crashed, when it ended."""
        return _seconds(self.record["started"] or self.record["finished"] or "")

    @property
    def finished(self) -> float:
        """When it ended, in seconds since 1970."""
        return _seconds(self.record["finished"] or "")


@dataclass(frozen=True)
class LoggedSuite:
    """A suite's tables and figures.

    Attributes:
        name: Its name.
        root: Their folder.
    """

    name: str
    root: Path

    @property
    def files(self) -> list[Path]:
        """The files: tables, figures, report, card and lock."""
        found = [path for path in self.root.iterdir() if path.suffix in SHOWN and path.is_file()]
        return sorted(path for path in found if not path.name.startswith("."))

    @property
    def table(self) -> str:
        """Its tables in Markdown."""
        return (self.root / "table.md").read_text(encoding="utf-8")


def read_run(store: Store, label: str, run_id: str) -> LoggedRun | None:
    """Read a run; None if its result is gone."""
    record = store.record_or_none(run_id)
    if record is None:
        return None
    return LoggedRun(label, record, store.runs / run_id, store.pictures(run_id))


def _seconds(written: str) -> float:
    return datetime.fromisoformat(written).timestamp()
