"""Evaluation: from a model and data to numbers."""

from otlvm.evaluation.clustering import (
    class_component_matrix,
    clustering_scores,
    component_usage,
    hungarian_accuracy,
    majority_map,
    paper_map,
)
from otlvm.evaluation.evaluate import (
    assignment_scores,
    curve_part,
    curve_point,
    curve_scores,
    evaluate,
)
from otlvm.evaluation.latent import latent_match
from otlvm.evaluation.pictures import (
    Pictures,
    show_assignments,
    show_clustering,
    show_model,
    show_snapshot,
)
from otlvm.evaluation.posterior import component_probabilities, evaluation_mode
from otlvm.evaluation.reconstruction import reconstruction_errors
from otlvm.evaluation.subset import spread_out

__all__ = [
    "Pictures",
    "assignment_scores",
    "class_component_matrix",
    "clustering_scores",
    "component_probabilities",
    "component_usage",
    "curve_part",
    "curve_point",
    "curve_scores",
    "evaluate",
    "evaluation_mode",
    "hungarian_accuracy",
    "latent_match",
    "majority_map",
    "paper_map",
    "reconstruction_errors",
    "show_assignments",
    "show_clustering",
    "show_model",
    "show_snapshot",
    "spread_out",
]
