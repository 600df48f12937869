"""Where plug-ins are found: after all that is installed. Standard library only."""

import importlib
import sys
from pathlib import Path


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
    """Move the current folder, which ``python -m`` puts first, to the end of the search path."""
    if sys.path and sys.path[0] == str(Path.cwd()):
        sys.path.append(sys.path.pop(0))
