"""`check_feature` passes features of one's own, and finds what is wrong with others."""

import pytest
import torch

from otlvm.features import Features
from otlvm.testing import ConformanceError, check_feature, feature_outcomes


class Projection(Features):
    """Three random directions, drawn by the run's seed."""

    def fit_transform(self, x):
        rng = torch.Generator().manual_seed(torch.initial_seed())
        self.directions = torch.randn(x.shape[1], 3, generator=rng)
        return self.transform(x)

    def transform(self, x):
        return x @ self.directions.to(x)


def test_good_features_pass_and_nothing_is_hidden():
    statuses = {outcome.check: outcome.status for outcome in feature_outcomes(Projection)}
    assert statuses.pop("CUDA") == ("passed" if torch.cuda.is_available() else "skipped")
    assert set(statuses.values()) == {"passed"}
    assert len(statuses) == 7


class VaryingColumns(Projection):
    """Another number of columns for another number of images."""

    def transform(self, x):
        return x[:, : len(x) % 7 + 1]


class NoRows(Projection):
    def transform(self, x):
        return super().transform(x).T.contiguous()


class Flat(Projection):
    def transform(self, x):
        return super().transform(x)[:, 0]


class NoColumns(Projection):
    def transform(self, x):
        return super().transform(x)[:, :0]


class Arrays(Projection):
    def transform(self, x):
        return super().transform(x).numpy()


class Infinite(Projection):
    def transform(self, x):
        return super().transform(x) / 0


class Logs(Projection):
    """Not finite for some images only: those of other splits."""

    def fit_transform(self, x):
        super().fit_transform(x)
        return super().transform(x)

    def transform(self, x):
        return (x - 1).log()[:, :3]


class Graph(Projection):
    def transform(self, x):
        return super().transform(x) * torch.ones(1, requires_grad=True).to(x)


class Refits(Projection):
    def transform(self, x):
        self.directions = self.directions + 0.1 * x.mean()
        return super().transform(x)


class Scales(Projection):
    def transform(self, x):
        return super().transform(x.mul_(2))


class OnlyFloat32(Projection):
    def transform(self, x):
        return x @ self.directions


class MoreThreads(Projection):
    def transform(self, x):
        torch.set_num_threads(torch.get_num_threads() + 1)
        return super().transform(x)


class Unseeded(Projection):
    rng = torch.Generator()

    def fit_transform(self, x):
        self.directions = torch.randn(x.shape[1], 3, generator=self.rng)
        return self.transform(x)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (
            VaryingColumns,
            r"transform of 7 images has shape \(7, 1\), not \(7, 7\): .*as many columns as",
        ),
        (NoRows, r"has shape \(3, 90\), not \(90, 90\)"),
        (Flat, r"returns shape \(90,\), not vectors \[n, f\]"),
        (NoColumns, r"returns shape \(90, 0\), not vectors"),
        (Arrays, "returns ndarray, not vectors"),
        (Infinite, r"fit_transform\(x\) is not finite"),
        (Logs, "transform of 20 images is not finite"),
        (Graph, "carry a graph"),
        (Refits, "other features the second time"),
        (Scales, "changes the images that it is given"),
        (OnlyFloat32, "float32 and float64: it raises RuntimeError"),
        (MoreThreads, "leaves torch with [0-9]+ threads, not "),
        (Unseeded, "two fits under the same seed differ"),
    ],
)
def test_faulty_features_are_caught(make, told):
    with pytest.raises(ConformanceError, match=told):
        check_feature(make)
