"""What a module has learnt, as one tensor: for a shelf."""

import torch
from torch import Tensor, nn


class State:
    """Parameters and buffers of a module as the bytes of one tensor, and back.

    Args:
        module: The module; its tensors stay where they are in memory.
    """

    def __init__(self, module: nn.Module) -> None:
        self._parts = [*module.parameters(), *module.buffers()]

    @torch.no_grad()
    def content(self) -> Tensor:
        """Return all of it, with shape ``[bytes]``."""
        return torch.cat([part.flatten().view(torch.uint8) for part in self._parts])

    @torch.no_grad()
    def load(self, content: Tensor) -> None:
        """Take all of it from what `content` returned."""
        sizes = [part.numel() * part.element_size() for part in self._parts]
        for part, values in zip(self._parts, torch.split(content, sizes), strict=True):
            part.copy_(values.clone().view(part.dtype).view_as(part))
