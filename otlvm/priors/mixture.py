"""A mixture of Gaussians whose parameters are all given."""

from collections.abc import Sequence

import torch
from torch import Tensor

from otlvm.priors.base import priors
from otlvm.priors.gaussian import GaussianPrior, Learn

Numbers = Sequence[float]
Covariances = float | Numbers | Sequence[Numbers] | Sequence[Sequence[Numbers]]


@priors.register("mixture")
class Mixture(GaussianPrior):
    r"""A mixture of Gaussians with the means, covariances and weights that you give.

    .. math:: p(z, k) = w_k N(z; \mu_k, \Sigma_k)

    Source: McLachlan and Peel, *Finite mixture models* (2000), Ch. 3.

    Args:
        means: K means of d numbers each.
        covariances: A variance for all; or K variances, of spherical components; or K times d, of
            diagonal ones; or K times d times d, full.
        weights: K positive numbers that sum to 1; uniform by default.
        learn: What is trained along with the model; see `GaussianPrior`.

    Raises:
        ValueError: If sizes do not fit, or a covariance is not symmetric and positive definite.
    """

    def __init__(
        self,
        means: Sequence[Numbers],
        covariances: Covariances = 1.0,
        weights: Numbers | None = None,
        learn: Learn = False,
    ) -> None:
        centres = _tensor("means", means)
        if centres.dim() != 2 or not centres.numel():
            raise ValueError("means must be K lists of d numbers each")
        full = _full(_tensor("covariances", covariances), *centres.shape)
        if not torch.allclose(full, full.mT):
            raise ValueError("covariances must be symmetric")
        factors, failed = torch.linalg.cholesky_ex(full)
        if bool(failed.any()):
            k = int(failed.nonzero()[0])
            raise ValueError(f"the covariance of component {k} is not positive definite")
        dtype = torch.get_default_dtype()
        super().__init__(centres.to(dtype), factors.to(dtype), weights, learn)


def _tensor(name: str, values: object) -> Tensor:
    try:
        tensor = torch.tensor(values, dtype=torch.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must be lists of numbers of equal length: {error}") from error
    if not bool(torch.isfinite(tensor).all()):
        raise ValueError(f"{name} must be finite")
    return tensor


def _full(covariances: Tensor, n_components: int, dim: int) -> Tensor:
    """Write covariances of any of the four forms as ``[K, d, d]``."""
    shapes = ((), (n_components,), (n_components, dim), (n_components, dim, dim))
    if tuple(covariances.shape) not in shapes:
        raise ValueError(
            f"covariances have shape {tuple(covariances.shape)}; for {n_components} means of "
            f"{dim} numbers they are a number, or of shape {shapes[1]}, {shapes[2]} or {shapes[3]}"
        )
    if covariances.dim() == 3:
        return covariances
    if covariances.dim() == 1:
        covariances = covariances.unsqueeze(1)
    return torch.diag_embed(covariances.expand(n_components, dim))
