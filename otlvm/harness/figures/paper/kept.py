"""Of which step the model is that a training returned."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from otlvm.harness.config import get_field

VALIDATION = "validation"
"""What the images held back say, in a row of a learning curve."""


def kept_step(config: Any, history: pd.DataFrame) -> int | None:
    """Return the step of the model that was kept: the last, or with ``train.stop`` the best.

    Args:
        config: The run's config.
        history: The rows of its learning curve.

    Returns:
        None if the curve does not tell.
    """
    if history.empty:
        return None
    stop = get_field(config, "train.stop")
    if not isinstance(stop, Mapping) or not stop.get("keep_best", True):
        return int(history["step"].max())
    known = history.dropna(subset=VALIDATION) if VALIDATION in history else history.head(0)
    if known.empty:
        return None
    steps, values = known["step"].to_numpy(), known[VALIDATION].to_numpy()
    return int(steps[values.argmin()])
