"""Mean losses between two rows of a learning curve, and the first of them that broke."""

import math
from typing import Any

import torch
from torch import Tensor

Row = dict[str, float]


class DivergedError(RuntimeError):
    """A number that is no longer finite.

    Args:
        term: Its name.
        value: What it is: NaN or an infinity.
        step: The training step at which it broke.

    Attributes:
        term: Its name.
        value: What it is.
        step: The step.
    """

    def __init__(self, term: str, value: float, step: int) -> None:
        super().__init__(f"{term} is {value} at step {step}")
        self.term = term
        self.value = value
        self.step = step


class Meter:
    """Adds up scalars on the device and notes where one stopped being finite.

    Nothing is read before `row`, so no training step waits for the device.

    Args:
        device: Where the scalars are.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._names: list[str] = []
        self._sums = torch.empty(0)
        self._broke_at = torch.empty(0)
        self._broken = torch.empty(0)
        self._count = 0

    def add(self, step: int, scalars: dict[str, Tensor]) -> None:
        """Add the scalars of one step; they have the same names at every step."""
        values = torch.stack([value.detach().reshape(()).float() for value in scalars.values()])
        if not self._names:
            self._names = list(scalars)
            self._sums, self._broken = torch.zeros_like(values), torch.zeros_like(values)
            self._broke_at = torch.full_like(values, math.inf)
        new = ~values.isfinite() & self._broke_at.isinf()
        self._broke_at = torch.where(new, float(step), self._broke_at)
        self._broken = torch.where(new, values, self._broken)
        self._sums += values
        self._count += 1

    def row(self) -> Row:
        """Return the means since the last call.

        Raises:
            DivergedError: If one broke; the first, and of several at one step the last added.
        """
        broke_at = self._broke_at.tolist()
        first = min(broke_at)
        if math.isfinite(first):
            index = max(i for i, step in enumerate(broke_at) if step == first)
            raise DivergedError(self._names[index], float(self._broken[index]), int(first))
        means = self._sums.double() / self._count
        self._sums.zero_()
        self._count = 0
        return dict(zip(self._names, means.tolist(), strict=True))

    def state_dict(self) -> dict[str, Any]:
        """Return all that has been added since the last row."""
        return {
            "names": self._names,
            "sums": self._sums,
            "broke_at": self._broke_at,
            "broken": self._broken,
            "count": self._count,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where `state_dict` was taken."""
        self._names, self._count = state["names"], state["count"]
        self._sums = state["sums"].to(self._device)
        self._broke_at = state["broke_at"].to(self._device)
        self._broken = state["broken"].to(self._device)
