"""Whether two models have the same prior, and in what they differ if not."""

from typing import Any

import torch
from torch import Tensor

from otlvm.networks.model import LatentMixtureModel
from otlvm.priors import Prior, priors
from otlvm.registry import Spec, split_spec
from otlvm.wording import shorten

PLAIN = (bool, int, float, str, tuple, list)


def prior_differences(model: LatentMixtureModel, other: LatentMixtureModel) -> list[str]:
    """Name what differs between the priors of two models.

    Returns:
        A text for each field, such as ``distance (6.0, not 4.0)``: the first model's value, then
        the other's. Empty if the priors are the same up to rounding.
    """
    if type(model.prior) is not type(other.prior):
        return [f"its class ({type(model.prior).__name__}, not {type(other.prior).__name__})"]
    differences = _compare(_fields(model), _fields(other))
    return differences or _compare(dict(model.prior.named_buffers()),
                                   dict(other.prior.named_buffers()))  # fmt: skip


def _fields(model: LatentMixtureModel) -> dict[str, Any]:
    """Plain attributes of the prior, and if it came from a spec its parameters."""
    plain = {
        name: value
        for name, value in vars(model.prior).items()
        if isinstance(value, PLAIN) and not name.startswith("_") and name != "training"
    }
    return {**plain, **(_parameters(model.config["prior"]) if model.config else {})}


def _parameters(spec: Spec) -> dict[str, Any]:
    key, given = split_spec(spec)
    return {name: given.get(name, p.default) for name, p in priors.parameters(key).items()}


def _compare(mine: dict[str, Any], others: dict[str, Any]) -> list[str]:
    differences = []
    for name in {**mine, **others}:
        if name not in mine or name not in others:  # one came from a spec, the other did not
            continue
        one, two = mine[name], others[name]
        if isinstance(one, Tensor):
            if not same_values(one, two):
                differences.append(name)
        elif _plain(one) != _plain(two):
            differences.append(f"{name} ({shorten(one)}, not {shorten(two)})")
    return differences


def _plain(value: Any) -> Any:
    return tuple(map(_plain, value)) if isinstance(value, tuple | list) else value


def same_values(one: Tensor, two: Tensor) -> bool:
    """Tell whether two tensors are equal but for rounding to single precision."""
    if one.shape != two.shape:
        return False
    a, b = one.detach().cpu().double(), two.detach().cpu().double()
    return torch.allclose(a, b, rtol=1e-5, atol=1e-6 * float(b.abs().max()) if b.numel() else 0)


def fixed_values(prior: Prior) -> dict[str, Tensor]:
    """Return what a prior is fixed by, by the names of its state: all but trained parameters."""
    trained = {name for name, _ in prior.named_parameters()}
    return {name: value for name, value in prior.state_dict().items() if name not in trained}
