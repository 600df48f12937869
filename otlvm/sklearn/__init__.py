"""otlvm as a scikit-learn estimator: `LatentMixture`."""

from otlvm.sklearn.estimator import LatentMixture

__all__ = ["LatentMixture"]
