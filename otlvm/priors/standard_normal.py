"""The standard normal: the prior of the ordinary VAE and WAE, of the AAE and of M2."""

import torch

from otlvm.priors.base import priors
from otlvm.priors.gaussian import GaussianPrior, Learn


@priors.register("standard_normal")
class StandardNormal(GaussianPrior):
    r"""The standard normal, one component or as many that are the same.

    .. math:: p(z, k) = \tfrac1K N(z; 0, I)

    With K > 1, k says nothing of z: for the inference ``independent``, whose decoder is given both.
    Source: Kingma and Welling, *Auto-encoding variational Bayes* (2014); Kingma et al.,
    *Semi-supervised learning with deep generative models* (2014), for K > 1.

    Args:
        dim: d, the dimension of z.
        components: K.
        learn: What is trained along with the model; see `GaussianPrior`.

    Raises:
        ValueError: If ``dim`` or ``components`` is not positive.
    """

    def __init__(self, dim: int = 10, components: int = 1, learn: Learn = False) -> None:
        if dim < 1 or components < 1:
            raise ValueError("dim and components must be positive")
        means = torch.zeros(components, dim)
        super().__init__(means, torch.eye(dim).expand(components, dim, dim), learn=learn)
