"""A folder of image files."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from otlvm.data.arrays import from_arrays, split
from otlvm.data.base import DataError, Dataset, datasets
from otlvm.data.binarize import Binarize
from otlvm.data.images import Channels, Size, read_images
from otlvm.data.paths import check_folder, locate
from otlvm.data.tree import Files, find_parts
from otlvm.scaling import Scale


@datasets.register("image_folder")
def image_folder(
    path: str,
    size: Size | None = None,
    channels: Channels | None = None,
    test_fraction: float = 0.2,
    split_seed: int = 0,
    stratify: bool = True,
    span: float | None = None,
    scale: Scale = "none",
    binarize: Binarize | None = None,
) -> Dataset:
    """Image files: a folder a class, as torchvision's ImageFolder, or no labels and no folders.

    Subfolders ``train`` and ``test`` (in any spelling: ``Training``, ``test_set``; ``val`` where
    there is no ``test``), each of that form, are a split; others beside them are left out. So are
    ``train`` and ``test`` in each class's folder. Images in a folder ``unlabelled`` have no label.
    Hidden files and what systems leave lying are no data.

    Args:
        path: The folder.
        size: Pixels a side, or [height, width]: images are resized until they just cover it, and
            what is over is cut off evenly. Without it all images are of one size.
        channels: 1 makes all images grey, 3 coloured. Without it they are all of one kind.
        test_fraction: Share (of each class) that is held out, where the folder has no split.
        split_seed: Seed of that split.
        stratify: Split each class in the same proportion; false splits without regard to them.
        span: The largest value that pixels can have, where white is not 255.
        scale: ``none``, or ``unit`` or ``standard`` for each feature, fitted to training data.
        binarize: Black and white, drawn once (``static``) or in each batch (``dynamic``).
    """
    root = locate(path)
    check_folder(path, root)
    found = find_parts(root)
    every = [pair for files in found for pair in files]
    x = read_images(((str(file), file) for file, _ in every), size, channels)
    y = [_labels(files) for files in found]
    if len({labels is None for labels in y}) > 1:
        raise DataError(
            f"{path}: one part has folders of classes and the other has none: put images without "
            f"a label into a folder 'unlabelled'"
        )
    start, name = len(found[0]), root.resolve().name
    how: dict[str, Any] = {"span": span, "scale": scale, "binarize": binarize}
    how["layout"] = "channels_first"
    if len(found) == 1:
        return split(
            name,
            x,
            y[0],
            test_fraction,
            split_seed,
            stratify=stratify,
            **how,
        )
    return from_arrays(name, x[:start], y[0], x[start:], y[1], **how)


def _labels(files: Files) -> NDArray[np.str_] | None:
    names = [name for _, name in files if name is not None]
    return np.array(names) if names else None
