"""What a command costs before anything is trained: CPU time of whole processes."""

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd

REPETITIONS = 5
UNCLOSED = "name: [\n"
MISSPELT = "name: x\ndata: digits\nmodle: {}\n"


def measure_startup(repetitions: int = REPETITIONS) -> pd.DataFrame:
    """Time ``otlvm --help``, two mistakes in a suite, and a dry run of ``quick``.

    Returns:
        Columns ``what``, ``cpu_seconds`` (median of user and system time, children included) and
        ``aim``.
    """
    with tempfile.TemporaryDirectory() as folder:
        unclosed, misspelt = Path(folder) / "unclosed.yaml", Path(folder) / "misspelt.yaml"
        unclosed.write_text(UNCLOSED)
        misspelt.write_text(MISSPELT)
        cases = (
            ("otlvm --help", ["--help"], 0.3),
            ("a YAML error", ["run", str(unclosed)], 0.7),
            ("a misspelt key", ["run", str(misspelt)], 0.7),
            ("a dry run of quick", ["run", "quick", "--dry-run"], 2.5),
        )
        rows = [
            {"what": what, "cpu_seconds": _median(words, folder, repetitions), "aim": aim}
            for what, words, aim in cases
        ]
    return pd.DataFrame(rows)


def _median(words: list[str], folder: str, repetitions: int) -> float:
    return statistics.median(_cpu_seconds(words, folder) for _ in range(repetitions))


def _cpu_seconds(words: list[str], folder: str) -> float:
    """Run a command in a folder of its own; what it prints and returns does not matter."""
    process = subprocess.Popen(
        [sys.executable, "-m", "otlvm", *words],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return used.ru_utime + used.ru_stime
