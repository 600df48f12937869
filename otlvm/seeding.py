"""Random states for a while: what comes after them is as if nothing had been drawn."""

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch


@contextmanager
def seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Seed torch on the CPU and on a device, and put both random states back at the end.

    Unlike with ``torch.manual_seed``, other GPUs are neither seeded nor woken up.
    """
    gpus = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=gpus):
        torch.default_generator.manual_seed(seed)
        for gpu in gpus:
            with torch.cuda.device(gpu):
                torch.cuda.manual_seed(seed)
        yield


@contextmanager
def afresh(device: torch.device) -> Iterator[None]:
    """Start every generator again from the present seed, and put all states back at the end.

    Who works within draws the same, whatever was drawn before, and moves nothing for those who
    draw after. The present seed is torch's own, ``torch.initial_seed()``: that of the run.
    Python's and NumPy's generators are included, since plug-ins may draw from them.
    """
    seed = torch.initial_seed()
    python, arrays = random.getstate(), np.random.get_state()  # noqa: NPY002
    try:
        random.seed(seed)
        np.random.seed(seed % 2**32)  # noqa: NPY002
        with seeded(seed, device):
            yield
    finally:
        random.setstate(python)
        np.random.set_state(arrays)  # noqa: NPY002
