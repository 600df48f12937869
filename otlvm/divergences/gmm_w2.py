"""Optimal transport between Gaussian mixtures, by POT: components are moved whole."""

import torch
from torch import Tensor

from otlvm.divergences.base import Divergence, divergences, near_origin
from otlvm.inputs import check_posterior
from otlvm.latents import MixturePosterior
from otlvm.priors import Prior


@divergences.register("gmm_w2")
class GMMW2(Divergence):
    r"""The squared mixture-Wasserstein distance of the batch's own mixture and the prior's.

    .. math:: \min_\gamma \sum_{kl} \gamma_{kl} \Bigl[ |m_k - \mu_l|^2 + \operatorname{tr}\bigl(
        C_k + \Sigma_l - 2 (\Sigma_l^{1/2} C_k \Sigma_l^{1/2})^{1/2}\bigr) \Bigr]

    over plans :math:`\gamma` between the weights :math:`w_k` and the prior's :math:`p(k)`.
    The batch's component k has weight :math:`w_k = E_x q(k|x)` and the first two moments
    :math:`m_k, C_k` of the aggregated :math:`q(z|k)`, exact in z. Moving a component costs the
    Bures-Wasserstein distance of Gaussians. A prior that is no Gaussian mixture is seen through its
    components' moments. Source: Delon and Desolneux, *A Wasserstein-type distance in the space of
    Gaussian mixture models* (2020), eq. 4.1.
    """

    def forward(self, posterior: MixturePosterior, prior: Prior) -> Tensor:
        """Return the transport cost, a scalar."""
        import ot  # takes seconds, and only this needs it

        check_posterior(posterior, prior.dim)
        weights, means, covariances = aggregated_moments(posterior)
        target_means, target_covariances = (m.to(means.dtype) for m in prior.moments())
        means, target_means = near_origin(means, target_means)
        target_weights = prior.weights(means.dtype)
        # The fixed mixture goes first: only the roots of products are then differentiated.
        cost: Tensor = ot.gmm.gmm_ot_loss(
            target_means, means, target_covariances, covariances, target_weights, weights
        )
        return cost

    def extra_repr(self) -> str:
        """There are no parameters to show."""
        return "cost='bures'"


def aggregated_moments(posterior: MixturePosterior) -> tuple[Tensor, Tensor, Tensor]:
    """Weights ``[K]``, means ``[K, d]`` and covariances ``[K, d, d]`` of the aggregated posterior.

    Those of component k are over data points, weighted by q(k|x).
    """
    pi = posterior.pi
    weights = pi.mean(0)
    shares = pi / pi.sum(0).clamp_min(torch.finfo(pi.dtype).tiny)
    means = torch.einsum("nk,nkd->kd", shares, posterior.mean)
    centred = posterior.mean - means
    between = torch.einsum("nk,nki,nkj->kij", shares, centred, centred)
    within = torch.einsum("nk,nkd->kd", shares, posterior.std.square())
    return weights, means, between + torch.diag_embed(within)
