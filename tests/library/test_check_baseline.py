"""`check_baseline` passes a baseline of one's own, and finds what is wrong with others."""

import pytest
import torch
from torch.nn.functional import one_hot

from otlvm.baselines import Baseline
from otlvm.testing import ConformanceError, baseline_outcomes, check_baseline


class Nearest(Baseline):
    """Shares by the distance to K training images, drawn by the run's seed."""

    def fit(self, x, n_components):
        rng = torch.Generator().manual_seed(torch.initial_seed())
        self.centres = x[torch.randperm(len(x), generator=rng)[:n_components].to(x.device)]
        return self.assign(x)

    def assign(self, x):
        return torch.softmax(-torch.cdist(x, self.centres.to(x)), dim=1).cpu()


def test_a_good_baseline_passes_and_nothing_is_hidden():
    statuses = {outcome.check: outcome.status for outcome in baseline_outcomes(Nearest)}
    cuda = statuses.pop("CUDA images, shares on the CPU")
    assert cuda == ("passed" if torch.cuda.is_available() else "skipped")
    assert set(statuses.values()) == {"passed"}
    assert len(statuses) == 7


class Labels(Nearest):
    def assign(self, x):
        return super().assign(x).argmax(dim=1)


class Whole(Nearest):
    def assign(self, x):
        shares = super().assign(x)
        return one_hot(shares.argmax(dim=1), shares.shape[1])


class Arrays(Nearest):
    def assign(self, x):
        return super().assign(x).numpy()


class Logits(Nearest):
    def assign(self, x):
        return -torch.cdist(x, self.centres.to(x))


class Unnormalised(Nearest):
    def assign(self, x):
        return 2 * super().assign(x)


class Nan(Nearest):
    def assign(self, x):
        return super().assign(x) * float("nan")


class AlwaysTen(Nearest):
    def fit(self, x, n_components):
        return super().fit(x, 10)


class OnlyFits(Nearest):
    """What it assigns is that of the training images."""

    def fit(self, x, n_components):
        self.fitted = super().fit(x, n_components)
        return self.fitted

    def assign(self, x):
        return getattr(self, "fitted", None) if hasattr(self, "fitted") else super().assign(x)


class FitsOnce(Nearest):
    def fit(self, x, n_components):
        if hasattr(self, "centres"):
            return self.assign(x)
        return super().fit(x, n_components)


class Adapts(Nearest):
    def assign(self, x):
        shares = super().assign(x)
        self.centres = self.centres + 0.1
        return shares


class Centres(Nearest):
    def fit(self, x, n_components):
        x -= x.mean(0)
        return super().fit(x, n_components)


class OnlyFloat32(Nearest):
    def assign(self, x):
        return torch.softmax(x @ torch.ones(x.shape[1], len(self.centres)), dim=1)


class Unseeded(Nearest):
    rng = torch.Generator()

    def fit(self, x, n_components):
        self.centres = x[torch.randperm(len(x), generator=self.rng)[:n_components]]
        return self.assign(x)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (Labels, r"fit\(x, 3\) has shape \(90,\), not \(90, 3\): \[n, K\]"),
        (Whole, r"fit\(x, 3\) is torch.int64, not floats"),
        (Arrays, "returns an ndarray, not a tensor"),
        (Logits, "negative shares, down to -"),
        (Unnormalised, "do not sum to 1 but to 2: normalise"),
        (Nan, r"fit\(x, 3\) is not finite"),
        (AlwaysTen, r"\(90, 10\), not \(90, 3\)"),
        (OnlyFits, r"assign\(x\) has shape \(90, 3\), not \(20, 3\)"),
        (FitsOnce, r"can be fitted anew: fit\(x, 3\) has shape \(90, 2\)"),
        (Adapts, "assigned otherwise the second time"),
        (Centres, "changes the images that it is given"),
        (OnlyFloat32, "float32 and float64: it raises RuntimeError"),
        (Unseeded, "two fits under the same seed differ"),
    ],
)
def test_faulty_baselines_are_caught(make, told):
    with pytest.raises(ConformanceError, match=told):
        check_baseline(make)
