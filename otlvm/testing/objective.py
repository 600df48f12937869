"""Conformance of objectives."""

from collections.abc import Callable

import torch
from torch import Tensor

from otlvm.networks import LatentMixtureModel
from otlvm.objectives import Losses, Objective
from otlvm.testing.fault import Fault
from otlvm.testing.parts import small_images, small_model
from otlvm.testing.report import Check, Outcome, raise_faults, run_checks
from otlvm.testing.state import unchanged_state
from otlvm.training import fit
from otlvm.wording import with_article

Make = Callable[[], Objective]


def check_objective(make: Make) -> None:
    """Check that an objective behaves as the toolkit needs.

    Args:
        make: The class, or a function without arguments that builds one.

    Raises:
        ConformanceError: Naming every check that fails, and the fault.
    """
    raise_faults(getattr(make, "__name__", repr(make)), objective_outcomes(make))


def objective_outcomes(make: Make) -> list[Outcome]:
    """Run all checks of `check_objective` and return what they found."""
    return run_checks(CHECKS, make)


def _losses(objective: Objective, model: LatentMixtureModel, x: Tensor) -> Losses:
    torch.manual_seed(7)
    losses = objective(model, x)
    if not isinstance(losses, Losses):
        raise Fault(f"it returns {with_article(type(losses).__name__)}, not Losses")
    return losses


def _has_finite_scalars(make: Make) -> None:
    losses = _losses(make(), small_model(), small_images())
    named = {"total": losses.total, "reconstruction": losses.reconstruction}
    for name, value in {**named, "regularizer": losses.regularizer, **losses.terms}.items():
        if not isinstance(value, Tensor) or value.shape != ():
            raise Fault(f"{name} is not a scalar tensor")
        if not torch.isfinite(value):
            raise Fault(f"{name} is {float(value.detach())}")


def _names_its_terms(make: Make) -> None:
    objective = make()
    named, found = objective.named_terms(), _losses(objective, small_model(), small_images()).terms
    if named is not None and set(named) != set(found):
        raise Fault(f"TERMS names {', '.join(named)}; its losses have {', '.join(found)}")


def _adds_up(make: Make) -> None:
    losses = _losses(make(), small_model(), small_images())
    if not torch.isclose(losses.total, losses.reconstruction + losses.regularizer, rtol=1e-4):
        raise Fault("total is not reconstruction + regularizer")


def _has_gradients(make: Make) -> None:
    model = small_model()
    total = _losses(make(), model, small_images()).total
    if not total.requires_grad:
        raise Fault("total is detached from the model: nothing would be trained")
    torch.autograd.backward(total)
    for name, parameter in model.named_parameters():
        if parameter.grad is None:
            raise Fault(f"no gradient reaches {name}")
        if not torch.isfinite(parameter.grad).all():
            raise Fault(f"the gradient of {name} is not finite")
    if not any(p.grad is not None and p.grad.any() for p in model.parameters()):
        raise Fault("all gradients are zero")


def _lowers_its_loss(make: Make) -> None:
    torch.manual_seed(0)
    history = fit(
        small_model(),
        make(),
        small_images(64),
        steps=150,
        batch_size=32,
        learning_rate=5e-3,
        log_every=30,
    )
    first, last = history.rows[0]["reconstruction"], history.rows[-1]["reconstruction"]
    if not last < first:
        raise Fault(
            f"150 steps of training bring the reconstruction from {first:.4g} to {last:.4g}"
        )


def _leaves_state_alone(make: Make) -> None:
    model, objective = small_model(), make()
    for enabled in (True, False):
        with torch.set_grad_enabled(enabled), unchanged_state():
            _losses(objective, model, small_images())
    if not model.training:
        raise Fault("it leaves the model in eval mode")


def _is_deterministic(make: Make) -> None:
    first, second = (_losses(make(), small_model().eval(), small_images()).total for _ in range(2))
    if not torch.equal(first, second):
        raise Fault("two calls under the same seed differ")


CHECKS: tuple[Check[Make], ...] = (
    Check("finite scalars", _has_finite_scalars),
    Check("total = reconstruction + regularizer", _adds_up),
    Check("names the terms of its losses", _names_its_terms),
    Check("finite gradients for every parameter", _has_gradients),
    Check("training lowers the reconstruction term", _lowers_its_loss),
    Check("leaves global state alone", _leaves_state_alone),
    Check("same seed, same losses", _is_deterministic),
)
