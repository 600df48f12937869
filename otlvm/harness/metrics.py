"""The metrics of the tables: titles, directions, digits."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:  # a suite is read without it
    import pandas as pd

Yardstick = Literal["data", "components", "prior", "likelihood", "machine"]


@dataclass(frozen=True)
class Metric:
    """A column of the tables.

    Attributes:
        key: Name in the records.
        title: Heading.
        best: Which value is best; None for costs and facts that are not ranked.
        digits: Digits after the point.
        note: What a reader has to know, after the title.
        timing: Whether other runs on the machine change it.
        yardstick: What rows must share, besides their data, to be ranked together: their number of
            components, their prior, their likelihood, or the machine that they ran on.
    """

    key: str
    title: str
    best: Literal["high", "low", "near zero"] | None
    digits: int
    note: str = ""
    timing: bool = False
    yardstick: Yardstick = "data"

    @property
    def heading(self) -> str:
        """The title with an arrow for the direction."""
        arrow = {"high": " ↑", "low": " ↓", "near zero": " →0", None: ""}[self.best]
        return self.title + arrow

    def costs(self, values: "pd.Series") -> "pd.Series":
        """Return what is smaller the better a value is; of single runs, before any mean.

        Runs at -.01 and .01 are farther from zero than their mean.
        """
        return {"high": -values, "near zero": values.abs()}.get(str(self.best), values)


METRICS = (
    Metric("accuracy", "accuracy", "high", 3, "the paper's map, fitted on training labels"),
    Metric("accuracy_hungarian", "Hungarian", "high", 3, "accuracy under the best one-to-one map"),
    Metric("nmi", "NMI", "high", 3),
    Metric("ari", "ARI", "high", 3),
    Metric(
        "components_used",
        "used",
        "high",
        2,
        "exp entropy of the mean q(k|x)",
        yardstick="components",
    ),
    Metric(
        "smallest_share",
        "least",
        "high",
        3,
        "smallest entry of the mean q(k|x)",
        yardstick="components",
    ),
    Metric("nll", "NLL", "low", 1, "nats per image, of the likelihood", yardstick="likelihood"),
    Metric("bce", "BCE", "low", 1, "nats per image"),
    Metric("squared_error", "sq. error", "low", 1, "sum over pixels"),
    Metric(
        "latent_mmd",
        "MMD²",
        "near zero",
        4,
        "IMQ, 2,000 codes against the prior",
        yardstick="prior",
    ),
    Metric("latent_w2", "W2", "low", 3, "2,000 codes against the prior", yardstick="prior"),
    Metric(
        "fit_seconds",
        "fit s",
        None,
        1,
        "pretraining and training, no evaluation",
        timing=True,
        yardstick="machine",
    ),
    Metric("step_ms", "ms/step", None, 1, timing=True, yardstick="machine"),
    Metric("peak_mb", "peak MiB", None, 0, yardstick="machine"),
)
