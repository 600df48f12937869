"""The interface of a prior p(z, k)."""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from itertools import chain
from typing import ClassVar

import torch
from torch import Tensor, nn

from otlvm.inputs import count
from otlvm.registry import Described, Registry
from otlvm.seeding import seeded

MOMENT_SAMPLES = 20_000


class Prior(Described, nn.Module, ABC):
    """A mixture prior p(z) = sum_k p(k) p(z|k).

    Attributes:
        n_components: K, the number of components.
        dim: d, the dimension of z.
        has_density: Whether `component_log_prob` says anything. A prior on a manifold, such as a
            sphere, has no density in R^d; its subclass says False here and writes
            `responsibilities` itself.
        note: What a reader of a table has to know of it, as a sentence without its point.

    Args:
        n_components: K.
        dim: d.
        weights: p(k), K positive numbers that sum to 1; uniform by default.
        learn_weights: Train them along with the model.

    Raises:
        ValueError: If the weights are not K positive numbers that sum to 1.
    """

    has_density: ClassVar[bool] = True
    note: str = ""
    weight_logits: Tensor

    def __init__(
        self,
        n_components: int,
        dim: int,
        weights: Sequence[float] | None = None,
        learn_weights: bool = False,
    ) -> None:
        super().__init__()
        self.n_components = n_components
        self.dim = dim
        logits = torch.zeros(n_components) if weights is None else _checked(weights, n_components)
        if learn_weights and n_components > 1:
            self.weight_logits = nn.Parameter(logits)
        else:
            self.register_buffer("weight_logits", logits, persistent=False)

    @abstractmethod
    def sample_components(self, n: int) -> Tensor:
        """Draw ``n`` samples of every component, with shape ``[n, K, d]``.

        For a prior that is learned, as a differentiable function of what is learned.
        """

    def component_log_prob(self, z: Tensor) -> Tensor:
        """Log p(z|k) for every k, from ``z`` with shape ``[..., d]``; shape ``[..., K]``.

        Raises:
            NotImplementedError: If the prior has no density.
        """
        raise NotImplementedError(f"{type(self).__name__} has no density")

    def moments(self) -> tuple[Tensor, Tensor]:
        """Return the components' means ``[K, d]`` and covariances ``[K, d, d]``.

        By default those of 20,000 draws of each component, always the same ones: a subclass that
        knows them says so.
        """
        with seeded(0, self.weight_logits.device):
            z = self.sample_components(MOMENT_SAMPLES)
        centred = z - z.mean(0)
        return z.mean(0), torch.einsum("nki,nkj->kij", centred, centred) / len(z)

    def log_weights(self, dtype: torch.dtype | None = None) -> Tensor:
        """Log p(k), with shape ``[K]``, to the precision of a dtype; the prior's own by default."""
        return torch.log_softmax(self.weight_logits, dim=0, dtype=dtype)

    def weights(self, dtype: torch.dtype | None = None) -> Tensor:
        """p(k), with shape ``[K]``, to the precision of a dtype; the prior's own by default."""
        return torch.softmax(self.weight_logits, dim=0, dtype=dtype)

    def learned(self) -> bool:
        """Tell whether anything of the prior is trained along with the model."""
        return any(parameter.requires_grad for parameter in self.parameters())

    def sample_with_components(self, n: int) -> tuple[Tensor, Tensor]:
        """Draw ``n`` independent pairs of p(z, k): codes ``[n, d]`` and components ``[n]``."""
        z = self.sample_components(n)
        k = torch.multinomial(self.weights().detach(), n, replacement=True)
        return z[torch.arange(n, device=z.device), k], k

    def sample(self, n: int) -> Tensor:
        """Draw ``n`` independent samples of p(z), with shape ``[n, d]``.

        Raises:
            TypeError: If ``n`` is not a whole number.
            ValueError: If it is not positive.
        """
        return self.sample_with_components(count("n", n))[0]

    def log_prob(self, z: Tensor) -> Tensor:
        """Log p(z) in nats, from ``z`` with shape ``[..., d]``; shape ``[...]``."""
        each = self.component_log_prob(z)
        return (each + self.log_weights(each.dtype)).logsumexp(-1)

    def responsibilities(self, z: Tensor) -> Tensor:
        """p(k|z) under the prior, from ``z`` with shape ``[..., d]``; shape ``[..., K]``."""
        each = self.component_log_prob(z)
        return torch.softmax(each + self.log_weights(each.dtype), dim=-1)

    def kl(self, mean: Tensor, std: Tensor, z: Tensor) -> Tensor:
        r"""KL(N(mean_k, diag std_k^2) || p(z|k)) in nats, estimated at one sample of the Gaussian.

        .. math:: \log N(z_k; \mu_k, \operatorname{diag} \sigma_k^2) - \log p(z_k | k)

        Unbiased, in value and in gradient, if z is a reparameterised sample. A subclass that knows
        the divergence in closed form returns that.

        Args:
            mean: Posterior means, with shape ``[n, K, d]``.
            std: Posterior standard deviations, with shape ``[n, K, d]``.
            z: One sample of each, with shape ``[n, K, d]``.

        Returns:
            An estimate for every data point and component, with shape ``[n, K]``.
        """
        log_p = self.component_log_prob(z).diagonal(dim1=-2, dim2=-1)
        return gaussian_log_prob(z, mean, std) - log_p

    def mixture_moments(self) -> tuple[Tensor, Tensor]:
        """Return the mean ``[d]`` and covariance ``[d, d]`` of p(z)."""
        means, covariances = self.moments()
        weights = self.weights(means.dtype)
        centre = weights @ means
        centred = means - centre
        within = torch.einsum("k,kij->ij", weights, covariances)
        return centre, within + torch.einsum("k,ki,kj->ij", weights, centred, centred)

    def spread(self) -> Tensor:
        """Expected squared distance of two independent draws of p(z), a scalar.

        It is twice the trace of the covariance of p(z): the natural unit for kernel bandwidths.
        """
        return 2 * self.mixture_moments()[1].diagonal().sum()

    def edits(self) -> tuple[int, ...]:
        """How often each of its tensors was changed in place: what was computed before is old."""
        tensors = chain(self.parameters(), self.buffers())
        return tuple(0 if tensor.is_inference() else tensor._version for tensor in tensors)

    def extra_repr(self) -> str:
        """Show K and d in ``repr``."""
        return f"n_components={self.n_components}, dim={self.dim}"


def gaussian_log_prob(z: Tensor, mean: Tensor, std: Tensor) -> Tensor:
    """Log N(z; mean, diag std^2), summed over the last dimension."""
    white = (z - mean) / std
    return -(0.5 * white.square() + std.log() + 0.5 * math.log(2 * math.pi)).sum(-1)


def _checked(weights: Sequence[float], n_components: int) -> Tensor:
    values = torch.tensor([float(weight) for weight in weights], dtype=torch.float64)
    if len(values) != n_components:
        raise ValueError(f"weights are {len(values)}, components are {n_components}: one each")
    if not bool((values > 0).all()) or abs(float(values.sum()) - 1) > 1e-3:
        raise ValueError(f"weights must be positive and sum to 1, they sum to {values.sum():.4g}")
    return values.log().to(torch.get_default_dtype())


priors: Registry[Prior] = Registry("prior", Prior)
