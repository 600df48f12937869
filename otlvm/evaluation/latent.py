"""How far the aggregated posterior is from the prior: one yardstick for every objective."""

import math

import numpy as np
import torch
from torch import Tensor

from otlvm.divergences import IMQMMD
from otlvm.evaluation.posterior import encode_batches
from otlvm.evaluation.subset import spread_out
from otlvm.latents import MixturePosterior
from otlvm.networks import LatentMixtureModel
from otlvm.priors import Prior

CODES = 2000
MAX_ITERATIONS = 1_000_000


def latent_match(model: LatentMixtureModel, x: Tensor) -> dict[str, float]:
    """Compare 2,000 codes of images with as many draws of the prior.

    One code an image, k ~ q(k|x) and z ~ q(z|k,x); several of each where there are fewer images,
    and images that stand for all where there are more. Both numbers are in float64. Use inside
    `evaluation_mode`.

    Args:
        model: The model.
        x: Held-out images, with shape ``[n, D]``.

    Returns:
        ``latent_mmd``, the U-statistic of MMD^2 with the paper's IMQ kernel (near 0, of either
        sign, for a perfect match; pairs of codes of one image are left out, so a single image
        has none), and ``latent_w2``, the exact 2-Wasserstein distance of the two clouds by POT
        (above 0 even for a perfect match: the clouds are finite).
    """
    x = model.images(x)
    images = x[spread_out(len(x), CODES).to(x.device)]
    repeats = -(-CODES // len(images))
    # All images once, then all of them again: the first codes are of as many images as there are.
    codes = torch.cat(
        [p.sample() for _, p in encode_batches(model, images.repeat(repeats, 1))]
    ).view(repeats, len(images), -1)
    draws = model.prior.sample(CODES)
    w2 = {"latent_w2": sample_w2(codes.flatten(0, 1)[:CODES], draws)}
    if len(images) < 2:
        return w2
    return {"latent_mmd": sample_mmd(codes.transpose(0, 1), model.prior), **w2}


def code_mmd(model: LatentMixtureModel, x: Tensor) -> dict[str, float]:
    """Return the ``latent_mmd`` of `latent_match` with one code an image, which is cheap.

    A training's own divergence is measured in train mode, where batch norm couples the codes of a
    batch; this one is not. Use inside `evaluation_mode`.

    Args:
        model: The model.
        x: Held-out images, with shape ``[n, D]``.
    """
    if len(x) < 2:
        return {}
    codes = torch.cat([p.sample() for _, p in encode_batches(model, x)])
    return {"latent_mmd": sample_mmd(codes, model.prior)}


def sample_mmd(x: Tensor, prior: Prior) -> float:
    r"""U-statistic of the paper's IMQ-MMD^2 between codes of images and the prior.

    .. math:: \frac{1}{n (n - 1) r^2} \sum_{i \ne j} \sum_{ab} k(x_{ia}, x_{jb})
        - \frac{2}{n r} \sum_{ia} E_{y \sim p} k(x_{ia}, y) + E_{y, y' \sim p} k(y, y')

    Codes of one image depend on each other, so their pairs are left out: the mean over images
    and codes is the squared MMD of the aggregated posterior, whatever r.

    Args:
        x: r codes of each image, with shape ``[n, r, d]``, or one, ``[n, d]``.
        prior: The prior.

    Raises:
        ValueError: If there is one image only.
    """
    z = x.double()
    if z.dim() == 2:
        z = z.unsqueeze(1)
    return float(IMQMMD()(MixturePosterior(z.new_zeros(z.shape[:2]), z, z, z), prior))


def sample_w2(x: Tensor, y: Tensor) -> float:
    """Exact 2-Wasserstein distance between two samples, ``[n, d]`` and ``[m, d]``."""
    import ot  # takes seconds, and only this needs it

    cost = ot.dist(x.double().cpu().numpy(), y.double().cpu().numpy())
    if not np.isfinite(cost).all():  # POT would return 0, the best there is
        return math.nan
    squared = float(ot.emd2([], [], cost, numItermax=MAX_ITERATIONS))
    return math.sqrt(squared)
