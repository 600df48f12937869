"""A start at the prior itself: k has to learn first."""

import torch
from torch import Tensor

from otlvm.networks import LatentMixtureModel
from otlvm.networks.components import ComponentNets
from otlvm.starts.base import Start, starts


@starts.register("prior")
class AtPrior(Start):
    """q(z|k, x) starts as the prior's p(z|k) itself, whatever x: z carries no information yet.

    So k has to learn first. The nets' last layer becomes zero, its biases the prior's means and
    standard deviations; correlations of full covariances are left out.
    """

    def prepare(self, model: LatentMixtureModel, x: Tensor, batch_size: int) -> None:
        """Set the component nets; see `Start.prepare`.

        Raises:
            TypeError: If the network's component nets are not of our kind.
        """
        nets = model.network.components
        if not isinstance(nets, ComponentNets):
            raise TypeError(f"the start 'prior' knows ComponentNets, not {type(nets).__name__}")
        mean, covariance = model.prior.moments()
        std = covariance.diagonal(dim1=-2, dim2=-1).sqrt()
        with torch.no_grad():
            nets.output.weight.zero_()
            nets.output.bias.copy_(torch.cat([mean, nets.std.inverse(std)], dim=-1))
