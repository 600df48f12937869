"""A start at the prior itself: k has to learn first."""

from typing import cast

import torch
from torch import Tensor

from otlvm.networks import LatentMixtureModel, Network
from otlvm.networks.components import ComponentNets
from otlvm.starts.base import Start, starts


@starts.register("prior")
class AtPrior(Start):
    """q(z|k, x) starts as the prior's p(z|k) itself, whatever x: z carries no information yet.

    So k has to learn first. The nets' last layer becomes zero, its biases the prior's means and
    standard deviations; correlations of full covariances are left out. One net for all k starts
    as the whole mixture.
    """

    def check_network(self, network: Network) -> None:
        """Refuse foreign component nets, and a q(k|x) that is not learnt; see `Start`."""
        if not isinstance(network.components, ComponentNets):
            name = type(network.components).__name__
            raise TypeError(f"the start 'prior' knows ComponentNets, not {name}")
        if network.classifier is None:
            raise TypeError(
                "the start 'prior' needs a classifier, which learns k before z: q(k|x) of this "
                "inference follows from z; use 'moments'"
            )

    def prepare(self, model: LatentMixtureModel, x: Tensor, batch_size: int) -> None:
        """Set the component nets; see `Start.prepare`.

        Raises:
            TypeError: If the network will not do; see `check_network`.
        """
        self.check_network(model.network)
        nets = cast(ComponentNets, model.network.components)
        with torch.no_grad():
            mean, covariance = model.inference.target_moments(model.prior)
            std = covariance.diagonal(dim1=-2, dim2=-1).sqrt()
            nets.output.weight.zero_()
            nets.output.bias.copy_(torch.cat([mean, nets.std.inverse(std)], dim=-1))
