"""All numbers of a trained model, and the cheap ones for its learning curves."""

from dataclasses import replace
from typing import Any

from numpy.typing import NDArray
from torch import Tensor

from otlvm.data import Dataset
from otlvm.evaluation.clustering import clustering_scores, component_usage
from otlvm.evaluation.latent import code_mmd, latent_match
from otlvm.evaluation.posterior import component_probabilities, evaluation_mode
from otlvm.evaluation.reconstruction import reconstruction_errors
from otlvm.evaluation.subset import spread_out
from otlvm.inputs import check_assignments, instance
from otlvm.networks import LatentMixtureModel

CURVE_TRAINING, CURVE_HELD_OUT = 5000, 1000
CURVE_SCORES = ("accuracy", "accuracy_majority", "components_used", "information")
CURVE_NUMBERS = ("bce", "nll", *CURVE_SCORES, "latent_mmd")
"""What a learning curve may have of `evaluate`."""


def evaluate(model: LatentMixtureModel, data: Dataset) -> dict[str, float]:
    """Measure a model on all held-out images, in eval mode.

    These are the numbers of tables. `curve_point` measures some of them on fewer images, so the
    last point of a learning curve differs from them as far as its images do.

    Args:
        model: The model, on the data's device.
        data: The data; training labels only fit the accuracy's map. Without labels there are no
            `clustering_scores`.

    Returns:
        What `reconstruction_errors`, `clustering_scores`, `component_usage` and `latent_match`
        return; and ``parameters``, how many numbers are trained.
    """
    instance("data", data, Dataset, "otlvm.data.from_arrays makes one")
    with evaluation_mode(model):
        pi_train = component_probabilities(model, data.x_train)
        pi_test = component_probabilities(model, data.x_test)
        return {
            **reconstruction_errors(model, data.x_test),
            **assignment_scores(pi_train, pi_test, data),
            **latent_match(model, data.x_test),
            "parameters": float(sum(p.numel() for p in model.parameters() if p.requires_grad)),
        }


def curve_point(
    model: LatentMixtureModel,
    data: Dataset,
    *,
    training: int | None = CURVE_TRAINING,
    held_out: int | None = CURVE_HELD_OUT,
) -> dict[str, float]:
    """Measure BCE, accuracy, usage and match as `evaluate` does, on images that stand for all.

    Where there is no BCE (`reconstruction_errors`) it is the NLL.

    A curve has many points, and each should cost less than the training between two of them: by
    default 6,000 images are encoded, and K codes of each of 1,000 decoded. They are the same
    images at every point and of every model, drawn at random from all (`curve_part`), so curves
    can be compared with each other; with tables only within the error of 1,000 images (up to
    1.6 points of accuracy, one standard error). With None for both it is what `evaluate` says.

    Without labels there is no accuracy.

    Args:
        model: The model, on the data's device.
        data: The data.
        training: How many training images fit the accuracy's map; None takes all.
        held_out: How many held-out images are measured; None takes all.
    """
    instance("data", data, Dataset, "otlvm.data.from_arrays makes one")
    part = curve_part(data, training=training, held_out=held_out)
    with evaluation_mode(model):
        pi_train = component_probabilities(model, part.x_train)
        pi_test = component_probabilities(model, part.x_test)
        errors = reconstruction_errors(model, part.x_test)
        match = code_mmd(model, part.x_test)
    scores = assignment_scores(pi_train, pi_test, part)
    shown = "bce" if "bce" in errors else "nll"
    return {
        shown: errors[shown],
        **{name: scores[name] for name in CURVE_SCORES if name in scores},
        **match,
    }


def curve_part(
    data: Dataset,
    *,
    training: int | None = CURVE_TRAINING,
    held_out: int | None = CURVE_HELD_OUT,
) -> Dataset:
    """Return the images of `curve_point`: those of `data` where there are no more than wanted."""
    return _part(data, *_curve_images(data, training, held_out))


def curve_scores(
    pi_train: Tensor,
    pi_test: Tensor,
    data: Dataset,
    *,
    training: int | None = CURVE_TRAINING,
    held_out: int | None = CURVE_HELD_OUT,
) -> dict[str, float]:
    """Measure accuracy and usage of assignments of all images on those of `curve_point`.

    So a baseline can be drawn beside learning curves: same images, same map.

    Args:
        pi_train: Assignments of all training images, with shape ``[n, K]``.
        pi_test: Assignments of all held-out images, with shape ``[m, K]``.
        data: The data.
        training: As in `curve_point`.
        held_out: As in `curve_point`.
    """
    train, test = _curve_images(data, training, held_out)
    scores = assignment_scores(
        pi_train[train.to(pi_train.device)],
        pi_test[test.to(pi_test.device)],
        _part(data, train, test),
    )
    return {name: scores[name] for name in CURVE_SCORES if name in scores}


def assignment_scores(pi_train: Tensor, pi_test: Tensor, data: Dataset) -> dict[str, float]:
    """Clustering scores, if there are labels, and usage of assignments ``[n, K]``, ``[m, K]``."""
    for name, pi, x in (("pi_train", pi_train, data.x_train), ("pi_test", pi_test, data.x_test)):
        check_assignments(name, pi, len(x))
    held_out = _numpy(pi_test)
    if data.y_train is None or data.y_test is None:
        return component_usage(held_out)
    labels = _numpy(data.y_train), _numpy(data.y_test)
    return {
        **clustering_scores(_numpy(pi_train), labels[0], held_out, labels[1]),
        **component_usage(held_out),
    }


def _curve_images(
    data: Dataset, training: int | None, held_out: int | None
) -> tuple[Tensor, Tensor]:
    return spread_out(len(data.x_train), training), spread_out(len(data.x_test), held_out)


def _part(data: Dataset, train: Tensor, test: Tensor) -> Dataset:
    def choose(values: Tensor | None, chosen: Tensor) -> Tensor | None:
        if values is None or len(chosen) == len(values):
            return values
        return values[chosen.to(values.device)]

    parts = {"x_train": train, "y_train": train, "x_test": test, "y_test": test, "shades": train}
    chosen: dict[str, Any] = {n: choose(getattr(data, n), to) for n, to in parts.items()}
    return replace(data, **chosen)


def _numpy(tensor: Tensor) -> NDArray[Any]:
    array: NDArray[Any] = tensor.cpu().numpy()
    return array
