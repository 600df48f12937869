"""Deep embedded clustering (DEC), and its form that keeps the decoder (IDEC)."""

from copy import deepcopy

import torch
from torch import Tensor, nn

from otlvm.baselines.base import Baseline, baselines, check_enough
from otlvm.baselines.embedded import divergence_to_target, soft_assignments, target_distribution
from otlvm.features import AUTOENCODER, Autoencoder, Features
from otlvm.features.autoencoder import BATCH, COSTS

N_INIT = 20
"""Starts of K-means, as in both papers' code."""


class _Embedded(Baseline):
    """An encoder and K centres, trained towards a target that their own assignments set."""

    def __init__(
        self,
        features: Features,
        steps: int,
        update_every: int,
        tolerance: float,
        batch_size: int,
        learning_rate: float,
    ) -> None:
        if min(update_every, batch_size) < 1 or steps < 0 or learning_rate <= 0:
            raise ValueError(
                "update_every, batch_size and learning_rate must be positive, steps not negative"
            )
        if not 0 <= tolerance < 1:
            raise ValueError(f"tolerance {tolerance} is not a share of the images: from 0, below 1")
        if not isinstance(features, Autoencoder):
            name = type(features).__name__
            raise ValueError(f"it trains an autoencoder, and the features are {name}")
        self.features = deepcopy(features)  # the default is everybody's
        self.steps = steps
        self.update_every = update_every
        self.tolerance = tolerance
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.steps_done = 0

    def check(self, n_images: int, n_components: int) -> None:
        """Refuse more components than images; see `Baseline.check`."""
        check_enough(n_images, n_components)
        self.features.check(n_images)

    def optimizer(self, parameters: list[nn.Parameter]) -> torch.optim.Optimizer:
        """Return what trains encoder and centres."""
        raise NotImplementedError

    def loss(self, clustering: Tensor, codes: Tensor, x: Tensor) -> Tensor:
        """Return what is minimised, a scalar.

        Args:
            clustering: KL(p || q) of the batch, a scalar.
            codes: Of the batch, with shape ``[n, d]``.
            x: Its images, with shape ``[n, D]``.
        """
        raise NotImplementedError

    def fit(self, x: Tensor, n_components: int) -> Tensor:
        """Train from K-means of an autoencoder's codes; see `Baseline.fit`."""
        from sklearn.cluster import KMeans  # takes seconds

        codes = self.features.fit_transform(x)
        # Batch norm keeps the autoencoder's statistics: images of a batch stay independent.
        self._encoder = deepcopy(self.features.encoder).eval()
        self._decoder = deepcopy(self.features.decoder).eval()
        seed = torch.initial_seed() % 2**32
        estimator = KMeans(n_components, n_init=N_INIT, random_state=seed)
        labels = torch.from_numpy(estimator.fit_predict(codes.cpu().numpy())).to(x.device)
        self._centres = nn.Parameter(torch.from_numpy(estimator.cluster_centers_).to(codes))
        self.refine(x, labels.long())
        return self.assign(x)

    def refine(self, x: Tensor, labels: Tensor) -> None:
        """Train encoder and centres from where they are; `fit` does it after its K-means.

        Args:
            x: Images, with shape ``[n, D]``.
            labels: The clusters that they are in, with shape ``[n]``.
        """
        nets = (self._encoder, self._decoder)
        parameters = [self._centres, *(p for net in nets for p in net.parameters())]
        optimizer = self.optimizer(parameters)
        size = min(self.batch_size, len(x))
        per_epoch = len(x) // size
        for step in range(self.steps):
            if step % self.update_every == 0:
                q = self.assign(x).to(x.device)
                target, new = target_distribution(q), q.argmax(1)
                if step and float((new != labels).float().mean()) < self.tolerance:
                    break
                labels = new
            if step % per_epoch == 0:
                order = torch.randperm(len(x), device=x.device)
            at = order[step % per_epoch * size :][:size]
            codes = self._encoder(x[at])
            clustering = divergence_to_target(target[at], soft_assignments(codes, self._centres))
            optimizer.zero_grad(set_to_none=True)
            torch.autograd.backward(self.loss(clustering, codes, x[at]))
            optimizer.step()
            self.steps_done = step + 1

    @torch.no_grad()
    def assign(self, x: Tensor) -> Tensor:
        """Return soft assignments; see `Baseline.assign`."""
        parts = [
            soft_assignments(self._encoder(part), self._centres) for part in torch.split(x, BATCH)
        ]
        return torch.cat(parts).cpu()


@baselines.register("dec")
class DEC(_Embedded):
    r"""Deep embedded clustering: an autoencoder's encoder, trained to sharpen its clusters.

    .. math:: \min_{g, \mu} \operatorname{KL}(p \| q), \qquad
        p_{ij} \propto q_{ij}^2 / \textstyle\sum_i q_{ij}

    Source: Xie, Girshick and Farhadi, *Unsupervised deep embedding for clustering analysis* (2016);
    steps and rates are those of github.com/XifengGuo/DEC-keras. The target is of all training
    images and stays for ``update_every`` steps. Otherwise than there: the autoencoder is trained
    in one piece, by Adam; the default one has batch norm, which keeps its statistics here (theirs
    has none: ``normalization="none"``).

    Args:
        features: The autoencoder that it starts from; rows with the same one share it.
        steps: Steps at most.
        update_every: Steps between two targets.
        tolerance: Training ends when from one target to the next fewer images than this share
            change their cluster.
        batch_size: Images a step.
        learning_rate: That of gradient descent with momentum .9.

    Raises:
        ValueError: If a number is out of range.
    """

    def __init__(
        self,
        features: Features = AUTOENCODER,
        steps: int = 20_000,
        update_every: int = 140,
        tolerance: float = 0.001,
        batch_size: int = 256,
        learning_rate: float = 0.01,
    ) -> None:
        super().__init__(features, steps, update_every, tolerance, batch_size, learning_rate)

    def optimizer(self, parameters: list[nn.Parameter]) -> torch.optim.Optimizer:
        """Return gradient descent with momentum."""
        return torch.optim.SGD(parameters, lr=self.learning_rate, momentum=0.9)

    def loss(self, clustering: Tensor, codes: Tensor, x: Tensor) -> Tensor:
        """Return the clustering term alone: the decoder is given up."""
        return clustering


@baselines.register("idec")
class IDEC(_Embedded):
    r"""DEC that goes on reconstructing, so that codes keep what the images look like.

    .. math:: \min_{g, h, \mu} L_r + \gamma \operatorname{KL}(p \| q)

    with the autoencoder's own cost :math:`L_r`, the mean over pixels. Source: Guo, Gao, Liu and
    Yin, *Improved deep embedded clustering with local structure preservation* (2017), eq. 8, whose
    cost is the squared error; otherwise as `DEC`.

    Args:
        features: The autoencoder that it starts from; rows with the same one share it.
        gamma: What the clustering term weighs.
        steps: Steps at most.
        update_every: Steps between two targets.
        tolerance: Training ends when from one target to the next fewer images than this share
            change their cluster.
        batch_size: Images a step.
        learning_rate: Adam's.

    Raises:
        ValueError: If a number is out of range.
    """

    def __init__(
        self,
        features: Features = AUTOENCODER,
        gamma: float = 0.1,
        steps: int = 20_000,
        update_every: int = 140,
        tolerance: float = 0.001,
        batch_size: int = 256,
        learning_rate: float = 0.001,
    ) -> None:
        super().__init__(features, steps, update_every, tolerance, batch_size, learning_rate)
        if gamma < 0:
            raise ValueError("gamma must not be negative")
        self.gamma = gamma

    def optimizer(self, parameters: list[nn.Parameter]) -> torch.optim.Optimizer:
        """Return Adam."""
        return torch.optim.Adam(parameters, lr=self.learning_rate)

    def loss(self, clustering: Tensor, codes: Tensor, x: Tensor) -> Tensor:
        """Return the reconstruction and, weighted, the clustering term."""
        return COSTS[self.features.cost](self._decoder(codes), x) + self.gamma * clustering
