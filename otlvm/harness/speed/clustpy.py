"""ClustPy's VaDE and DEC, prepared to be trained by the loops of ClustPy's own modules."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from otlvm.harness.speed.ratios import Call

CPU = torch.device("cpu")
DEC_RATE, VADE_RATE = 0.01, 5e-4


def clustpy_vade(images: Tensor, widths: Sequence[int], n_components: int, batch_size: int) -> Call:
    """Return what trains a VaDE for an epoch, from random weights and means.

    Args:
        images: Training images, with shape ``[n, D]``.
        widths: Of the encoder's layers, from D to the code.
        n_components: K.
        batch_size: Images a step.

    Raises:
        ImportError: If ClustPy is not installed (the ``peers`` extra).
    """
    from clustpy.deep import get_dataloader
    from clustpy.deep.vade import _VaDE_Module, _VaDE_VAE

    torch.manual_seed(0)
    network = _VaDE_VAE(list(widths), activation_fn=nn.ReLU)
    network.fitted = True  # else it trains as a plain autoencoder
    module = _VaDE_Module(n_components, widths[-1])
    loader = get_dataloader(images, batch_size)
    parameters = [*network.parameters(), *module.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=VADE_RATE)
    cost = nn.BCELoss(reduction="sum")  # its default
    return lambda: module.fit(network, loader, loader, 1, CPU, optimizer, cost, 1.0, 1.0)


def clustpy_dec(
    images: Tensor, widths: Sequence[int], n_components: int, batch_size: int, epochs: int
) -> Call:
    """Return what trains a DEC for some epochs, from an untrained encoder and the first codes.

    Args:
        images: Training images, with shape ``[n, D]``.
        widths: Of the encoder's layers, from D to the code.
        n_components: K.
        batch_size: Images a step.
        epochs: How many.

    Raises:
        ImportError: If ClustPy is not installed (the ``peers`` extra).
    """
    from clustpy.deep import get_dataloader
    from clustpy.deep.dec import _DEC_Module
    from clustpy.deep.neural_networks import FeedforwardAutoencoder

    torch.manual_seed(0)
    network = FeedforwardAutoencoder(list(widths), activation_fn=nn.ReLU)
    with torch.no_grad():
        centres = network.encode(images[:n_components]).numpy()
    module = _DEC_Module(centres, alpha=1.0)
    loader = get_dataloader(images, batch_size)
    parameters = [*network.parameters(), *module.parameters()]
    optimizer = torch.optim.SGD(parameters, lr=DEC_RATE, momentum=0.9)  # as ours
    cost = nn.MSELoss()  # of the decoder, whose weight is 0
    return lambda: module.fit(network, loader, epochs, CPU, optimizer, cost, 1.0, 0.0)
