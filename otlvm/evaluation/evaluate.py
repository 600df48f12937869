"""All numbers of a trained model, and the cheap ones for its learning curves."""

from typing import Any

from numpy.typing import NDArray
from torch import Tensor

from otlvm.data import Dataset
from otlvm.evaluation.clustering import clustering_scores, component_usage
from otlvm.evaluation.latent import latent_match
from otlvm.evaluation.posterior import component_probabilities, evaluation_mode
from otlvm.evaluation.reconstruction import reconstruction_errors
from otlvm.networks import LatentMixtureModel

CURVE_TRAINING, CURVE_HELD_OUT = 5000, 1000


def evaluate(model: LatentMixtureModel, data: Dataset) -> dict[str, float]:
    """Measure a model on all held-out images, in eval mode.

    Args:
        model: The model, on the data's device.
        data: The data; training labels only fit the accuracy's map. Without labels there are no
            `clustering_scores`.

    Returns:
        What `reconstruction_errors`, `clustering_scores`, `component_usage` and `latent_match`
        return.
    """
    with evaluation_mode(model):
        pi_train = component_probabilities(model, data.x_train)
        pi_test = component_probabilities(model, data.x_test)
        return {
            **reconstruction_errors(model, data.x_test),
            **assignment_scores(pi_train, pi_test, data),
            **latent_match(model, data.x_test),
        }


def curve_point(model: LatentMixtureModel, data: Dataset) -> dict[str, float]:
    """Measure BCE, accuracy and usage on the first 5,000 training and 1,000 held-out images.

    Without labels there is no accuracy.
    """
    with evaluation_mode(model):
        part = data.first(CURVE_TRAINING, CURVE_HELD_OUT)
        pi_train = component_probabilities(model, part.x_train)
        pi_test = component_probabilities(model, part.x_test)
        scores = assignment_scores(pi_train, pi_test, part)
        bce = reconstruction_errors(model, part.x_test)["bce"]
    shown = ("accuracy", "components_used")
    return {"bce": bce, **{key: scores[key] for key in shown if key in scores}}


def assignment_scores(pi_train: Tensor, pi_test: Tensor, data: Dataset) -> dict[str, float]:
    """Clustering scores, if there are labels, and usage of assignments ``[n, K]``, ``[m, K]``."""
    held_out = _numpy(pi_test)
    if data.y_train is None or data.y_test is None:
        return component_usage(held_out)
    labels = _numpy(data.y_train), _numpy(data.y_test)
    return {
        **clustering_scores(_numpy(pi_train), labels[0], held_out, labels[1]),
        **component_usage(held_out),
    }


def _numpy(tensor: Tensor) -> NDArray[Any]:
    array: NDArray[Any] = tensor.cpu().numpy()
    return array
