"""What a decoder is given that is told k: z, and the one-hot k after it."""

import torch
from torch import Tensor
from torch.nn.functional import one_hot


def with_component(z: Tensor, k: Tensor, n_components: int) -> Tensor:
    """Append the one-hot k ``[...]`` to z ``[..., d]``: ``[..., d + K]``."""
    return torch.cat([z, one_hot(k, n_components).to(z)], dim=-1)


def codes_of_all(z: Tensor) -> Tensor:
    """Append its k to each component's sample, from ``[n, K, d]`` to ``[n, K, d + K]``."""
    n, n_components, _ = z.shape
    return with_component(
        z, torch.arange(n_components, device=z.device).expand(n, -1), n_components
    )
