"""What callers hand over: what is meant where that is clear, else one line of what is wanted.

Only types, shapes and devices are read, no values: no call waits for the device, and none of this
costs a training step anything. `otlvm.training.fit` reads the values, once.
"""

import operator
from numbers import Real
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from otlvm.latents import MixturePosterior
from otlvm.wording import shorten, with_article

ImageShape = tuple[int, int, int]


def as_images(x: Any, shape: ImageShape, owner: nn.Module) -> Tensor:
    """Return images as ``[n, D]``, in the precision of a model.

    Args:
        x: Tensor or NumPy array of floats, with shape ``[n, D]`` or ``[n, C, H, W]``; of one
            channel ``[n, H, W]`` and ``[n, H, W, 1]`` too.
        shape: The model's channels, height and width.
        owner: The model.

    Raises:
        TypeError: If it is something else, or holds bytes or other whole numbers.
        ValueError: If it has another shape, or is on another device.
    """
    tensor = _as_floats(x, "images", "scale them to [0, 1], bytes by x / 255", owner)
    channels, height, width = shape
    pixels = channels * height * width
    if tensor.ndim == 2 and tensor.shape[1] == pixels:
        return tensor
    grey = [(height, width), (height, width, 1)] if channels == 1 else []
    layouts = [(pixels,), shape, *grey]
    if tuple(tensor.shape[1:]) in layouts:
        return tensor.flatten(1)
    remedy = ""
    if tuple(tensor.shape) in layouts:
        remedy = ": one image is x[None]"
    elif tuple(tensor.shape[1:]) == (height, width, channels):
        remedy = ": put the channels first, x.permute(0, 3, 1, 2), of an array x.transpose"
    raise ValueError(
        f"images have shape {list(tensor.shape)}, this model takes [n, {pixels}] or "
        f"[n, {channels}, {height}, {width}]{remedy}"
    )


def as_codes(z: Any, dim: int, owner: nn.Module) -> Tensor:
    """Return codes ``[..., d]``, in the precision of a model.

    Args:
        z: Tensor or NumPy array of floats.
        dim: d, the dimension of the prior.
        owner: The model or prior.

    Raises:
        TypeError: If it is something else, or holds whole numbers.
        ValueError: If its last axis has another length, or it is on another device.
    """
    if isinstance(z, MixturePosterior):
        raise TypeError("codes are a MixturePosterior, say which: posterior.likeliest(), or its z")
    tensor = _as_floats(z, "codes", "give floats", owner)
    check_codes(tensor, dim)
    return tensor


def check_codes(z: Tensor, dim: int) -> None:
    """Refuse codes that are not ``[..., d]``.

    Raises:
        ValueError: If they have another shape.
    """
    if not z.ndim or z.shape[-1] != dim:
        raise ValueError(f"codes have shape {list(z.shape)}, the prior's are [..., {dim}]")


def count(name: str, value: Any, least: int = 1) -> int:
    """Return how many are asked for.

    Args:
        name: The argument's name.
        value: What was given for it.
        least: The smallest number that makes sense.

    Raises:
        TypeError: If it is not a whole number.
        ValueError: If it is less than that.
    """
    number = value if type(value) is int else _whole(name, value)
    if number < least:
        raise ValueError(f"{name} is {shorten(value)}: at least {least} is wanted")
    return number


def component(k: Any, n_components: int) -> int:
    """Return the number of a component.

    Raises:
        TypeError: If it is not a whole number.
        ValueError: If there is no such component.
    """
    number = _whole("k", k)
    if not 0 <= number < n_components:
        raise ValueError(
            f"k is {shorten(k)}: the prior's components are 0 to {n_components - 1}"
            if n_components > 1
            else f"k is {shorten(k)}: the prior has one component, 0"
        )
    return number


def positive(name: str, value: Any) -> None:
    """Refuse what is not a finite number above 0.

    Raises:
        TypeError: If it is not a number.
        ValueError: If it is 0, negative, infinite or NaN.
    """
    if not isinstance(value, Real) or isinstance(value, bool):
        raise TypeError(f"{name} is {shorten(value)}: a number above 0 is wanted")
    if not 0 < float(value) < float("inf"):
        raise ValueError(f"{name} is {shorten(value)}: a number above 0 is wanted")


def instance(name: str, value: Any, wanted: type, remedy: str) -> None:
    """Refuse what is not an instance of a class.

    Args:
        name: The argument's name.
        value: What was given for it.
        wanted: The class.
        remedy: Where to get one.

    Raises:
        TypeError: If it is something else.
    """
    if not isinstance(value, wanted):
        given = f"the class {value.__name__}" if isinstance(value, type) else _kind(value)
        raise TypeError(f"{name} is {given}, {with_article(wanted.__name__)} is wanted: {remedy}")


def check_encoding(
    logits: Tensor, mean: Tensor, std: Tensor, n: int, sizes: tuple[int, int]
) -> None:
    """Refuse what a network says of images if it is not of every component.

    Args:
        logits: Wanted are ``[n, K]``.
        mean: Wanted are ``[n, K, d]``.
        std: Wanted are ``[n, K, d]``.
        n: How many images there are.
        sizes: K and d.

    Raises:
        ValueError: If a shape is another.
    """
    wanted = (n, *sizes)
    for name, tensor, shape in (
        ("logits", logits, wanted[:2]),
        ("means", mean, wanted),
        ("standard deviations", std, wanted),
    ):
        if tensor.shape != shape:
            raise ValueError(
                f"the network's {name} have shape {list(tensor.shape)}, {list(shape)} is wanted: "
                f"{'[n, K]' if tensor is logits else '[n, K, d]'}, of every component"
            )


def check_posterior(posterior: Any, dim: int) -> None:
    """Refuse a posterior of another dimension than the prior.

    Raises:
        TypeError: If it is not a posterior.
        ValueError: If its dimension is another.
    """
    instance("posterior", posterior, MixturePosterior, "model.encode(x) returns one")
    if posterior.z.shape[-1] != dim:
        raise ValueError(
            f"the posterior's codes have {posterior.z.shape[-1]} dimensions, the prior has {dim}: "
            f"compare a model with its own prior, model.prior"
        )


def check_components(posterior: MixturePosterior, n_components: int) -> None:
    """Refuse a posterior of other components than the prior, where each is compared with its own.

    Raises:
        ValueError: If it has another number of them.
    """
    if posterior.z.shape[1] != n_components:
        raise ValueError(
            f"the posterior has {posterior.z.shape[1]} components, the prior {n_components}: "
            f"a divergence of k compares each with its own; compare a model with model.prior"
        )


def check_assignments(name: str, pi: Any, n: int) -> None:
    """Refuse assignments that are not a row an image, ``[n, K]``.

    Args:
        name: The argument's name.
        pi: What was given for it.
        n: How many images there are.

    Raises:
        TypeError: If it is not a tensor.
        ValueError: If its shape is another.
    """
    instance(name, pi, Tensor, "component_probabilities(model, x) returns one")
    if pi.ndim != 2 or len(pi) != n:
        raise ValueError(f"{name} has shape {list(pi.shape)}, [{n}, K] is wanted: a row an image")


def _as_floats(x: Any, what: str, remedy: str, owner: nn.Module) -> Tensor:
    like: Tensor | None = next(owner.parameters(), None)
    if like is None:
        like = next(owner.buffers(), None)
    if isinstance(x, np.ndarray):
        if x.dtype.kind != "f":
            raise TypeError(f"{what} are {x.dtype}, floats are wanted: {remedy}")
        # A copy in torch's byte order: arrays may be read-only, reversed or foreign.
        tensor = torch.from_numpy(np.array(x, np.float32 if x.dtype.itemsize <= 4 else np.float64))
        return tensor if like is None else tensor.to(like)
    if not isinstance(x, Tensor):
        raise TypeError(f"{what} are {_kind(x)}, a tensor or NumPy array of floats is wanted")
    if not x.is_floating_point():
        dtype = str(x.dtype).removeprefix("torch.")
        raise TypeError(f"{what} are {dtype}, floats are wanted: {remedy}")
    if like is None:
        return x
    if x.device != like.device:
        raise ValueError(
            f"{what} are on {x.device}, the model is on {like.device}: "
            f"give x.to({str(like.device)!r})"
        )
    return x.to(like.dtype)


def _whole(name: str, value: Any) -> int:
    try:
        if isinstance(value, (bool, np.bool_)):
            raise TypeError
        return operator.index(value)
    except TypeError:
        raise TypeError(f"{name} is {shorten(value)}: a whole number is wanted") from None


def _kind(value: Any) -> str:
    return "None" if value is None else with_article(type(value).__name__)
