"""Conformance of inferences."""

from collections.abc import Callable

import torch
from torch import Tensor

from otlvm.inference import Inference
from otlvm.latents import MixturePosterior
from otlvm.networks import LatentMixtureModel
from otlvm.objectives import VAE
from otlvm.priors import GaussianMixture
from otlvm.testing.fault import Fault
from otlvm.testing.report import Check, Outcome, raise_faults, run_checks
from otlvm.testing.state import unchanged_state

Make = Callable[[], Inference]
N, K, D, PIXELS = 24, 3, 2, 16
NETWORK = {"name": "mlp", "hidden": [16], "component_hidden": [8]}


def check_inference(make: Make) -> None:
    """Check that an inference behaves as the toolkit needs.

    Args:
        make: The class, or a function without arguments that builds one.

    Raises:
        ConformanceError: Naming every check that fails, and the fault.

    Example:
        >>> from otlvm.inference import Mirror
        >>> check_inference(Mirror)
    """
    raise_faults(getattr(make, "__name__", repr(make)), inference_outcomes(make))


def inference_outcomes(make: Make) -> list[Outcome]:
    """Run all checks of `check_inference` and return what they found."""
    return run_checks(CHECKS, make)


def _model(make: Make) -> LatentMixtureModel:
    torch.manual_seed(0)
    return LatentMixtureModel((1, 4, 4), NETWORK, GaussianMixture(K, D), make())


def _images() -> Tensor:
    return torch.rand(N, PIXELS, generator=torch.Generator().manual_seed(0))


def _posterior(model: LatentMixtureModel, x: Tensor, seed: int = 7) -> MixturePosterior:
    torch.manual_seed(seed)
    return model.encode(x)


def _has_shapes(make: Make) -> None:
    for dtype in (torch.float32, torch.float64):
        posterior = _posterior(_model(make).to(dtype), _images().to(dtype))
        gaussians = {"mean": posterior.mean, "std": posterior.std, "z": posterior.z}
        for name, tensor in gaussians.items():
            _check_tensor(name, tensor, (N, K, D), dtype)
        _check_tensor("logits", posterior.logits, (N, K), dtype)
        if not bool((posterior.std > 0).all()):
            raise Fault("a standard deviation is not positive")
        count = posterior.codes.shape[1]
        if count not in (1, K):
            raise Fault(f"it decodes {count} codes per data point, not 1 or K = {K}")


def _check_tensor(name: str, tensor: Tensor, shape: tuple[int, ...], dtype: torch.dtype) -> None:
    if tuple(tensor.shape) != shape:
        raise Fault(f"{name} has shape {tuple(tensor.shape)}, not {shape}")
    if tensor.dtype != dtype:
        raise Fault(f"{name} of images in {dtype} is in {tensor.dtype}")
    if not torch.isfinite(tensor).all():
        raise Fault(f"{name} is not finite")


def _decodes_its_codes(make: Make) -> None:
    model = _model(make)
    posterior = _posterior(model, _images())
    decoded = model.decode(posterior.codes)
    wanted = (*posterior.codes.shape[:2], PIXELS)
    if tuple(decoded.shape) != wanted:
        raise Fault(f"its codes decode to {tuple(decoded.shape)}, not {wanted}")
    for k in range(K):
        ours = model.codes(posterior.z[:, k], torch.full((N,), k))
        place = min(k, posterior.codes.shape[1] - 1)
        if ours.shape != posterior.codes[:, place].shape:
            raise Fault(
                f"codes() has {ours.shape[-1]} coordinates, the posterior's have "
                f"{posterior.codes.shape[-1]}"
            )
        if not torch.allclose(ours, posterior.codes[:, place]):
            raise Fault(f"codes() of component {k} are not the codes that its posterior decodes")


def _has_gradients(make: Make) -> None:
    model = _model(make)
    torch.autograd.backward(VAE()(model, _images()).total)
    for name, parameter in model.network.named_parameters():
        if parameter.grad is None:
            raise Fault(f"no gradient reaches {name}: drop what is not needed")
        if not torch.isfinite(parameter.grad).all():
            raise Fault(f"the gradient of {name} is not finite")


def _has_target_moments(make: Make) -> None:
    model = _model(make)
    mean, covariance = model.inference.target_moments(model.prior)
    gaussians = model.network.components(_images())[0].shape[1]
    if tuple(mean.shape) != (gaussians, D) or tuple(covariance.shape) != (gaussians, D, D):
        raise Fault(
            f"target_moments() has shapes {tuple(mean.shape)} and {tuple(covariance.shape)}, and "
            f"its component nets give {gaussians} Gaussians in {D} dimensions"
        )


def _has_a_mean(make: Make) -> None:
    model = _model(make).eval()
    outcomes = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        outcomes.append(model.encode_means(_images()))
    first, second = outcomes
    if not torch.equal(first.z, first.mean):
        raise Fault("z is not what draw(mean, std) returned")
    if not torch.equal(first.pi, second.pi) or not torch.equal(first.codes, second.codes):
        raise Fault("it draws more than z: with z at its mean two calls differ")


def _takes_images_one_by_one(make: Make) -> None:
    model, x = _model(make).eval(), _images()
    whole, part = model.encode_means(x), model.encode_means(x[:5])
    for name in ("logits", "mean", "std", "codes"):
        if not torch.allclose(getattr(whole, name)[:5], getattr(part, name), atol=1e-5):
            raise Fault(f"{name} of an image depend on the images beside it")


def _leaves_state_alone(make: Make) -> None:
    model = _model(make)
    for enabled in (True, False):
        with torch.set_grad_enabled(enabled), unchanged_state():
            model.encode(_images())


def _is_deterministic(make: Make) -> None:
    model = _model(make).eval()
    first, second = (_posterior(model, _images()) for _ in range(2))
    if not torch.equal(first.pi, second.pi) or not torch.equal(first.codes, second.codes):
        raise Fault("two calls under the same seed differ")


CHECKS: tuple[Check[Make], ...] = (
    Check("shapes and dtypes", _has_shapes),
    Check("codes are those that it decodes", _decodes_its_codes),
    Check("finite gradients for the whole network", _has_gradients),
    Check("moments for each component net", _has_target_moments),
    Check("no chance but in z", _has_a_mean),
    Check("each image by itself", _takes_images_one_by_one),
    Check("leaves global state alone", _leaves_state_alone),
    Check("same seed, same posterior", _is_deterministic),
)
