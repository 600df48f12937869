"""Every registry of the library, as one tuple."""

from typing import Any

from otlvm.augmentations import augmentations
from otlvm.baselines import baselines
from otlvm.data import datasets
from otlvm.divergences import divergences
from otlvm.expectations import expectations
from otlvm.features import features
from otlvm.inference import inferences
from otlvm.likelihoods import likelihoods
from otlvm.metrics import metrics
from otlvm.networks import inits, networks
from otlvm.objectives import objectives
from otlvm.optimizers import optimizers
from otlvm.priors import priors
from otlvm.registry import Registry
from otlvm.schedules import schedules
from otlvm.starts import starts
from otlvm.weights import weights

REGISTRIES: tuple[Registry[Any], ...] = (
    priors,
    divergences,
    objectives,
    weights,
    augmentations,
    expectations,
    networks,
    inits,
    inferences,
    likelihoods,
    starts,
    optimizers,
    schedules,
    datasets,
    baselines,
    features,
    metrics,
)
