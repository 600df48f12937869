"""What a machine only emulates of the precisions that runs ask for."""

from collections.abc import Iterable

import torch

from otlvm.harness.config import get_field
from otlvm.harness.job import Job
from otlvm.training.precision import emulated


def slow_here(jobs: Iterable[Job], device: str) -> list[str]:
    """Say which precisions of jobs a device has no instructions for.

    Args:
        jobs: The jobs; one that names no precision has the default.
        device: Where they train.
    """
    asked = dict.fromkeys(get_field(job.config, "train.precision") for job in jobs)
    lines = [emulated(precision, torch.device(device)) for precision in asked if precision]
    return [line for line in lines if line]
