"""Conformance of starts."""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from otlvm.networks import LatentMixtureModel
from otlvm.objectives import VAE
from otlvm.starts import Start
from otlvm.testing.fault import Fault
from otlvm.testing.parts import cuda, small_groups, small_model
from otlvm.testing.report import Check, Outcome, raise_faults, run_checks
from otlvm.testing.state import reseeds, unchanged, unchanged_state
from otlvm.training import fit

Make = Callable[[], Start]
BATCH = 16


def check_start(make: Make) -> None:
    """Check that a start behaves as the toolkit needs, on a small model of its own.

    That is ``otlvm.testing.small_model()``: dense nets, three components, two dimensions; with
    another inference if the start does not take its network.

    Args:
        make: The class, or a function without arguments that builds one.

    Raises:
        ConformanceError: Naming every check that fails, and the fault.
    """
    raise_faults(getattr(make, "__name__", repr(make)), start_outcomes(make))


def start_outcomes(make: Make) -> list[Outcome]:
    """Run all checks of `check_start` and return what they found."""
    return run_checks(CHECKS, make)


def _model(make: Make) -> LatentMixtureModel:
    """A small model of the first inference whose network the start takes."""
    start = make()
    for inference in ("mirror", "responsibilities"):
        model = small_model(inference)
        try:
            start.check_network(model.network)
        except TypeError:
            continue
        return model
    return small_model()


def _prepare(start: Start, model: LatentMixtureModel, x: Tensor | None = None) -> None:
    torch.manual_seed(7)
    start.prepare(model, small_groups() if x is None else x, BATCH)


def _copies(module: nn.Module) -> dict[str, Tensor]:
    return {name: tensor.clone() for name, tensor in module.state_dict().items()}


def _keeps_the_model_whole(make: Make) -> None:
    model = _model(make)
    before = {name: (t.shape, t.dtype, t.device) for name, t in model.state_dict().items()}
    network, prior = model.network, model.prior
    _prepare(make(), model)
    after = {name: (t.shape, t.dtype, t.device) for name, t in model.state_dict().items()}
    if model.network is not network or model.prior is not prior:
        raise Fault("it replaces the network or the prior: change the model's parameters in place")
    for name in sorted({*before, *after}):
        if before.get(name) != after.get(name):
            raise Fault(f"{name} has another shape, type or device afterwards, or is gone or new")
    for name, tensor in model.state_dict().items():
        if tensor.is_floating_point() and not torch.isfinite(tensor).all():
            raise Fault(f"it leaves {name} with NaN or infinite numbers")


def _leaves_the_prior_alone(make: Make) -> None:
    model = _model(make)
    before, moments = _copies(model.prior), [m.clone() for m in model.prior.moments()]
    _prepare(make(), model)
    for name, tensor in model.prior.state_dict().items():
        if not torch.equal(tensor, before[name]):
            raise Fault(f"it changes the prior's {name}: a prior stays what it was built as")
    if not all(torch.equal(*pair) for pair in zip(moments, model.prior.moments(), strict=True)):
        raise Fault("it changes the prior's moments: a prior stays what it was built as")


def _leaves_train_mode(make: Make) -> None:
    """Parts that it holds (`otlvm.networks.hold`) are in eval mode, rightly."""
    model = _model(make)
    _prepare(make(), model)
    modes = {name: part.training for name, part in model.named_modules()}
    model.train()
    for name, part in model.named_modules():
        if part.training != modes[name]:
            mode = "train" if modes[name] else "eval"
            raise Fault(f"it leaves {name or 'the model'} in {mode} mode")


def _can_be_trained(make: Make) -> None:
    model, start = _model(make), make()
    _prepare(start, model)
    if not any(parameter.requires_grad for parameter in model.parameters()):
        raise Fault("no parameter requires a gradient afterwards: nothing would be trained")
    history = fit(model, VAE(), small_groups(), steps=3, batch_size=BATCH)
    if not math.isfinite(history.rows[-1]["loss"]):
        raise Fault("training after it has no finite loss")


def _leaves_inputs_alone(make: Make) -> None:
    x = small_groups()
    with unchanged(images=x):
        _prepare(make(), _model(make), x)


def _takes_double_precision(make: Make) -> None:
    model = _model(make).double()
    _prepare(make(), model, small_groups().double())
    for name, tensor in model.state_dict().items():
        if tensor.is_floating_point() and tensor.dtype != torch.float64:
            raise Fault(f"it turns {name} of a float64 model into {tensor.dtype}")


def _runs_on_cuda(make: Make) -> None:
    device = cuda()
    model = _model(make).to(device)
    _prepare(make(), model, small_groups().to(device))
    for name, tensor in model.state_dict().items():
        if tensor.device.type != device.type:
            raise Fault(f"it moves {name} of a model on {device} to {tensor.device}")


def _leaves_state_alone(make: Make) -> None:
    with unchanged_state():
        _prepare(make(), _model(make))
    model, x = _model(make), small_groups()
    if reseeds(lambda: make().prepare(model, x, BATCH)):
        raise Fault("it sets torch's seed: training after it would draw what it drew")


def _is_deterministic(make: Make) -> None:
    first, second = _model(make), _model(make)
    for model in (first, second):
        _prepare(make(), model)
    for name, tensor in first.state_dict().items():
        if not torch.equal(tensor, second.state_dict()[name]):
            raise Fault(f"two starts under the same seed differ in {name}")


CHECKS: tuple[Check[Make], ...] = (
    Check("keeps the model whole", _keeps_the_model_whole),
    Check("leaves the prior alone", _leaves_the_prior_alone),
    Check("leaves the model in train mode", _leaves_train_mode),
    Check("training goes on from it", _can_be_trained),
    Check("leaves its inputs alone", _leaves_inputs_alone),
    Check("float64", _takes_double_precision),
    Check("CUDA", _runs_on_cuda),
    Check("leaves global state alone", _leaves_state_alone),
    Check("same seed, same start", _is_deterministic),
)
