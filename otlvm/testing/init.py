"""Conformance of inits."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

from otlvm.networks import Init, Network, networks
from otlvm.testing.fault import Fault
from otlvm.testing.report import Check, Outcome, raise_faults, run_checks
from otlvm.testing.state import reseeds, unchanged_state

Make = Callable[[], Init]
CONTEXT = {"image_shape": (1, 8, 8), "n_components": 3, "dim": 2}
NETWORKS = (
    {"name": "mlp", "hidden": [16], "component_hidden": [8]},
    {"name": "paper_conv", "encoder_filters": 4, "decoder_filters": 2, "component_hidden": [8]},
)
NORMS = nn.BatchNorm1d | nn.BatchNorm2d | nn.LayerNorm | nn.GroupNorm


def check_init(make: Make) -> None:
    """Check that an init behaves as the toolkit needs.

    Args:
        make: The class, or a function without arguments that builds one.

    Raises:
        ConformanceError: Naming every check that fails, and the fault.
    """
    raise_faults(getattr(make, "__name__", repr(make)), init_outcomes(make))


def init_outcomes(make: Make) -> list[Outcome]:
    """Run all checks of `check_init` and return what they found."""
    return run_checks(CHECKS, make)


def _networks() -> Iterator[Network]:
    for spec in NETWORKS:
        torch.manual_seed(0)
        yield networks.build(spec, **CONTEXT)


def _state(network: nn.Module) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in network.state_dict().items()}


def _gives_finite_weights(make: Make) -> None:
    for network in _networks():
        make().apply(network)
        for name, parameter in network.named_parameters():
            if not torch.isfinite(parameter).all():
                raise Fault(f"{name} is not finite")
        x = torch.rand(12, 64)
        for output in (*network.encode(x), network.decode(torch.randn(12, 2))):
            if not torch.isfinite(output).all():
                raise Fault("the network's output is not finite")


def _breaks_symmetry(make: Make) -> None:
    for network in _networks():
        make().apply(network)
        for name, parameter in network.named_parameters():
            weights = name.endswith("weight") and parameter.dim() > 1
            if weights and (parameter == parameter.flatten()[0]).all():
                raise Fault(f"all weights of {name} are equal: its units would learn the same")


def _keeps_sizes(make: Make) -> None:
    for network in _networks():
        network.double()
        before = _state(network)
        make().apply(network)
        for name, value in network.state_dict().items():
            if value.shape != before[name].shape or value.dtype != before[name].dtype:
                raise Fault(f"{name} becomes a {tuple(value.shape)} of {value.dtype}")
        for name, parameter in network.named_parameters():
            if not parameter.requires_grad or parameter.grad_fn is not None:
                raise Fault(f"{name} would not be trained any more")


def _leaves_normalisation_alone(make: Make) -> None:
    for network in _networks():
        norms = [module for module in network.modules() if isinstance(module, NORMS)]
        before = [_state(norm) for norm in norms]
        make().apply(network)
        for norm, state in zip(norms, before, strict=True):
            if any(not torch.equal(norm.state_dict()[name], state[name]) for name in state):
                raise Fault(f"it changes a {type(norm).__name__}")


def _needs_no_memory(make: Make) -> None:
    with torch.device("meta"):
        for network in _networks():
            make().apply(network)


def _leaves_state_alone(make: Make) -> None:
    for network in _networks():
        for enabled in (True, False):
            with torch.set_grad_enabled(enabled), unchanged_state():
                make().apply(network)
    network = next(_networks())
    if reseeds(lambda: make().apply(network)):
        raise Fault("it sets torch's seed")


def _is_deterministic(make: Make) -> None:
    one, two = (_state_after(make) for _ in range(2))
    if any(not torch.equal(one[name], two[name]) for name in one):
        raise Fault("two inits under the same seed differ")


def _state_after(make: Make) -> dict[str, Tensor]:
    network = next(_networks())
    torch.manual_seed(3)
    make().apply(network)
    return _state(network)


CHECKS: tuple[Check[Make], ...] = (
    Check("finite weights and outputs", _gives_finite_weights),
    Check("units of a layer differ", _breaks_symmetry),
    Check("keeps shapes and dtypes", _keeps_sizes),
    Check("leaves normalisation alone", _leaves_normalisation_alone),
    Check("builds without memory", _needs_no_memory),
    Check("leaves global state alone", _leaves_state_alone),
    Check("same seed, same weights", _is_deterministic),
)
