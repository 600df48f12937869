"""What a command prints: as much as the terminal can show, and nothing depends on it."""

import os
import sys
from typing import Any, TextIO

from rich.console import Console

from otlvm.harness.commands.arguments import ALL_DONE, NO_STORAGE
from otlvm.harness.escapes.terminal import PlainConsole
from otlvm.harness.messages import say


class Lenient:
    """A stream that shows what it can and never raises.

    Letters that it cannot encode become question marks; once it is closed, full or gone, what
    comes after is dropped.

    Args:
        stream: Standard output or error; None, where a process has none, drops all.
    """

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")

    def write(self, text: str) -> int:
        """Write text, or drop it."""
        self._try("write", text)
        return len(text)

    def flush(self) -> None:
        """Flush, if there is something to flush to."""
        self._try("flush")

    def isatty(self) -> bool:
        """Tell whether it is a terminal."""
        return self._stream is not None and not self._stream.closed and self._stream.isatty()

    def fileno(self) -> int:
        """Return the number of its file."""
        if self._stream is None:
            raise OSError("there is no stream")
        return self._stream.fileno()

    @property
    def encoding(self) -> str:
        """How letters become bytes."""
        return getattr(self._stream, "encoding", None) or "utf-8"

    def _try(self, method: str, *arguments: str) -> None:
        if self._stream is None:
            return
        try:
            getattr(self._stream, method)(*arguments)
        except (OSError, ValueError):  # the reader is gone, the disk is full, it was closed
            self.drop()

    def drop(self) -> None:
        """Let what the interpreter flushes at its end go nowhere, without a message."""
        stream, self._stream = self._stream, None
        if stream is None:
            return
        try:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)
        except (OSError, ValueError):  # it has no file
            return


def write_whole(text: str) -> int:
    """Write what is no use in part; returns the exit code.

    A reader that goes away has what it wants; a disk that is full is told.
    """
    stream = sys.stdout
    try:
        if stream is None:
            raise OSError("it is closed")
        stream.write(text)
        stream.flush()
    except BrokenPipeError:
        Lenient(stream).drop()
    except (OSError, ValueError) as error:
        Lenient(stream).drop()
        say(errors(), f"standard output cannot be written: {error}", "red")
        return NO_STORAGE
    return ALL_DONE


def output(**options: Any) -> Console:
    """Return the console for what a command is asked for."""
    return PlainConsole(file=Lenient(sys.stdout), **options)


def errors() -> Console:
    """Return the console for progress, warnings and errors."""
    return PlainConsole(file=Lenient(sys.stderr), stderr=True)
