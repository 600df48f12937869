"""The interface of a prior p(z, k), and Gaussian mixtures, which all built-in priors are."""

import math
from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from otlvm.inputs import as_codes, count
from otlvm.registry import Registry


class Prior(nn.Module, ABC):
    """A mixture prior p(z) = sum_k p(z|k) / K with a uniform p(k), fixed before training.

    Attributes:
        n_components: K, the number of components.
        dim: d, the dimension of z.
    """

    def __init__(self, n_components: int, dim: int) -> None:
        super().__init__()
        self.n_components = n_components
        self.dim = dim

    @abstractmethod
    def sample_components(self, n: int) -> Tensor:
        """Draw ``n`` samples of every component, with shape ``[n, K, d]``."""

    @abstractmethod
    def component_log_prob(self, z: Tensor) -> Tensor:
        """Log p(z|k) for every k, from ``z`` with shape ``[..., d]``; shape ``[..., K]``."""

    @abstractmethod
    def moments(self) -> tuple[Tensor, Tensor]:
        """Return the components' means ``[K, d]`` and covariances ``[K, d, d]``."""

    def sample(self, n: int) -> Tensor:
        """Draw ``n`` independent samples of p(z), with shape ``[n, d]``.

        Raises:
            TypeError: If ``n`` is not a whole number.
            ValueError: If it is not positive.
        """
        n = count("n", n)
        z = self.sample_components(n)
        k = torch.randint(self.n_components, (n,), device=z.device)
        return z[torch.arange(n, device=z.device), k]

    def log_prob(self, z: Tensor) -> Tensor:
        """Log p(z) in nats, from ``z`` with shape ``[..., d]``; shape ``[...]``."""
        return self.component_log_prob(z).logsumexp(-1) - math.log(self.n_components)

    def responsibilities(self, z: Tensor) -> Tensor:
        """p(k|z) under the prior, from ``z`` with shape ``[..., d]``; shape ``[..., K]``."""
        return torch.softmax(self.component_log_prob(z), dim=-1)

    def spread(self) -> Tensor:
        """Expected squared distance of two independent draws of p(z), a scalar.

        It is twice the trace of the covariance of p(z): the natural unit for kernel bandwidths.
        """
        means, covariances = self.moments()
        within = covariances.diagonal(dim1=-2, dim2=-1).sum(-1).mean()
        between = (means - means.mean(0)).square().sum(-1).mean()
        return 2 * (within + between)

    def extra_repr(self) -> str:
        """Show K and d in ``repr``."""
        return f"n_components={self.n_components}, dim={self.dim}"


class GaussianPrior(Prior):
    """A mixture of Gaussians with full covariances; subclasses only choose the parameters.

    Args:
        means: Component means, with shape ``[K, d]``.
        scale_tril: Cholesky factors of the covariances, with shape ``[K, d, d]``.
    """

    means: Tensor
    scale_tril: Tensor
    whitening: Tensor

    def __init__(self, means: Tensor, scale_tril: Tensor) -> None:
        super().__init__(*means.shape)
        # Copies: a view or an expanded tensor could not be saved.
        self.register_buffer("means", means.clone(memory_format=torch.contiguous_format))
        self.register_buffer("scale_tril", scale_tril.clone(memory_format=torch.contiguous_format))
        # Inverse factors: whitening @ (z - mean) is standard normal under the component.
        self.register_buffer("whitening", torch.linalg.inv(scale_tril))

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
        return self.means, self.scale_tril @ self.scale_tril.mT

    def kl(self, mean: Tensor, std: Tensor) -> Tensor:
        r"""KL(N(mean_k, diag std_k^2) || p(z|k)) in nats, in closed form.

        .. math:: \tfrac12 \bigl[\operatorname{tr}(\Sigma_k^{-1} \operatorname{diag} \sigma^2)
            + (\mu - \mu_k)^T \Sigma_k^{-1} (\mu - \mu_k) - d
            + \log\det\Sigma_k - \textstyle\sum_i \log\sigma_i^2\bigr]

        Args:
            mean: Posterior means, with shape ``[n, K, d]``.
            std: Posterior standard deviations, with shape ``[n, K, d]``.

        Returns:
            The divergence of every data point and component, with shape ``[n, K]``.
        """
        white = torch.einsum("kij,nkj->nki", self.whitening, mean - self.means)
        trace = torch.einsum("kij,nkj->nk", self.whitening.square(), std.square())
        quadratic = 0.5 * (trace + white.square().sum(-1) - self.dim)
        return quadratic + self._half_log_det() - std.log().sum(-1)


priors: Registry[Prior] = Registry("prior", Prior)
