"""Take arrays out of what a model shows; any may be missing."""

import re
from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

Floats = NDArray[Any]
Pictures = Mapping[str, NDArray[Any]]
"""Arrays by name, as `otlvm.evaluation.show_model` returns them."""
OF_LABELS = ("class_components", "code_labels")


class MissingArrayError(LookupError):
    """What is to be drawn is not among the arrays, or has no finite number."""


def take(pictures: Pictures, name: str, step: int | None = None) -> NDArray[Any]:
    """Return an array.

    Args:
        pictures: The arrays.
        name: Its name.
        step: Of the snapshot at this training step; by default of the end of training.

    Raises:
        MissingArrayError: If it is not there.
    """
    key = name if step is None else f"at_{step}/{name}"
    if key not in pictures:
        held = ", ".join(pictures) or "nothing"
        why = ", which only data with labels give" if name in OF_LABELS else ""
        raise MissingArrayError(f"the pictures hold no {key!r}{why}; they hold {held}")
    return pictures[key]


def snapshots(pictures: Pictures) -> list[int]:
    """Return the training steps of which there are snapshots, in order."""
    found = (re.match(r"at_(\d+)/", name) for name in pictures)
    return sorted({int(match[1]) for match in found if match})
