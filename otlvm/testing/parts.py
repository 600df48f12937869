"""Small models and images that checks run on, and what they ask of every tensor."""

from typing import Any

import torch
from torch import Tensor

from otlvm.networks import LatentMixtureModel
from otlvm.testing.fault import Fault, NotApplicable
from otlvm.wording import with_article

IMAGE_SHAPE = (1, 4, 4)
PIXELS = 16
NETWORK = {"name": "mlp", "hidden": [16], "component_hidden": [8]}
PRIOR = {"name": "gaussian_mixture", "components": 3, "dim": 2}


def small_model(inference: str = "mirror") -> LatentMixtureModel:
    """Build a model that costs nothing, the same every time, in train mode."""
    torch.manual_seed(0)
    return LatentMixtureModel(IMAGE_SHAPE, NETWORK, PRIOR, inference)


def small_images(n: int = 24, seed: int = 0) -> Tensor:
    """Draw images of such a model, ``[n, 16]``, the same every time."""
    return torch.rand(n, PIXELS, generator=torch.Generator().manual_seed(seed))


def small_groups(n: int = 90, seed: int = 0) -> Tensor:
    """Draw images ``[n, 16]`` of three kinds, told apart by which of their rows are bright."""
    rng = torch.Generator().manual_seed(seed)
    bright = torch.eye(4)[torch.arange(n) % 3].repeat_interleave(4, dim=1)
    return 0.8 * bright + 0.2 * torch.rand(n, PIXELS, generator=rng)


def expect(name: str, value: Any, shape: tuple[int, ...], meaning: str) -> Tensor:
    """Return a tensor of this shape, finite and of floats.

    Args:
        name: What it is, for messages: "fit(x, 3)".
        value: What came out.
        shape: The shape that is wanted.
        meaning: The same in letters: "[n, K]".

    Raises:
        Fault: If it is something else.
    """
    if not isinstance(value, Tensor):
        raise Fault(f"{name} returns {with_article(type(value).__name__)}, not a tensor")
    if tuple(value.shape) != shape:
        raise Fault(f"{name} has shape {tuple(value.shape)}, not {shape}: {meaning}")
    if not value.is_floating_point():
        raise Fault(f"{name} is {value.dtype}, not floats")
    if not torch.isfinite(value).all():
        raise Fault(f"{name} is not finite")
    return value


def cuda() -> torch.device:
    """Return the device for checks that need one.

    Raises:
        NotApplicable: If there is none here.
    """
    if not torch.cuda.is_available():
        raise NotApplicable("no CUDA device here")
    return torch.device("cuda")
