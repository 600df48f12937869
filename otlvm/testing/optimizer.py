"""Conformance of optimisers."""

from collections.abc import Callable

import torch
from torch import nn

from otlvm.optimizers import Optimizer
from otlvm.testing.fault import Fault
from otlvm.testing.report import Check, Outcome, raise_faults, run_checks
from otlvm.wording import with_article

Make = Callable[[], Optimizer]
RATES = (0.01, 0.02)


def check_optimizer(make: Make) -> None:
    """Check that an optimiser behaves as the toolkit needs.

    Args:
        make: The class, or a function without arguments that builds one.

    Raises:
        ConformanceError: Naming every check that fails, and the fault.
    """
    raise_faults(getattr(make, "__name__", repr(make)), optimizer_outcomes(make))


def optimizer_outcomes(make: Make) -> list[Outcome]:
    """Run all checks of `check_optimizer` and return what they found."""
    return run_checks(CHECKS, make)


def _parameters() -> list[nn.Parameter]:
    return [nn.Parameter(torch.ones(4)), nn.Parameter(2 * torch.ones(3))]


def _made(make: Make, parameters: list[nn.Parameter]) -> torch.optim.Optimizer:
    groups = [
        {"params": [parameter], "lr": rate}
        for parameter, rate in zip(parameters, RATES, strict=True)
    ]
    made = make().make(groups)
    if not isinstance(made, torch.optim.Optimizer):
        raise Fault(f"make() returns {with_article(type(made).__name__)}, not a torch optimiser")
    return made


def _descend(optimizer: torch.optim.Optimizer, parameters: list[nn.Parameter], steps: int) -> float:
    total = torch.zeros(())
    for _ in range(steps):
        optimizer.zero_grad(set_to_none=True)
        total = torch.stack([parameter.square().sum() for parameter in parameters]).sum()
        torch.autograd.backward(total)
        optimizer.step()
    return float(total.detach())


def _keeps_the_rates(make: Make) -> None:
    rates = [group["lr"] for group in _made(make, _parameters()).param_groups]
    if rates != list(RATES):
        raise Fault(f"groups with the rates {list(RATES)} have {rates}: each part keeps its own")


def _descends(make: Make) -> None:
    parameters = _parameters()
    optimizer = _made(make, parameters)
    first = _descend(optimizer, parameters, 1)
    last = _descend(optimizer, parameters, 100)
    if not last < first:
        raise Fault(f"a sum of squares goes from {first:.3g} to {last:.3g} in 100 steps")


def _takes_missing_gradients(make: Make) -> None:
    parameters = _parameters()
    optimizer = _made(make, parameters)
    torch.autograd.backward(parameters[0].square().sum())
    optimizer.step()  # parts that are held have no gradient
    if not torch.equal(parameters[1].detach(), 2 * torch.ones(3)):
        raise Fault("it moves a parameter without a gradient")


def _goes_on(make: Make) -> None:
    whole, parts = _parameters(), _parameters()
    _descend(_made(make, whole), whole, 6)
    first = _made(make, parts)
    _descend(first, parts, 3)
    second = _made(make, parts)
    second.load_state_dict(first.state_dict())
    _descend(second, parts, 3)
    if not all(torch.equal(one, other) for one, other in zip(whole, parts, strict=True)):
        raise Fault("state_dict() does not hold all: a resumed training ends elsewhere")


CHECKS: tuple[Check[Make], ...] = (
    Check("each part keeps its rate", _keeps_the_rates),
    Check("goes down", _descends),
    Check("parameters without a gradient", _takes_missing_gradients),
    Check("goes on from its state", _goes_on),
)
