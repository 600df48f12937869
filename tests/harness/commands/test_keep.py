"""A copy without models shows the same, and its suite goes on from it."""

import json

import pytest

from otlvm.harness.commands.keep import main
from otlvm.harness.commands.table import main as draw
from otlvm.harness.store.result import write_result
from otlvm.harness.store.store import Store
from tests.support import records

ROWS = """\
seeds: [0]
runs:
  - {label: second, objective: vae, train: {start: {name: trained, run: first}}}
  - {label: first, objective: {name: wae, divergence: imq_mmd}}
baselines: [kmeans]
"""


@pytest.fixture
def kept(run_main, write_suite, tmp_path):
    suite, whole, copy = write_suite(ROWS), tmp_path / "whole", tmp_path / "copy"
    assert run_main(suite, "--out", whole)[0] == 0
    assert main([str(whole), str(copy)]) == 0
    return suite, whole, copy


def files(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_all_but_the_models_is_there(kept, capsys):
    _, whole, copy = kept
    ids = {record["id"] for record in records(whole).values()}
    models = {name for name in files(whole / "runs") if "/model/" in name}
    logs = {name for name in files(whole / "runs") if name.endswith("log.txt")}
    assert len({name.partition("/")[0] for name in models}) == 2
    assert files(copy / "runs") == files(whole / "runs") - models - logs
    assert {path.name for path in (copy / "runs").iterdir()} == ids
    assert not list((copy / "work").iterdir())
    capsys.readouterr()
    assert main([str(whole), str(copy)]) == 0  # an earlier copy is written anew
    assert capsys.readouterr().out.split() == [f"{copy}:", "3", "results", "without", "models"]
    shown = []
    for folder in (whole, copy):
        assert draw([str(folder)]) == 0
        shown.append((folder / "table.md").read_text())
    assert shown[0] == shown[1]


def test_pictures_may_be_left_out(kept, tmp_path):
    _, whole, _ = kept
    assert main([str(whole), str(tmp_path / "small"), "--no-pictures"]) == 0
    names = {name.rpartition("/")[2] for name in files(tmp_path / "small" / "runs")}
    assert names == {"record.json", "curves.csv"}
    assert set(records(tmp_path / "small")) == set(records(whole))
    assert all(Store(tmp_path / "small").record(r["id"]) for r in records(whole).values())


def test_a_suite_goes_on_from_it(kept, run_main):
    suite, _, copy = kept
    before = {key: record["digest"] for key, record in records(copy).items()}
    assert run_main(suite, "--out", copy, "--set", "seeds=[0, 3]", "--only", "first")[0] == 0
    after = {key: record["digest"] for key, record in records(copy).items()}
    assert set(after) - set(before) == {("first", 3)}
    assert before.items() <= after.items()


def test_a_start_that_lacks_its_model_is_said(kept, run_main):
    suite, _, copy = kept
    code, _, errors = run_main(suite, "--out", copy, "--rerun", "second")
    assert code == 1
    told = " ".join(errors.split())
    assert "no model to start from: first, seed 0, is kept without its model: --rerun it" in told
    assert run_main(suite, "--out", copy, "--rerun", "first")[0] == 1  # the failure is kept
    assert run_main(suite, "--out", copy, "--rerun", "failed")[0] == 0


def test_a_damaged_result_is_left_out(kept, tmp_path, capsys):
    _, whole, _ = kept
    run_id = records(whole)["kmeans", 0]["id"]
    (whole / "runs" / run_id / "record.json").write_text("{")
    assert main([str(whole), str(tmp_path / "other")]) == 0
    assert len(records(tmp_path / "other")) == 2
    assert "2 results" in " ".join(capsys.readouterr().out.split())


def test_times_alone_are_copied(commit, tmp_path):
    store = commit({"a": [{"accuracy": 0.5, "fit_seconds": 4.0}]}, side_by_side=2)
    (run_id,) = (path.name for path in store.runs.iterdir())
    alone = store.timings()
    alone.open_for_writing()
    record = json.loads((store.runs / run_id / "record.json").read_text())
    changed = {**record, "side_by_side": 1, "metrics": {"fit_seconds": 1.0}}
    write_result(alone.runs / run_id, changed, [], None)
    assert main([str(store.root), str(tmp_path / "copy")]) == 0
    times = Store(tmp_path / "copy").timings().record(run_id)
    assert times["metrics"] == {"fit_seconds": 1.0}


def test_where_a_copy_may_not_go(commit, tmp_path, capsys):
    store = commit({"a": [{"accuracy": 0.5}]})
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.tex").write_text("years of work")
    missing = tmp_path / "none"
    for given, told in (
        ((store.root, store.root), "is the folder itself"),
        ((store.root, other), "holds other files"),
        ((missing, tmp_path / "copy"), "holds no results"),
    ):
        assert main([str(path) for path in given]) == 2
        assert told in " ".join(capsys.readouterr().err.split())
    assert list(other.iterdir()) == [other / "thesis.tex"]
    assert main([str(store.root), str(tmp_path / "copy")]) == 0
    Store(tmp_path / "copy").write_manifest("another", store.manifest()["runs"])
    assert main([str(store.root), str(tmp_path / "copy")]) == 2
    assert 'holds results of "another"' in " ".join(capsys.readouterr().err.split())
