"""Conformance of priors."""

from collections.abc import Callable

import torch
from torch import Tensor

from otlvm.priors import Prior
from otlvm.testing.fault import Fault, NotApplicable
from otlvm.testing.report import Check, Outcome, raise_faults, run_checks
from otlvm.testing.state import reseeds, unchanged_state

Make = Callable[[], Prior]
SAMPLES = 20_000
TOLERANCE = 6.0  # in standard errors


def check_prior(make: Make) -> None:
    """Check that a prior behaves as the toolkit needs.

    Args:
        make: The class, or a function without arguments that builds one.

    Raises:
        ConformanceError: Naming every check that fails, and the fault.
    """
    raise_faults(getattr(make, "__name__", repr(make)), prior_outcomes(make))


def prior_outcomes(make: Make) -> list[Outcome]:
    """Run all checks of `check_prior` and return what they found."""
    return run_checks(CHECKS, make)


def _has_shapes(make: Make) -> None:
    for dtype in (torch.float32, torch.float64):
        prior = make().to(dtype)
        n_components, dim = prior.n_components, prior.dim
        draws = prior.sample_components(5)
        _check_tensor("sample_components(5)", draws, (5, n_components, dim), dtype)
        means, covariances = prior.moments()
        _check_tensor("moments()[0]", means, (n_components, dim), dtype)
        _check_tensor("moments()[1]", covariances, (n_components, dim, dim), dtype)
        z = prior.sample(5)
        _check_tensor("sample(5)", z, (5, dim), dtype)
        _check_tensor("weights()", prior.weights(), (n_components,), dtype)
        _check_tensor(
            "responsibilities of [5, d]", prior.responsibilities(z), (5, n_components), dtype
        )
        if not prior.has_density:
            continue
        each = prior.component_log_prob(z[:, None])
        _check_tensor("component_log_prob of [5, 1, d]", each, (5, 1, n_components), dtype)
        _check_tensor("log_prob of [5, d]", prior.log_prob(z), (5,), dtype)


def _check_tensor(name: str, tensor: Tensor, shape: tuple[int, ...], dtype: torch.dtype) -> None:
    if tuple(tensor.shape) != shape:
        raise Fault(f"{name} has shape {tuple(tensor.shape)}, not {shape}")
    if tensor.dtype != dtype:
        raise Fault(f"{name} of a {dtype} prior is {tensor.dtype}: keep tensors in buffers")
    if not torch.isfinite(tensor).all():
        raise Fault(f"{name} is not finite")


def _with_density(make: Make) -> Prior:
    prior = make()
    if not prior.has_density:
        raise NotApplicable("it has no density")
    return prior


@torch.no_grad()
def _has_its_moments(make: Make) -> None:
    prior = make().double()
    torch.manual_seed(0)
    z = prior.sample_components(SAMPLES)
    means, covariances = prior.moments()
    centred = z - means
    products = torch.einsum("nki,nkj->nkij", centred, centred)
    for name, values, moment in (("mean", z, means), ("covariance", products, covariances)):
        error = values.std(0) / SAMPLES**0.5
        if ((values.mean(0) - moment).abs() > TOLERANCE * error + 1e-6).any():
            raise Fault(f"samples of a component do not have the {name} that moments() gives")


@torch.no_grad()
def _draws_components_by_weight(make: Make) -> None:
    prior = make().double()
    torch.manual_seed(0)
    expected = prior.mixture_moments()[0]
    z = prior.sample(SAMPLES)
    if ((z.mean(0) - expected).abs() > TOLERANCE * z.std(0) / SAMPLES**0.5 + 1e-6).any():
        raise Fault("sample() does not draw the components as often as their weights say")


@torch.no_grad()
def _is_a_density(make: Make) -> None:
    """Average p / g under a wider Gaussian g, for each component: the integral of p, which is 1."""
    prior = _with_density(make).double()
    torch.manual_seed(0)
    means, covariances = prior.moments()
    for k in range(prior.n_components):
        wide = torch.distributions.MultivariateNormal(means[k], 1.5 * covariances[k])
        z = wide.sample((SAMPLES,))
        log_density: Tensor = wide.log_prob(z)  # type: ignore[no-untyped-call]
        ratio = (prior.component_log_prob(z)[:, k] - log_density).exp()
        if abs(float(ratio.mean()) - 1) > TOLERANCE * float(ratio.std()) / SAMPLES**0.5 + 1e-3:
            raise Fault(f"the density of component {k} integrates to {float(ratio.mean()):.3g}")


def _mixes_its_components(make: Make) -> None:
    prior = _with_density(make).double()
    torch.manual_seed(0)
    z = prior.sample(100)
    joint = prior.component_log_prob(z)
    joint = joint + prior.log_weights(joint.dtype)
    if not torch.allclose(prior.log_prob(z), joint.logsumexp(1)):
        raise Fault("log_prob is not the weighted mean of the components' densities")
    if not torch.allclose(prior.responsibilities(z), joint.softmax(1)):
        raise Fault("responsibilities are not those of component_log_prob and the weights")


def _leaves_state_alone(make: Make) -> None:
    prior = make()
    for enabled in (True, False):
        with torch.set_grad_enabled(enabled), unchanged_state():
            prior.responsibilities(prior.sample(5))
    if reseeds(lambda: prior.sample(5)):
        raise Fault("its samples do not come from torch's random state, or it sets the seed")


def _gives_a_gradient(make: Make) -> None:
    prior = make()
    if not prior.learned():
        raise NotApplicable("nothing of it is trained")
    values = [prior.sample_components(20).square().sum(), prior.weights()[0]]
    if prior.has_density:
        values.append(prior.log_prob(prior.sample(5).detach()).sum())
    for value in values:
        if value.requires_grad:
            torch.autograd.backward(value)
    for name, parameter in prior.named_parameters():
        if parameter.requires_grad and (parameter.grad is None or not parameter.grad.any()):
            raise Fault(f"no gradient reaches {name}, which is said to be trained")


def _is_deterministic(make: Make) -> None:
    prior = make()
    draws = []
    for _ in range(2):
        torch.manual_seed(3)
        draws.append(prior.sample(5))
    if not torch.equal(*draws):
        raise Fault("two samples under the same seed differ")


CHECKS: tuple[Check[Make], ...] = (
    Check("shapes and dtypes", _has_shapes),
    Check("samples have the moments", _has_its_moments),
    Check("components as often as their weights", _draws_components_by_weight),
    Check("densities integrate to 1", _is_a_density),
    Check("mixture of its components", _mixes_its_components),
    Check("gradients reach what is trained", _gives_a_gradient),
    Check("leaves global state alone", _leaves_state_alone),
    Check("same seed, same sample", _is_deterministic),
)
