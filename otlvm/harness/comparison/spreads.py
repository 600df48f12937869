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

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

DRAWS = 10_000
MOST = 2**23  # draws times rows, which keeps tables of thousands of rows fast
NEAR = 2**18  # numbers that a processor holds near
FEW = 8
"""Rows of each draw that are compared first; the two that lie farthest apart are mostly of them."""
ROUNDED = 1 + 1e-9
"""What rounding may add to a bound."""


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
    largest = np.concatenate([largest_gaps(*drawn) for drawn in _chance(variances, sizes)])
    return float(np.quantile(largest, 1 - level, method="higher"))


def largest_gaps(means: NDArray[Any], errors: NDArray[Any]) -> NDArray[Any]:
    """How many standard errors the two rows of each draw that lie farthest apart do.

    Of a thousand rows are half a million pairs, nearly all of which are bounded away: two rows lie
    no farther apart than both do from zero together,

    .. math:: (m_i - m_j)^2 / (e_i + e_j) <= m_i^2 / e_i + m_j^2 / e_j,

    by the inequality of Cauchy and Schwarz. So the few rows that lie farthest from zero are
    compared with each other, then, in draws where another pair could still be the farthest, with
    all rows, and only where even that does not settle it, all rows with all.

    Args:
        means: Means of rows, with shape ``[draws, k]``.
        errors: Their squared standard errors, likewise.

    Returns:
        ``[draws]``.
    """
    if means.shape[1] <= 2 * FEW:
        return _of_all_pairs(means, errors)
    far = _ratios(means**2, errors)
    chosen = np.argpartition(far, -FEW - 1, axis=1)[:, -FEW - 1 :]  # the first is the nearest
    far, few, of_few = (np.take_along_axis(of, chosen, 1) for of in (far, means, errors))
    rest, far = ROUNDED * far[:, 0], ROUNDED * far.max(axis=1)
    largest = _of_all_pairs(few, of_few)
    left = np.flatnonzero(far + rest > largest**2)
    for row in range(1, FEW + 1):
        gaps = _farthest(few[left, row], of_few[left, row], means[left], errors[left])
        largest[left] = np.maximum(largest[left], gaps)
    left = left[2 * rest[left] > largest[left] ** 2]
    if len(left):
        largest[left] = _of_all_pairs(means[left], errors[left])
    return largest


def _of_all_pairs(means: NDArray[Any], errors: NDArray[Any]) -> NDArray[Any]:
    """The largest gap of each draw, pair by pair."""
    largest = np.zeros(len(means))
    for row in range(means.shape[1] - 1):
        after = slice(row + 1, None)
        gaps = _farthest(means[:, row], errors[:, row], means[:, after], errors[:, after])
        np.maximum(largest, gaps, out=largest)
    return largest


def _farthest(
    mean: NDArray[Any], error: NDArray[Any], means: NDArray[Any], errors: NDArray[Any]
) -> NDArray[Any]:
    """How many standard errors a row ``[draws]`` lies from the farthest of others at most."""
    gaps = np.abs(means - mean[:, None])
    return np.asarray(_ratios(gaps, np.sqrt(errors + error[:, None])).max(axis=1))


def critical_size(variances: NDArray[Any], sizes: NDArray[Any], level: float) -> float:
    """How many standard errors the farthest of several means lies from a true zero by chance.

    Args:
        variances: Variances of rows over their seeds, with shape ``[k]``.
        sizes: How many seeds each row has, with shape ``[k]``.
        level: How often one or more may lie farther.
    """
    largest = np.concatenate(
        [
            _ratios(np.abs(means), np.sqrt(errors)).max(axis=1)
            for means, errors in _chance(variances, sizes)
        ]
    )
    return float(np.quantile(largest, 1 - level, method="higher"))


def _chance(
    variances: NDArray[Any], sizes: NDArray[Any]
) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
    """Yield means and squared errors ``[.., k]`` that rows of equal true mean may have.

    All draws, some at a time: `NEAR` numbers.
    """
    normal, chi_squared = _standard(tuple(sizes.tolist()), min(DRAWS, MOST // len(sizes)))
    many = max(1, NEAR // len(sizes))
    for start in range(0, len(normal), many):
        drawn = slice(start, start + many)
        means = normal[drawn] * np.sqrt(variances / sizes)
        yield means, squared_errors(variances * chi_squared[drawn], sizes)


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
