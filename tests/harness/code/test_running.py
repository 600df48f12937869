"""A process runs the code that its job was planned with, or nothing."""

import importlib
import sys

import pytest

from otlvm.harness.code import running
from otlvm.harness.code.decides import code_identities
from otlvm.harness.code.running import CodeChangedError, RunningCode
from otlvm.harness.job import Job
from otlvm.harness.planning.jobs import resolve
from tests.support import records

MINE = """\
from pathlib import Path
from otlvm.divergences import SampleDivergence

class G(SampleDivergence):
    def between(self, x, a, y, b):
        edit()
        return {scale} * (a @ x - b @ y).square().sum()

def edit():
    {edit}
"""
ROW = "  - {{label: r{0}, objective: {{name: wae, weight: {0}, divergence: 'mine:G'}}}}\n"
EDIT = "Path(__file__).write_text(Path(__file__).read_text().replace('return 1 *', 'return 200 *'))"


@pytest.fixture
def mine(tmp_path, monkeypatch, plugins):
    monkeypatch.syspath_prepend(str(tmp_path))

    def write(scale=1, edit="pass"):
        (tmp_path / "mine.py").write_text(MINE.format(scale=scale, edit=edit))
        importlib.invalidate_caches()

    write()
    return write


def job(**changes):
    config = {"objective": {"divergence": {"name": "mine:G"}}, **changes}
    (code,) = code_identities([config])
    return Job("id", config, 0, "", code, "row")


def test_other_code_is_refused_before_and_while_it_is_imported(mine, tmp_path):
    planned = job()
    RunningCode(planned)
    mine(scale=2)
    with pytest.raises(CodeChangedError, match="the code of mine is not what this suite was"):
        RunningCode(planned)
    mine()
    RunningCode(planned)
    del sys.modules["mine"]
    (tmp_path / "mine.py").write_text(
        "from pathlib import Path\nPath(__file__).write_text('# edited')\n"
    )
    with pytest.raises(CodeChangedError):
        RunningCode(job())


def test_what_is_imported_late_is_compared_too(mine, tmp_path):
    (tmp_path / "late.py").write_text("A = 1\n")
    (tmp_path / "mine.py").write_text(
        "class G: pass\ndef later():\n    import late\n    import os\n"
    )
    begun = RunningCode(job())
    begun.check_late_imports()
    (tmp_path / "late.py").write_text("A = 20\n")
    begun.check_late_imports()  # nobody has imported it
    importlib.import_module("late")
    with pytest.raises(CodeChangedError, match=r"late\.py was edited before this run"):
        begun.check_late_imports()


def test_metrics_and_the_library_are_compared_too(mine, monkeypatch):
    measured = job(metrics=[{"name": "mine:G", "code": "of another file"}])
    with pytest.raises(CodeChangedError):
        RunningCode(measured)
    planned = job()
    monkeypatch.setattr(running, "code_identities", lambda configs, folder: ["another checkout"])
    with pytest.raises(CodeChangedError):
        RunningCode(planned)


def test_an_edit_costs_what_was_not_trained_yet(mine, write_suite, run_main, tmp_path):
    mine(edit=EDIT)
    suite = write_suite(f"runs:\n{ROW.format(1)}{ROW.format(2)}")
    code, _, errors = run_main(suite, "--out", tmp_path / "out")
    assert code == 1
    assert set(records(tmp_path / "out")) == {("r1", 0)}
    assert "r2, seed 0: not executed, for the code of mine is not what this suite was" in errors
    assert "1 of 2 runs have no result" in errors
    mine(edit=EDIT)
    code, output, _ = run_main(suite, "--out", tmp_path / "out", "--dry-run")
    assert code == 0
    assert "2 runs, 1 to compute" in output


def test_the_content_of_a_saved_model_counts(mine, tmp_path):
    """A start within a start names a folder; the start itself names a row."""
    folder = tmp_path / "saved"
    folder.mkdir()

    def code(start):
        (found,) = code_identities([{"train": {"start": start}}])
        return found

    nested = {"name": "distill", "then": {"name": "trained", "run": str(folder)}}
    before, row = code(nested), code(nested["then"])
    (folder / "model.safetensors").write_bytes(b"weights")
    assert code(nested) != before
    assert code(nested["then"]) == row


@pytest.mark.parametrize(("run", "told"), [("nowhere", "no saved model"), ("saved", "damaged")])
def test_a_saved_model_is_read_before_training(refuse, write_suite, tmp_path, run, told):
    (tmp_path / "saved").mkdir()
    (tmp_path / "saved" / "config.json").write_text("{")
    then = f"{{name: trained, run: {tmp_path / run}}}"
    start = f"{{name: distill, clustering: kmeans, then: {then}}}"
    row = f"  - {{label: a, objective: vae, train: {{start: {start}}}}}\n"
    refuse(write_suite(f"runs:\n{row}"), "train.start.then", told)


def test_a_label_that_looks_like_a_plug_in_is_none(write_suite, load):
    from otlvm.harness.suite.load import load_suite

    def ids(label):
        text = (
            f"runs:\n  - {{label: '{label}', objective: vae}}\n"
            "  - {label: b, objective: vae, train: {start: "
            f"{{name: trained, run: '{label}'}}}}}}\n"
        )
        suite = load_suite(write_suite(text))
        return [each.id for each in resolve(suite, suite.runs)]

    assert ids("a:b") == ids("plain")
