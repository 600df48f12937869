"""What `check_expectation` finds in expectations that are wrong."""

import pytest
import torch

from otlvm.expectations import Exact
from otlvm.testing import ConformanceError, check_expectation


class Uniform(Exact):
    """Weighs all codes alike."""

    def forward(self, posterior):
        codes, weights = super().forward(posterior)
        return codes, torch.ones_like(weights) / weights.shape[1]


class Unnormalised(Exact):
    """Weights that sum to 2."""

    def forward(self, posterior):
        codes, weights = super().forward(posterior)
        return codes, 2 * weights


class Detached(Exact):
    """Lets no gradient through to q(k|x)."""

    def forward(self, posterior):
        codes, weights = super().forward(posterior)
        return codes, weights.detach()


class MostLikely(Exact):
    """Decodes the likeliest code alone."""

    def forward(self, posterior):
        k = posterior.pi.argmax(1)
        rows = torch.arange(len(k))
        return posterior.codes[rows, k][:, None], posterior.pi[rows, k][:, None] ** 0


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (Uniform, "another code is decoded"),
        (Unnormalised, "do not sum to 1"),
        (Detached, "no gradient reaches the logits"),
        (MostLikely, "the mean of 4000 draws is off by"),
    ],
)
def test_what_is_wrong_is_told(wrong, told):
    with pytest.raises(ConformanceError, match=told):
        check_expectation(wrong)
