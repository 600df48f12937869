"""The studentized range of normals, for many ranges and degrees of freedom at once.

`scipy.stats.studentized_range` takes a hundredth of a second for each number, and a table has a
hundred times its rows of them. Here the distribution of the range itself is integrated once for a
number of rows, and what divides it for all numbers together, both by the trapezoidal rule, which
converges exponentially for such integrands:

.. math:: P(Q > q) = int_0^infinity f(s) P(R > q s) ds,
   P(R <= w) = k int phi(z) (Phi(z + w) - Phi(z))^{k - 1} dz,

where s^2 is chi-squared by its degrees of freedom.

References:
    Copenhaver and Holland, *Computation of the distribution of the maximum studentized range
    statistic with application to multiple significance testing of simple effects* (1988).
"""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats
from scipy.interpolate import CubicSpline

WIDEST = 20.0
"""No range of normals is wider, however many there are."""
LOWEST = np.arange(-9.0, 9.0, 0.05)
"""Where the lowest of them lies."""
SCALES = np.linspace(0, 1, 401)[:, None]
UNLIKELY = 1e-13


def survival(ranges: NDArray[Any], rows: int, freedom: NDArray[Any]) -> NDArray[Any]:
    """Say how likely the studentized range of normals is to be wider; to some 1e-8.

    Args:
        ranges: Ranges over their standard errors, with shape ``[n]``; may be infinite.
        rows: Of how many normals, two or more.
        freedom: The errors' degrees of freedom, with shape ``[n]``, one or more.
    """
    ends = stats.chi2.ppf(UNLIKELY, freedom), stats.chi2.isf(UNLIKELY, freedom)
    low, high = (np.log(end / freedom) / 2 for end in ends)  # of the scale's logarithm
    logarithms = low + (high - low) * SCALES
    half = freedom / 2
    constant = np.log(2) + half * np.log(half) - special.gammaln(half)
    densities = np.exp(constant + freedom * logarithms - half * np.exp(2 * logarithms))
    wider = _wider(rows)(np.minimum(ranges * np.exp(logarithms), WIDEST))
    return np.asarray((densities * wider).sum(0) * (high - low) / (len(SCALES) - 1))


@lru_cache(maxsize=8)
def _wider(rows: int) -> CubicSpline:
    """How likely the range of so many standard normals is to be wider than something."""
    widths = np.linspace(0, WIDEST, 1001)
    inside = special.ndtr(LOWEST[:, None] + widths) - special.ndtr(LOWEST)[:, None]
    densities = np.exp(-(LOWEST**2) / 2) / np.sqrt(2 * np.pi) * (LOWEST[1] - LOWEST[0])
    return CubicSpline(widths, 1 - rows * densities @ inside ** (rows - 1))
