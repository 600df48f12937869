"""A run, the row that it belongs to, and which rows a label or pattern means."""

from dataclasses import dataclass
from typing import NamedTuple

from otlvm.harness.config import Config
from otlvm.harness.messages import KeyPath

BRACES = {"{{": "{", "}}": "}"}


class Row(NamedTuple):
    """A row of the comparison."""

    label: str
    method: str
    data: str


@dataclass(frozen=True)
class Run:
    """One cell of a suite: a config, a seed, and the label of the row it belongs to.

    Attributes:
        label: Label of the table's row.
        seed: The seed.
        config: Resolved `TrainedConfig` or `BaselineConfig`.
        origin: Key path of the entry that it came from, for error messages.
        method: The label without the data set, where the same label stands for several of them.
        data: Name of the data set, with the parameters that tell it from others of the suite.
    """

    label: str
    seed: int
    config: Config
    origin: KeyPath
    method: str = ""
    data: str = ""


def as_template(label: str) -> str:
    """Write a label as the template that gives it."""
    for twice, brace in BRACES.items():
        label = label.replace(brace, twice)
    return label
