"""otlvm as scikit-learn knows models: see `LatentMixture`."""

from otlvm.sklearn.estimator import LatentMixture

__all__ = ["LatentMixture"]
