"""Where plug-ins are found: after all that is installed. Standard library only."""

import importlib
import sys
from importlib.machinery import PathFinder
from pathlib import Path

OURS = Path(__file__).parent


def find_plugins_in(folder: Path) -> None:
    """Let ``"my_module:MyClass"`` find modules in a folder.

    The folder goes to the end of the search path: a user's file there, whatever its name, never
    takes the place of an installed package.
    """
    path = str(folder.resolve())
    if path not in sys.path:
        sys.path.append(path)
    importlib.invalidate_caches()


def put_installed_first() -> None:
    """Move the current folder, which ``python -m`` puts first, to the end of the search path.

    It stays first where it is the checkout that runs and another otlvm is installed: processes that
    we start get the same path, and must import the same code.
    """
    if not sys.path or sys.path[0] != str(Path.cwd()):
        return
    first, *rest = sys.path
    found = PathFinder.find_spec(OURS.name, [*rest, first])
    if found is not None and found.origin and Path(found.origin).parent.samefile(OURS):
        sys.path[:] = [*rest, first]
