"""Conformance checks, for our registries and for everyone's own plug-ins.

In a plug-in's tests: ``check_divergence(MyDivergence)``. On the command line:
``python -m otlvm.testing my_module:MyDivergence``.
"""

from otlvm.testing.augmentation import augmentation_outcomes, check_augmentation
from otlvm.testing.baseline import baseline_outcomes, check_baseline
from otlvm.testing.dataset import check_dataset, dataset_outcomes
from otlvm.testing.divergence import check_divergence, divergence_outcomes
from otlvm.testing.expectation import check_expectation, expectation_outcomes
from otlvm.testing.feature import check_feature, feature_outcomes
from otlvm.testing.inference import check_inference, inference_outcomes
from otlvm.testing.init import check_init, init_outcomes
from otlvm.testing.likelihood import check_likelihood, likelihood_outcomes
from otlvm.testing.metric import check_metric, metric_outcomes
from otlvm.testing.network import check_network, network_outcomes
from otlvm.testing.objective import check_objective, objective_outcomes
from otlvm.testing.optimizer import check_optimizer, optimizer_outcomes
from otlvm.testing.parts import small_model
from otlvm.testing.prior import check_prior, prior_outcomes
from otlvm.testing.report import ConformanceError, Outcome
from otlvm.testing.schedule import check_schedule, schedule_outcomes
from otlvm.testing.start import check_start, start_outcomes
from otlvm.testing.weight import check_weight, weight_outcomes

__all__ = [
    "ConformanceError",
    "Outcome",
    "augmentation_outcomes",
    "baseline_outcomes",
    "check_augmentation",
    "check_baseline",
    "check_dataset",
    "check_divergence",
    "check_expectation",
    "check_feature",
    "check_inference",
    "check_init",
    "check_likelihood",
    "check_metric",
    "check_network",
    "check_objective",
    "check_optimizer",
    "check_prior",
    "check_schedule",
    "check_start",
    "check_weight",
    "dataset_outcomes",
    "divergence_outcomes",
    "expectation_outcomes",
    "feature_outcomes",
    "inference_outcomes",
    "init_outcomes",
    "likelihood_outcomes",
    "metric_outcomes",
    "network_outcomes",
    "objective_outcomes",
    "optimizer_outcomes",
    "prior_outcomes",
    "schedule_outcomes",
    "small_model",
    "start_outcomes",
    "weight_outcomes",
]
