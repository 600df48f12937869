"""Checkpoints: the whole state of a training, in one file that is never half written."""

import hashlib
import io
import os
import pickle
import random
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from otlvm.networks import LatentMixtureModel
from otlvm.networks.prior_fields import fixed_values, same_values

State = dict[str, Any]
DIGEST_SIZE = hashlib.sha256().digest_size


class InterruptedTrainingError(Exception):
    """Training was asked to stop, and did, with its state saved."""


class CheckpointError(ValueError):
    """A checkpoint that cannot be used: damaged, not ours, or of another run."""


def _never() -> bool:
    return False


class Checkpoints:
    """Where a training saves its state, how often, and whether it shall stop.

    A checkpoint replaces the one before only when it is whole. It is read with
    ``weights_only=True``: a pickle put in its place runs no code.

    Args:
        path: The file.
        every_steps: Steps between checkpoints, if counted in steps.
        every_seconds: Seconds between checkpoints, if counted in time.
        identity: What the training is; a checkpoint of another one is refused.
        stop: Asked after every step; once it returns true, training saves its state and stops.

    Attributes:
        notes: Saved and restored with the state, for the caller's own use.
    """

    def __init__(
        self,
        path: str | Path,
        every_steps: int | None = None,
        every_seconds: float | None = 60.0,
        identity: str = "",
        stop: Callable[[], bool] = _never,
    ) -> None:
        self.path = Path(path)
        self.every_steps = every_steps
        self.every_seconds = every_seconds
        self.identity = identity
        self.stop = stop
        self.notes: State = {}
        self._saved_at = time.monotonic()

    def load(self) -> State | None:
        """Return the saved state, on the CPU; None if there is none.

        Raises:
            CheckpointError: If the file is damaged, no checkpoint, or of another training.
        """
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return None
        digest, payload = content[:DIGEST_SIZE], content[DIGEST_SIZE:]
        if hashlib.sha256(payload).digest() != digest:
            raise CheckpointError(f"{self.path} is no whole checkpoint")
        try:
            saved = torch.load(io.BytesIO(payload), map_location="cpu", weights_only=True)
            identity, notes, state = saved["identity"], saved["notes"], saved["state"]
        except (RuntimeError, pickle.UnpicklingError, LookupError, TypeError, ValueError) as error:
            raise CheckpointError(f"{self.path} is no checkpoint of ours: {error}") from error
        if identity != self.identity:
            raise CheckpointError(f"{self.path} is of another run: {identity}")
        self.notes = notes
        return dict(state)

    def restore(self, parts: dict[str, Any]) -> None:
        """Put the parts of a training where the saved state has them; nothing if there is none.

        Args:
            parts: What has a ``state_dict``, by name; among them the ``model``.

        Raises:
            CheckpointError: As `load`, and if the model is of another form or has another prior.
        """
        saved = self.load()
        if saved is None:
            return
        try:
            self._check_prior(parts["model"], saved["model"])
            for name, part in parts.items():
                part.load_state_dict(saved[name])
        except (RuntimeError, LookupError) as error:  # other names or shapes
            reason = " ".join(str(error).split())[:300]
            raise CheckpointError(f"{self.path} is of another training: {reason}") from error

    def _check_prior(self, model: LatentMixtureModel, saved: State) -> None:
        for name, value in fixed_values(model.prior).items():
            if not same_values(saved[f"prior.{name}"], value):
                raise CheckpointError(
                    f"{self.path} is of a model with another prior: its {name} differ; remove the "
                    f"file to train from the start"
                )

    def after(self, step: int, last: bool, state: Callable[[], State]) -> None:
        """Save if it is time, if training ends or if it shall stop.

        Raises:
            InterruptedTrainingError: If it shall stop.
        """
        stopping = self.stop()
        if stopping or last or self._due(step):
            try:
                self._save(state())
            except OSError as error:  # the last one is whole, and training need not suffer
                warnings.warn(f"no checkpoint at step {step}: {error}", stacklevel=2)
            self._saved_at = time.monotonic()
        if stopping:
            raise InterruptedTrainingError(f"stopped after step {step}")

    def _due(self, step: int) -> bool:
        if self.every_steps is not None:
            return step % self.every_steps == 0
        passed = time.monotonic() - self._saved_at
        return self.every_seconds is not None and passed >= self.every_seconds

    def _save(self, state: State) -> None:
        buffer = io.BytesIO()
        torch.save({"identity": self.identity, "notes": self.notes, "state": state}, buffer)
        aside = self.path.with_name(f"{self.path.name}.new")
        try:
            with aside.open("wb") as file:
                file.write(hashlib.sha256(buffer.getbuffer()).digest())
                file.write(buffer.getbuffer())
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            aside.unlink(missing_ok=True)  # the result may need its room
            raise
        aside.replace(self.path)


class Held:
    """Which parameters of a model are held, that is, not trained, as a part with a state.

    Args:
        model: The model.
    """

    def __init__(self, model: torch.nn.Module) -> None:
        self._model = model

    def state_dict(self) -> State:
        """Return the names of the held parameters."""
        named = self._model.named_parameters()
        return {"names": [name for name, parameter in named if not parameter.requires_grad]}

    def load_state_dict(self, state: State) -> None:
        """Hold these parameters and train all others."""
        for name, parameter in self._model.named_parameters():
            parameter.requires_grad_(name not in state["names"])


class RandomState:
    """The random states of Python, NumPy and torch, as a part with a state.

    Args:
        device: Where training draws, besides the CPU.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device

    def state_dict(self) -> State:
        """Return all random states, as numbers and tensors."""
        kind, keys, *rest = np.random.get_state()  # noqa: NPY002 (plug-ins may draw from it)
        state: State = {
            "python": random.getstate(),
            "numpy": [str(kind), torch.from_numpy(np.asarray(keys, dtype=np.int64)), *rest],
            "torch": torch.get_rng_state(),
        }
        if self._device.type == "cuda":
            state["cuda"] = torch.cuda.get_rng_state(self._device)
        return state

    def load_state_dict(self, state: State) -> None:
        """Put all random states back."""
        random.setstate(state["python"])
        kind, keys, *rest = state["numpy"]
        np.random.set_state((kind, keys.numpy().astype(np.uint32), *rest))  # noqa: NPY002
        torch.set_rng_state(state["torch"])
        if self._device.type == "cuda":
            torch.cuda.set_rng_state(state["cuda"], self._device)
