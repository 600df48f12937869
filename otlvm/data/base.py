"""A data set: images and labels in memory, split once."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import torch
from torch import Tensor

from otlvm.data.checks import (
    check_class_names,
    check_image_shape,
    check_shades,
    checked_images,
    checked_labels,
)
from otlvm.data.errors import DataError, listed
from otlvm.registry import Registry
from otlvm.scaling import Scaling

__all__ = ["DataError", "Dataset", "datasets"]


@dataclass(frozen=True)
class Dataset:
    """Images or vectors, with labels or without, split into training and held-out data.

    Most likelihoods and networks are of numbers in [0, 1]; see `span` and `scaling`.

    Attributes:
        name: The data set's name.
        image_shape: Channels, height and width; D is their product.
        x_train: Training images, with shape ``[n, D]``.
        y_train: Their classes 0, 1, 2 ..., with shape ``[n]``, and -1 for images without a label;
            only evaluation reads them. None in both parts if there are none.
        x_test: Held-out images, with shape ``[m, D]``.
        y_test: Their classes, with shape ``[m]``.
        class_names: The classes' names; None if they are called 0, 1, 2 ....
        scaling: How they were scaled, for a model that shall give its samples in the units that
            they came in; None if they were not.
        shades: Probabilities ``[n, D]`` from which each batch of training is drawn afresh, black
            and white; ``x_train`` is one such draw. None trains on ``x_train`` itself.

    Raises:
        DataError: If tensors do not fit each other, there are NaN or infinite numbers (what is
            over [0, 1] by rounding errors is cut off), or labels are no such numbers.
    """

    name: str
    image_shape: tuple[int, int, int]
    x_train: Tensor
    y_train: Tensor | None
    x_test: Tensor
    y_test: Tensor | None
    class_names: tuple[str, ...] | None = None
    scaling: Scaling | None = None
    shades: Tensor | None = None

    def __post_init__(self) -> None:
        pixels = check_image_shape(self.name, self.image_shape)
        x_train = checked_images(self.name, "x_train", self.x_train, pixels)
        x_test = checked_images(self.name, "x_test", self.x_test, pixels)
        if x_train.dtype != x_test.dtype or x_train.device != x_test.device:
            raise DataError(
                f"{self.name}: x_train is {x_train.dtype} on {x_train.device}, x_test is "
                f"{x_test.dtype} on {x_test.device}: give both alike"
            )
        if (self.y_train is None) != (self.y_test is None):
            raise DataError(
                f"{self.name}: one part only has labels: give them for both, or for none; -1 "
                f"stands for no label"
            )
        checked_labels(self.name, "y_train", self.y_train, x_train)
        checked_labels(self.name, "y_test", self.y_test, x_test)
        check_class_names(self.name, self.class_names, self.n_classes)
        check_shades(self.name, self.shades, x_train)
        for field, x in (("x_train", x_train), ("x_test", x_test)):
            object.__setattr__(self, field, x)

    def __repr__(self) -> str:
        return (
            f"Dataset({self.name!r}: {len(self.x_train)} training and {len(self.x_test)} held-out "
            f"images {self.image_shape}, {self._show_labels()})"
        )

    def _show_labels(self) -> str:
        if self.y_train is None:
            return "no labels"
        names = "" if self.class_names is None else f" ({listed(self.class_names, 10)})"
        train, test = self.unlabelled
        gaps = f", {train} and {test} without a label" if train or test else ""
        return f"{self.n_classes} classes{names}{gaps}"

    @cached_property
    def span(self) -> tuple[float, float]:
        """The smallest and the largest number among all images."""
        bounds = [bound for x in (self.x_train, self.x_test) for bound in x.aminmax()]
        return float(min(bounds)), float(max(bounds))

    @property
    def n_classes(self) -> int:
        """One more than the largest label; 0 if there are none."""
        labels = [int(y.max()) for y in (self.y_train, self.y_test) if y is not None]
        return max(labels, default=-1) + 1

    @property
    def unlabelled(self) -> tuple[int, int]:
        """How many training and how many held-out images have no label: scores leave them out."""
        if self.y_train is None or self.y_test is None:
            return len(self.x_train), len(self.x_test)
        return int((self.y_train < 0).sum()), int((self.y_test < 0).sum())

    def to(self, device: torch.device | str) -> Self:
        """Return the data set with all tensors on a device."""
        return self._with(lambda tensor: tensor.to(device), lambda tensor: tensor.to(device))

    def first(self, n: int, m: int) -> Self:
        """Return the first n training and the first m held-out images."""
        return self._with(lambda tensor: tensor[:n], lambda tensor: tensor[:m])

    def _with(self, train: Callable[[Tensor], Tensor], test: Callable[[Tensor], Tensor]) -> Self:
        return replace(
            self,
            x_train=train(self.x_train),
            y_train=None if self.y_train is None else train(self.y_train),
            x_test=test(self.x_test),
            y_test=None if self.y_test is None else test(self.y_test),
            shades=None if self.shades is None else train(self.shades),
        )

    @cached_property
    def checksum(self) -> str:
        """SHA-256 of the image shape, the images and any labels, shades and scaling.

        It tells data sets apart by what is in them: not by names, paths or the way they were read.
        """
        digest = hashlib.sha256(repr(self.image_shape).encode())
        if self.y_train is None:  # else training labels lie between the images, and tell the split
            digest.update(f"{len(self.x_train)} training images".encode())
        parts = (self.x_train, self.y_train, self.x_test, self.y_test, self.shades)
        units = () if self.scaling is None else (self.scaling.shift, self.scaling.factor)
        for tensor in (part for part in (*parts, *units) if part is not None):
            digest.update(tensor.cpu().contiguous().numpy().tobytes())
        return digest.hexdigest()


datasets: Registry[Dataset] = Registry("dataset", Dataset)
