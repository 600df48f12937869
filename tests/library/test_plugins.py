"""The search path: a checkout and an installed otlvm, side by side."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import otlvm

CHECKOUT = Path(otlvm.__file__).parents[1]
SHOWN = "import json, sys; from otlvm.plugins import put_installed_first; put_installed_first()"


@pytest.mark.parametrize(("installed", "place"), [("another", 0), ("this", -1), ("none", -1)])
def test_processes_that_are_started_import_what_runs(installed, place, tmp_path):
    other = tmp_path / "otlvm"
    other.mkdir()
    (other / "__init__.py").write_text("")
    paths = {"another": [tmp_path], "this": [CHECKOUT], "none": []}[installed]
    code = f"import sys; sys.path[:0] = {['', *map(str, paths)]}; sys.path[0] = {str(CHECKOUT)!r}"
    ended = subprocess.run(
        [sys.executable, "-S", "-c", f"{code}\n{SHOWN}\nprint(json.dumps(sys.path))"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(ended.stdout)[place] == str(CHECKOUT)
