"""How far the aggregated posterior is from the prior: one yardstick for every objective."""

import math

import numpy as np
import torch
from torch import Tensor

from otlvm.divergences import IMQMMD
from otlvm.evaluation.posterior import encode_batches
from otlvm.latents import MixturePosterior
from otlvm.networks import LatentMixtureModel
from otlvm.priors import Prior

CODES = 2000
MAX_ITERATIONS = 1_000_000


def latent_match(model: LatentMixtureModel, x: Tensor) -> dict[str, float]:
    """Compare 2,000 codes of images with as many draws of the prior.

    One code an image, k ~ q(k|x) and z ~ q(z|k,x); images repeat where there are fewer. Both
    numbers are in float64. Use inside `evaluation_mode`.

    Args:
        model: The model.
        x: Held-out images, with shape ``[n, D]``.

    Returns:
        ``latent_mmd``, the U-statistic of MMD^2 with the paper's IMQ kernel (near 0, of either
        sign, for a perfect match), and ``latent_w2``, the exact 2-Wasserstein distance of the two
        clouds by POT (above 0 even for a perfect match: the clouds are finite).
    """
    images = x[torch.arange(CODES, device=x.device) % len(x)]
    codes = torch.cat([posterior.sample() for _, posterior in encode_batches(model, images)])
    draws = model.prior.sample(CODES)
    return {
        "latent_mmd": sample_mmd(codes, model.prior),
        "latent_w2": sample_w2(codes, draws),
    }


def sample_mmd(x: Tensor, prior: Prior) -> float:
    """U-statistic of the paper's IMQ-MMD^2 between a sample ``[n, d]`` and the prior."""
    z = x.double().unsqueeze(1)
    one_component = MixturePosterior(z.new_zeros(len(z), 1), z, z, z)
    return float(IMQMMD()(one_component, prior))


def sample_w2(x: Tensor, y: Tensor) -> float:
    """Exact 2-Wasserstein distance between two samples, ``[n, d]`` and ``[m, d]``."""
    import ot  # takes seconds, and only this needs it

    cost = ot.dist(x.double().cpu().numpy(), y.double().cpu().numpy())
    if not np.isfinite(cost).all():  # POT would return 0, the best there is
        return math.nan
    squared = float(ot.emd2([], [], cost, numItermax=MAX_ITERATIONS))
    return math.sqrt(squared)
