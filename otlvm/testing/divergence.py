"""Conformance of divergences."""

from collections.abc import Callable

import torch
from torch import Tensor

from otlvm.divergences import Divergence, SampleDivergence
from otlvm.latents import MixturePosterior, as_posterior
from otlvm.priors import GaussianMixture, Prior
from otlvm.testing.fault import Fault, NotApplicable
from otlvm.testing.report import Check, Outcome, raise_faults, run_checks
from otlvm.testing.state import reseeds, unchanged_state
from otlvm.wording import with_article

Make = Callable[[], Divergence]
POINTS, DRAWS, UPDATES = 64, 20, 60


def check_divergence(make: Make) -> None:
    """Check that a divergence behaves as the toolkit needs.

    Args:
        make: The class, or a function without arguments that builds one.

    Raises:
        ConformanceError: Naming every check that fails, and the fault.

    Example:
        >>> from otlvm.divergences import Energy
        >>> check_divergence(Energy)
    """
    raise_faults(getattr(make, "__name__", repr(make)), divergence_outcomes(make))


def divergence_outcomes(make: Make) -> list[Outcome]:
    """Run all checks of `check_divergence` and return what they found."""
    return run_checks(CHECKS, make)


def _prior(dtype: torch.dtype = torch.float64) -> GaussianMixture:
    return GaussianMixture(components=3, dim=2).to(dtype)


def _posterior(prior: Prior, shift: float = 0.0, seed: int = 0) -> MixturePosterior:
    """Codes drawn from the prior, moved; a posterior that matches it exactly if not moved."""
    torch.manual_seed(seed)
    z = prior.sample_components(POINTS) + shift
    logits = torch.zeros(POINTS, prior.n_components, dtype=z.dtype, device=z.device)
    z, logits = z.requires_grad_(), logits.requires_grad_()
    return MixturePosterior(logits, z, torch.full_like(z, 1e-3), z)


def _value(divergence: Divergence, posterior: MixturePosterior, prior: Prior) -> Tensor:
    torch.manual_seed(7)
    value = divergence(posterior, prior)
    if not isinstance(value, Tensor):
        raise Fault(f"it returns {with_article(type(value).__name__)}, not a tensor")
    if value.shape != ():
        raise Fault(f"it returns shape {tuple(value.shape)}, not a scalar: sum or average it")
    if not torch.isfinite(value):
        raise Fault(f"it returns {float(value.detach())}")
    return value


def _draws(prior: Prior, shift: float, seed: int) -> MixturePosterior:
    """Data points that are sure of a draw of p(z, k), moved: q(z, k) and q(k|x) are the prior's."""
    torch.manual_seed(seed)
    z, k = prior.sample_with_components(POINTS)
    return as_posterior(z + shift, k, prior.n_components)


def _mean(make: Make, shift: float) -> float:
    """Mean over draws of posterior and prior, after a divergence that learns has learnt."""
    prior, divergence, total = _prior(), make(), 0.0
    for seed in range(UPDATES if type(divergence).update is not Divergence.update else 0):
        divergence.update(_draws(prior, shift, seed), prior)
    for seed in range(DRAWS):
        total += float(_value(divergence, _draws(prior, shift, seed), prior).detach()) / DRAWS
    return total


def _is_scalar(make: Make) -> None:
    _value(make(), _posterior(_prior(), 1.0), _prior())


def _has_gradients(make: Make) -> None:
    prior = _prior()
    posterior = _posterior(prior, 1.0)
    value = _value(make(), posterior, prior)
    if not value.requires_grad:
        raise Fault("its value is detached from the posterior: no gradient reaches the encoder")
    torch.autograd.backward(value)
    for name, leaf in (("the codes z", posterior.z), ("the logits of q(k|x)", posterior.logits)):
        if leaf.grad is None:
            raise Fault(f"no gradient reaches {name}")
        if not torch.isfinite(leaf.grad).all():
            raise Fault(f"the gradient of {name} is not finite")
        if not leaf.grad.any():
            raise Fault(f"the gradient of {name} is zero everywhere")


def _has_finite_gradient_at_ties(make: Make) -> None:
    prior = _prior()
    posterior = _posterior(prior)
    z = posterior.z[:1].detach().expand(POINTS, -1, -1).clone().requires_grad_()
    same = MixturePosterior(posterior.logits, z, posterior.std, z)
    torch.autograd.backward(_value(make(), same, prior))
    if z.grad is None or not torch.isfinite(z.grad).all():
        raise Fault("the gradient is not finite where codes coincide (a square root of 0?)")


def _is_near_zero(make: Make) -> None:
    same, apart = _mean(make, 0.0), _mean(make, 4.0)
    if not abs(same) < 0.25 * apart:
        raise Fault(f"on average {same:.3g} when q = p, and {apart:.3g} when q is moved by 4 std")


def _grows(make: Make) -> None:
    values = [_mean(make, shift) for shift in (1.0, 2.0, 4.0)]
    if not values[0] < values[1] < values[2]:
        shown = ", ".join(f"{value:.3g}" for value in values)
        raise Fault(f"moving q away by 1, 2 and 4 std gives {shown}, which does not grow")


def _ignores_order(make: Make) -> None:
    prior = _prior()
    posterior = _posterior(prior, 1.0)
    order = torch.randperm(POINTS)
    q = posterior
    permuted = MixturePosterior(q.logits[order], q.mean[order], q.std[order], q.z[order])
    divergence = make()
    _close(
        _value(divergence, posterior, prior),
        _value(divergence, permuted, prior),
        "its value depends on the order of the data points",
    )


def _clouds(make: Make) -> tuple[SampleDivergence, Tensor, Tensor, Tensor, Tensor]:
    divergence = make()
    if not isinstance(divergence, SampleDivergence):
        raise NotApplicable("not a SampleDivergence")
    prior = _prior()
    x, a = _posterior(prior, 1.0).detach().cloud()
    y = prior.sample(POINTS)
    return divergence, x, a, y, torch.full((POINTS,), 1 / POINTS, dtype=y.dtype)


def _between(divergence: SampleDivergence, *cloud: Tensor) -> Tensor:
    torch.manual_seed(7)
    return divergence.between(*cloud)


def _ignores_splitting(make: Make) -> None:
    divergence, x, a, y, b = _clouds(make)
    halves = torch.cat([a[:1] / 2, a[1:], a[:1] / 2])
    _close(
        _between(divergence, x, a, y, b),
        _between(divergence, torch.cat([x, x[:1]]), halves, y, b),
        "its value changes when a point is split into two of half its weight",
    )


def _ignores_weightless_points(make: Make) -> None:
    divergence, x, a, y, b = _clouds(make)
    # Inside the cloud: solvers may take their scale from the extent of all points they are given.
    more = torch.cat([x, x.mean(0, keepdim=True)])
    _close(
        _between(divergence, x, a, y, b),
        _between(divergence, more, torch.cat([a, torch.zeros_like(a[:1])]), y, b),
        "its value changes when a point of weight 0 is appended",
    )


def _takes_both_precisions(make: Make) -> None:
    values = []
    for dtype in (torch.float32, torch.float64):
        prior = _prior()
        q = _posterior(prior, 1.0).detach()
        divergence = make()
        cast = MixturePosterior(
            q.logits.to(dtype), q.mean.to(dtype), q.std.to(dtype), q.z.to(dtype)
        )
        value = _value(divergence, cast, prior.to(dtype))
        if value.dtype != dtype:
            raise Fault(f"codes in {dtype} give a value in {value.dtype}")
        values.append(value.double())
    if type(make()).update is Divergence.update:  # one that learns starts at random, by precision
        _close_sampled(*values)


def _close_sampled(low: Tensor, high: Tensor) -> None:
    # Prior samples of two precisions are different draws; the values agree statistically.
    if not torch.isclose(low, high, rtol=0.5, atol=0.05):
        raise Fault(f"float32 gives {float(low):.4g}, float64 {float(high):.4g}")


def _runs_on_cuda(make: Make) -> None:
    if not torch.cuda.is_available():
        raise NotApplicable("no CUDA device here")
    prior = _prior().to("cuda")
    value = _value(make().to("cuda"), _posterior(prior, 1.0), prior)
    if value.device.type != "cuda":
        raise Fault(f"codes on cuda give a value on {value.device}")


def _leaves_state_alone(make: Make) -> None:
    prior, divergence = _prior(), make()
    posterior = _posterior(prior, 1.0)
    for enabled in (True, False):
        with torch.set_grad_enabled(enabled), unchanged_state():
            _value(divergence, posterior, prior)
    posterior = posterior.detach()
    if reseeds(lambda: divergence(posterior, prior)):
        raise Fault("it sets torch's seed: every batch after it sees the same random numbers")


def _is_deterministic(make: Make) -> None:
    prior = _prior()
    posterior = _posterior(prior, 1.0)
    torch.manual_seed(3)
    first = _value(make(), posterior, prior)
    torch.manual_seed(3)
    second = _value(make(), posterior, prior)
    if not torch.equal(first, second):
        raise Fault("two calls under the same seed differ")


def _close(first: Tensor, second: Tensor, fault: str) -> None:
    if not torch.isclose(first, second, rtol=1e-4, atol=1e-6):
        raise Fault(f"{fault}: {float(first.detach()):.6g}, then {float(second.detach()):.6g}")


CHECKS: tuple[Check[Make], ...] = (
    Check("finite scalar", _is_scalar),
    Check("finite, non-zero gradients", _has_gradients),
    Check("finite gradients where codes coincide", _has_finite_gradient_at_ties),
    Check("near zero when q = p, larger when not", _is_near_zero),
    Check("grows as q moves away", _grows),
    Check("ignores the order of data points", _ignores_order),
    Check("ignores splitting a point's weight", _ignores_splitting),
    Check("ignores points of weight 0", _ignores_weightless_points),
    Check("float32 and float64", _takes_both_precisions),
    Check("CUDA", _runs_on_cuda),
    Check("leaves global state alone", _leaves_state_alone),
    Check("same seed, same value", _is_deterministic),
)
