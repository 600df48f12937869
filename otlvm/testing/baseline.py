"""Conformance of baselines."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from otlvm.baselines import Baseline
from otlvm.testing.fault import Fault
from otlvm.testing.parts import cuda, expect, small_groups
from otlvm.testing.report import Check, Outcome, raise_faults, run_checks
from otlvm.testing.state import reseeds, unchanged, unchanged_state

Make = Callable[[], Baseline]
ROUNDING = 1e-4


def check_baseline(make: Make) -> None:
    """Check that a baseline behaves as the toolkit needs.

    Args:
        make: The class, or a function without arguments that builds one.

    Raises:
        ConformanceError: Naming every check that fails, and the fault.
    """
    raise_faults(getattr(make, "__name__", repr(make)), baseline_outcomes(make))


def baseline_outcomes(make: Make) -> list[Outcome]:
    """Run all checks of `check_baseline` and return what they found."""
    return run_checks(CHECKS, make)


def _shares(name: str, value: Any, n: int, n_components: int) -> Tensor:
    shares = expect(name, value, (n, n_components), "[n, K], K shares of each image")
    if (shares < 0).any():
        raise Fault(f"{name} has negative shares, down to {float(shares.min()):.3g}")
    sums = shares.sum(1)
    if not torch.allclose(sums, torch.ones_like(sums), atol=ROUNDING):
        worst = float(sums[(sums - 1).abs().argmax()])
        raise Fault(f"{name} has rows that do not sum to 1 but to {worst:.4g}: normalise q(k|x)")
    return shares


def _fit(baseline: Baseline, n_components: int = 3, dtype: torch.dtype = torch.float32) -> Tensor:
    torch.manual_seed(7)
    x = small_groups().to(dtype)
    shares = baseline.fit(x, n_components)
    return _shares(f"fit(x, {n_components})", shares, len(x), n_components)


def _assign(baseline: Baseline, n: int = 20, n_components: int = 3) -> Tensor:
    torch.manual_seed(7)
    return _shares("assign(x)", baseline.assign(small_groups(n, seed=1)), n, n_components)


def _has_shares(make: Make) -> None:
    for n_components in (3, 2, 1):
        baseline = make()
        _fit(baseline, n_components)
        for n in (20, 1):
            _assign(baseline, n, n_components)


def _is_fitted_anew(make: Make) -> None:
    baseline = make()
    _fit(baseline, 2)
    _fit(baseline, 3)
    _assign(baseline, 20, 3)


def _remembers(make: Make) -> None:
    baseline = make()
    _fit(baseline)
    first = _assign(baseline)
    _assign(baseline, 5)
    if not torch.equal(first, _assign(baseline)):
        raise Fault("the same images are assigned otherwise the second time")


def _leaves_inputs_alone(make: Make) -> None:
    baseline, x = make(), small_groups()
    torch.manual_seed(7)
    with unchanged(images=x):
        baseline.fit(x, 3)
        baseline.assign(x)


def _takes_both_precisions(make: Make) -> None:
    for dtype in (torch.float32, torch.float64):
        baseline = make()
        _fit(baseline, dtype=dtype)
        assigned = baseline.assign(small_groups(20, seed=1).to(dtype))
        _shares(f"assign of {dtype}", assigned, 20, 3)


def _answers_on_the_cpu(make: Make) -> None:
    device, baseline = cuda(), make()
    x = small_groups().to(device)
    for name, shares in (("fit", baseline.fit(x, 3)), ("assign", baseline.assign(x))):
        if shares.device.type != "cpu":
            raise Fault(f"{name} of images on {device} answers on {shares.device}, not on the CPU")


def _leaves_state_alone(make: Make) -> None:
    x = small_groups()
    with unchanged_state():
        baseline = make()
        baseline.fit(x, 3)
        baseline.assign(x)
    if reseeds(lambda: make().fit(x, 3)):
        raise Fault("it sets torch's seed: draw with torch.initial_seed()")


def _is_deterministic(make: Make) -> None:
    first, second = make(), make()
    if not torch.equal(_fit(first), _fit(second)):
        raise Fault("two fits under the same seed differ: seed it with torch.initial_seed()")
    if not torch.equal(_assign(first), _assign(second)):
        raise Fault("two fits under the same seed assign other images differently")


CHECKS: tuple[Check[Make], ...] = (
    Check("shares [n, K] that sum to 1", _has_shares),
    Check("can be fitted anew", _is_fitted_anew),
    Check("assigns the same images alike", _remembers),
    Check("leaves its inputs alone", _leaves_inputs_alone),
    Check("float32 and float64", _takes_both_precisions),
    Check("CUDA images, shares on the CPU", _answers_on_the_cpu),
    Check("leaves global state alone", _leaves_state_alone),
    Check("same seed, same shares", _is_deterministic),
)
