"""Moment pretraining: start the component nets where the prior is."""

import torch
from torch import Tensor

from otlvm.inputs import count, positive
from otlvm.networks import LatentMixtureModel
from otlvm.training.batches import batches


def moment_loss(
    mean: Tensor, std: Tensor, target: tuple[Tensor, Tensor], diagonal: bool = False
) -> Tensor:
    """Squared distance of each component's first two moments from the prior's, summed.

    The moments are those of the aggregated q(z|k) = E_x N(mu_k(x), diag sigma_k(x)^2) over the
    batch, exact in z.

    Args:
        mean: Posterior means, with shape ``[n, K, d]``.
        std: Posterior standard deviations, with shape ``[n, K, d]``.
        target: The means ``[K, d]`` and covariances ``[K, d, d]`` that they should have.
        diagonal: Compare variances only, as the paper's code did before 2021.
    """
    centre = mean.mean(0)
    centred = mean - centre
    between = torch.einsum("nki,nkj->kij", centred, centred) / len(mean)
    covariance = between + torch.diag_embed(std.square().mean(0))
    errors = covariance - target[1]
    if diagonal:
        errors = errors.diagonal(dim1=-2, dim2=-1)
    return (centre - target[0]).square().sum() + errors.square().sum()


def pretrain_moments(
    model: LatentMixtureModel,
    x: Tensor,
    *,
    steps: int = 1000,
    batch_size: int = 128,
    learning_rate: float = 1e-3,
    diagonal: bool = False,
) -> None:
    """Train the nets of q(z|k, x), and only them, to match the prior's moments.

    Each matches those of its component; one net for all k those of the whole mixture.

    Source: Gaujac, Feige and Barber (2021), Sec. 3; the paper's code takes 10,000 steps.

    Args:
        model: The model; changed in place.
        x: Training images, as `LatentMixtureModel.images` takes them.
        steps: Adam steps.
        batch_size: Images per step.
        learning_rate: Adam's learning rate.
        diagonal: Match variances, and leave covariances alone.

    Raises:
        TypeError: If ``steps`` or ``batch_size`` is no whole number.
        ValueError: If a number is out of range.
    """
    x = model.images(x)
    count("steps", steps, least=0)
    count("batch_size", batch_size)
    positive("learning_rate", learning_rate)
    nets = model.network.components
    nets.train()
    optimizer = torch.optim.Adam(nets.parameters(), lr=learning_rate, fused=True)
    with torch.no_grad():  # a prior that is learned stays what it is
        target = model.inference.target_moments(model.prior)
    for batch in batches(x, batch_size, steps):
        optimizer.zero_grad(set_to_none=True)
        mean, std = nets(batch)
        loss = moment_loss(mean, std, target, diagonal)
        torch.autograd.backward(loss)
        optimizer.step()
