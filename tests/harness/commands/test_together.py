"""Two commands on one folder at a time, each of other rows."""

import pytest

from otlvm.harness.comparison.records import read_records
from otlvm.harness.execution import session
from otlvm.harness.planning.jobs import resolve
from otlvm.harness.store.leases import Leases
from otlvm.harness.store.store import Store
from otlvm.harness.store.turns import turn
from otlvm.harness.suite.load import load_suite

ROWS = """\
runs:
  - {label: A, objective: vae}
  - {label: B, objective: vae, train: {steps: 3}}
  - {label: C, objective: vae, train: {start: {name: trained, run: A}}}
"""


@pytest.fixture
def meanwhile(monkeypatch):
    """Do something once, when the next command has planned and not yet trained."""

    def meanwhile(do):
        train, told = session.run_plan, []

        def first_do(*arguments):
            if not told:
                told.append(do)
                do()
            train(*arguments)

        monkeypatch.setattr(session, "run_plan", first_do)

    return meanwhile


def labels(folder):
    return [run.label for run in load_suite(folder / "suite.lock.yaml").runs]


def test_what_two_commands_computed_is_shown(write_suite, run_main, tmp_path, meanwhile):
    suite, out, seen = write_suite(ROWS), tmp_path / "out", []

    def another():
        seen.append(run_main(suite, "--out", out, "--only", "B")[0])
        seen.append(labels(out))
        seen.append(list(read_records(Store(out))["status"]))

    meanwhile(another)
    code, _, errors = run_main(suite, "--out", out, "--only", "A")
    assert seen == [0, ["A", "B"], ["missing", "done"]]
    assert code == 0, errors
    assert labels(out) == ["A", "B"]
    assert list(read_records(Store(out))["status"]) == ["done", "done"]
    table = (out / "runs.csv").read_text()
    assert table.count(",done,") == 2


def test_what_is_under_way_from_another_config_is_not_kept(
    write_suite, run_main, tmp_path, meanwhile
):
    """Whoever ends last shows what the suite says for it, and its exit code is of its own runs."""
    suite, out, seen = write_suite(ROWS), tmp_path / "out", []

    def another():
        other = ("--only", "B", "--set", "train.batch_size=64")
        seen.append(run_main(suite, "--out", out, *other)[0])
        seen.append(labels(out))

    meanwhile(another)
    assert run_main(suite, "--out", out, "--only", "A")[0] == 0
    assert seen == [0, ["B"]]
    assert labels(out) == ["A"]


def test_a_row_that_starts_from_one_under_way_is_kept(write_suite, run_main, tmp_path, meanwhile):
    suite, out, seen = write_suite(ROWS), tmp_path / "out", []

    def another():
        seen.append(run_main(suite, "--out", out, "--only", "B")[0])
        seen.append(labels(out))

    meanwhile(another)
    assert run_main(suite, "--out", out, "--only", "C")[0] == 0
    assert seen == [0, ["A", "B", "C"]]
    whole = load_suite(suite)
    ids = {job.label: job.id for job in resolve(whole, whole.runs)}
    assert {row["label"]: row["id"] for row in Store(out).manifest()["runs"]} == ids


def test_a_damaged_result_that_another_mended_is_kept(write_suite, run_main, tmp_path, meanwhile):
    suite, out, only = write_suite(ROWS), tmp_path / "out", ("--only", "A")
    assert run_main(suite, "--out", out, *only)[0] == 0
    (record,) = out.glob("runs/*/record.json")
    record.write_text("{")
    mended = []

    def another():
        code, _, errors = run_main(suite, "--out", out, *only)
        assert "kept as" in " ".join(errors.split())
        mended.extend([code, record.read_bytes()])

    meanwhile(another)
    code, _, errors = run_main(suite, "--out", out, *only)
    assert (code, mended) == (0, [0, record.read_bytes()])
    assert "by another process" in errors
    assert [path.name for path in (out / "damaged").iterdir()] == [f"runs-{record.parent.name}-1"]
    assert (out / "damaged" / f"runs-{record.parent.name}-1" / "record.json").read_text() == "{"


def test_a_checkpoint_of_another_is_kept_from_rerun(write_suite, run_main, tmp_path, monkeypatch):
    """What is computed from scratch removes what it left when it is its turn, and not before."""
    suite, out, only = write_suite(ROWS), tmp_path / "out", ("--only", "A")
    assert run_main(suite, "--out", out, *only)[0] == 0
    (run,) = out.glob("runs/*")
    left = out / "work" / run.name / "checkpoint"
    left.parent.mkdir()
    left.write_text("of an earlier call")
    seen = []
    acquire = Leases.acquire

    def acquire_and_look(leases, run_id):
        seen.append(left.exists())
        return acquire(leases, run_id)

    monkeypatch.setattr(Leases, "acquire", acquire_and_look)
    assert run_main(suite, "--out", out, *only, "--rerun", "all")[0] == 0
    assert seen[0]
    assert not left.parent.exists()


def test_the_exit_code_is_that_of_the_records(write_suite, run_main, tmp_path, monkeypatch):
    """Another command may have written the tables last."""
    suite, out = write_suite(ROWS), tmp_path / "out"
    assert run_main(suite, "--out", out, "--only", "A")[0] == 0
    monkeypatch.setattr(
        "otlvm.harness.commands.run.write_plan",
        lambda plan, *_: plan.store.write_manifest("tiny", shown.rows()),
    )
    from otlvm.harness.planning.lock import shown_runs
    from otlvm.harness.planning.plan import make_plan

    shown = shown_runs(make_plan(load_suite(suite), Store(tmp_path / "other"), only=["A"]))
    code, _, errors = run_main(suite, "--out", out, "--only", "B")
    assert (code, "no result" in errors) == (0, False)


def test_turns_follow_each_other(tmp_path, monkeypatch):
    monkeypatch.setattr("otlvm.harness.store.turns.WAIT_SECONDS", 0.05)
    with turn(tmp_path):
        from filelock import FileLock, Timeout

        other = FileLock(tmp_path / "leases" / ".manifest.lock", is_singleton=False)
        with pytest.raises(Timeout):
            other.acquire(timeout=0)
        with turn(tmp_path):  # whoever holds it was stopped: nobody waits for ever
            pass
        with pytest.raises(Timeout):
            other.acquire(timeout=0)
    with other.acquire(timeout=0):
        pass
