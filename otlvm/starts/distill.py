"""A start from a clustering: the discrete encoder learns it before anything else is trained."""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from otlvm.baselines import Baseline
from otlvm.networks import LatentMixtureModel, Network, hold, release
from otlvm.starts.base import Start, starts
from otlvm.starts.moments import Moments
from otlvm.training.batches import BatchSampler

MOMENTS = Moments()


@starts.register("distill")
class Distill(Start):
    r"""q(k|x) starts as a clustering of the training images, which the classifier learns.

    The classifier minimises the cross-entropy :math:`-\sum_k r_k \log q(k|x)` of the clustering's
    responsibilities r. Which cluster becomes which component is arbitrary, as it is for a prior
    with equidistant components. Source of the idea: Hinton, Vinyals and Dean, *Distilling the
    knowledge in a neural network* (2015).

    Args:
        clustering: A baseline, fitted to the training images without labels.
        steps: Adam steps of the classifier.
        learning_rate: Its learning rate.
        then: How the nets of q(z|k, x) start.
        hold: Leave q(k|x) exactly as it was learnt, batch norm included, and train the rest.
            Otherwise reconstruction, whose gradient knows nothing of the clustering, slowly draws
            it elsewhere.

    Raises:
        ValueError: If ``steps`` is negative or ``learning_rate`` not positive.
    """

    def __init__(
        self,
        clustering: Baseline,
        steps: int = 2000,
        learning_rate: float = 1e-3,
        then: Start = MOMENTS,
        hold: bool = False,
    ) -> None:
        if steps < 0:
            raise ValueError("steps must not be negative")
        if learning_rate <= 0:
            raise ValueError("learning_rate must be positive")
        self.clustering = clustering
        self.steps = steps
        self.learning_rate = learning_rate
        self.then = then
        self.hold = hold

    def check(self, n_images: int, n_components: int) -> None:
        """Ask the clustering and the other start; see `Start.check`."""
        self.clustering.check(n_images, n_components)
        self.then.check(n_images, n_components)

    def check_network(self, network: Network) -> None:
        """Refuse a network without a classifier, and ask the other start; see `Start`."""
        if network.classifier is None:
            raise TypeError(
                "the start 'distill' teaches a classifier, which this inference has not: its "
                "q(k|x) follows from z; use 'moments'"
            )
        self.then.check_network(network)

    def prepare(self, model: LatentMixtureModel, x: Tensor, batch_size: int) -> None:
        """Cluster the images, teach the classifier, start the rest; see `Start.prepare`.

        Raises:
            TypeError: If the network has no classifier.
        """
        self.check_network(model.network)
        x = model.images(x)
        shares = self.clustering.fit(x, model.prior.n_components).to(x)
        self.then.prepare(model, x, batch_size)
        classifier = cast(nn.Module, model.network.classifier)
        release(classifier)
        optimizer = torch.optim.Adam(classifier.parameters(), lr=self.learning_rate, fused=True)
        # An image and its shares travel as one row, so that they are drawn together.
        sampler = BatchSampler(torch.cat([x, shares], dim=1), batch_size)
        for _ in range(self.steps):
            rows = sampler.draw()
            images, targets = rows[:, : x.shape[1]], rows[:, x.shape[1] :]
            optimizer.zero_grad(set_to_none=True)
            torch.autograd.backward(cross_entropy(classifier(images), targets))
            optimizer.step()
        if self.hold:
            hold(classifier)
