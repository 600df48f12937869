"""Metrics that a suite asks for: from a model and data to numbers.

What is always measured is `otlvm.evaluation.evaluate`.
"""

from otlvm.metrics.base import AssignmentMetric, Metric, metrics
from otlvm.metrics.elbo import NegativeELBO
from otlvm.metrics.flops import Flops
from otlvm.metrics.frechet import Frechet, frechet_distance
from otlvm.metrics.manifolds import Precision, Recall, share_among
from otlvm.metrics.measure import Measured, measure_assignments, measure_model
from otlvm.metrics.nll_iw import ImportanceWeightedNLL, importance_weighted_nll
from otlvm.metrics.same_labels import AccuracySameLabels
from otlvm.metrics.sample_w2 import SampleW2
from otlvm.metrics.silhouette import Silhouette
from otlvm.numbers import Number

__all__ = [
    "AccuracySameLabels",
    "AssignmentMetric",
    "Flops",
    "Frechet",
    "ImportanceWeightedNLL",
    "Measured",
    "Metric",
    "NegativeELBO",
    "Number",
    "Precision",
    "Recall",
    "SampleW2",
    "Silhouette",
    "frechet_distance",
    "importance_weighted_nll",
    "measure_assignments",
    "measure_model",
    "metrics",
    "share_among",
]
