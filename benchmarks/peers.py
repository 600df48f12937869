"""What our speed is measured against: the paper's algorithm written plainly, and other toolkits."""

from collections.abc import Callable
from types import SimpleNamespace

import torch
from torch import Tensor

from otlvm.divergences import PAPER_SCALES
from otlvm.networks import LatentMixtureModel


def plain_imq_mmd(z: Tensor, pi: Tensor, y: Tensor) -> Tensor:
    """The paper's U-statistic by broadcasting: every pair, every scale, left to autograd.

    Args:
        z: Codes, with shape ``[n, K, d]``.
        pi: q(k|x), with shape ``[n, K]``.
        y: Samples of every component of the prior, with shape ``[n, K, d]``.
    """
    n, n_components, _ = z.shape

    def kernel(p: Tensor, q: Tensor) -> Tensor:
        squared = (p[:, :, None, None] - q[None, None]).square().sum(-1)  # [n, K, n, K]
        return sum((c / (c + squared) for c in PAPER_SCALES), torch.zeros_like(squared))

    others = 1 - torch.eye(n, dtype=z.dtype, device=z.device)
    uniform = torch.full_like(pi, 1 / n_components)

    def mean(p: Tensor, v: Tensor, q: Tensor, w: Tensor, pairs: Tensor) -> Tensor:
        blocks = torch.einsum("ik,ikjl,jl->ij", v, kernel(p, q), w)
        return (blocks * pairs).sum() / pairs.sum()

    within = mean(z, pi, z, pi, others) + mean(y, uniform, y, uniform, others)
    return within - 2 * mean(z, pi, y, uniform, torch.ones_like(others))


def plain_wae_loss(model: LatentMixtureModel, x: Tensor, weight: float) -> Tensor:
    """The paper's objective with the plain MMD and all components decoded."""
    posterior = model.encode(x)
    errors = (model.decode(posterior.z) - x.unsqueeze(1)).square().sum(-1)
    y = model.prior.sample_components(len(x))
    divergence = plain_imq_mmd(posterior.z, posterior.pi, y)
    return (posterior.pi * errors).sum(1).mean() + weight * divergence


def pythae_kernel(dim: int) -> Callable[[Tensor, Tensor], Tensor]:
    """Pythae's own IMQ kernel matrix, with the paper's scales.

    Raises:
        ImportError: If pythae is not installed (the ``peers`` extra).
    """
    from pythae.models import WAE_MMD

    base = 2.0 * dim
    holder = SimpleNamespace(
        model_config=SimpleNamespace(latent_dim=dim, kernel_bandwidth=1.0),
        scales=[c / base for c in PAPER_SCALES],
    )
    return lambda p, q: WAE_MMD.imq_kernel(holder, p, q)


def pythae_mmd(
    kernel: Callable[[Tensor, Tensor], Tensor], x: Tensor, a: Tensor, y: Tensor
) -> Tensor:
    """A weighted MMD on flattened points with pythae's kernel matrices."""
    b = torch.full_like(y[:, 0], 1 / len(y))
    return a @ kernel(x, x) @ a + b @ kernel(y, y) @ b - 2 * (a @ kernel(x, y) @ b)
