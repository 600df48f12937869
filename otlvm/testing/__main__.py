"""``python -m otlvm.testing KEY``: check a plug-in, or a built-in, and list what was found."""

import argparse
import json
import typing
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console

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
from otlvm.plugins import find_plugins_in
from otlvm.priors import priors
from otlvm.registry import Registry, RegistryError
from otlvm.schedules import schedules
from otlvm.starts import starts
from otlvm.testing import (
    Outcome,
    augmentation_outcomes,
    baseline_outcomes,
    dataset_outcomes,
    divergence_outcomes,
    expectation_outcomes,
    feature_outcomes,
    inference_outcomes,
    init_outcomes,
    likelihood_outcomes,
    metric_outcomes,
    network_outcomes,
    objective_outcomes,
    optimizer_outcomes,
    prior_outcomes,
    schedule_outcomes,
    start_outcomes,
    weight_outcomes,
)
from otlvm.testing.likelihood import FEATURES
from otlvm.weights import weights
from otlvm.wording import with_article


@dataclass(frozen=True)
class Kind:
    """What can be checked.

    Attributes:
        registry: Where a key is looked up.
        outcomes_of: Runs the checks.
        context: What the library fills in when it builds one.
    """

    registry: Registry[Any]
    outcomes_of: Callable[[Any], list[Outcome]]
    context: dict[str, Any] = field(default_factory=dict)

    def is_meant(self, key: str) -> bool:
        """Tell whether a key names a class of this kind, or a function that says it makes one."""
        try:
            factory = self.registry.get(key)
            if isinstance(factory, type):
                return issubclass(factory, self.registry.base)
            return _says_what_it_returns(factory, self.registry.base)
        except RegistryError:
            return False

    def refuse(self, key: str, given: dict[str, Any]) -> None:
        """Raise if a key names nothing of this kind that can be built with these parameters.

        What a function says it returns is believed: data that are wrong raise when they are
        built, and it is for the checks to tell.

        Raises:
            RegistryError: Naming the reason.
        """
        says_so = _says_what_it_returns(self.registry.get(key), self.registry.base)
        known = self.registry.parameters(key)
        needs = [name for name, p in known.items() if p.default is p.empty and name not in given]
        if says_so and not needs and given.keys() <= known.keys():
            return
        self.registry.build({"name": key, **given}, **self.context)


KINDS = (
    Kind(divergences, divergence_outcomes),
    Kind(priors, prior_outcomes),
    Kind(objectives, objective_outcomes),
    Kind(networks, network_outcomes, {"image_shape": (1, 8, 8), "n_components": 3, "dim": 2}),
    Kind(inferences, inference_outcomes),
    Kind(inits, init_outcomes),
    Kind(likelihoods, likelihood_outcomes, {"features": FEATURES}),
    Kind(expectations, expectation_outcomes),
    Kind(starts, start_outcomes),
    Kind(weights, weight_outcomes),
    Kind(augmentations, augmentation_outcomes),
    Kind(optimizers, optimizer_outcomes),
    Kind(schedules, schedule_outcomes),
    Kind(baselines, baseline_outcomes),
    Kind(features, feature_outcomes),
    Kind(metrics, metric_outcomes),
    Kind(datasets, dataset_outcomes),
)
HINT = "(did you mean"
COLOURS = {"passed": "green", "failed": "red", "skipped": "yellow"}


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns 0, 1 if a check failed, 2 if there is nothing to check."""
    parser = argparse.ArgumentParser(prog="python -m otlvm.testing", description=__doc__)
    parser.add_argument("key", help="my_module:MyDivergence, or a registered name")
    parser.add_argument(
        "parameters",
        nargs="*",
        metavar="NAME=VALUE",
        help="its parameters: numbers and lists as in JSON, texts as they are",
    )
    options = parser.parse_args(arguments)
    key = options.key
    try:
        given = dict(map(_parameter, options.parameters))
    except ValueError as error:
        parser.error(str(error))
    find_plugins_in(Path.cwd())
    console, reasons = Console(), []
    for kind in [kind for kind in KINDS if kind.is_meant(key)] or KINDS:
        try:
            kind.refuse(key, given)
        except RegistryError as error:
            reasons.append((with_article(kind.registry.kind), f"{error}"))
            continue
        outcomes = kind.outcomes_of(partial(kind.registry.build, {"name": key, **given}))
        for outcome in outcomes:
            mark = f"[{COLOURS[outcome.status]}]{outcome.status:7}[/]"
            console.print(mark, outcome.check, highlight=False)
            if outcome.message:
                console.print(f"        {outcome.message}", markup=False, highlight=False)
        return int(any(outcome.status == "failed" for outcome in outcomes))
    Console(stderr=True).print(_told(reasons), style="red", markup=False)
    return 2


def _parameter(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise ValueError(f"{text!r} is no parameter: write name=value")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _told(reasons: list[tuple[str, str]]) -> str:
    """Write why a key is of no kind, once where all kinds have the same reason."""
    messages = list(dict.fromkeys(message for _, message in reasons))
    hinted = [message for message in messages if HINT in message]
    if len(messages) == 1 or hinted:
        return "\n".join(hinted or messages)
    return "\n".join(f"as {kind}: {message}" for kind, message in reasons)


def _says_what_it_returns(factory: Callable[..., Any], base: type) -> bool:
    """Tell whether a function is annotated with the class that is wanted.

    Raises:
        RegistryError: If it is annotated with another class.
    """
    if isinstance(factory, type):
        return False
    try:
        returned = typing.get_type_hints(factory).get("return")
    except (NameError, TypeError):  # unknown names; a callable without annotations
        return False
    if not isinstance(returned, type):
        return False
    if not issubclass(returned, base):
        given, wanted = with_article(returned.__name__), with_article(base.__name__)
        raise RegistryError(f"it returns {given}, not {wanted}")
    return True


if __name__ == "__main__":
    raise SystemExit(main())
