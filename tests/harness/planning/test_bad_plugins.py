"""Plug-ins that do not load are refused before any training."""

import pytest

ROW = "runs:\n  - label: row\n    objective: {name: wae, divergence: imq_mmd}\n"


DIVERGENCE = "runs:\n  - label: row\n    objective:\n      name: wae\n      divergence: "


HEAD = "from otlvm.divergences import SampleDivergence\n"


@pytest.mark.parametrize(
    ("name", "code", "told"),
    [
        ("no_such_module:Gap", None, "cannot import 'no_such_module'"),
        ("no_such_module:Gap", None, "beside the suite file, here, and on the PYTHONPATH"),
        ("mine:Gap", "class Gep: pass\n", "has no 'Gap' (did you mean 'Gep'?)"),
        ("mine:", "x = 1\n", "has no ''"),
        (":Gap", "x = 1\n", "cannot import ''"),
        ("mine:Gap", "raise OSError('no licence')\n", "OSError: no licence"),
        ("mine:Gap", "def Gap(:\n", "SyntaxError"),
        ("mine:Gap", "import nowhere_at_all\n", "No module named 'nowhere_at_all'"),
        ("mine:Gap", "class Gap: pass\n", "is not a divergence: subclass Divergence"),
        ("mine:Gap", "Gap = 5\n", "is not a class or function"),
        ("mine:Gap", "def Gap(): return 5\n", "returned no Divergence"),
        ("mine:Gap", HEAD + "class Gap(SampleDivergence): pass\n", "between"),
        ("mine:Gap", "def Gap(): raise RuntimeError('no licence')\n", "no licence"),
        ("mine:Gap", "def Gap(a: 'Tensro' = 1): pass\n", "Tensro"),
    ],
)
def test_plugins_that_do_not_load(refuse, write_suite, tmp_path, name, code, told):
    if code is not None:
        (tmp_path / "mine.py").write_text(code)
    suite = write_suite(f"{DIVERGENCE}'{name}'\n")
    refuse(suite, "runs[0].objective.divergence: ", told, at="      divergence")


@pytest.mark.parametrize(
    ("track", "path", "remedy"),
    [
        ("[tensorbord]", "track[0]: ", "did you mean 'tensorboard'?"),
        ("[{name: mlflow, url: 'http://host'}]", "track[0].url: ", "did you mean 'uri'?"),
        ("[{name: mlflow, uri: 5000}]", "track[0].uri: ", "valid string, got 5000"),
        ("[{name: mlflow, uri: server}]", "track[0]: ", "such as 'http://host:5000'"),
        ("mlflow", "track: ", "valid list, got 'mlflow'"),
        ("['pathlib:Path']", "track[0]: ", "is not a tracker: subclass Tracker"),
    ],
)
def test_trackers(refuse, write_suite, track, path, remedy):
    suite = write_suite(ROW + f"track: {track}\n")
    refuse(suite, path, remedy, at="track")
    refuse(write_suite(ROW), "--set track=", remedy, arguments=("--set", f"track={track}"))
