"""A folder of image files."""

from pathlib import Path

import numpy as np

from otlvm.data.base import DataError, Dataset, datasets, from_arrays, split
from otlvm.data.images import Channels, Size, read_images

PARTS = ["train", "test"]
SPLIT_NAMES = {*PARTS, "training", "testing", "val", "valid", "validation"}
Files = list[tuple[Path, str | None]]
"""Files and their classes, in order."""


@datasets.register("image_folder")
def image_folder(
    path: str,
    size: Size | None = None,
    channels: Channels | None = None,
    test_fraction: float = 0.2,
    split_seed: int = 0,
) -> Dataset:
    """Image files: a folder a class, as torchvision's ImageFolder, or no labels and no folders.

    Subfolders ``train`` and ``test``, each of that form, are a split; others beside them are left
    out.

    Args:
        path: The folder.
        size: Pixels a side, or [height, width]: images are resized until they just cover it, and
            what is over is cut off evenly. Without it all images are of one size.
        channels: 1 makes all images grey, 3 coloured. Without it they are all of one kind.
        test_fraction: Share (of each class) that is held out, where the folder has no split.
        split_seed: Seed of that split.
    """
    root = Path(path).expanduser()
    if not root.is_dir():
        raise DataError(f"{path} is missing, or no folder: correct 'path:'")
    folders = {folder.name for folder in _folders(root)}
    if not folders.issuperset(PARTS) and folders & SPLIT_NAMES and folders <= SPLIT_NAMES:
        raise DataError(
            f"{path} holds {', '.join(sorted(folders))}: a split is called train and test"
        )
    parts = [root / part for part in PARTS] if folders.issuperset(PARTS) else [root]
    found = [_find(part) for part in parts]
    every = [pair for files in found for pair in files]
    x = read_images(((str(file), file) for file, _ in every), size, channels)
    start, name = len(found[0]), root.resolve().name
    y = [_labels(files) for files in found]
    if len(found) == 1:
        return split(name, x, y[0], test_fraction, split_seed)
    return from_arrays(name, x[:start], y[0], x[start:], y[1])


def _folders(root: Path) -> list[Path]:
    """The subfolders, without those that tools hide."""
    return [each for each in sorted(root.iterdir()) if each.is_dir() and each.name[0] != "."]


def _find(root: Path) -> Files:
    """Find all images, sorted by class, then by path."""
    from torchvision.datasets.folder import IMG_EXTENSIONS, make_dataset  # seconds

    classes = [folder.name for folder in _folders(root)]
    loose = [
        each
        for each in sorted(root.iterdir())
        if each.name.lower().endswith(IMG_EXTENSIONS) and each.is_file() and each.name[0] != "."
    ]
    if loose and classes:
        raise DataError(
            f"{loose[0]} lies beside folders ({classes[0]}): put each image into the folder of its "
            f"class, or all into one folder without any"
        )
    if loose:
        return [(file, None) for file in loose]
    try:
        indices = {name: index for index, name in enumerate(classes)}
        pairs = make_dataset(str(root), indices, IMG_EXTENSIONS) if classes else []
    except FileNotFoundError as error:  # of a class without images
        raise DataError(f"{root}: {error}; take the empty folder out") from error
    if not pairs:
        raise DataError(f"{root} holds no images ({', '.join(IMG_EXTENSIONS)}): correct 'path:'")
    return [(Path(file), classes[index]) for file, index in pairs]


def _labels(files: Files) -> np.ndarray[tuple[int], np.dtype[np.str_]] | None:
    names = [name for _, name in files if name is not None]
    return np.array(names) if names else None
