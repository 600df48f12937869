"""Watching global state that a plug-in must leave alone."""

import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch

from otlvm.testing.fault import Fault


@contextmanager
def restored_state() -> Iterator[None]:
    """Put grad mode, default dtype, threads and torch's random state back at the end."""
    grad, dtype = torch.is_grad_enabled(), torch.get_default_dtype()
    threads = torch.get_num_threads()
    try:
        with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
            yield
    finally:
        torch.set_grad_enabled(grad)
        torch.set_default_dtype(dtype)
        torch.set_num_threads(threads)


@contextmanager
def unchanged_state() -> Iterator[None]:
    """Raise a `Fault` if grad mode, default dtype, threads or NumPy's random state change."""
    grad, dtype, numpy_state = torch.is_grad_enabled(), torch.get_default_dtype(), _numpy_state()
    threads = torch.get_num_threads()
    yield
    if torch.is_grad_enabled() != grad:
        raise Fault(f"it leaves the grad mode at {torch.is_grad_enabled()}, not {grad}")
    if torch.get_default_dtype() != dtype:
        raise Fault(f"it leaves the default dtype at {torch.get_default_dtype()}")
    if torch.get_num_threads() != threads:
        raise Fault(f"it leaves torch with {torch.get_num_threads()} threads, not {threads}")
    if _numpy_state() != numpy_state:
        raise Fault("it draws from NumPy's global random state, which no seed of ours reaches")


def _numpy_state() -> bytes:
    return pickle.dumps(np.random.get_state())  # noqa: NPY002 (the global one is meant)


@contextmanager
def unchanged(**tensors: torch.Tensor) -> Iterator[None]:
    """Raise a `Fault` if a tensor that is handed over, called as the keyword, changes inside."""
    before = {name: tensor.detach().clone() for name, tensor in tensors.items()}
    yield
    for name, tensor in tensors.items():
        if not torch.equal(tensor.detach(), before[name]):
            raise Fault(f"it changes the {name} that it is given: work on a copy")


def reseeds(call: Callable[[], object]) -> bool:
    """Tell whether a call leaves torch's random state the same whatever it was before."""
    after = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        call()
        after.append(torch.get_rng_state())
    return torch.equal(*after)
