"""How far components lie apart in latent space."""

from typing import ClassVar

import torch

from otlvm.data import Dataset
from otlvm.evaluation.posterior import encode_batches
from otlvm.metrics.base import Metric, metrics, numbers_of
from otlvm.metrics.samples import part
from otlvm.networks import LatentMixtureModel
from otlvm.numbers import Number

CODES = 2000


@metrics.register("silhouette")
class Silhouette(Metric):
    """The mean silhouette of 2,000 codes, grouped by component: from -1 to 1.

    A code is the mean of its image's likeliest component. Near 1 components lie apart, near 0 they
    touch. Source: Rousseeuw, *Silhouettes* (1987).
    """

    numbers: ClassVar[tuple[Number, ...]] = numbers_of("silhouette")

    def compute(self, model: LatentMixtureModel, data: Dataset) -> dict[str, float]:
        """Measure the codes of held-out images; see `Metric.compute`."""
        from sklearn.metrics import silhouette_score  # takes a second, and only this needs it

        images = part(data.x_test, CODES)
        posteriors = [posterior for _, posterior in encode_batches(model, images)]
        assigned = torch.cat([posterior.pi.argmax(1) for posterior in posteriors])
        means = torch.cat([posterior.mean for posterior in posteriors])
        codes = means[torch.arange(len(means), device=means.device), assigned]
        used = len(set(assigned.tolist()))
        if not 1 < used < len(assigned):
            raise ValueError(f"{len(assigned)} codes are in {used} components: nothing to compare")
        score = silhouette_score(codes.double().cpu().numpy(), assigned.cpu().numpy())
        return {"silhouette": float(score)}
