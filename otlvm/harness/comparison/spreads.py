"""Tests of many rows at once, which lend each other their spreads.

Three seeds hardly tell a row's spread. Where rows spread alike, the pooled spread of ten rows does
(Tukey's test), but a row that spreads more than the rest then passes for worse, or better, far too
often; where each row has its own (Games and Howell's test), three seeds tell next to nothing. Here
each row counts with the mean of its own and the pooled variance, and how far rows can lie apart by
chance is found by a parametric bootstrap, which lets each of them spread as it did. If all true
means are equal and seeds are normal,

.. math:: P(max_{i<j} |m_i - m_j| / sqrt{e_i + e_j} > c) = level,
   e_i = (s_i^2 + s_{pooled}^2) / (2 n_i).

References:
    Krishnamoorthy, Lu and Mathew, *A parametric bootstrap approach for ANOVA with unequal
    variances* (2007).
    Zhang, *A parametric bootstrap approach for one-way ANOVA under unequal variances with
    unbalanced data* (2015), for all pairs.
"""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

DRAWS = 10_000
MOST = 2**23  # draws times rows, which keeps tables of hundreds of rows fast


def pooled_variance(variances: NDArray[Any], sizes: NDArray[Any]) -> NDArray[Any]:
    """Pool variances ``[..., k]`` of rows with ``[k]`` seeds, by their degrees of freedom."""
    freedom = sizes - 1
    return np.asarray((variances * freedom).sum(-1) / freedom.sum())


def squared_errors(variances: NDArray[Any], sizes: NDArray[Any]) -> NDArray[Any]:
    """Squared standard errors of the means of rows, by their own and the pooled variance.

    Args:
        variances: Variances of rows over their seeds, with shape ``[..., k]``.
        sizes: How many seeds each row has, two or more, with shape ``[k]``.

    Returns:
        ``[..., k]``.
    """
    pooled = pooled_variance(variances, sizes)[..., None]
    return np.asarray((variances + pooled) / 2 / sizes)


def critical_gap(variances: NDArray[Any], sizes: NDArray[Any], level: float) -> float:
    """How many standard errors any two of several equal rows lie apart by chance.

    Args:
        variances: Variances of rows over their seeds, with shape ``[k]``.
        sizes: How many seeds each row has, with shape ``[k]``.
        level: How often two or more may lie farther apart.
    """
    means, errors = _chance(variances, sizes)
    largest = np.zeros(len(means))
    for row in range(len(variances) - 1):
        gaps = np.abs(means[:, row + 1 :] - means[:, row, None])
        scales = np.sqrt(errors[:, row + 1 :] + errors[:, row, None])
        np.maximum(largest, _ratios(gaps, scales).max(axis=1), out=largest)
    return float(np.quantile(largest, 1 - level, method="higher"))


def critical_size(variances: NDArray[Any], sizes: NDArray[Any], level: float) -> float:
    """How many standard errors the farthest of several means lies from a true zero by chance.

    Args:
        variances: Variances of rows over their seeds, with shape ``[k]``.
        sizes: How many seeds each row has, with shape ``[k]``.
        level: How often one or more may lie farther.
    """
    means, errors = _chance(variances, sizes)
    largest = _ratios(np.abs(means), np.sqrt(errors)).max(axis=1)
    return float(np.quantile(largest, 1 - level, method="higher"))


def _chance(variances: NDArray[Any], sizes: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Means and squared errors ``[draws, k]`` that rows of equal true mean may have."""
    normal, chi_squared = _standard(tuple(sizes.tolist()), min(DRAWS, MOST // len(sizes)))
    return normal * np.sqrt(variances / sizes), squared_errors(variances * chi_squared, sizes)


@lru_cache(maxsize=2)  # all metrics of a table have the same seeds
def _standard(sizes: tuple[int, ...], draws: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Draw standard normal means, and variances around 1, of rows with so many seeds."""
    rng = np.random.default_rng(0)
    freedom = np.array(sizes) - 1
    shape = (draws, len(sizes))
    return rng.standard_normal(shape), rng.chisquare(freedom, shape) / freedom


def _ratios(gaps: NDArray[Any], scales: NDArray[Any]) -> NDArray[Any]:
    """Divide; rows without any spread lie nowhere but at their mean."""
    return np.asarray(np.divide(gaps, scales, out=np.zeros_like(gaps), where=scales > 0))
