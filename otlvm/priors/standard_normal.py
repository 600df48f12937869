"""One standard normal component: the prior of the ordinary VAE and WAE."""

import torch

from otlvm.priors.base import priors
from otlvm.priors.gaussian import GaussianPrior, Learn


@priors.register("standard_normal")
class StandardNormal(GaussianPrior):
    r"""The standard normal, a mixture of one component.

    .. math:: p(z, k) = N(z; 0, I), \qquad k = 1

    Source: Kingma and Welling, *Auto-encoding variational Bayes* (2014).

    Args:
        dim: d, the dimension of z.
        learn: What is trained along with the model; see `GaussianPrior`.

    Raises:
        ValueError: If ``dim`` is not positive.
    """

    def __init__(self, dim: int = 10, learn: Learn = False) -> None:
        if dim < 1:
            raise ValueError("dim must be positive")
        super().__init__(torch.zeros(1, dim), torch.eye(dim).unsqueeze(0), learn=learn)
