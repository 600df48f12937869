"""Whose code a command executes: a stranger's plug-ins only if the user says so.

What lies in a folder of results is read and never imported, unless its lock names plug-ins there.
To rerun such a lock is to execute its maker's code: whoever did not make it says so once.
"""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from otlvm.harness.code.plugins import plugin_files
from otlvm.harness.messages import InputError
from otlvm.plugins import find_plugins_in

MOST_SHOWN = 12


def allow_plugins(modules: Iterable[str], folder: Path, locked: bool, trust: bool) -> None:
    """Let plug-ins be imported from the current folder and a suite's, if it names some.

    Args:
        modules: Modules that the suite names; without any, nothing is looked for.
        folder: The suite's folder.
        locked: Whether it is a lock, which may be a stranger's.
        trust: Whether the user says that its code may be executed, now and later.

    Raises:
        InputError: If a lock names plug-ins in a folder that this user neither made nor trusts.
    """
    names = sorted(set(modules))
    if not names:
        return
    for each in (Path.cwd(), folder):
        find_plugins_in(each)
    place = folder.resolve()
    files = {path for name in names for _, path in plugin_files(name)[1]}
    theirs = sorted(str(path) for path in files if place in path.parents)
    if not locked or not theirs or _trusted(place):
        return
    if not trust:
        shown = "\n  ".join(theirs[:MOST_SHOWN] + ["..."] * (len(theirs) > MOST_SHOWN))
        raise InputError(
            f"the lock in {place} names plug-ins, and this command would execute\n  {shown}\n"
            "Read them; if you trust whoever made them, say --trust once"
        )
    remember(place)


def remember(folder: Path) -> None:
    """Note that this user made a folder, or trusts it; a home that cannot be written forgets."""
    place = str(folder.resolve())
    if not _trusted(folder.resolve()):
        with suppress(OSError):
            _list().parent.mkdir(parents=True, exist_ok=True)
            with _list().open("a", encoding="utf-8", errors="surrogateescape") as file:
                file.write(f"{place}\n")


def _trusted(folder: Path) -> bool:
    try:
        lines = _list().read_text(encoding="utf-8", errors="surrogateescape").split("\n")
    except OSError:
        return False
    return str(folder) in lines


def _list() -> Path:
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "otlvm" / "trusted"
