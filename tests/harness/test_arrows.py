"""Imports flow one way: every import statement is read, those inside functions too."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import otlvm

ROOT = Path(otlvm.__file__).parents[1]
HARNESS = "otlvm.harness"
GROUND = {"config", "job", "messages", "metrics", "processes", "registries"}
MUST_NEVER = {
    "worker": {"suite", "planning", "execution", "comparison", "commands"},
    "suite": {"store", "planning", "worker", "torch", "pandas", "numpy", "matplotlib"},
    "comparison": {"tables", "figures", "report", "execution", "commands", "torch", "matplotlib"},
    "tables": {"figures", "report", "commands", "torch", "matplotlib"},
    "figures": {"tables", "report", "commands", "torch"},
    "report": {"commands", "execution", "planning", "torch"},
    "planning": {"execution", "commands", "tables", "figures", "report"},
    "execution": {"commands", "report", "tables", "figures"},
    "store": {"torch", "pandas", "matplotlib"},
    "code": {"store", "suite", "planning", "worker", "execution"},
    "escapes": {"torch", "matplotlib"},
    "json_schema": {"commands"},
    "trackers": {"commands"},
    "speed": {"commands"},
}
"""House rules: which packages of the harness import neither these packages nor these libraries."""
ORDER = (
    *({"commands"}, {"speed"}, {"execution", "json_schema"}, {"trackers"}, {"report"}),
    *({"tables", "figures"}, {"planning", "comparison"}, {"worker", "suite"}, {"store"}),
    *({"escapes", "code"}, GROUND),
)
"""From the top: a package imports those below it, and none beside it."""
STORE_MAY = {"store", "config", "job", "messages"}


def imports_of(path):
    """Yield every module that a file imports; relative imports are not our habit."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: import by the whole name"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room_of(module):
    """Return the harness's package, or module of the ground, of a module; or its library."""
    if module.startswith(f"{HARNESS}."):
        return module.split(".")[2]
    return module.split(".")[0]


def files(*places):
    return [path for place in places for path in sorted((ROOT / place).rglob("*.py"))]


def test_the_library_never_imports_the_harness():
    harness, front = ROOT / "otlvm" / "harness", ROOT / "otlvm" / "__main__.py"
    for path in files("otlvm"):
        if harness not in path.parents and path != front:
            assert not [m for m in imports_of(path) if m.startswith(HARNESS)], path


def test_nothing_of_ours_imports_the_fronts():
    for path in files("otlvm"):
        assert not [m for m in imports_of(path) if m.split(".")[0] == "benchmarks"], path


def test_fronts_hold_no_code():
    for path in files("benchmarks"):
        known = (f"{HARNESS}.commands.{path.stem}.main", "sys", "otlvm.plugins.put_installed_first")
        assert set(imports_of(path)) <= set(known), path


def test_packages_import_those_below_them():
    for place, packages in enumerate(ORDER):
        below = set().union(*ORDER[place + 1 :])
        for package in packages - GROUND:
            for path in files(f"otlvm/harness/{package}"):
                rooms = {room_of(m) for m in imports_of(path) if m.startswith(f"{HARNESS}.")}
                assert rooms <= below | {package}, path


def test_every_package_has_its_place():
    found = {path.name for path in (ROOT / "otlvm" / "harness").iterdir() if path.is_dir()}
    found |= {path.stem for path in (ROOT / "otlvm" / "harness").glob("*.py")}
    assert found - {"__init__", "__pycache__"} == set().union(*ORDER)


@pytest.mark.parametrize("package", MUST_NEVER)
def test_arrows_that_must_never_be(package):
    for path in files(f"otlvm/harness/{package}"):
        wrong = {module for module in imports_of(path) if room_of(module) in MUST_NEVER[package]}
        assert not wrong, path


def test_the_store_and_the_ground_know_nothing_above_them():
    for path in files("otlvm/harness/store"):
        rooms = {room_of(m) for m in imports_of(path) if m.startswith(HARNESS)}
        assert rooms <= STORE_MAY, path
    for name in GROUND:
        path = ROOT / "otlvm" / "harness" / f"{name}.py"
        assert {room_of(m) for m in imports_of(path) if m.startswith(HARNESS)} <= GROUND, path


def test_only_commands_and_fronts_know_commands_and_the_command_line():
    for path in files("otlvm/harness"):
        if path.parent.name == "commands":
            continue
        modules = set(imports_of(path))
        assert "argparse" not in modules, path
        above = {m for m in modules if m.startswith(f"{HARNESS}.commands")}
        assert not above, path


def test_packages_make_no_circle():
    """What a package imports, directly or not, never leads back to it."""
    arrows = {}
    for path in files("otlvm/harness"):
        room = room_of(f"{HARNESS}.{'.'.join(path.relative_to(ROOT / 'otlvm/harness').parts)}")
        arrows.setdefault(room.removesuffix(".py"), set()).update(
            room_of(m) for m in imports_of(path) if m.startswith(f"{HARNESS}.")
        )

    def reached(room, seen):
        for other in arrows.get(room, set()) - seen:
            seen.add(other)
            reached(other, seen)
        return seen

    for room, others in arrows.items():
        for other in others - {room}:
            assert room not in reached(other, {other}), f"{room} -> {other} -> ... -> {room}"


@pytest.mark.parametrize(
    ("packages", "libraries"),
    [
        (("suite",), ("torch", "numpy", "pandas", "matplotlib", "scipy")),
        (("store",), ("torch", "pandas", "matplotlib", "scipy")),
        (("comparison", "tables"), ("torch", "matplotlib")),
        (("figures", "report"), ("torch",)),
    ],
)
def test_reading_and_comparing_import_little(packages, libraries):
    """In a process of its own, all modules of a package bring no such library."""
    modules = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for package in packages
        for path in files(f"otlvm/harness/{package}")
    ]
    code = f"import sys, {', '.join(modules)}; print(*({set(libraries)!r} & set(sys.modules)))"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.split() == []
