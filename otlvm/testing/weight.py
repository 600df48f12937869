"""Conformance of weights of a divergence."""

from collections.abc import Callable

import torch
from torch import Tensor

from otlvm.testing.fault import Fault
from otlvm.testing.parts import cuda, expect
from otlvm.testing.report import Check, Outcome, raise_faults, run_checks
from otlvm.testing.state import unchanged_state
from otlvm.weights import Weight

Make = Callable[[], Weight]
VALUES = (3.0, 0.5, 0.0, -0.01, 0.2)


def check_weight(make: Make) -> None:
    """Check that a weight behaves as the toolkit needs.

    Args:
        make: The class, or a function without arguments that builds one.

    Raises:
        ConformanceError: Naming every check that fails, and the fault.
    """
    raise_faults(getattr(make, "__name__", repr(make)), weight_outcomes(make))


def weight_outcomes(make: Make) -> list[Outcome]:
    """Run all checks of `check_weight` and return what they found."""
    return run_checks(CHECKS, make)


def _values(dtype: torch.dtype = torch.float32) -> list[Tensor]:
    return [torch.tensor(value, dtype=dtype) for value in VALUES]


def _calibrated(make: Make) -> Weight:
    weight = make()
    torch.manual_seed(0)
    weight.calibrate(lambda: 0.1 * torch.randn(()))
    return weight


def _is_a_scalar(make: Make) -> None:
    for dtype in (torch.float32, torch.float64):
        weight = _calibrated(make)
        for value in _values(dtype):
            found = expect("the weight", weight(value.requires_grad_()), (), "a scalar")
            if found.dtype != dtype:
                raise Fault(f"a divergence in {dtype} has a weight in {found.dtype}")
            if found.requires_grad:
                raise Fault("it carries a gradient: training would move it to make the loss small")
            if found < 0:
                raise Fault(f"it is negative: {float(found):.3g}")


def _stays_in_eval_mode(make: Make) -> None:
    weight = _calibrated(make)
    for value in _values():
        weight(value)
    weight.eval()
    found = [float(weight(torch.tensor(0.3))) for _ in range(3)]
    if len(set(found)) > 1:
        raise Fault("it moves in eval mode, where nothing is trained")


def _goes_on(make: Make) -> None:
    weight, other = _calibrated(make), make()
    for value in _values():
        weight(value)
    other.load_state_dict(weight.state_dict())
    for value in _values():
        if not torch.equal(weight(value), other(value)):
            raise Fault("state_dict() does not hold all: a resumed training has another weight")


def _leaves_state_alone(make: Make) -> None:
    weight = _calibrated(make)
    with unchanged_state():
        weight(torch.tensor(0.3))


def _runs_on_cuda(make: Make) -> None:
    device = cuda()
    weight = make().to(device)
    found = weight(torch.tensor(0.3, device=device))
    if found.device.type != device.type:
        raise Fault(f"a divergence on cuda has a weight on {found.device}")


CHECKS: tuple[Check[Make], ...] = (
    Check("finite scalar without gradient", _is_a_scalar),
    Check("stays as it is in eval mode", _stays_in_eval_mode),
    Check("goes on from its state", _goes_on),
    Check("leaves global state alone", _leaves_state_alone),
    Check("CUDA", _runs_on_cuda),
)
