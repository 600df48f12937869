"""What several tests share."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

COSTS = ["fit_seconds", "step_ms", "peak_mb"]


GAP = '''\
"""Squared distance of the clouds' means."""

from torch import Tensor

from otlvm.divergences import SampleDivergence


class MeanGap(SampleDivergence):
    """Squared distance of the clouds' means."""

    def between(self, x: Tensor, a: Tensor, y: Tensor, b: Tensor) -> Tensor:
        return (a @ x - b @ y).square().sum()
'''


def python(*arguments, **environment):
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, "COLUMNS": "80", **environment},
    )


def records(out):
    """Records by label and seed."""
    found = [json.loads(path.read_text()) for path in out.glob("runs/*/record.json")]
    return {(record["label"], record["seed"]): record for record in found}


def row(label, divergence, more=""):
    objective = f"{{name: wae, weight: 1, divergence: {divergence}}}"
    return f"  - {{label: {label}, objective: {objective}{more}}}\n"


ROOT = Path(__file__).parents[1]


def blocks(name, language):
    """Return the code blocks of a page in a language."""
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / name).read_text(), re.DOTALL)


def refused(error, call, *told):
    """The call raises one short line that says all that is told."""
    with pytest.raises(error) as caught:
        call()
    text = str(caught.value)
    assert "\n" not in text
    assert len(text) < 200
    for part in told:
        assert part in text
