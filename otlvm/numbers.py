"""The numbers of a result: what each is called, which value is better, how it is written.

Standard library only: tables, claims and comparisons are made without torch.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from otlvm.wording import did_you_mean

if TYPE_CHECKING:  # a suite is read without it
    import pandas as pd

Best = Literal["high", "low", "near zero"]
Yardstick = Literal["data", "components", "prior", "likelihood", "machine"]
MOST_DIGITS = 17
RESERVED = frozenset(
    {"label", "method", "data", "seed", "id", "status", "reason", "short", "side_by_side"}
    | {"prior", "components", "config", "data_checksum", "environment", "timed_in"}
    | {"wall_seconds", "unlabelled", "class_names", "metrics_failed", "notes"}
    | {"started", "finished", "n", "runs", "problems", "cost", "step"}
)
"""What tables of runs call other things: no number bears such a name."""


@dataclass(frozen=True)
class Number:
    """A number that a result may have: a column of the tables.

    Attributes:
        key: Name in the records.
        title: Heading.
        best: Which value is best; None for costs and facts that are not ranked.
        digits: Digits after the point.
        note: What a reader has to know, after the title.
        timing: Whether other runs on the machine change it.
        yardstick: What rows must share, besides their data, to be ranked together: their number of
            components, their prior, their likelihood, or the machine that they ran on.
        of: The metric that has to be asked for it; empty if it is always measured.

    Raises:
        ValueError: If tables call something else by that key, or there is no such direction,
            yardstick or number of digits.
    """

    key: str
    title: str
    best: Best | None
    digits: int
    note: str = ""
    timing: bool = False
    yardstick: Yardstick = "data"
    of: str = ""

    def __post_init__(self) -> None:
        """Refuse a name that would overwrite what a table says of a run."""
        if self.key in RESERVED:
            raise ValueError(f"{self.key!r} is no name for a number: tables have it for runs")
        if self.best is not None:
            self._one_of("best", self.best, get_args(Best), " or None")
        self._one_of("yardstick", self.yardstick, get_args(Yardstick))
        if type(self.digits) is not int or not 0 <= self.digits <= MOST_DIGITS:
            raise ValueError(
                f"digits of {self.key} are {self.digits!r}: a whole number from 0 to {MOST_DIGITS}"
            )

    def _one_of(self, name: str, value: Any, known: tuple[str, ...], more: str = "") -> None:
        if value not in known:
            hint = did_you_mean(str(value), known)
            raise ValueError(
                f"{name} of {self.key} is {value!r}{hint}: say {', '.join(known)}{more}"
            )

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


BUILT_IN = (
    Number("accuracy", "accuracy", "high", 3, "the paper's map, fitted on training labels"),
    Number(
        "accuracy_same_labels",
        "accuracy, same labels",
        "high",
        3,
        "the map fitted on the 2,000 test labels that it is judged by, as the paper's code did",
        of="accuracy_same_labels",
    ),
    Number("accuracy_hungarian", "Hungarian", "high", 3, "accuracy under the best one-to-one map"),
    Number(
        "accuracy_majority",
        "majority",
        "high",
        3,
        "accuracy if each component takes the class of most of its training images",
        yardstick="components",
    ),
    Number(
        "purity",
        "purity",
        "high",
        3,
        "share of a component's largest class, on average",
        yardstick="components",
    ),
    Number("nmi", "NMI", "high", 3),
    Number("ari", "ARI", "high", 3),
    Number(
        "components_used",
        "used",
        "high",
        2,
        "exp entropy of the mean q(k|x)",
        yardstick="components",
    ),
    Number(
        "information",
        "informed",
        "high",
        2,
        "exp I(x; k): 1 if k says nothing of x",
        yardstick="components",
    ),
    Number(
        "smallest_share",
        "least",
        "high",
        3,
        "smallest entry of the mean q(k|x)",
        yardstick="components",
    ),
    Number("nll", "NLL", "low", 1, "nats per image, of the likelihood", yardstick="likelihood"),
    Number("bce", "BCE", "low", 1, "nats per image"),
    Number("squared_error", "sq. error", "low", 1, "sum over pixels"),
    Number("elbo", "-ELBO", "low", 1, "nats per image", yardstick="likelihood", of="elbo"),
    Number("nll_iw", "NLL (IW)", "low", 1, "nats per image, importance-weighted", of="nll_iw"),
    Number(
        "latent_mmd",
        "MMD²",
        "near zero",
        4,
        "IMQ, 2,000 codes against the prior",
        yardstick="prior",
    ),
    Number("latent_w2", "W2", "low", 3, "2,000 codes against the prior", yardstick="prior"),
    Number(
        "silhouette",
        "silhouette",
        "high",
        3,
        "2,000 codes, by component",
        yardstick="components",
        of="silhouette",
    ),
    Number(
        "sample_w2",
        "sample W2",
        "low",
        3,
        "2,000 samples against held-out images",
        of="sample_w2",
    ),
    Number(
        "sample_w2_data",
        "data W2",
        None,
        3,
        "2,000 training images against held-out images",
        of="sample_w2",
    ),
    Number(
        "frechet",
        "Fréchet",
        "low",
        2,
        "samples against held-out images, features of a small classifier",
        of="frechet",
    ),
    Number("precision", "precision", "high", 3, "samples among held-out images", of="precision"),
    Number("recall", "recall", "high", 3, "held-out images among samples", of="recall"),
    Number(
        "fit_seconds",
        "fit s",
        None,
        1,
        "pretraining and training, no evaluation",
        timing=True,
        yardstick="machine",
    ),
    Number("step_ms", "ms/step", None, 1, timing=True, yardstick="machine"),
    Number("peak_mb", "peak MiB", None, 0, yardstick="machine"),
    Number("parameters", "parameters", None, 0, "all that are trained"),
    Number("flops", "FLOP", None, 0, "one image encoded and decoded", of="flops"),
)
"""Those that we measure, in the order of tables."""
