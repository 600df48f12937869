"""Any objective, with several samples of z for each image."""

import copy
from collections.abc import Callable

from torch import Tensor

from otlvm.networks import LatentMixtureModel
from otlvm.objectives.around import Around
from otlvm.objectives.base import Losses, Objective, objectives
from otlvm.objectives.vae import VAE

ELBO = VAE()


@objectives.register("monte_carlo")
class MonteCarlo(Around):
    r"""Any objective, its expectation over q(z|k, x) a mean of several samples.

    .. math:: E_{q(z|k, x)} f(z) \approx \frac1L \sum_{l=1}^L f(z^{(l)}), \qquad
        z^{(l)} \sim q(z|k, x)

    Each image stands L times in the batch, each time with draws of its own. So what compares codes
    with the prior has L times as many of them, and is told which are of one image
    (`MixturePosterior.copies`): a U-statistic leaves their pairs out, and stays unbiased. To
    `constraint`, chance is that of as many images with L equal codes. A step costs L times as
    much. Source: Kingma and Welling, *Auto-encoding variational
    Bayes* (2014), eq. 7.

    Args:
        of: The objective.
        samples: L, samples of each component of an image.

    Raises:
        ValueError: If ``samples`` is not positive.
    """

    def __init__(self, of: Objective = ELBO, samples: int = 5) -> None:
        super().__init__(of)
        if samples < 1:
            raise ValueError("samples must be positive")
        self.samples = samples

    def warm_up(self, model: LatentMixtureModel, draw: Callable[[], Tensor]) -> None:
        """Warm the objective up with such batches; see `Objective.warm_up`."""
        self.of.warm_up(self._seen(model), lambda: self._repeated(draw()))

    def forward(self, model: LatentMixtureModel, x: Tensor) -> Losses:
        """Compute the losses of images ``x`` with shape ``[n, D]``."""
        losses: Losses = self.of(self._seen(model), self._repeated(model.images(x)))
        return losses

    def _seen(self, model: LatentMixtureModel) -> LatentMixtureModel:
        """The same model, which says of codes that several are of one image."""
        seen = copy.copy(model)
        seen.copies = self.samples * model.copies
        return seen

    def _repeated(self, x: Tensor) -> Tensor:
        return x.repeat_interleave(self.samples, dim=0)

    def extra_repr(self) -> str:
        """Show the number of samples in ``repr``."""
        return f"samples={self.samples}"
