"""Conformance of likelihoods."""

from collections.abc import Callable

import torch
from torch import Tensor

from otlvm.likelihoods import Likelihood
from otlvm.testing.fault import Fault, NotApplicable
from otlvm.testing.report import Check, Outcome, raise_faults, run_checks
from otlvm.testing.state import unchanged_state

Make = Callable[..., Likelihood]
FEATURES = 6
STEPS, RATE = 50, 0.05


def check_likelihood(make: Make) -> None:
    """Check that a likelihood behaves as the toolkit needs.

    Args:
        make: The class, or a function of ``features``, D, that builds one.

    Raises:
        ConformanceError: Naming every check that fails, and the fault.
    """
    raise_faults(getattr(make, "__name__", repr(make)), likelihood_outcomes(make))


def likelihood_outcomes(make: Make) -> list[Outcome]:
    """Run all checks of `check_likelihood` and return what they found."""
    return run_checks(CHECKS, lambda: make(features=FEATURES))


def _inputs(dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor]:
    """Outputs of a decoder for three codes of each of five rows, and the rows, in [0, 1]."""
    torch.manual_seed(0)
    return 3 * torch.randn(5, 3, FEATURES, dtype=dtype), torch.rand(5, 1, FEATURES, dtype=dtype)


def _has_shapes(make: Callable[[], Likelihood]) -> None:
    for dtype in (torch.float32, torch.float64):
        likelihood, (logits, x) = make().to(dtype), _inputs(dtype)
        found = {
            "mean(logits)": (likelihood.mean(logits), logits.shape),
            "nll(logits, x)": (likelihood.nll(logits, x), logits.shape[:-1]),
        }
        for name, (value, shape) in found.items():
            if value.shape != shape:
                raise Fault(f"{name} has shape {list(value.shape)}, not {list(shape)}")
            if value.dtype != dtype:
                raise Fault(f"{name} is {value.dtype} of {dtype}: keep tensors in buffers")
            if not torch.isfinite(value).all():
                raise Fault(f"{name} is not finite")


def _has_gradients(make: Callable[[], Likelihood]) -> None:
    likelihood, (logits, x) = make().double(), _inputs()
    for name in ("mean", "nll"):
        given = logits.clone().requires_grad_()
        value = likelihood.mean(given) if name == "mean" else likelihood.nll(given, x)
        torch.autograd.backward(value.sum())
        if given.grad is None or not torch.isfinite(given.grad).all() or not given.grad.any():
            raise Fault(f"{name} gives the decoder no finite gradient")
    for name, parameter in likelihood.named_parameters():
        if parameter.grad is None or not torch.isfinite(parameter.grad).all():
            raise Fault(f"nll gives {name} no finite gradient")


def _is_finite_far_away(make: Callable[[], Likelihood]) -> None:
    likelihood = make()
    for size in (0.0, 1e-6, 30.0, 200.0):
        for sign in (-1, 1):
            logits = torch.full((1, FEATURES), sign * size, requires_grad=True)
            value = likelihood.nll(logits, torch.full((1, FEATURES), 0.5)).sum()
            torch.autograd.backward(value)
            if not (torch.isfinite(value) and torch.isfinite(logits.grad).all()):  # type: ignore[arg-type]
                raise Fault(
                    f"nll or its gradient is not finite where the decoder says {sign * size}"
                )


def _teaches_the_decoder(make: Callable[[], Likelihood]) -> None:
    likelihood = make().double()
    logits, target = torch.zeros(1, FEATURES).double(), torch.linspace(0.2, 0.8, FEATURES).double()
    before = (likelihood.mean(logits) - target).abs().sum()
    for _ in range(STEPS):
        logits = logits.detach().requires_grad_()
        value = likelihood.nll(logits, target).sum()
        (slope,) = torch.autograd.grad(value, logits)
        logits = logits - RATE * slope
    after = (likelihood.mean(logits.detach()) - target).abs().sum()
    if not after < before:
        raise Fault("where nll falls, its mean does not come nearer to the data")


def _has_the_logits_of_its_mean(make: Callable[[], Likelihood]) -> None:
    likelihood, (logits, _) = make().double(), _inputs()
    of_mean = likelihood.bernoulli_logits(logits)
    if of_mean is None:
        raise NotApplicable("its means need not lie in [0, 1]")
    if not torch.allclose(of_mean.sigmoid(), likelihood.mean(logits)):
        raise Fault("bernoulli_logits are not the logits of mean")


def _leaves_state_alone(make: Callable[[], Likelihood]) -> None:
    likelihood, (logits, x) = make().double(), _inputs()
    before = torch.get_rng_state()
    with unchanged_state():
        likelihood.nll(logits, x)
        likelihood.mean(logits)
    if not torch.equal(before, torch.get_rng_state()):
        raise Fault("it draws random numbers")


CHECKS: tuple[Check[Make], ...] = (
    Check("shapes and dtypes", _has_shapes),
    Check("finite gradients", _has_gradients),
    Check("finite wherever the decoder goes", _is_finite_far_away),
    Check("brings the mean to the data", _teaches_the_decoder),
    Check("logits of its mean", _has_the_logits_of_its_mean),
    Check("leaves global state alone", _leaves_state_alone),
)
