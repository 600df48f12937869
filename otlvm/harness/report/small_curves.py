"""Learning curves as points of a small drawing."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

WIDTH, HEIGHT = 320, 120
MOST_POINTS = 160
SHOWN = {
    "accuracy": "Accuracy (held-out)",
    "bce": "BCE (nats per image)",
    "nll": "NLL (nats per image)",
}


@dataclass(frozen=True)
class Curve:
    """One quantity against steps.

    Attributes:
        title: What it is.
        points: The line, in a drawing of `WIDTH` x `HEIGHT`; a single point lies in its middle.
        low: Its smallest value.
        high: Its largest value.
        last: Its last value.
        first_step: Where it begins.
        last_step: Where it ends.
    """

    title: str
    points: str
    low: str
    high: str
    last: str
    first_step: int
    last_step: int

    @property
    def dot(self) -> list[str]:
        """Where the only point lies; nothing if there is a line."""
        return [] if " " in self.points else self.points.split(",")


def draw_curves(rows: pd.DataFrame) -> list[Curve]:
    """Draw a run's learning curve; nothing if it has none."""
    known = [key for key in SHOWN if key in rows and "step" in rows]
    finite = [(key, rows[np.isfinite(rows[key])][["step", key]]) for key in known]
    return [_curve(part, key) for key, part in finite if len(part)]


def _curve(rows: pd.DataFrame, key: str) -> Curve:
    low, high, last = rows[key].min(), rows[key].max(), rows[key].iloc[-1]
    begin, end = int(rows["step"].iloc[0]), int(rows["step"].iloc[-1])
    thinned = rows.iloc[:: -(-len(rows) // MOST_POINTS)]
    if thinned.index[-1] != rows.index[-1]:
        thinned = pd.concat([thinned, rows.tail(1)])
    x = (thinned["step"] - begin) / max(end - begin, 1) * WIDTH
    y = HEIGHT - (thinned[key] - low) / ((high - low) or 1) * HEIGHT
    if len(rows) == 1:
        x, y = x + WIDTH / 2, y - HEIGHT / 2
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))
    return Curve(SHOWN[key], points, f"{low:.4g}", f"{high:.4g}", f"{last:.4g}", begin, end)
