"""Parts of a model that are held: not trained, and not moved by batches either."""

from collections.abc import Iterator

from torch import nn


def hold(part: nn.Module) -> None:
    """Keep a part of a model as it is: no parameter is trained, and it stays in eval mode.

    Batch norm would go on to follow the batches in train mode, dropout to draw. A model's `train`
    leaves every part alone whose parameters all require no gradient, however that came about.
    """
    part.requires_grad_(False).eval()


def release(part: nn.Module) -> None:
    """Train a part again: the opposite of `hold`."""
    part.requires_grad_(True).train()


def held_parts(module: nn.Module) -> Iterator[nn.Module]:
    """Yield the parts of a module, itself included, that have parameters of which none is trained.

    What they contain is held with them, but only yielded if it has parameters of its own.
    """
    for part in module.modules():
        parameters = list(part.parameters())
        if parameters and not any(parameter.requires_grad for parameter in parameters):
            yield part
