"""A divergence of z, and one of k beside it, which sees q(k|x) as the vector that it is."""

from copy import deepcopy
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from otlvm.divergences.adversarial import Adversarial
from otlvm.divergences.base import Divergence, divergences
from otlvm.inputs import check_components, check_posterior
from otlvm.latents import MixturePosterior
from otlvm.priors import Prior

CRITIC = Adversarial()


@divergences.register("separate")
class Separate(Divergence):
    r"""One divergence of z and one of k: the adversarial autoencoder's, if both are critics.

    .. math:: D_z\bigl(q(z) \| p(z)\bigr)
        + s \, D_k\bigl(\text{law of } q(\cdot | x) \| \text{law of } e_k,\ k \sim p(k)\bigr)

    The second is between points of the simplex: the vectors q(k|x) of the data, and unit vectors in
    the proportions p(k). So it is small where each image is sure of its k *and* all k are used as
    p(k) says. An image that is not sure lies inside the simplex, where the prior has no points.
    Source: Makhzani et al., *Adversarial autoencoders* (2016), Sec. 6.

    Args:
        z: The divergence of z.
        k: The divergence of k; any that is computed from draws of the prior.
        share: s.

    Raises:
        ValueError: If ``share`` is negative.
    """

    def __init__(self, z: Divergence = CRITIC, k: Divergence = CRITIC, share: float = 1.0) -> None:
        super().__init__()
        if share < 0:
            raise ValueError("share must not be negative")
        self.z, self.k = deepcopy(z), deepcopy(k)  # the defaults are everybody's
        self.share = share
        self.warm_up = max(z.warm_up, k.warm_up)
        self._corners: WeakKeyDictionary[Prior, tuple[object, _Corners]] = WeakKeyDictionary()

    def check(self, prior: Prior) -> None:
        """Ask both; refuse weights p(k) that are learned; see `Divergence.check`."""
        if prior.weight_logits.requires_grad:
            raise TypeError("the separate divergence gives no gradient to weights that are learned")
        self.z.check(prior)
        self.k.check(self._corners_of(prior))

    def update(self, posterior: MixturePosterior, prior: Prior) -> None:
        """Let both adapt; see `Divergence.update`."""
        self.z.update(posterior, prior)
        self.k.update(_as_codes(posterior), self._corners_of(prior))

    def terms(self) -> dict[str, Tensor]:
        """Those of both, of k with ``_k`` behind their names; see `Divergence.terms`."""
        return {**self.z.terms(), **{f"{name}_k": x for name, x in self.k.terms().items()}}

    def forward(self, posterior: MixturePosterior, prior: Prior) -> Tensor:
        """Estimate both terms, a scalar."""
        check_posterior(posterior, prior.dim)
        check_components(posterior, prior.n_components)
        of_z: Tensor = self.z(posterior, prior)
        of_k: Tensor = self.k(_as_codes(posterior), self._corners_of(prior))
        return of_z + self.share * of_k

    def _corners_of(self, prior: Prior) -> "_Corners":
        edits, corners = self._corners.get(prior, (None, None))
        if corners is None or edits != prior.edits():
            corners = _Corners(prior.weights().tolist())
            self._corners[prior] = prior.edits(), corners
        return corners.to(prior.weight_logits)

    def extra_repr(self) -> str:
        """Show the share in ``repr``."""
        return f"share={self.share}"


class _Corners(Prior):
    """The corners of the simplex, as a prior of what a softmax gives: component k is e_k."""

    has_density = False

    def __init__(self, weights: list[float]) -> None:
        super().__init__(len(weights), len(weights), weights)

    def sample_components(self, n: int) -> Tensor:
        return torch.eye(self.dim).to(self.weight_logits).expand(n, -1, -1)

    def moments(self) -> tuple[Tensor, Tensor]:
        corners = self.sample_components(1)[0]
        return corners, torch.zeros_like(corners).expand(self.dim, -1, -1)


def _as_codes(posterior: MixturePosterior) -> MixturePosterior:
    """Take each q(k|x) for a code of K numbers, with no spread of its own."""
    pi = posterior.pi.unsqueeze(1)
    return MixturePosterior(posterior.logits, pi, torch.zeros_like(pi), pi, copies=posterior.copies)
