"""Where what a suite says was written: a line of its file, or an option of the command line."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from otlvm.harness.messages import InputError, KeyPath, show_path
from otlvm.harness.suite.yaml import YamlFile
from otlvm.wording import cut, flow

ENTRIES = (("runs",), ("baselines",))


@dataclass(frozen=True)
class Source:
    """A suite's file, and what ``--set`` changed.

    Attributes:
        file: The file.
        options: Values of ``--set`` by dotted path.
    """

    file: YamlFile
    options: Mapping[str, Any] = field(default_factory=dict)

    def locate(self, error: InputError) -> str:
        """Write an error with the options that it is about, or else file, line and key path."""
        keys = error.path[2:] if error.path[:1] in ENTRIES else error.path
        options = list(self._blamed(_dotted(keys)))
        if options:
            inner = "" if _dotted(keys) in self.options else f"{show_path(keys)}: "
            return f"{' '.join(options)}: {inner}{error.message}"
        hit, shown = self._hit(error.path, keys)
        where = f"{self.file.path}:{hit[1]}" if hit else f"{self.file.path}"
        return f"{where}: {show_path(shown) + ': ' if shown else ''}{error.message}"

    def _hit(self, path: KeyPath, keys: KeyPath) -> tuple[tuple[KeyPath, int] | None, KeyPath]:
        """Find where a field is set, or else most of the keys that lead to it, and name it there.

        What an entry does not say stands in the suite's own section, if anywhere.
        """
        for place, rest in _places(path, keys):
            found = self.file.find(place)
            if found and found[0] == place:
                return found, (*place, *rest)
        hit, of_all = self.file.find(path), self.file.find(keys)
        of_entry = len(hit[0]) - len(path) + len(keys) if hit else 0
        return (of_all, keys) if of_all and len(of_all[0]) > of_entry else (hit, path)

    def _blamed(self, field: str) -> Iterator[str]:
        """Yield the option that sets a field; else those that set something in it."""
        above = [path for path in self.options if f"{field}.".startswith(f"{path}.")]
        inside = [path for path in self.options if field and path.startswith(f"{field}.")]
        for path in above[-1:] or inside:
            yield write_option(path, self.options[path])


def _dotted(keys: KeyPath) -> str:
    return ".".join(map(str, keys))


def _places(path: KeyPath, keys: KeyPath) -> Iterator[tuple[KeyPath, KeyPath]]:
    """Yield where a field of an entry may be set, what has the last word first, and what is below.

    That is the entry's grid, the suite's grid, the entry, the suite.
    """
    if path[:1] in ENTRIES:
        for grid in ((*path[:2], "grid"), ("grid",)):
            for depth in range(len(keys), 0, -1):
                yield (*grid, _dotted(keys[:depth])), keys[depth:]
    yield path, ()
    yield keys, ()


def write_option(path: str, value: object) -> str:
    """Write a value of ``--set`` as it may have been typed."""
    shown = cut(value) if isinstance(value, str) else flow(value)
    return f"--set {path}={shown}"
