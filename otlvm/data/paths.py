"""Where a data set's files are: relative paths start at a folder that the caller names."""

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from otlvm.data.errors import DataError

_FOLDER: ContextVar[Path | None] = ContextVar("otlvm.data.paths", default=None)


@contextmanager
def relative_to(folder: str | Path) -> Iterator[None]:
    """Read relative paths of data sets as relative to a folder, not to the working directory.

    It holds for the thread (or task) that enters it, so that whoever builds a data set, in whatever
    process, says where its spec came from.

    Args:
        folder: The folder, such as the one of the file that the paths stand in.

    Example:
        >>> with relative_to("/suites"):
        ...     locate("mine.npz").as_posix()
        '/suites/mine.npz'
    """
    token = _FOLDER.set(Path(folder).expanduser().absolute())
    try:
        yield
    finally:
        _FOLDER.reset(token)


def locate(path: str | Path) -> Path:
    """Find out which file or folder a path of a spec means; data sets of your own use it too.

    ``~`` is the home folder. A relative path starts at the folder of `relative_to`, or else at the
    working directory.

    Raises:
        DataError: If there is no such home folder.
    """
    try:
        return _start() / Path(path).expanduser()
    except RuntimeError as error:
        raise DataError(f"{path}: {error}; write the whole path") from error


def check_file(shown: str | Path, path: Path, remedy: str = "correct 'path:'") -> None:
    """Refuse what cannot be read to its end, before anything waits for it.

    Args:
        shown: The path as its reader wrote it, for messages.
        path: The path.
        remedy: What to do about it.

    Raises:
        DataError: If the file is missing, or a folder, a pipe or a device, or out of reach.
    """
    mode = _mode(shown, path, remedy)
    if stat.S_ISDIR(mode):
        raise DataError(f"{shown} is a folder, a file is expected: {remedy}")
    if not stat.S_ISREG(mode):
        raise DataError(f"{shown} is a pipe or a device, which has no end: {remedy}")


def check_folder(shown: str | Path, path: Path, remedy: str = "correct 'path:'") -> None:
    """Refuse what is no folder.

    Args:
        shown: The path as its reader wrote it, for messages.
        path: The path.
        remedy: What to do about it.

    Raises:
        DataError: If the folder is missing, or a file, or out of reach.
    """
    if not stat.S_ISDIR(_mode(shown, path, remedy)):
        raise DataError(f"{shown} is no folder, a folder is expected: {remedy}")


def exists(path: Path) -> bool:
    """Tell whether there is a file that can be reached, however odd its name is."""
    try:
        path.stat()
    except (OSError, ValueError):
        return False
    return True


def _mode(shown: str | Path, path: Path, remedy: str) -> int:
    try:
        return path.stat().st_mode
    except FileNotFoundError as error:
        where = "" if Path(shown).is_absolute() else f" in {_start()}, which was searched"
        raise DataError(f"{shown} is missing{where}: {remedy}") from error
    except (OSError, ValueError) as error:  # no permission, a circle of links, a null character
        raise DataError(f"{shown} cannot be read ({error}): {remedy}") from error


def _start() -> Path:
    return _FOLDER.get() or Path.cwd()
