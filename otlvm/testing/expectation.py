"""Conformance of the ways to take the decoder's expectation over q(k|x)."""

from collections.abc import Callable

import torch
from torch import Tensor

from otlvm.expectations import Expectation
from otlvm.latents import MixturePosterior
from otlvm.testing.fault import Fault
from otlvm.testing.parts import cuda, expect
from otlvm.testing.report import Check, Outcome, raise_faults, run_checks

Make = Callable[[], Expectation]
IMAGES, COMPONENTS, DIM = 4, 5, 2
DRAWS = 4000
FAR = 0.1
"""Of the range of f: what the mean of many draws may be off by. Relaxations have a small bias."""


def check_expectation(make: Make) -> None:
    """Check that an expectation behaves as the toolkit needs.

    Args:
        make: The class, or a function without arguments that builds one.

    Raises:
        ConformanceError: Naming every check that fails, and the fault.
    """
    raise_faults(getattr(make, "__name__", repr(make)), expectation_outcomes(make))


def expectation_outcomes(make: Make) -> list[Outcome]:
    """Run all checks of `check_expectation` and return what they found."""
    return run_checks(CHECKS, make)


def _posterior(
    spread: float = 1.0, repeats: int = 1, dtype: torch.dtype = torch.float32
) -> MixturePosterior:
    """Build one whose codes are told apart by their first number, k."""
    rng = torch.Generator().manual_seed(0)
    logits = spread * torch.randn(IMAGES, COMPONENTS, generator=rng, dtype=dtype)
    z = torch.randn(IMAGES, COMPONENTS, DIM, generator=rng, dtype=dtype)
    z[..., 0] = torch.arange(COMPONENTS, dtype=dtype)
    logits, z = logits.repeat(repeats, 1).requires_grad_(), z.repeat(repeats, 1, 1)
    return MixturePosterior(logits, z, torch.ones_like(z), z.requires_grad_())


def _estimate(expectation: Expectation, posterior: MixturePosterior) -> Tensor:
    """Estimate E_q(k|x) k."""
    codes, weights = expectation(posterior)
    estimate: Tensor = (weights * codes[..., 0]).sum(1)
    return estimate


def _exact(posterior: MixturePosterior) -> Tensor:
    return (posterior.pi * posterior.codes[..., 0]).sum(1)


def _has_shapes(make: Make) -> None:
    for dtype in (torch.float32, torch.float64):
        torch.manual_seed(0)
        posterior = _posterior(dtype=dtype)
        codes, weights = make()(posterior)
        m = weights.shape[1] if weights.dim() == 2 else 0
        expect("the codes", codes, (IMAGES, m, DIM), "[n, m, c]")
        expect("the weights", weights, (IMAGES, m), "[n, m]")
        if codes.dtype != dtype or weights.dtype != dtype:
            raise Fault(f"codes in {dtype} give {codes.dtype} and weights in {weights.dtype}")
        if not torch.allclose(weights.sum(1), torch.ones(IMAGES, dtype=dtype), atol=1e-5):
            raise Fault("weights of an image do not sum to 1: a constant f is not what it is")


def _is_exact_where_k_is_certain(make: Make) -> None:
    torch.manual_seed(0)
    posterior = _posterior(spread=1e4)
    found, wanted = _estimate(make(), posterior), _exact(posterior)
    if not torch.allclose(found, wanted, atol=1e-3):
        raise Fault("where q(k|x) is 1 for one k, another code is decoded")


def _is_near_on_average(make: Make) -> None:
    torch.manual_seed(0)
    posterior = _posterior(repeats=DRAWS)
    found = _estimate(make(), posterior).reshape(DRAWS, IMAGES).mean(0)
    wanted = _exact(posterior)[:IMAGES]
    off = float((found - wanted).detach().abs().max())
    if off > FAR * (COMPONENTS - 1):
        raise Fault(f"the mean of {DRAWS} draws is off by {off:.2g}, where f is 0 to 4")


def _has_gradients(make: Make) -> None:
    torch.manual_seed(0)
    posterior = _posterior()
    _estimate(make(), posterior).square().sum().backward()  # type: ignore[no-untyped-call]
    for name, of in (("logits of q(k|x)", posterior.logits), ("codes", posterior.z)):
        if of.grad is None or not bool(of.grad.abs().sum() > 0):
            raise Fault(f"no gradient reaches the {name}")
        if not torch.isfinite(of.grad).all():
            raise Fault(f"the gradient of the {name} is not finite")


def _runs_on_cuda(make: Make) -> None:
    device = cuda()
    at_home = _posterior()
    z = at_home.z.detach().to(device)
    codes, weights = make().to(device)(MixturePosterior(at_home.logits.to(device), z, z, z))
    if codes.device.type != device.type or weights.device.type != device.type:
        raise Fault("codes and weights are not on the posterior's device")


CHECKS: tuple[Check[Make], ...] = (
    Check("shapes, precision, weights that sum to 1", _has_shapes),
    Check("exact where k is certain", _is_exact_where_k_is_certain),
    Check("near the expectation on average", _is_near_on_average),
    Check("gradients of q(k|x) and codes", _has_gradients),
    Check("CUDA", _runs_on_cuda),
)
