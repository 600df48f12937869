"""The interface of a likelihood p(x|z): what the decoder's outputs mean."""

from abc import ABC, abstractmethod

from torch import Tensor, nn

from otlvm.registry import Registry

ROUNDING = 2e-6
"""What values may be over [0, 1] in single precision: 16 units in the last place of 1."""


class Likelihood(nn.Module, ABC):
    """p(x|z) of independent features, given what the network's decoder says of each.

    Subclasses take ``features``, D, filled in by the library, and their own options as keywords.
    Parameters that they register are trained along with the network.

    Args:
        features: D, the number of features (pixels) of x.
    """

    def __init__(self, features: int) -> None:
        super().__init__()
        self.features = features

    @abstractmethod
    def mean(self, logits: Tensor) -> Tensor:
        """Return E[x|z], of the shape of the decoder's outputs ``[..., D]``."""

    @abstractmethod
    def nll(self, logits: Tensor, x: Tensor) -> Tensor:
        """Return -log p(x|z) in nats, summed over features.

        Args:
            logits: The decoder's outputs, with shape ``[..., D]``.
            x: Data of a shape that broadcasts with it; need not get a gradient.

        Returns:
            A tensor with shape ``[...]``.
        """

    def bernoulli_logits(self, logits: Tensor) -> Tensor | None:
        """Return the logits of the mean, where every mean lies in (0, 1); None where it need not.

        They give the binary cross-entropy, by which models of images are compared whatever their
        likelihood is.
        """
        return None

    def check_range(self, low: float, high: float) -> None:
        """Refuse data of which it is no likelihood, before anything is trained.

        Args:
            low: The smallest number among the data.
            high: The largest.

        Raises:
            ValueError: If the data will not do; the message says what would.
        """


def refuse_outside(name: str, low: float, high: float) -> None:
    """Refuse data that are not in [0, 1], on behalf of a likelihood of that name.

    Raises:
        ValueError: If they are not; the message says what can be done.
    """
    if low >= -ROUNDING and high <= 1 + ROUNDING:
        return
    span = f", 'span: {high:.7g}' if none can be larger" if low >= 0 else ""
    raise ValueError(
        f"the likelihood {name} is of values in [0, 1], the data span [{low:.7g}, {high:.7g}]: "
        f"say 'likelihood: gaussian' in model:, or in data: 'scale: unit'{span}"
    )


likelihoods: Registry[Likelihood] = Registry("likelihood", Likelihood, ("features",))
