"""The files that a plug-in consists of.

A module of the user's counts with every module that it imports, directly or not, from outside the
installed distributions and the standard library. A module of an installed distribution counts with
the distribution's version and files.
"""

import ast
import re
import site
import sysconfig
from collections.abc import Iterator
from functools import cache
from importlib.machinery import ModuleSpec, PathFinder
from importlib.metadata import distribution, packages_distributions
from importlib.util import find_spec, resolve_name
from pathlib import Path
from typing import Any

import otlvm

OWN = re.compile(r"((?:[^\W\d]\w*\.)*[^\W\d]\w*):(?:[^\W\d]\w*)?")
"""``my_module:MyClass``, and its module; without the class too, for a message that says so."""
Files = list[tuple[str, Path]]
"""Name and place, by name."""


def plugin_files(module: str) -> tuple[str, Files]:
    """Return what a plug-in consists of.

    Args:
        module: Its module's name.

    Returns:
        Name and version of its distribution, empty for a module of the user's; and its files.
    """
    found: dict[str, Path] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        path = _users_file(name)
        if path is None or name in found:
            continue
        found[name] = path
        package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        waiting += _imported(path, package)
        waiting += [name.rpartition(".")[0]] if "." in name else []
    version, installed = ("", list[tuple[str, Path]]()) if module in found else _installed(module)
    return version, sorted([*found.items(), *installed])


def _users_file(name: str) -> Path | None:
    """Return a module's source if it is neither ours nor installed nor of the standard library."""
    spec = _spec(name)
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        return None
    return None if _is_installed(spec) else Path(spec.origin).resolve()


def _spec(name: str) -> ModuleSpec | None:
    """Find a module without importing anything: a package's files say where its modules are."""
    top, *rest = name.split(".")
    if not top:
        return None
    try:
        spec = find_spec(top)
        for depth in range(1, len(rest) + 1):
            if spec is None or spec.submodule_search_locations is None or _is_installed(spec):
                return None
            inner = ".".join((top, *rest[:depth]))
            spec = PathFinder.find_spec(inner, spec.submodule_search_locations)
    except (ImportError, ValueError):  # __main__, or a module that was put there by hand
        return None
    return spec


def _is_installed(spec: ModuleSpec) -> bool:
    places = [spec.origin or "", *(spec.submodule_search_locations or ())]
    found = [Path(place).resolve() for place in places if place]
    return any(each in path.parents for path in found for each in _installed_places())


@cache
def _installed_places() -> tuple[Path, ...]:
    places = [*site.getsitepackages(), site.getusersitepackages(), sysconfig.get_path("stdlib")]
    return (*(Path(place).resolve() for place in places), Path(otlvm.__file__).resolve().parent)


def _imported(path: Path, package: str) -> Iterator[str]:
    """Yield the names of what a file imports, wherever in it, modules and what may be modules."""
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError):  # whoever imports it is told; here its content counts
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            try:
                module = resolve_name("." * node.level + (node.module or ""), package or None)
            except ImportError:  # beyond the top: it imports nothing
                continue
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            yield from (str(a.value) for a in node.args[:1] if isinstance(a, ast.Constant))


def _installed(module: str) -> tuple[str, Files]:
    top = module.partition(".")[0]
    versions, files = [], dict[str, Path]()
    for name in sorted(set(packages_distributions().get(top, ()))):
        found = distribution(name)
        versions.append(f"{name} {found.version}")
        for file in found.files or ():
            if file.suffix == ".py" and file.parts[0] in (top, f"{top}.py"):
                files[file.as_posix()] = Path(str(file.locate()))
    return ", ".join(versions), [(name, path) for name, path in files.items() if path.is_file()]


def named_modules(value: Any) -> set[str]:
    """Return the modules of the plug-ins that are named anywhere in a value."""
    return {found[1] for text in texts(value) if (found := OWN.fullmatch(text))}


def texts(value: Any) -> Iterator[str]:
    """Yield every text in a config, wherever it stands."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from texts(inner)
