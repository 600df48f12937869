"""Mixtures of Gaussians, fixed or learned: what nearly all priors are."""

import math
from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from otlvm.inputs import as_codes, count
from otlvm.priors.base import Prior
from otlvm.wording import did_you_mean

LARGEST = 1e15
"""What of a mean or scale; float32 holds its square, and sums of these."""

Part = Literal["means", "scales", "weights"]
Learn = bool | Sequence[Part]
PARTS: tuple[Part, ...] = ("means", "scales", "weights")


class GaussianPrior(Prior):
    """A mixture of Gaussians with full covariances; subclasses only choose the parameters.

    Args:
        means: Component means, with shape ``[K, d]``.
        scale_tril: Cholesky factors of the covariances, with shape ``[K, d, d]``.
        weights: p(k), K positive numbers that sum to 1; uniform by default.
        learn: What is trained along with the model: True is all, or some of ``means``, ``scales``
            and ``weights``. Scales of diagonal covariances stay diagonal, and become one a
            coordinate where they were equal.

    Raises:
        ValueError: If the weights do not fit.
    """

    means: Tensor

    def __init__(
        self,
        means: Tensor,
        scale_tril: Tensor,
        weights: Sequence[float] | None = None,
        learn: Learn = False,
    ) -> None:
        parts = _parts(learn)
        n_components, dim = means.shape
        if not max(means.abs().max(), scale_tril.abs().max()) < LARGEST:  # NaN is refused too
            raise ValueError(f"means and scales must be smaller than {LARGEST:g}")
        super().__init__(n_components, dim, weights, learn_weights="weights" in parts)
        self.diagonal = not bool(scale_tril.tril(-1).any())
        # Copies: a view or an expanded tensor could not be saved.
        means = means.clone(memory_format=torch.contiguous_format)
        if "means" in parts:
            self.means = nn.Parameter(means)
        else:
            self.register_buffer("means", means)
        self.scales = LearnedScales(scale_tril) if "scales" in parts else FixedScales(scale_tril)

    @property
    def scale_tril(self) -> Tensor:
        """Cholesky factors of the covariances, with shape ``[K, d, d]``."""
        return self.scales.tril()

    @property
    def whitening(self) -> Tensor:
        """Inverse factors: whitening @ (z - mean) is standard normal under the component."""
        return self.scales.inverse()

    def sample_components(self, n: int) -> Tensor:
        """Draw ``n`` samples of every component, with shape ``[n, K, d]``."""
        n = count("n", n)
        noise = torch.randn(n, *self.means.shape, dtype=self.means.dtype, device=self.means.device)
        return self.means + torch.einsum("kij,nkj->nki", self.scale_tril, noise)

    def _half_log_det(self) -> Tensor:
        return self.scale_tril.diagonal(dim1=-2, dim2=-1).log().sum(-1)

    def component_log_prob(self, z: Tensor) -> Tensor:
        """Log p(z|k) for every k, from ``z`` with shape ``[..., d]``; shape ``[..., K]``."""
        z = as_codes(z, self.dim, self)
        white = torch.einsum("kij,...kj->...ki", self.whitening, z.unsqueeze(-2) - self.means)
        constant = 0.5 * self.dim * math.log(2 * math.pi) + self._half_log_det()
        return -0.5 * white.square().sum(-1) - constant

    def moments(self) -> tuple[Tensor, Tensor]:
        """Return the components' means ``[K, d]`` and covariances ``[K, d, d]``."""
        scale_tril = self.scale_tril
        return self.means, scale_tril @ scale_tril.mT

    @torch.no_grad()
    def start_from(self, means: Tensor, variances: Tensor, weights: Tensor) -> None:
        """Let what is learned start from a mixture of diagonal Gaussians; the rest stays.

        Args:
            means: With shape ``[K, d]``.
            variances: With shape ``[K, d]``.
            weights: With shape ``[K]``.
        """
        if isinstance(self.means, nn.Parameter):
            self.means.copy_(means)
        if isinstance(self.scales, LearnedScales):
            self.scales.log_diagonal.copy_(0.5 * variances.log())
            self.scales.lower.zero_()
        if isinstance(self.weight_logits, nn.Parameter):
            self.weight_logits.copy_(weights.log())

    def kl(self, mean: Tensor, std: Tensor, z: Tensor | None = None) -> Tensor:
        r"""KL(N(mean_k, diag std_k^2) || p(z|k)) in nats, in closed form.

        .. math:: \tfrac12 \bigl[\operatorname{tr}(\Sigma_k^{-1} \operatorname{diag} \sigma^2)
            + (\mu - \mu_k)^T \Sigma_k^{-1} (\mu - \mu_k) - d
            + \log\det\Sigma_k - \textstyle\sum_i \log\sigma_i^2\bigr]

        Args:
            mean: Posterior means, with shape ``[n, K, d]``.
            std: Posterior standard deviations, with shape ``[n, K, d]``.
            z: Not needed; see `Prior.kl`.

        Returns:
            The divergence of every data point and component, with shape ``[n, K]``.
        """
        whitening = self.whitening
        white = torch.einsum("kij,nkj->nki", whitening, mean - self.means)
        trace = torch.einsum("kij,nkj->nk", whitening.square(), std.square())
        quadratic = 0.5 * (trace + white.square().sum(-1) - self.dim)
        return quadratic + self._half_log_det() - std.log().sum(-1)


class FixedScales(nn.Module):
    """Cholesky factors that stay as they are.

    Args:
        scale_tril: The factors, with shape ``[K, d, d]``.
    """

    factors: Tensor
    inverses: Tensor

    def __init__(self, scale_tril: Tensor) -> None:
        super().__init__()
        copy = scale_tril.clone(memory_format=torch.contiguous_format)
        self.register_buffer("factors", copy)
        self.register_buffer("inverses", torch.linalg.inv(copy))

    def tril(self) -> Tensor:
        """Return the factors."""
        return self.factors

    def inverse(self) -> Tensor:
        """Return their inverses."""
        return self.inverses


class LearnedScales(nn.Module):
    """Cholesky factors that are trained: the diagonal by its logarithm, the rest as it is.

    Factors that are diagonal stay so.

    Args:
        scale_tril: The factors to start from, with shape ``[K, d, d]``.
    """

    lower: Tensor

    def __init__(self, scale_tril: Tensor) -> None:
        super().__init__()
        self.log_diagonal = nn.Parameter(scale_tril.diagonal(dim1=-2, dim2=-1).log())
        lower = scale_tril.tril(-1)
        if bool(lower.any()):
            self.lower = nn.Parameter(lower)
        else:
            self.register_buffer("lower", lower, persistent=False)

    def tril(self) -> Tensor:
        """Return the factors."""
        return self.lower.tril(-1) + torch.diag_embed(self.log_diagonal.exp())

    def inverse(self) -> Tensor:
        """Return their inverses."""
        identity = torch.eye(
            self.lower.shape[-1], dtype=self.lower.dtype, device=self.lower.device
        ).expand_as(self.lower)
        inverse: Tensor = torch.linalg.solve_triangular(self.tril(), identity, upper=False)
        return inverse


def _parts(learn: Learn) -> tuple[Part, ...]:
    if isinstance(learn, bool):
        return PARTS if learn else ()
    if isinstance(learn, str):
        raise TypeError(f"learn is {learn!r}: say True, False or a list, as in [means, scales]")
    for part in learn:
        if part not in PARTS:
            hint = did_you_mean(part, PARTS)
            raise ValueError(f"learn: no part is {part!r}{hint}; there are {', '.join(PARTS)}")
    return tuple(part for part in PARTS if part in learn)
