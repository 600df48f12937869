"""A discriminator as divergence: the adversarial autoencoder, or WAE-GAN."""

import itertools
import math
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.functional import softplus

from otlvm.divergences.base import SampleDivergence, divergences
from otlvm.divergences.by_mass import heavy_points
from otlvm.inputs import check_posterior
from otlvm.latents import MixturePosterior
from otlvm.priors import Prior


@divergences.register("adversarial")
class Adversarial(SampleDivergence):
    r"""The non-saturating loss of a discriminator between codes and draws of the prior.

    .. math:: -E_{z \sim q} \log D(z) - \log 2

    which is 0 where D cannot tell q from p. D is trained by `update`, with an Adam of its own, on
    one batch a training step; the model's optimiser never sees its parameters. Its own loss is
    ``critic`` in learning curves, 2 log 2 where it cannot tell. Sources: Makhzani et
    al., *Adversarial autoencoders* (2016); Tolstikhin et al. (2018), Algorithm 1.

    Args:
        hidden: Widths of the discriminator's hidden layers.
        learning_rate: Of the discriminator's Adam.
        beta1: Memory of that Adam's mean gradient; less than 0.9 for a target that moves.
        noise: Standard deviation of normal noise on all that the discriminator sees.

    Raises:
        ValueError: If ``learning_rate`` is not positive, ``beta1`` not in [0, 1), or ``noise``
            negative.
    """

    def __init__(
        self,
        hidden: Sequence[int] = (256, 256),
        learning_rate: float = 1e-3,
        beta1: float = 0.9,
        noise: float = 0.0,
    ) -> None:
        super().__init__()
        if learning_rate <= 0:
            raise ValueError("learning_rate must be positive")
        if not 0 <= beta1 < 1 or noise < 0:
            raise ValueError("beta1 must be in [0, 1) and noise must not be negative")
        self.hidden = tuple(hidden)
        self.learning_rate = learning_rate
        self.beta1 = beta1
        self.noise = noise
        self._loss: Tensor
        self.register_buffer("_loss", torch.tensor(2 * math.log(2)), persistent=False)
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
        x, a = heavy_points(*posterior.cloud())
        critic = self._critic_for(x)
        y = prior.sample(len(posterior.pi)).to(x.dtype)
        with torch.enable_grad():
            on_prior = softplus(-critic.net(self._blurred(y))).mean()
            on_posterior = a.detach() @ softplus(critic.net(self._blurred(x.detach()))).squeeze(1)
            loss = on_prior + on_posterior
            critic.optimizer.zero_grad(set_to_none=True)
            torch.autograd.backward(loss)
        critic.optimizer.step()
        self._loss = loss.detach()

    def terms(self) -> dict[str, Tensor]:
        """The discriminator's loss on the last batch, before its step; see `Divergence.terms`."""
        return {"critic": self._loss}

    def between(self, x: Tensor, a: Tensor, y: Tensor, b: Tensor) -> Tensor:
        """The discriminator's verdict on the posterior's cloud; see `SampleDivergence`."""
        net = self._critic_for(x).net
        frozen = {name: parameter.detach() for name, parameter in net.named_parameters()}
        logits = functional_call(net, frozen, (self._blurred(x),)).squeeze(1)
        return a @ softplus(-logits) - math.log(2)

    def get_extra_state(self) -> dict[str, Any]:
        """Return discriminator and optimiser, for checkpoints."""
        if self._critic is None:
            return self._saved
        net, optimizer = self._critic.net, self._critic.optimizer
        return {"net": net.state_dict(), "optimizer": optimizer.state_dict()}

    def set_extra_state(self, state: dict[str, Any]) -> None:
        """Go on with a saved discriminator, once the codes' device is known."""
        self._critic, self._saved = None, deepcopy(state)  # its owner may go on with it

    def _critic_for(self, x: Tensor) -> "_Critic":
        if self._critic is None:  # the dimension is known only now
            with torch.random.fork_rng(devices=[], enabled=bool(self._saved)):
                net = _discriminator((x.shape[1], *self.hidden)).to(x)
            betas = (self.beta1, 0.999)
            optimizer = torch.optim.Adam(net.parameters(), lr=self.learning_rate, betas=betas)
            critic = _Critic(net, optimizer)
            if self._saved:
                net.load_state_dict(self._saved["net"])
                critic.optimizer.load_state_dict(self._saved["optimizer"])
            self._critic, self._saved = critic, {}
        return self._critic

    def _blurred(self, x: Tensor) -> Tensor:
        return x + self.noise * torch.randn_like(x) if self.noise else x

    def extra_repr(self) -> str:
        """Show the parameters in ``repr``."""
        return (
            f"hidden={self.hidden}, learning_rate={self.learning_rate}, beta1={self.beta1}, "
            f"noise={self.noise}"
        )


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
