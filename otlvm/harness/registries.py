"""Every registry of the library, as one tuple."""

from typing import Any

from otlvm.baselines import baselines
from otlvm.data import datasets
from otlvm.divergences import divergences
from otlvm.expectations import expectations
from otlvm.features import features
from otlvm.metrics import metrics
from otlvm.networks import networks
from otlvm.objectives import objectives
from otlvm.priors import priors
from otlvm.registry import Registry
from otlvm.starts import starts

REGISTRIES: tuple[Registry[Any], ...] = (
    priors,
    divergences,
    objectives,
    expectations,
    networks,
    starts,
    datasets,
    baselines,
    features,
    metrics,
)
