"""From the parameters of an estimator to what is trained."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch

from otlvm.data.checks import check_image_shape
from otlvm.data.layouts import vector_shape
from otlvm.divergences import Divergence, divergences
from otlvm.networks import LatentMixtureModel
from otlvm.objectives import Objective, objectives
from otlvm.priors import Prior, priors
from otlvm.registry import RegistryError, Spec, split_spec
from otlvm.starts import Start, starts


@contextmanager
def named(parameter: str) -> Iterator[None]:
    """Say which of the estimator's parameters a registry refuses."""
    try:
        yield
    except RegistryError as error:
        path = (parameter, *error.path)
        raise RegistryError(f"{'.'.join(map(str, path))}: {error}", path) from error


@contextmanager
def whole_or_not(estimator: object) -> Iterator[None]:
    """Give an estimator back what it had where a fit fails: what was fitted before still holds."""
    before = dict(vars(estimator))
    try:
        yield
    except BaseException:
        vars(estimator).clear()
        vars(estimator).update(before)
        raise


def find_device(name: str) -> torch.device:
    """Return a device.

    Raises:
        ValueError: If there is none of that name here.
    """
    try:
        device = torch.device(name)
    except (RuntimeError, TypeError) as error:
        raise ValueError(f"device {name!r} is none: say cpu or cuda") from error
    if device.type == "cuda" and not torch.cuda.is_available():
        raise ValueError(f"device {name!r}: torch finds no GPU here; say cpu")
    return device


def shape_of_rows(shape: tuple[int, int, int] | None, n_features: int) -> tuple[int, int, int]:
    """Return the image shape of rows, that of `vector_shape` where none is given.

    Raises:
        ValueError: If it is no image shape, or of another number of features.
    """
    if shape is None:
        return vector_shape(n_features)
    if check_image_shape("LatentMixture", shape) != n_features:
        raise ValueError(
            f"image_shape {shape} (channels, height, width) does not fit {n_features} features"
        )
    return shape


def build_prior(spec: Spec, n_components: int, n_latent: int | None) -> Prior:
    """Build a prior of the given sizes; those that its constructor takes are filled in.

    Args:
        spec: The prior's spec.
        n_components: K.
        n_latent: d; None leaves it to the prior, or is K where the prior has a ``dim``.

    Raises:
        RegistryError: If the spec does not fit.
        ValueError: If the prior has other sizes.
    """
    sizes = {"components": n_components, "dim": n_latent or n_components}
    with named("prior"):
        name, given = split_spec(spec)
        known = priors.parameters(name)
        filled = {key: value for key, value in sizes.items() if key in known}
        prior = priors.build({"name": name, **filled, **given})
    if prior.n_components != n_components or n_latent not in (None, prior.dim):
        raise ValueError(
            f"prior {name!r} has {prior.n_components} components in {prior.dim} dimensions, which "
            f"n_components={n_components} and n_latent={n_latent} contradict: make them agree"
        )
    return prior


CLUSTERED: Spec = {"name": "distill", "clustering": "kmeans", "steps": 500}
VARIANCES = 4.0
"""The default weight of a divergence beside squared errors, in units of the data's variance.

Of .2, 1, 5 and 100 it lies by the best on clusters far apart: below, components are left out that
z can do without; far above, the data drown."""


def build_objective(spec: Spec, divergence: Spec, variance: float) -> Objective:
    """Build an objective, with divergence and weight filled in where its spec names none.

    They are filled in for the objective that another one is around (``of``) too.

    Args:
        spec: The objective's spec.
        divergence: The divergence, for an objective that takes one.
        variance: That of the data, summed over features: the squared error of a model that has
            learnt nothing but their mean. The weight of a divergence is so many times it, so that
            the two terms are to each other as they are whatever the data's units and size.

    Raises:
        RegistryError: If a spec does not fit.
    """
    with named("divergence"):
        of_codes = divergences.build(divergence)  # refused even where the objective takes none
    with named("objective"):
        return _filled_in(spec, of_codes, variance)


def _filled_in(spec: Spec, divergence: Divergence, variance: float) -> Objective:
    name, given = split_spec(spec)
    known = objectives.parameters(name)
    if "of" in known and isinstance(given.get("of"), str | Mapping):
        try:
            given["of"] = _filled_in(given["of"], divergence, variance)
        except RegistryError as error:
            raise RegistryError(str(error), ("of", *error.path)) from error
    if {"weight", "cost"} <= set(known) and not {"weight", "cost"} & set(given):
        given["weight"] = VARIANCES * variance
    if "divergence" in known and "divergence" not in given:
        given["divergence"] = divergence
    return objectives.build({"name": name, **given})


def build_start(spec: Spec | None, model: LatentMixtureModel, n_rows: int) -> Start:
    """Build a start; without a spec from K-means, if there are rows and a classifier for it.

    Raises:
        RegistryError: If the spec does not fit.
        TypeError: If it cannot prepare the model's network.
        ValueError: If it needs more rows.
    """
    n_components, network = model.prior.n_components, model.network
    if spec is None:
        clusters = n_rows >= n_components and network.classifier is not None
        spec = CLUSTERED if clusters else "moments"
    with named("start"):
        start = starts.build(spec)
    start.check(n_rows, n_components)
    start.check_network(network)
    return start
