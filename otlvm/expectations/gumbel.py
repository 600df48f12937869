"""The Gumbel-softmax relaxation of the sampled component."""

import math

import torch
from torch import Tensor

from otlvm.expectations.base import Expectation, expectations
from otlvm.latents import MixturePosterior


@expectations.register("gumbel")
class Gumbel(Expectation):
    r"""One code per data point, mixed by a relaxed sample y of q(k|x).

    .. math:: f\Bigl(\sum_k y_k z_k\Bigr), \qquad
        y = \operatorname{softmax}\bigl((\log \pi + g) / \tau\bigr), \qquad
        g_k \sim \operatorname{Gumbel}(0, 1)

    with the temperature :math:`\tau`. The temperature falls geometrically over ``anneal_steps``
    training steps. Biased in gradient, and where ``hard`` is false in value too. Sources: Jang, Gu
    and Poole (2017); Maddison, Mnih and Teh (2017).

    Args:
        temperature: The first temperature.
        final_temperature: The temperature from ``anneal_steps`` on.
        anneal_steps: Training steps over which the temperature falls.
        hard: Straight-through: y is one-hot forwards, and relaxed backwards.

    Raises:
        ValueError: If a temperature or ``anneal_steps`` is not positive.
    """

    step: Tensor

    def __init__(
        self,
        temperature: float = 1.0,
        final_temperature: float = 0.5,
        anneal_steps: int = 1000,
        hard: bool = True,
    ) -> None:
        super().__init__()
        if min(temperature, final_temperature, anneal_steps) <= 0:
            raise ValueError("temperatures and anneal_steps must be positive")
        self.first = temperature
        self.final = final_temperature
        self.anneal_steps = anneal_steps
        self.hard = hard
        self.register_buffer("step", torch.zeros(()))

    def temperature(self) -> Tensor:
        """The temperature at the present step, a scalar on the device."""
        share = (self.step / self.anneal_steps).clamp(max=1)
        return self.first * torch.exp(share * math.log(self.final / self.first))

    def forward(self, posterior: MixturePosterior) -> tuple[Tensor, Tensor]:
        """Return one code ``[n, 1, c]`` of weight 1; see `Expectation`."""
        codes, logits = posterior.codes, posterior.logits
        if codes.shape[1] == 1:  # nothing to mix
            return codes, posterior.code_weights
        noise = -torch.empty_like(logits).exponential_().log()
        soft = torch.softmax((logits + noise) / self.temperature().to(logits.dtype), dim=1)
        if self.training:
            self.step += 1
        y = soft
        if self.hard:
            one_hot = torch.zeros_like(soft).scatter(1, soft.argmax(1, keepdim=True), 1.0)
            y = one_hot + soft - soft.detach()
        return (y.unsqueeze(2) * codes).sum(1, keepdim=True), logits.new_ones(len(y), 1)

    def extra_repr(self) -> str:
        """Show the parameters in ``repr``."""
        return (
            f"temperature={self.first}, final_temperature={self.final}, "
            f"anneal_steps={self.anneal_steps}, hard={self.hard}"
        )
