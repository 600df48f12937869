"""The metrics of the tables: titles, directions, digits."""

from dataclasses import dataclass
from typing import Any, Literal


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
    """

    key: str
    title: str
    best: Literal["high", "low", "near zero"] | None
    digits: int
    note: str = ""
    timing: bool = False

    def cost(self, values: Any) -> Any:
        """Turn values into what is the better the lower it is.

        Where the best value is near zero, each value's distance from it is taken before any mean:
        values of both signs do not cancel.

        Args:
            values: A number, or an array, series or frame of them.
        """
        if self.best == "near zero":
            return abs(values)
        return -values if self.best == "high" else values

    @property
    def heading(self) -> str:
        """The title with an arrow for the direction."""
        arrow = {"high": " ↑", "low": " ↓", "near zero": " →0", None: ""}[self.best]
        return self.title + arrow


METRICS = (
    Metric("accuracy", "accuracy", "high", 3, "the paper's map, fitted on training labels"),
    Metric("accuracy_hungarian", "Hungarian", "high", 3, "accuracy under the best one-to-one map"),
    Metric("nmi", "NMI", "high", 3),
    Metric("ari", "ARI", "high", 3),
    Metric("components_used", "used", "high", 2, "exp entropy of the mean q(k|x)"),
    Metric("smallest_share", "least", "high", 3, "smallest entry of the mean q(k|x)"),
    Metric("bce", "BCE", "low", 1, "nats per image"),
    Metric("squared_error", "sq. error", "low", 1, "sum over pixels"),
    Metric("latent_mmd", "MMD²", "near zero", 4, "IMQ, 2,000 codes against the prior"),
    Metric("latent_w2", "W2", "low", 3, "2,000 codes against the prior"),
    Metric("fit_seconds", "fit s", None, 1, "pretraining and training, no evaluation", timing=True),
    Metric("step_ms", "ms/step", None, 1, timing=True),
    Metric("peak_mb", "peak MiB", None, 0),
)
