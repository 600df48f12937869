"""What a model shows at chosen steps of its training; kept with its checkpoints."""

from collections.abc import Collection
from typing import Any

import torch

from otlvm.data import Dataset
from otlvm.evaluation import Pictures, show_snapshot
from otlvm.networks import LatentMixtureModel
from otlvm.training import Checkpoints


class Snapshots:
    """Takes snapshots and keeps them where they outlive an interruption.

    Args:
        model: The model under way.
        data: Its data.
        steps: When.
        checkpoints: Those of its training; their notes hold what was taken.
    """

    def __init__(
        self,
        model: LatentMixtureModel,
        data: Dataset,
        steps: Collection[int],
        checkpoints: Checkpoints,
    ) -> None:
        self._model = model
        self._data = data
        self._steps = steps
        self._checkpoints = checkpoints

    def take(self, step: int) -> None:
        """Take a snapshot, if this step is one of the chosen."""
        if step not in self._steps:
            return
        taken: dict[str, Any] = self._checkpoints.notes.setdefault("snapshots", {})
        for name, array in show_snapshot(self._model, self._data).items():
            taken[f"at_{step}/{name}"] = torch.from_numpy(array)

    def pictures(self) -> Pictures:
        """Return all that was taken: ``at_<step>/<name>``."""
        taken = self._checkpoints.notes.get("snapshots", {})
        return {name: tensor.numpy() for name, tensor in taken.items()}
