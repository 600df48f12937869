"""Finding image files, their classes and a split in folders."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from otlvm.data.errors import DataError, listed
from otlvm.data.litter import is_litter
from otlvm.data.split_names import choose_pair, only_parts, part_of

IMAGES = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")
"""Endings of the files that are read: torchvision's."""
Files = list[tuple[Path, str | None]]
"""Files and their classes, in order."""


@dataclass(frozen=True)
class _Found:
    """An image file, its class's folder, and the folders between the two."""

    file: Path
    label: str
    between: tuple[str, ...]


def find_parts(root: Path) -> list[Files]:
    """Find all images of a folder, and its split if it has one.

    Files are sorted by class, then by path, as torchvision's ImageFolder sorts them.

    Args:
        root: The folder: of images, of classes' folders, of a split's two folders with classes'
            folders or images in them, or of classes' folders with a split's two in each.

    Returns:
        One list of files, or that of the training and that of the held-out part.

    Raises:
        DataError: If the folder has another form, or holds no images; if a folder whose name means
            a part of a split would be a class.
    """
    folders = _subfolders(root)
    if not any(part_of(name) for name in folders) and not only_parts(folders):
        loose = _loose(root, folders)
        return [loose] if loose else _by_class(root, folders)
    pair = choose_pair(folders)
    if pair is None:
        raise _no_split(root, folders)
    return [_one_part(root / name) for name in pair]


def _one_part(root: Path) -> Files:
    """Find the images of one part of a split."""
    folders = _subfolders(root)
    if any(part_of(name) for name in folders):
        raise _no_split(root, folders)
    loose = _loose(root, folders)
    if loose:
        return loose
    found = _walk_classes(root, folders)
    for each in found:
        if any(part_of(name) for name in each.between):
            raise _split_too_deep(each)
    return [(each.file, each.label) for each in found]


def _by_class(root: Path, folders: list[str]) -> list[Files]:
    """Find the images of classes' folders, in which may be a split."""
    found = _walk_classes(root, folders)
    inside = [each for each in found if any(part_of(name) for name in each.between)]
    if not inside:
        return [[(each.file, each.label) for each in found]]
    pair = choose_pair({name for each in inside for name in each.between if part_of(name)})
    even = len(inside) == len(found) and all(len(each.between) == 1 for each in found)
    if pair is None or not even or len(folders) == 1:
        raise _split_too_deep(inside[0])
    return [[(each.file, each.label) for each in found if each.between == (name,)] for name in pair]


def _walk_classes(root: Path, folders: list[str]) -> list[_Found]:
    """Find the images of each class, at any depth."""
    found = [each for name in folders for each in _walk(root / name)]
    empty = set(folders) - {each.label for each in found}
    if not found:
        raise DataError(f"{root} holds no images ({', '.join(IMAGES)}): correct 'path:'")
    if empty:
        raise DataError(
            f"{root}: no images in {listed(sorted(empty))} ({', '.join(IMAGES)}): take the empty "
            f"folder out"
        )
    return found


def _walk(folder: Path) -> Iterator[_Found]:
    """Yield the images of a class, sorted by their folders' paths, then by name."""
    for place, names in sorted(_levels(folder, {folder.parent.resolve()})):
        between = Path(place).relative_to(folder).parts
        for name in names:
            yield _Found(Path(place, name), folder.name, between)


def _levels(folder: Path, above: set[Path]) -> Iterator[tuple[str, list[str]]]:
    """Yield each folder in a folder, links too, and the names of its images."""
    real = folder.resolve()
    if real in above:
        raise DataError(f"{folder} leads back to a folder above it: take the link out")
    try:
        entries = [each for each in folder.iterdir() if not is_litter(each.name)]
    except OSError as error:
        raise _refusal(error) from error
    folders = {each for each in entries if each.is_dir()}
    images = [each.name for each in entries if each not in folders and _is_image(each.name)]
    yield str(folder), sorted(images)
    for each in folders:
        yield from _levels(each, {*above, real})


def _subfolders(root: Path) -> list[str]:
    """The names of the subfolders, sorted."""
    try:
        inner = [each.name for each in root.iterdir() if each.is_dir()]
    except OSError as error:
        raise _refusal(error) from error
    return sorted(name for name in inner if not is_litter(name))


def _loose(root: Path, folders: list[str]) -> Files:
    """The images that lie in the folder itself."""
    loose = [each for each in sorted(root.iterdir()) if _is_image(each.name) and not each.is_dir()]
    if loose and folders:
        raise DataError(
            f"{loose[0]} lies beside folders ({listed(folders)}): put each image into the folder "
            f"of its class (into one called unlabelled if it has none), or all into one folder "
            f"without any"
        )
    return [(file, None) for file in loose]


def _is_image(name: str) -> bool:
    return name.lower().endswith(IMAGES) and not is_litter(name)


def _refusal(error: OSError) -> DataError:
    return DataError(f"{error.filename} cannot be read ({error.strerror}): let it be read")


def _no_split(root: Path, folders: list[str]) -> DataError:
    parts = [name for name in folders if part_of(name)] or folders
    return DataError(
        f"{root} holds {listed(folders)}: as a class, {listed(parts)} would be called like a part "
        f"of a split. A split is two folders, train and test: correct 'path:', or rename classes"
    )


def _split_too_deep(found: _Found) -> DataError:
    return DataError(
        f"{found.file.parent} would be part of the class {found.label!r}, and is called like a "
        f"part of a split. A split is train/CLASS and test/CLASS, or CLASS/train and CLASS/test "
        f"for all images of each class: correct 'path:', or rename the folder"
    )
