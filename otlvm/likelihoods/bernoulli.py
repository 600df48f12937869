"""The Bernoulli likelihood, and its cross-entropy of values between 0 and 1."""

from typing import Any

import torch
from torch import Tensor

from otlvm.likelihoods.base import Likelihood, likelihoods, refuse_outside


@likelihoods.register("bernoulli")
class Bernoulli(Likelihood):
    r"""Black or white: the decoder says the logit of each pixel's mean. For values in [0, 1].

    .. math:: -\log p(x|z) = -\sum_j x_j \log m_j + (1 - x_j) \log(1 - m_j), \quad
        m = \operatorname{sigmoid}(g(z))

    Of values between 0 and 1 it is a cross-entropy and no density: its integral over x is not 1
    (`continuous_bernoulli`, or ``binarize:`` of the data).
    """

    def mean(self, logits: Tensor) -> Tensor:
        """Return the sigmoid; see `Likelihood.mean`."""
        return torch.sigmoid(logits)

    def nll(self, logits: Tensor, x: Tensor) -> Tensor:
        """Return the binary cross-entropy; see `Likelihood.nll`."""
        return bernoulli_cross_entropy(logits, x)

    def bernoulli_logits(self, logits: Tensor) -> Tensor:
        """Return the logits themselves; see `Likelihood.bernoulli_logits`."""
        return logits

    def check_range(self, low: float, high: float) -> None:
        """Refuse data outside [0, 1]; see `Likelihood.check_range`."""
        refuse_outside("bernoulli", low, high)


def bernoulli_cross_entropy(logits: Tensor, x: Tensor) -> Tensor:
    """Negative Bernoulli log-likelihood in nats, summed over pixels.

    Args:
        logits: Logits of the means, with shape ``[..., D]``.
        x: Images in [0, 1], of a shape that broadcasts with it; gets no gradient.

    Returns:
        A tensor with shape ``[...]``.
    """
    return _BernoulliCrossEntropy.apply(logits, x)  # type: ignore[no-any-return]


class _BernoulliCrossEntropy(torch.autograd.Function):
    """Written out because log1p, inside softplus, costs a CPU more than the rest of the loss."""

    @staticmethod
    def forward(ctx: Any, logits: Tensor, x: Tensor) -> Tensor:
        ctx.save_for_backward(logits, x)
        # log(1 + e^l) = max(l, 0) - log sigmoid|l|, and that sigmoid is never below 1/2.
        log_sigmoid = logits.abs().sigmoid_().log_()
        return logits.clamp(min=0).sub_(log_sigmoid).sub_(x * logits).sum(-1)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        logits, x = ctx.saved_tensors
        return torch.sigmoid(logits).sub_(x).mul_(grad.unsqueeze(-1)), None
