"""Any objective, and a component that stays when an image is changed a little."""

import torch
from torch import Tensor

from otlvm.augmentations import Affine, Augmentation
from otlvm.networks import LatentMixtureModel, Network
from otlvm.objectives.around import Around
from otlvm.objectives.base import Losses, Objective, objectives
from otlvm.objectives.vae import VAE

AFFINE, ELBO = Affine(), VAE()
SHARED = "shared_information"
SMALLEST = 1e-8
"""Of a pair's share: where no image has it, its logarithm stays finite."""


@objectives.register("invariant")
class Invariant(Around):
    r"""Any objective, less the information that k of an image and k of a changed copy share.

    .. math:: L - w \, I(k; k'), \qquad p(k, k') = E_x E_T \tfrac12 \bigl(q(k | x) q(k' | T x)
        + q(k | T x) q(k' | x)\bigr)

    with the augmentation T drawn for each image. The information is at most log K: where each image
    is sure of its k, its copy has the same, and all k are used alike. No clustering is made, and no
    label seen; what is put in is what T says of images. Source: Ji, Henriques and Vedaldi,
    *Invariant information clustering* (2019), eqs. 1 to 3, over a batch and of one head; the
    weight beside an autoencoder's objective is ours. Nets of z and the decoder see no copies.

    Args:
        of: L.
        weight: w, in units of L's reconstruction.
        augmentation: T.

    Raises:
        ValueError: If ``weight`` is negative.
    """

    ADDS = (SHARED,)

    def __init__(
        self, of: Objective = ELBO, weight: float = 20.0, augmentation: Augmentation = AFFINE
    ) -> None:
        super().__init__(of)
        if weight < 0:
            raise ValueError("weight must not be negative")
        self.weight = weight
        self.augmentation = augmentation

    def check_network(self, network: Network) -> None:
        """Refuse a network without a classifier; see `Objective.check_network`."""
        super().check_network(network)
        if network.classifier is None:
            raise TypeError("'invariant' asks the classifier, and this inference has none")

    def forward(self, model: LatentMixtureModel, x: Tensor) -> Losses:
        """Compute the losses of images ``x`` with shape ``[n, D]``."""
        losses: Losses = self.of(model, x)
        x = model.images(x)
        copies = self.augmentation(x, model.image_shape)
        pi, changed = model.network.classify(torch.cat([x, copies])).softmax(1).chunk(2)
        information = shared_information(pi, changed)
        return Losses(
            losses.total - self.weight * information,
            losses.reconstruction,
            losses.regularizer - self.weight * information,
            {**losses.terms, SHARED: information},
        )

    def extra_repr(self) -> str:
        """Show the weight in ``repr``."""
        return f"weight={self.weight}"


def shared_information(pi: Tensor, changed: Tensor) -> Tensor:
    """Mutual information of the components of images and of their copies, in nats; a scalar.

    Args:
        pi: q(k|x), with shape ``[n, K]``.
        changed: q(k|Tx), with shape ``[n, K]``.
    """
    pairs = pi.T @ changed / len(pi)
    pairs = ((pairs + pairs.T) / 2).clamp_min(SMALLEST)
    shares = pairs.sum(1)
    return (pairs * (pairs.log() - shares.log().unsqueeze(1) - shares.log())).sum()
