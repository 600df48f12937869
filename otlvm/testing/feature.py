"""Conformance of features."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from otlvm.features import Features
from otlvm.testing.fault import Fault
from otlvm.testing.parts import cuda, expect, small_groups
from otlvm.testing.report import Check, Outcome, raise_faults, run_checks
from otlvm.testing.state import reseeds, unchanged, unchanged_state

Make = Callable[[], Features]


def check_feature(make: Make) -> None:
    """Check that features behave as the toolkit needs.

    Args:
        make: The class, or a function without arguments that builds one.

    Raises:
        ConformanceError: Naming every check that fails, and the fault.
    """
    raise_faults(getattr(make, "__name__", repr(make)), feature_outcomes(make))


def feature_outcomes(make: Make) -> list[Outcome]:
    """Run all checks of `check_feature` and return what they found."""
    return run_checks(CHECKS, make)


def _columns(name: str, value: Any) -> int:
    if not isinstance(value, Tensor) or value.ndim != 2 or not value.shape[1]:
        shown = f"shape {tuple(value.shape)}" if isinstance(value, Tensor) else type(value).__name__
        raise Fault(f"{name} returns {shown}, not vectors [n, f]")
    return value.shape[1]


def _fit(features: Features, dtype: torch.dtype = torch.float32) -> Tensor:
    torch.manual_seed(7)
    x = small_groups().to(dtype)
    found = features.fit_transform(x)
    columns = _columns("fit_transform(x)", found)
    return expect("fit_transform(x)", found, (len(x), columns), "[n, f], a row an image")


def _transform(features: Features, columns: int, n: int = 20) -> Tensor:
    torch.manual_seed(7)
    found = features.transform(small_groups(n, seed=1))
    meaning = "[m, f], a row an image, as many columns as fit_transform returned"
    return expect(f"transform of {n} images", found, (n, columns), meaning)


def _has_shapes(make: Make) -> None:
    features = make()
    columns = _fit(features).shape[1]
    for n in (20, 7):
        _transform(features, columns, n)


def _has_no_graph(make: Make) -> None:
    features = make()
    found = _fit(features)
    if found.requires_grad or _transform(features, found.shape[1]).requires_grad:
        raise Fault("its features carry a graph, which clusterings cannot read: detach them")


def _remembers(make: Make) -> None:
    features = make()
    columns = _fit(features).shape[1]
    first = _transform(features, columns)
    _transform(features, columns, 7)
    if not torch.equal(first, _transform(features, columns)):
        raise Fault("the same images have other features the second time")


def _leaves_inputs_alone(make: Make) -> None:
    features, x = make(), small_groups()
    torch.manual_seed(7)
    with unchanged(images=x):
        features.fit_transform(x)
        features.transform(x)


def _takes_both_precisions(make: Make) -> None:
    for dtype in (torch.float32, torch.float64):
        features = make()
        columns = _fit(features, dtype).shape[1]
        other = features.transform(small_groups(20, seed=1).to(dtype))
        expect(f"transform of {dtype}", other, (20, columns), "[m, f]")


def _runs_on_cuda(make: Make) -> None:
    features, x = make(), small_groups().to(cuda())
    columns = _columns("fit_transform(x) on CUDA", features.fit_transform(x))
    expect("transform on CUDA", features.transform(x), (len(x), columns), "[m, f]")


def _leaves_state_alone(make: Make) -> None:
    x = small_groups()
    with unchanged_state():
        features = make()
        features.fit_transform(x)
        features.transform(x)
    if reseeds(lambda: make().fit_transform(x)):
        raise Fault("it sets torch's seed: draw with torch.initial_seed()")


def _is_deterministic(make: Make) -> None:
    first, second = make(), make()
    one, other = _fit(first), _fit(second)
    if one.shape != other.shape or not torch.equal(one, other):
        raise Fault("two fits under the same seed differ: seed it with torch.initial_seed()")
    if not torch.equal(*(_transform(each, one.shape[1]) for each in (first, second))):
        raise Fault("two fits under the same seed map other images differently")


CHECKS: tuple[Check[Make], ...] = (
    Check("vectors of one length", _has_shapes),
    Check("carries no graph", _has_no_graph),
    Check("maps the same images alike", _remembers),
    Check("leaves its inputs alone", _leaves_inputs_alone),
    Check("float32 and float64", _takes_both_precisions),
    Check("CUDA", _runs_on_cuda),
    Check("leaves global state alone", _leaves_state_alone),
    Check("same seed, same features", _is_deterministic),
)
