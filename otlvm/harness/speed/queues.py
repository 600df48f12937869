"""What a divergence against earlier batches costs, and how noisy it is: by the queue's length."""

import time

import pandas as pd
import torch

from otlvm.divergences import IMQMMD
from otlvm.latents import MixturePosterior, as_posterior
from otlvm.priors import GaussianMixture

IMAGES, REPETITIONS = 50, 150
LENGTHS = (1, 2, 6, 12, 25, 50)


def measure_queues() -> pd.DataFrame:
    """Measure the U-statistic, then the cross statistic for each length of its queue.

    Batches are of 50 images whose codes are drawn from the paper's prior in ten dimensions, so
    that every estimate varies about 0 by chance alone.

    Returns:
        Columns ``statistic``, ``queue``, ``sd`` of the estimate, and ``ms``, CPU time of value and
        gradient.
    """
    torch.manual_seed(0)
    rows = [_measure("u", IMQMMD())]
    rows += [_measure("cross", IMQMMD(statistic="cross", queue=n), n) for n in LENGTHS]
    return pd.DataFrame(rows)


def _measure(statistic: str, divergence: IMQMMD, queue: int = 0) -> dict[str, object]:
    prior, values, seconds = GaussianMixture(components=10, dim=10), [], []
    for _ in range(queue):
        divergence.update(_draw(prior), prior)
    for _ in range(REPETITIONS):
        posterior = _draw(prior)
        divergence.update(posterior, prior)
        started = time.process_time()
        value = divergence(posterior, prior)
        torch.autograd.grad(value, posterior.z)
        seconds.append(time.process_time() - started)
        values.append(value.detach())
    spread = float(torch.stack(values).std())
    milliseconds = 1000 * float(pd.Series(seconds).median())
    return {"statistic": statistic, "queue": queue or None, "sd": spread, "ms": milliseconds}


def _draw(prior: GaussianMixture) -> MixturePosterior:
    drawn = as_posterior(*prior.sample_with_components(IMAGES), prior.n_components)
    z = drawn.z.clone().requires_grad_()
    return MixturePosterior(drawn.logits, z, drawn.std, z)
