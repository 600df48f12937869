"""Where a row's mean lies, by its few seeds: t intervals and interquartile means.

A percentile bootstrap of 2, 3 or 5 values covers the mean 50, 75 or 85 % of the time where it says
95 %: it cannot know what so few values do not show. Student's t can, for near-normal seeds.
"""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

COVERAGE = 0.95
TRIMMED = 0.25


def t_interval(means: Any, deviations: Any, sizes: Any) -> tuple[NDArray[Any], NDArray[Any]]:
    """Student's t interval of means, at `COVERAGE`.

    Args:
        means: Means, with any shape.
        deviations: Standard deviations (n - 1) of what they are means of.
        sizes: Of how many values each is the mean.

    Returns:
        The lower and the upper ends; NaN for fewer than two values.
    """
    sizes = np.asarray(sizes, float)
    known = sizes > 1
    freedom = np.where(known, sizes - 1, 1)
    half = stats.t.isf((1 - COVERAGE) / 2, freedom) * np.asarray(deviations, float)
    half = np.where(known, half / np.sqrt(np.maximum(sizes, 1)), np.nan)
    middle = np.asarray(means, float)
    return middle - half, middle + half


def interquartile_means(values: pd.Series, rows: pd.Series) -> pd.Series:
    """Means without the lowest and highest quarter; NaN where that trims no value (three or fewer).

    Args:
        values: Values of all runs; NaN is left out.
        rows: The row of each run.

    Returns:
        By row, for rows with a value; the values' order decides nothing.
    """
    known = pd.DataFrame({"value": values, "row": rows}).dropna().sort_values("value")
    by_row = known.groupby("row", sort=False)["value"]
    place, size = by_row.cumcount(), by_row.transform("size")
    trimmed = (TRIMMED * size).astype(int)
    inner = (trimmed > 0) & (place >= trimmed) & (place < size - trimmed)
    return known["value"].where(inner).groupby(known["row"], sort=False).mean()
