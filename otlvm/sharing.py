"""Clusterings and features: the same for equal spec, data and seed, and learnt only once.

Each learns from a seed of its own (`afresh`), so that who else drew before does not matter: the
clustering that a start learns from is the one of the table's row. A suite keeps results on a
`Shelf`, and a run that needs one which is there takes it from there.
"""

import hashlib
import time
import weakref
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial, wraps
from typing import Any, ClassVar

import torch
from torch import Tensor

from otlvm.inputs import instance
from otlvm.registry import Described
from otlvm.seeding import afresh

Compute = Callable[[], Tensor]


class Shelf(ABC):
    """Where results are kept.

    Attributes:
        saved_seconds: What the results that were taken from it once cost, less the time spent on
            taking them. A run adds it to its own time, so that it counts what it would have cost.
    """

    saved_seconds: float = 0.0

    @abstractmethod
    def once(self, key: str, compute: Compute) -> Tensor:
        """Return what is kept under a key; compute and keep it if there is nothing."""


_SHELF: ContextVar[Shelf | None] = ContextVar("shelf", default=None)


@contextmanager
def shared_on(shelf: Shelf | None) -> Iterator[None]:
    """Keep results of learners on a shelf meanwhile."""
    token = _SHELF.set(shelf)
    try:
        yield
    finally:
        _SHELF.reset(token)


def learnt_once(what: str, x: Tensor, compute: Compute, *further: Tensor) -> Tensor:
    """Return what is learnt from images, from a shelf if it is there: for starts.

    It learns from a seed of its own, so that what a run draws next is the same either way.

    Args:
        what: All that decides it, besides the images, the seed and the device.
        x: The images.
        compute: Learns it.
        further: Tensors that decide it too.
    """

    def learn() -> Tensor:
        with afresh(x.device):
            return compute()

    return _beside(shared(learn, what, torch.initial_seed(), _rounds_as(x), x, *further), x)


def shared(compute: Compute, *what: object) -> Tensor:
    """Return what ``compute`` does, once for all runs where a shelf keeps results.

    Args:
        compute: Returns the result; draws nothing from the run's random state.
        what: All that decides it, and a name; tensors by their content, the rest by its text.
    """
    shelf = _SHELF.get()
    if shelf is None:
        return compute()
    return shelf.once(
        _digest(*(_content(part) if isinstance(part, Tensor) else part for part in what)), compute
    )


class Learner(Described):
    """Learns from images, without labels, and is then applied to others.

    Subclasses write the two methods that their interface names, as if they were called directly.

    Attributes:
        learn: Name of the method that learns and returns what it says of the same images.
        apply: Name of the method that says it of others.
        worth_keeping: Whether looking a result up is cheaper than computing it.
    """

    learn: ClassVar[str]
    apply: ClassVar[str]
    worth_keeping: ClassVar[bool] = True
    _busy: bool = False
    _lesson: str | None = None  # the key of what it learnt
    _learn_now: Callable[[], Any] | None = None  # learns what was taken from a shelf so far

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Give both methods a seed of their own, and a place on the shelf."""
        super().__init_subclass__(**kwargs)
        if cls.learn in vars(cls):
            setattr(cls, cls.learn, _learning(vars(cls)[cls.learn]))
        if cls.apply in vars(cls):
            setattr(cls, cls.apply, _applying(vars(cls)[cls.apply]))

    def catch_up(self) -> None:
        """Learn what so far was only taken from a shelf, so that attributes hold what was learnt.

        Call it before reading another learner's attributes. Its time is not counted: that of what
        was taken from the shelf is.
        """
        if self._learn_now is None:
            return
        shelf, started = _SHELF.get(), time.perf_counter()
        saved = shelf.saved_seconds if shelf else 0.0
        self._learn_now()
        if shelf:
            shelf.saved_seconds = saved - (time.perf_counter() - started)


def _learning(method: Callable[..., Tensor]) -> Callable[..., Tensor]:
    @wraps(method)
    def learn(self: Learner, x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        if self._busy:  # a subclass calls its base
            return method(self, x, *args, **kwargs)

        def compute() -> Tensor:
            with _alone(self), afresh(x.device):
                return method(self, x, *args, **kwargs)

        def learn_now() -> Tensor:
            self._learn_now = None
            return compute()

        def tensor_learnt_now() -> Tensor:
            learnt, name = learn_now(), f"{type(self).__name__}.{method.__name__}"
            instance(f"what {name} returns", learnt, Tensor, "what it says of x, a row each")
            return learnt

        shelf = _SHELF.get()
        if shelf is None or self._spec is None or not self.worth_keeping:
            self._lesson = None
            return learn_now()
        self._learn_now = learn_now
        seed = torch.initial_seed()
        self._lesson = _digest(self._spec, seed, _rounds_as(x), _content(x), args, kwargs)
        return _beside(shelf.once(self._lesson, tensor_learnt_now), x)

    return learn


def _applying(method: Callable[..., Tensor]) -> Callable[..., Tensor]:
    @wraps(method)
    def apply(self: Learner, x: Tensor) -> Tensor:
        if self._busy:
            return method(self, x)

        def compute() -> Tensor:
            self.catch_up()
            with _alone(self), afresh(x.device):
                return method(self, x)

        shelf = _SHELF.get()
        if shelf is None or self._lesson is None:
            return compute()
        return _beside(shelf.once(_digest(self._lesson, _content(x)), compute), x)

    return apply


@contextmanager
def _alone(learner: Learner) -> Iterator[None]:
    learner._busy = True
    try:
        yield
    finally:
        learner._busy = False


def _beside(kept: Tensor, x: Tensor) -> Tensor:
    """Move what another run left to the GPU of these images; what is on the CPU stays there."""
    return kept if kept.device.type == "cpu" else kept.to(x.device)


def _rounds_as(x: Tensor) -> tuple[object, ...]:
    """What decides how sums are rounded: training enlarges it, and a learner may learn again."""
    if x.is_cuda:
        return x.device.type, torch.cuda.get_device_name(x.device)
    instructions = torch.backends.cpu.get_cpu_capability()
    return x.device.type, instructions, torch.get_num_threads()


def _digest(*parts: Any) -> str:
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()


_CONTENTS: dict[int, tuple["weakref.ref[Tensor]", int, str]] = {}


def _content(x: Tensor) -> str:
    """Hash a tensor's values; once, as long as it lives and is not changed."""
    known = _CONTENTS.get(id(x))
    if known is not None and known[0]() is x and known[1] == x._version:
        return known[2]
    values = x.detach().cpu().contiguous()
    digest = hashlib.sha256(f"{values.dtype}{tuple(values.shape)}".encode())
    digest.update(values.numpy().data)
    forget = partial(_CONTENTS.pop, id(x), None)
    _CONTENTS[id(x)] = weakref.ref(x, lambda _: forget()), x._version, digest.hexdigest()
    return digest.hexdigest()
