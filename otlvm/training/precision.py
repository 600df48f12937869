"""The precision in which networks are trained; all else, their parameters included, is float32."""

import copy
import platform
import warnings
from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeVar

import torch
from torch import Tensor, nn

from otlvm.networks import LatentMixtureModel
from otlvm.wording import did_you_mean, shorten

Precision = Literal["float32", "bfloat16"]
M = TypeVar("M", bound=nn.Module)


def in_precision(model: LatentMixtureModel, precision: Precision) -> LatentMixtureModel:
    """Return the model that an objective is to see in training.

    Its parameters are those of the model, and what its networks give is float32: so are codes,
    divergences, losses and the gradients of parameters. Only within the networks' three maps is
    there anything else, by torch's autocast, which leaves the statistics of batch norm in float32.

    Args:
        model: The model, in train mode.
        precision: The precision of the three maps.

    Raises:
        ValueError: If there is no such precision, or the model is of another than float32.
    """
    if precision not in _WAYS:
        known = " or ".join(_WAYS)
        hint = did_you_mean(str(precision), _WAYS)
        raise ValueError(f"no precision is {shorten(precision)}{hint}: say {known}")
    return _WAYS[precision](model)


def emulated(precision: Precision, device: torch.device) -> str | None:
    """Say that a device has no instructions for a precision, so that nothing is gained by it.

    Returns:
        None if it has.
    """
    if _INSTRUCTIONS[precision].get(device.type, lambda: True)():
        return None
    return (
        f"precision {precision}: this {_NAMES[device.type]} has no instructions for it and "
        f"computes it by way of float32, slower than float32 itself"
    )


class Autocast(nn.Module):
    """A map in bfloat16; what comes out has the precision of what goes in.

    Args:
        part: The map.
    """

    def __init__(self, part: nn.Module) -> None:
        super().__init__()
        self.part = part

    def forward(self, x: Tensor) -> Any:
        """Map ``x`` to what the map makes of it, a tensor or several."""
        with torch.autocast(x.device.type, torch.bfloat16):
            out = self.part(x)
        return out.to(x.dtype) if isinstance(out, Tensor) else tuple(t.to(x.dtype) for t in out)


def _as_it_is(model: LatentMixtureModel) -> LatentMixtureModel:
    return model


def _in_bfloat16(model: LatentMixtureModel) -> LatentMixtureModel:
    parameter = next(model.parameters())
    if parameter.dtype != torch.float32:
        found = str(parameter.dtype).removeprefix("torch.")
        raise ValueError(f"precision bfloat16 is for a float32 model, not {found}: model.float()")
    if slow := emulated("bfloat16", parameter.device):
        warnings.warn(slow, stacklevel=4)
    parts = dict(model.network.named_children())
    maps = {name: Autocast(parts[name]) for name in MAPS if name in parts}
    return _with_parts(model, network=_with_parts(model.network, **maps))


def _with_parts(module: M, **parts: nn.Module) -> M:
    """Return a module with the same parameters and parts, but for some parts."""
    other = copy.copy(module)
    other._modules = {**module._modules, **parts}
    return other


def _of_processor() -> bool:
    if platform.machine().lower() in ("x86_64", "amd64"):
        return torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    here = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    return bool(here and torch.ops.mkldnn._is_mkldnn_bf16_supported())


def _of_gpu() -> bool:
    return bool(torch.cuda.is_bf16_supported(including_emulation=False))


MAPS = ("classifier", "components", "decoder")
_WAYS: Mapping[Precision, Callable[[LatentMixtureModel], LatentMixtureModel]] = {
    "float32": _as_it_is,
    "bfloat16": _in_bfloat16,
}
_INSTRUCTIONS: Mapping[Precision, Mapping[str, Callable[[], bool]]] = {
    "float32": {},
    "bfloat16": {"cpu": _of_processor, "cuda": _of_gpu},
}
_NAMES = {"cpu": "processor", "cuda": "GPU"}
