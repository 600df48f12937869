"""The suites that ship, by their bare names: ``quick`` is one from anywhere."""

from pathlib import Path

from benchmarks.yaml_file import SuiteError
from otlvm.registry import did_you_mean

SUITES = Path(__file__).parent / "suites"


def shipped_suites() -> list[str]:
    """Return the names of the suites that ship."""
    return sorted(path.stem for path in SUITES.glob("*.yaml"))


def find_suite(given: Path) -> Path:
    """Return a suite's file: the given one, or the one that ships under this bare name.

    Raises:
        SuiteError: If there is no such file and no such name.
    """
    if given.is_file() or given.suffix or given.name != str(given):
        return given
    if given.name in shipped_suites():
        return SUITES / f"{given}.yaml"
    names = shipped_suites()
    raise SuiteError(
        f"{given}: no such file, and no suite of that name ships{did_you_mean(given.name, names)}; "
        f"these do: {', '.join(names)}"
    )
