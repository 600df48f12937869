"""A stranger's folder is read; its code is executed if the user says so."""

import sys

import pytest

from otlvm.harness.code.trust import remember
from otlvm.harness.commands.status import main as status
from otlvm.harness.commands.table import main as table
from otlvm.harness.commands.verify import main as verify

HARM = "from pathlib import Path\nPath(__file__).with_name('harm').touch()\n"
MINE = HARM + "from otlvm.objectives import VAE\nclass Mine(VAE): pass\n"


@pytest.fixture
def strangers(write_suite, run_main, tmp_path, monkeypatch):
    """A folder with a lock, as somebody else packed it; its rows, and whether its code ran."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))

    def make(objective):
        suite = write_suite(f"runs:\n  - {{label: a, objective: {objective}}}\n")
        (tmp_path / "mine.py").write_text(MINE)
        assert run_main(suite, "--out", tmp_path / "made", "--threads", "1")[0] == 0
        folder = (tmp_path / "made").rename(tmp_path / "theirs")
        for name in ("mine.py", "umap.py", "pandas.py"):
            (folder / name).write_text(MINE if name == "mine.py" else HARM)
        (tmp_path / "harm").unlink(missing_ok=True)
        (tmp_path / "mine.py").unlink()
        sys.modules.pop("mine", None)
        return folder, folder / "harm"

    return make


def test_reading_and_rerunning_without_plug_ins_imports_nothing(strangers, run_main, monkeypatch):
    folder, harm = strangers("vae")
    monkeypatch.chdir(folder)
    lock = folder / "suite.lock.yaml"
    assert [status([str(folder)]), table([str(folder)])] == [0, 0]
    assert run_main(lock, "--out", folder, "--dry-run")[0] == 0
    assert str(folder) not in sys.path
    assert not harm.exists()


def test_a_stranger_s_plug_in_wants_trust_once(strangers, run_main, capsys):
    folder, harm = strangers("'mine:Mine'")
    lock = folder / "suite.lock.yaml"
    for call in (
        lambda: verify([str(folder)]),
        lambda: run_main(lock, "--out", folder, "--dry-run")[0],
    ):
        assert call() == 2
        assert not harm.exists()
    code, _, errors = run_main(lock, "--out", folder)
    assert code == 2
    assert str(folder / "mine.py") in errors
    assert "--trust" in errors
    assert not harm.exists()
    assert run_main(lock, "--out", folder, "--dry-run", "--trust")[0] == 0
    assert harm.exists()
    assert run_main(lock, "--out", folder, "--dry-run")[0] == 0


def test_a_home_that_cannot_be_written_forgets(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    remember(tmp_path)
