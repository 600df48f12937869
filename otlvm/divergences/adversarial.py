"""A discriminator as divergence: the adversarial autoencoder, or WAE-GAN."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.functional import softplus

from otlvm.divergences.base import SampleDivergence, divergences
from otlvm.inputs import check_posterior
from otlvm.latents import MixturePosterior
from otlvm.priors import Prior


@divergences.register("adversarial")
class Adversarial(SampleDivergence):
    r"""The non-saturating loss of a discriminator between codes and draws of the prior.

    .. math:: -E_{z \sim q} \log D(z) - \log 2

    which is 0 where D cannot tell q from p. D is trained by `update`, with an Adam of its own, on
    one batch a training step; the model's optimiser never sees its parameters. Sources: Makhzani et
    al., *Adversarial autoencoders* (2016); Tolstikhin et al. (2018), Algorithm 1.

    Args:
        hidden: Widths of the discriminator's hidden layers.
        learning_rate: Of the discriminator's Adam.

    Raises:
        ValueError: If ``learning_rate`` is not positive.
    """

    def __init__(self, hidden: Sequence[int] = (256, 256), learning_rate: float = 1e-3) -> None:
        super().__init__()
        if learning_rate <= 0:
            raise ValueError("learning_rate must be positive")
        self.hidden = tuple(hidden)
        self.learning_rate = learning_rate
        self._critic: _Critic | None = None
        self._saved: dict[str, Any] = {}

    def check(self, prior: Prior) -> None:
        """Refuse a learned prior, which its loss gives no gradient; see `Divergence.check`."""
        if prior.learned():
            raise TypeError(
                "the adversarial divergence gives no gradient to a prior that is learned"
            )

    def update(self, posterior: MixturePosterior, prior: Prior) -> None:
        """Train the discriminator on one batch; see `Divergence.update`."""
        check_posterior(posterior, prior.dim)
        x, a = posterior.cloud()
        critic = self._critic_for(x)
        y = prior.sample(len(posterior.pi)).to(x.dtype)
        with torch.enable_grad():
            on_prior = softplus(-critic.net(y)).mean()
            on_posterior = a.detach() @ softplus(critic.net(x.detach())).squeeze(1)
            critic.optimizer.zero_grad(set_to_none=True)
            torch.autograd.backward(on_prior + on_posterior)
        critic.optimizer.step()

    def between(self, x: Tensor, a: Tensor, y: Tensor, b: Tensor) -> Tensor:
        """The discriminator's verdict on the posterior's cloud; see `SampleDivergence`."""
        net = self._critic_for(x).net
        frozen = {name: parameter.detach() for name, parameter in net.named_parameters()}
        logits = functional_call(net, frozen, (x,)).squeeze(1)
        return a @ softplus(-logits) - math.log(2)

    def get_extra_state(self) -> dict[str, Any]:
        """Return discriminator and optimiser, for checkpoints."""
        if self._critic is None:
            return self._saved
        net, optimizer = self._critic.net, self._critic.optimizer
        return {"net": net.state_dict(), "optimizer": optimizer.state_dict()}

    def set_extra_state(self, state: dict[str, Any]) -> None:
        """Go on with a saved discriminator, once the codes' device is known."""
        self._critic, self._saved = None, state

    def _critic_for(self, x: Tensor) -> "_Critic":
        if self._critic is None:  # the dimension is known only now
            with torch.random.fork_rng(devices=[], enabled=bool(self._saved)):
                net = _discriminator((x.shape[1], *self.hidden)).to(x)
            critic = _Critic(net, torch.optim.Adam(net.parameters(), lr=self.learning_rate))
            if self._saved:
                net.load_state_dict(self._saved["net"])
                critic.optimizer.load_state_dict(self._saved["optimizer"])
            self._critic, self._saved = critic, {}
        return self._critic

    def extra_repr(self) -> str:
        """Show the parameters in ``repr``."""
        return f"hidden={self.hidden}, learning_rate={self.learning_rate}"


@dataclass(frozen=True)
class _Critic:
    """Discriminator and optimiser; no module, so that no other optimiser finds the parameters."""

    net: nn.Sequential
    optimizer: torch.optim.Adam


def _discriminator(widths: Sequence[int]) -> nn.Sequential:
    layers: list[nn.Module] = []
    for width_in, width_out in itertools.pairwise(widths):
        layers += [nn.Linear(width_in, width_out), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(widths[-1], 1))
