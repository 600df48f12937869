"""Latent codes of many dimensions as points in the plane."""

import warnings
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from otlvm.wording import did_you_mean

SEED = 0
NEIGHBOURS = 15


class Plane(NamedTuple):
    """Codes in the plane.

    Attributes:
        points: ``[n, 2]``.
        prior: ``[m, 2]``.
        how: How they came there; empty if they were there already.
    """

    points: NDArray[Any]
    prior: NDArray[Any]
    how: str


def project(codes: NDArray[Any], prior: NDArray[Any], projection: str = "pca") -> Plane:
    """Project codes ``[n, d]`` and prior codes ``[m, d]`` jointly to the plane.

    Two dimensions stay as they are, and one gets a second of zeros.

    Args:
        codes: Codes; finite.
        prior: Samples of the prior.
        projection: ``pca``, the first two principal components, or ``umap`` (McInnes and Healy,
            2018); where umap-learn is not installed, ``pca`` takes its place, and ``how`` says so.

    Raises:
        ValueError: If there is no such projection.
    """
    known = ("pca", "umap")
    if projection not in known:
        hint = did_you_mean(projection, known)
        raise ValueError(f"unknown projection {projection!r}{hint}; known: {', '.join(known)}")
    together, how = np.concatenate([codes, prior]).astype(float), ""
    if together.shape[1] == 1:
        together = np.column_stack([together, np.zeros(len(together))])
    elif together.shape[1] > 2 and projection == "umap":
        together, how = _umap(together)
    elif together.shape[1] > 2:
        together, how = pca(together), "PCA"
    return Plane(together[: len(codes)], together[len(codes) :], how)


def pca(points: NDArray[Any]) -> NDArray[Any]:
    """Return the first two principal components of points ``[n, d]``, as ``[n, 2]``."""
    centred = points - points.mean(axis=0)
    axes = np.linalg.svd(centred.T @ centred)[2][:2]  # [d, d] is soon decomposed
    projected: NDArray[Any] = centred @ axes.T
    return projected


def _umap(points: NDArray[Any]) -> tuple[NDArray[Any], str]:
    try:
        with warnings.catch_warnings():
            # it has no TensorFlow, says umap-learn when imported; only its parametric form needs it
            warnings.filterwarnings("ignore", "Tensorflow not installed", ImportWarning)
            from umap import UMAP
    except ModuleNotFoundError as error:
        if error.name != "umap":  # it is there, but broken
            raise
        return pca(points), "PCA, since umap-learn is not installed"
    # One thread and a fixed seed give the same map again. Starting at the principal components
    # needs no connected graph of neighbours, so any cloud has a map.
    neighbours = min(NEIGHBOURS, len(points) - 1)
    reducer = UMAP(n_neighbors=neighbours, random_state=SEED, n_jobs=1, init="pca")
    return np.asarray(reducer.fit_transform(points), float), "UMAP"
