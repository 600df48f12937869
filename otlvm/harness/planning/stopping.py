"""Stopping early: whether a run can watch what it is told to, on the images that it holds back."""

from otlvm.harness.config import Config
from otlvm.harness.planning.identity import held_back
from otlvm.objectives import Objective
from otlvm.wording import did_you_mean

SUMS = ("loss", "reconstruction", "regularizer")
"""What any objective has, besides its own terms."""


def check_watched(stop: Config, objective: Objective) -> None:
    """Refuse a metric that the objective has not.

    Raises:
        ValueError: If it has none of that name; nothing is said of one whose terms are unknown.
    """
    terms = objective.named_terms()
    known = () if terms is None else (*SUMS, *terms)
    if known and stop["metric"] not in known:
        hint = did_you_mean(stop["metric"], known)
        raise ValueError(
            f"the objective has no term {stop['metric']!r}{hint}; there are {', '.join(known)}"
        )


def check_share(stop: Config, images: int, batch_size: int) -> None:
    """Refuse a share that leaves less than a batch on either side.

    Raises:
        ValueError: If one side is too small.
    """
    held = held_back(stop, images)
    for count, what, remedy in (
        (held, "are held back", "raise it"),
        (images - held, "are left to train on", "lower it"),
    ):
        if count < batch_size:
            raise ValueError(
                f"of {images} training images {count} {what}, fewer than batch_size {batch_size}: "
                f"{remedy}, or take a smaller batch_size"
            )
