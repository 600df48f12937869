"""Conformance checks, for our registries and for everyone's own plug-ins.

In a plug-in's tests: ``check_divergence(MyDivergence)``. On the command line:
``python -m otlvm.testing my_module:MyDivergence``.
"""

from otlvm.testing.divergence import check_divergence, divergence_outcomes
from otlvm.testing.metric import check_metric, metric_outcomes
from otlvm.testing.objective import check_objective, objective_outcomes
from otlvm.testing.prior import check_prior, prior_outcomes
from otlvm.testing.report import ConformanceError, Outcome

__all__ = [
    "ConformanceError",
    "Outcome",
    "check_divergence",
    "check_metric",
    "check_objective",
    "check_prior",
    "divergence_outcomes",
    "metric_outcomes",
    "objective_outcomes",
    "prior_outcomes",
]
