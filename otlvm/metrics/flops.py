"""What a model computes for an image."""

from typing import ClassVar

from otlvm.data import Dataset
from otlvm.metrics.base import Metric, metrics, numbers_of
from otlvm.networks import LatentMixtureModel
from otlvm.networks.products import counted
from otlvm.numbers import Number


@metrics.register("flops")
class Flops(Metric):
    """Floating-point operations of one image encoded, and a code of it decoded.

    Those of matrix products and convolutions, a multiplication and an addition counted as two.
    """

    numbers: ClassVar[tuple[Number, ...]] = numbers_of("flops")

    def compute(self, model: LatentMixtureModel, data: Dataset) -> dict[str, float]:
        """Count what a model does with a held-out image; see `Metric.compute`."""
        from torch.utils.flop_counter import FlopCounterMode  # it imports triton

        with FlopCounterMode(display=False, custom_mapping=counted()) as counter:
            model.reconstruct(data.x_test[:1])
        return {"flops": float(counter.get_total_flops())}
