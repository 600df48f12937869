"""Inference of k by the prior's own responsibilities: VaDE's."""

from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor

from otlvm.inference.base import MakeNetwork, inferences
from otlvm.inference.one_gaussian import OneGaussian
from otlvm.latents import Draw, MixturePosterior, reparameterised
from otlvm.priors import GaussianPrior, Prior

if TYPE_CHECKING:
    from otlvm.networks.base import Network

Of = Literal["sample", "mean", "expectation"]


@inferences.register("responsibilities")
class Responsibilities(OneGaussian):
    r"""One Gaussian for z, and for k what the prior says of it; no classifier.

    .. math:: q(z, k | x) = q(k | x) \, N\bigl(z; \mu(x), \operatorname{diag} \sigma(x)^2\bigr),
        \qquad q(k | x) = p(k | z) \quad \text{or} \quad
        q(k | x) \propto p(k) \exp E_{q(z | x)} \log p(z | k)

    of the sample that is decoded too, or of the whole Gaussian. The second makes the ELBO largest
    among all q(k|x), and has no noise; it needs a prior of Gaussians. Of the mean, p(k | mu(x)),
    is what a mixture of codes says, whatever sigma is. One z is decoded, whatever K.
    With a learned prior and the objective `vae` this is VaDE. Sources: Jiang et al., *Variational
    deep embedding* (2017), eq. 16; Falck et al., *Multi-facet clustering variational autoencoders*
    (2021) for the second.

    Args:
        of: Responsibilities of the sample of z, as in VaDE; of the mean; or in expectation over
            q(z|x).
    """

    def __init__(self, of: Of = "sample") -> None:
        self.of = of

    def check(self, prior: Prior) -> None:
        """Refuse an expectation without a closed form; see `Inference.check`."""
        if self.of == "expectation":
            _gaussian(prior)

    def network(self, make: MakeNetwork, n_components: int, dim: int) -> "Network":
        """Build one component net, and leave the classifier out; see `Inference.network`."""
        network = make(n_components=1, dim=dim)
        network.classifier = None
        return network

    def posterior(
        self, network: "Network", prior: Prior, x: Tensor, draw: Draw = reparameterised
    ) -> MixturePosterior:
        """Ask the prior for q(k|x); see `Inference.posterior`."""
        mean, std = self.gaussian(network, x)
        z = draw(mean, std)
        logits = _RESPONSIBILITIES[self.of](prior, mean, std, z)
        return MixturePosterior(logits, mean, std, z)


def _of_sample(prior: Prior, mean: Tensor, std: Tensor, z: Tensor) -> Tensor:
    if not prior.has_density:
        shares = prior.responsibilities(z).squeeze(1)
        return shares.clamp_min(torch.finfo(shares.dtype).tiny).log()
    log_prob = prior.component_log_prob(z).squeeze(1)
    return log_prob + prior.log_weights(log_prob.dtype)


def _of_mean(prior: Prior, mean: Tensor, std: Tensor, z: Tensor) -> Tensor:
    return _of_sample(prior, mean, std, mean)


def _of_expectation(prior: Prior, mean: Tensor, std: Tensor, z: Tensor) -> Tensor:
    """The expected log-density is minus the KL divergence, but for what does not depend on k."""
    gaussians = _gaussian(prior)
    every = (-1, prior.n_components, -1)
    return gaussians.log_weights(mean.dtype) - gaussians.kl(mean.expand(every), std.expand(every))


_RESPONSIBILITIES = {"sample": _of_sample, "mean": _of_mean, "expectation": _of_expectation}


def _gaussian(prior: Prior) -> GaussianPrior:
    if not isinstance(prior, GaussianPrior):
        raise TypeError(
            f"responsibilities in expectation need a GaussianPrior, not {type(prior).__name__}; "
            "use of: sample"
        )
    return prior
