"""Tests of two rows by their seeds alone, and Holm's correction.

Rows of one suite share their seeds, yet a seed's luck in one row says nothing of its luck in
another (over all pairs of rows of the kept results the mean correlation is between -.1 and .3):
different rows are compared by Welch's test, which needs no pairs and grants each row its own
spread. A row is compared with itself, at another step or in another version, seed by seed.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from otlvm.harness.comparison import studentized_range

MIN_SEEDS = 3
LEVEL = 0.05
ROUNDING = 1e-12


def spread(values: NDArray[Any], scale: float | None = None) -> float:
    """Variance (n - 1) of values ``[n]``; 0 where they differ by no more than rounding.

    Args:
        values: The values.
        scale: Of what size the numbers were that rounding changed. Default: the values' own.
    """
    size = np.abs(values).max() if scale is None else scale
    if len(values) < 2 or np.ptp(values) <= ROUNDING * size:
        return 0.0
    return float(np.var(values, ddof=1))


@dataclass(frozen=True)
class Gaps:
    """Differences of pairs of rows, or of rows from a number, with what is known of their errors.

    Attributes:
        means: Differences of the rows' means, with shape ``[k]``, as all else.
        errors: Their squared standard errors, by each row's own spread.
        freedom: The errors' degrees of freedom (Welch and Satterthwaite); 1 where there is none.
    """

    means: NDArray[Any]
    errors: NDArray[Any]
    freedom: NDArray[Any]

    @classmethod
    def between(cls, means: Any, ones: Any, twos: Any, n: Any, m: Any) -> "Gaps":
        """Combine the spreads of both rows of each pair.

        Args:
            means: Differences of their means, with shape ``[k]``.
            ones: Variances of the first rows over their seeds, ``[k]`` or a number, as all else.
            twos: Variances of the second rows.
            n: How many seeds the first rows have, two or more.
            m: How many the second have.
        """
        one, two = np.atleast_1d(np.divide(ones, n)), np.atleast_1d(np.divide(twos, m))
        errors = one + two
        terms = one**2 / np.subtract(n, 1) + two**2 / np.subtract(m, 1)
        freedom = np.divide(errors**2, terms, out=np.ones_like(errors), where=errors > 0)
        return cls(np.atleast_1d(means), errors, freedom)

    @classmethod
    def of_rows(cls, means: Any, variances: Any, sizes: Any) -> "Gaps":
        """Take rows' means ``[k]`` as gaps from a number, or of two quantities seed by seed.

        Args:
            means: Mean gaps.
            variances: Variances of the gaps over seeds.
            sizes: Of how many seeds, two or more.
        """
        return cls.between(means, variances, 0.0, sizes, sizes)

    def of(self, chosen: NDArray[np.bool_]) -> "Gaps":
        """Return those of some pairs."""
        return Gaps(self.means[chosen], self.errors[chosen], self.freedom[chosen])

    def sizes(self) -> NDArray[Any]:
        """Gaps in standard errors, 0 or infinite where there is no spread."""
        signs = np.where(self.means == 0, 0.0, np.copysign(np.inf, self.means))
        known = self.errors > 0
        return np.asarray(np.divide(self.means, np.sqrt(self.errors), out=signs, where=known))


def welch(gaps: Gaps) -> NDArray[Any]:
    """One-sided p-values ``[k]`` of Welch's t-tests: that the gaps are above zero.

    From a number it is Student's test of one sample.
    Welch, *The generalization of Student's problem when several different population variances are
    involved* (1947).
    """
    return np.asarray(stats.t.sf(gaps.sizes(), gaps.freedom))


def games_howell(gaps: Gaps, rows: int) -> NDArray[Any]:
    """Two-sided p-values ``[k]`` of gaps between any two of several rows, each by its own spread.

    Games and Howell, *Pairwise multiple comparison procedures with unequal n's and/or variances*
    (1976); `scipy.stats.tukey_hsd` with ``equal_var=False``, of scipy 1.16.

    Args:
        gaps: The gaps.
        rows: Among how many rows.
    """
    ranges = np.abs(gaps.sizes()) * np.sqrt(2)
    return studentized_range.survival(ranges, rows, gaps.freedom)


def holm(p_values: NDArray[Any]) -> NDArray[Any]:
    """Correct p-values for their number: Holm, *A simple sequentially rejective test* (1979).

    Args:
        p_values: With shape ``[n]``; NaN is no test, and counts for none.

    Returns:
        Corrected p-values; tests reject where these are at most the level.
    """
    corrected = np.full(len(p_values), np.nan)
    tested = np.flatnonzero(~np.isnan(p_values))
    order = tested[np.argsort(p_values[tested], kind="stable")]
    factors = np.arange(len(order), 0, -1)
    corrected[order] = np.minimum(np.maximum.accumulate(factors * p_values[order]), 1)
    return corrected
