"""Data sets of Hugging Face's ``datasets``, saved to disk; nothing is downloaded."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from otlvm.data.arrays import from_arrays, split
from otlvm.data.base import DataError, Dataset, datasets
from otlvm.data.binarize import Binarize
from otlvm.data.errors import reason
from otlvm.data.images import Channels, Size, read_images
from otlvm.data.paths import check_file, check_folder, exists, locate
from otlvm.data.split_names import choose_pair
from otlvm.scaling import Scale
from otlvm.wording import did_you_mean

LABEL_NAMES = ("label", "labels")


@datasets.register("hf_disk")
def hf_disk(
    path: str,
    image: str | None = None,
    label: str | None = None,
    train: str | None = None,
    test: str | None = None,
    size: Size | None = None,
    channels: Channels | None = None,
    test_fraction: float = 0.2,
    split_seed: int = 0,
    stratify: bool = True,
    span: float | None = None,
    scale: Scale = "none",
    binarize: Binarize | None = None,
) -> Dataset:
    """A folder that ``save_to_disk`` of Hugging Face's ``datasets`` wrote; needs ``otlvm[hf]``.

    Args:
        path: The folder.
        image: The column of images; without it the only column of that type.
        label: The column of labels; without it the only one of type ClassLabel, or else ``label``
            or ``labels``. If there is none, the data have no labels. -1 and None are no label.
        train: The training split, if the folder has several; without it ``train`` in any spelling.
        test: The held-out split, if the folder has several; without it ``test`` in any spelling,
            or else the validation.
        size: Pixels a side, or [height, width]: images are resized until they just cover it, and
            what is over is cut off evenly. Without it all images are of one size.
        channels: 1 makes all images grey, 3 coloured. Without it they are all of one kind.
        test_fraction: Share (of each class) that is held out, where the folder has one split.
        split_seed: Seed of that split.
        stratify: Split each class in the same proportion; false splits without regard to them.
        span: The largest value that pixels can have, where white is not 255.
        scale: ``none``, or ``unit`` or ``standard`` for each feature, fitted to training data.
        binarize: Black and white, drawn once (``static``) or in each batch (``dynamic``).
    """
    folder = locate(path)
    parts = _choose(path, _load(path, folder), train, test)
    image = _image_column(path, parts[0].features, image)
    label = _label_column(path, parts[0].features, label)
    for part in parts[1:]:
        _check_like_the_first(path, part, image, label)
    sources = (source for part in parts for source in _images(path, part, image))
    x = read_images(sources, size, channels)
    start, name = len(parts[0]), folder.resolve().name
    y = [None if label is None else _labels(part, label) for part in parts]
    how: dict[str, Any] = {"span": span, "scale": scale, "binarize": binarize}
    how |= {"layout": "channels_first", "class_names": _class_names(path, parts, label)}
    if len(parts) == 1:
        return split(
            name,
            x,
            y[0],
            test_fraction,
            split_seed,
            stratify=stratify,
            **how,
        )
    return from_arrays(
        name,
        x[:start],
        y[0],
        x[start:],
        y[1],
        **how,
    )


def _load(path: str, folder: Path) -> dict[str, Any]:
    """Load all splits by name; a data set without splits has the name ''."""
    try:
        import datasets as hf  # an extra, and it takes seconds
    except ImportError as error:
        raise DataError(f"datasets is missing: pip install 'otlvm[hf]' ({error})") from error

    check_folder(path, folder)
    for each in sorted(folder.rglob("*")):
        if exists(each) and not each.is_dir():
            check_file(each, each, "save the data set again")
    try:
        found = hf.load_from_disk(str(folder))
    except Exception as error:  # damaged files raise anything, pyarrow's own errors too
        raise DataError(
            f"{path}: not a whole folder that save_to_disk of Hugging Face's datasets wrote "
            f"({reason(error)}); save it again"
        ) from error
    return dict(found) if isinstance(found, hf.DatasetDict) else {"": found}


def _choose(path: str, splits: dict[str, Any], train: str | None, test: str | None) -> list[Any]:
    """Return the training and the held-out split, or the only one there is."""
    guessed = choose_pair(splits) or ("train", "test")
    names = []
    for key, given, guess in (("train", train, guessed[0]), ("test", test, guessed[1])):
        name = given or guess
        if name not in splits and (given or len(splits) > 1):
            raise DataError(
                f"{path} has no split {name!r}{did_you_mean(name, splits)}; there are: "
                f"{', '.join(splits) or 'none'}; name one with '{key}:'"
            )
        names.append(name)
    if len(splits) == 1:
        return list(splits.values())
    if names[0] == names[1]:
        raise DataError(f"{path}: 'train:' and 'test:' are both {names[0]!r}: name two splits")
    return [splits[name] for name in names]


def _image_column(path: str, features: dict[str, Any], given: str | None) -> str:
    images = [name for name in features if _kind(features, name) == "Image"]
    if given is not None:
        _check_column(path, features, given, "image")
        if given not in images:
            raise DataError(
                f"{path}: column {given!r} holds {_kind(features, given)}, no images: cast it to "
                f"datasets.Image, or put arrays into an npz file"
            )
        return given
    if len(images) != 1:
        raise DataError(
            f"{path} has {len(images)} columns of images: name one with 'image:'; there are: "
            f"{_known(features)}"
        )
    return images[0]


def _label_column(path: str, features: dict[str, Any], given: str | None) -> str | None:
    if given is not None:
        _check_column(path, features, given, "label")
        return given
    labels = [name for name in features if _kind(features, name) == "ClassLabel"]
    if len(labels) > 1:
        raise DataError(
            f"{path} has several columns of labels: name one with 'label:'; there are: "
            f"{_known(features)}"
        )
    return next((name for name in (*labels, *LABEL_NAMES) if name in features), None)


def _check_column(path: str, features: dict[str, Any], name: str, key: str) -> None:
    if name not in features:
        hint = did_you_mean(name, features)
        raise DataError(
            f"{path} has no column {name!r}{hint}; there are: {_known(features)}; correct '{key}:'"
        )


def _check_like_the_first(path: str, part: Any, image: str, label: str | None) -> None:
    """Refuse a split that has other columns than the first."""
    if image not in part.features or (label is not None and label not in part.features):
        missing = image if image not in part.features else label
        raise DataError(
            f"{path}: the held-out split has no column {missing!r}, the other has; there are: "
            f"{_known(part.features)}"
        )
    own = _label_column(path, part.features, None) if label is None else label
    if own != label:
        raise DataError(
            f"{path}: the held-out split has labels, {own!r}, the other none: name a column of "
            f"both with 'label:', or take it out"
        )


def _kind(features: dict[str, Any], name: str) -> str:
    return type(features[name]).__name__


def _known(features: dict[str, Any]) -> str:
    return ", ".join(f"{name} ({_kind(features, name)})" for name in features)


def _images(path: str, part: Any, column: str) -> Iterator[tuple[str, Path | BytesIO]]:
    """Yield each image's place, and its file or content, as it was saved."""
    import datasets as hf

    undecoded = part.select_columns([column]).cast_column(column, hf.Image(decode=False))
    for index, row in enumerate(undecoded):
        saved, place = row[column], f"{path}, {_row(part, index)}"
        if saved is None:
            raise DataError(f"{place} has no image: take it out")
        if saved["bytes"] is not None:
            yield place, BytesIO(saved["bytes"])
        else:  # images that save_to_disk left where they were
            yield f"{place}, {saved['path']}", Path(saved["path"])


def _labels(part: Any, column: str) -> NDArray[np.object_]:
    labels = list(part[column])
    return np.fromiter(labels, dtype=object, count=len(labels))


def _class_names(path: str, parts: list[Any], label: str | None) -> list[str] | None:
    """The names of a ClassLabel, which all parts have to share."""
    if label is None or _kind(parts[0].features, label) != "ClassLabel":
        return None
    names = [list(getattr(part.features[label], "names", [])) for part in parts]
    if any(each != names[0] for each in names):
        raise DataError(
            f"{path}: the splits name the classes of {label!r} differently: cast them to one "
            f"ClassLabel"
        )
    return names[0]


def _row(part: Any, index: int) -> str:
    return f"{part.split} row {index}" if part.split else f"row {index}"
