"""Soft assignments of codes to centres, and the target that sharpens them: DEC and its kin."""

import torch
from torch import Tensor


def soft_assignments(codes: Tensor, centres: Tensor) -> Tensor:
    r"""Compare codes with centres by Student's t with one degree of freedom.

    .. math:: q_{ij} \propto (1 + |z_i - \mu_j|^2)^{-1}

    Source: Xie, Girshick and Farhadi (2016), eq. 1.

    Args:
        codes: With shape ``[n, d]``.
        centres: With shape ``[K, d]``.

    Returns:
        Shares ``[n, K]``; rows sum to 1.
    """
    squared = (codes.unsqueeze(1) - centres).square().sum(-1)
    q = 1 / (1 + squared)
    return q / q.sum(1, keepdim=True)


def target_distribution(q: Tensor) -> Tensor:
    r"""Sharpen assignments, and weigh down clusters that have much already.

    .. math:: p_{ij} \propto q_{ij}^2 / f_j, \qquad f_j = \sum_i q_{ij}

    Source: Xie, Girshick and Farhadi (2016), eq. 3. The f_j are of all training images, not of a
    batch.

    Args:
        q: Shares ``[n, K]`` of all training images.

    Returns:
        Shares ``[n, K]``; rows sum to 1.
    """
    p = q.square() / q.sum(0)
    return p / p.sum(1, keepdim=True)


def divergence_to_target(p: Tensor, q: Tensor) -> Tensor:
    """KL(p || q), the mean over images ``[n, K]``; their eq. 2, which sums."""
    mean: Tensor = torch.special.xlogy(p, p / q).sum(1).mean()
    return mean
