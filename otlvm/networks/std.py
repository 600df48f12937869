"""How a net's raw output becomes a standard deviation."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor, nn

STD_FLOOR = 1e-6
LINEAR_FROM = 20.0  # where torch's softplus is the identity


class StdForm(nn.Module, ABC):
    """A map from any real number to a standard deviation of at least `STD_FLOOR`."""

    @abstractmethod
    def forward(self, raw: Tensor) -> Tensor:
        """Map raw outputs to standard deviations, of any shape."""

    @abstractmethod
    def inverse(self, std: Tensor) -> Tensor:
        """Return the raw output that gives a standard deviation above the floor."""


class SoftplusStd(StdForm):
    """The standard deviation is a softplus."""

    def forward(self, raw: Tensor) -> Tensor:
        """Map; see `StdForm.forward`."""
        return nn.functional.softplus(raw) + STD_FLOOR

    def inverse(self, std: Tensor) -> Tensor:
        """Invert; see `StdForm.inverse`."""
        return _softplus_inverse(std - STD_FLOOR)


class SoftplusVariance(StdForm):
    """The variance is a softplus."""

    def forward(self, raw: Tensor) -> Tensor:
        """Map; see `StdForm.forward`."""
        # The floor stands below the root, whose slope is infinite at 0.
        return (nn.functional.softplus(raw) + STD_FLOOR**2).sqrt()

    def inverse(self, std: Tensor) -> Tensor:
        """Invert; see `StdForm.inverse`."""
        return _softplus_inverse(std.square() - STD_FLOOR**2)


class ExpVariance(StdForm):
    """The raw output is the logarithm of the variance."""

    def forward(self, raw: Tensor) -> Tensor:
        """Map; see `StdForm.forward`."""
        return (raw / 2).exp() + STD_FLOOR

    def inverse(self, std: Tensor) -> Tensor:
        """Invert; see `StdForm.inverse`."""
        return 2 * (std - STD_FLOOR).log()


def _softplus_inverse(value: Tensor) -> Tensor:
    return torch.where(value > LINEAR_FROM, value, value.expm1().log())


Std = Literal["softplus", "softplus_variance", "exp_variance"]

STDS: Mapping[Std, type[StdForm]] = {
    "softplus": SoftplusStd,
    "softplus_variance": SoftplusVariance,
    "exp_variance": ExpVariance,
}
