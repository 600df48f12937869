"""A Gaussian mixture."""

import torch
from torch import Tensor

from otlvm.baselines.base import Baseline, baselines, check_enough
from otlvm.features import PIXELS, Features


@baselines.register("gmm")
class GMM(Baseline):
    """A Gaussian mixture fitted by expectation maximisation, by scikit-learn.

    Args:
        n_init: Starts, of which the likeliest is kept.
        covariance: ``full``, ``tied``, ``diag`` or ``spherical``. Full ones of many pixels take
            long and fit badly.
        regularization: Added to the variances, for pixels that never change.
        features: What is clustered; pixels by default.

    Raises:
        ValueError: If there is no such covariance, ``n_init`` is not positive or
            ``regularization`` is not either.
    """

    def __init__(
        self,
        n_init: int = 3,
        covariance: str = "full",
        regularization: float = 1e-4,
        features: Features = PIXELS,
    ) -> None:
        if covariance not in ("full", "tied", "diag", "spherical"):
            raise ValueError(f"covariance is full, tied, diag or spherical, not {covariance!r}")
        if n_init < 1:
            raise ValueError("n_init must be positive")
        if regularization <= 0:
            raise ValueError("regularization must be positive: of pixels that never change")
        self.n_init = n_init
        self.covariance = covariance
        self.regularization = regularization
        self.features = features

    def check(self, n_images: int, n_components: int) -> None:
        """Refuse more components than images; see `Baseline.check`."""
        check_enough(n_images, n_components)
        self.features.check(n_images)

    def fit(self, x: Tensor, n_components: int) -> Tensor:
        """Return the components' responsibilities; see `Baseline.fit`."""
        from sklearn.mixture import GaussianMixture  # takes seconds

        points = self.features.fit_transform(x).cpu().double().numpy()
        self.estimator = GaussianMixture(
            n_components,
            covariance_type=self.covariance,
            reg_covar=self.regularization,
            n_init=self.n_init,
            max_iter=300,
            random_state=torch.initial_seed() % 2**32,
        ).fit(points)
        return torch.from_numpy(self.estimator.predict_proba(points)).float()

    def assign(self, x: Tensor) -> Tensor:
        """Return the components' responsibilities; see `Baseline.assign`."""
        points = self.features.transform(x).cpu().double().numpy()
        return torch.from_numpy(self.estimator.predict_proba(points)).float()
