import numpy as np
import pandas as pd
import pytest

from otlvm.harness.commands.compare import main
from otlvm.harness.comparison.changes import compare, with_data
from otlvm.harness.metrics import METRICS
from otlvm.harness.store.record import new_record, run_id
from otlvm.harness.store.result import write_result
from otlvm.harness.store.store import Store

KEYS = [metric.key for metric in METRICS]


def frame(rows):
    found = [
        {"label": label, "seed": seed, "status": "done", **metrics}
        for label, seeds in rows.items()
        for seed, metrics in enumerate(seeds)
    ]
    return pd.DataFrame(found).reindex(columns=["label", "seed", "status", *KEYS])


def seeds(accuracy, bce=100.0, n=5, sign=1):
    noise = sign * np.array([0.0, 0.02, -0.01, 0.01, -0.02])[:n]
    return [{"accuracy": accuracy + e, "bce": bce + 100 * e} for e in noise]


def test_better_and_worse_beyond_noise():
    before = frame({"a": seeds(0.5), "b": seeds(0.5, 100), "c": seeds(0.5)})
    after = frame({"a": seeds(0.7, sign=-1), "b": seeds(0.51, 130, sign=-1), "c": seeds(0.5)})
    found = compare(before, after).set_index(["label", "metric"])
    assert found.loc[("a", "accuracy"), "verdict"] == "better"
    assert found.loc[("b", "BCE"), "verdict"] == "worse"
    assert found.loc[("b", "accuracy"), "verdict"] == ""
    assert (found.loc["c", "verdict"] == "").all()
    assert found.loc[("a", "accuracy"), "before"] == pytest.approx(0.5)
    assert found.loc[("a", "accuracy"), "after"] == pytest.approx(0.7)
    assert (found["n"] == 5).all()


def test_only_shared_seeds_count():
    before, after = frame({"a": seeds(0.5)}), frame({"a": seeds(0.9, n=2)})
    found = compare(before, after).set_index("metric")
    assert found.loc["accuracy", "n"] == 2
    assert found.loc["accuracy", "before"] == pytest.approx(0.51)
    assert (found["verdict"] == "").all()


def test_failed_runs_do_not_count():
    before = frame({"a": seeds(0.5)})
    after = frame({"a": seeds(0.9, sign=-1)})
    after.loc[0, "status"] = "failed"
    found = compare(before, after).set_index("metric")
    assert found.loc["accuracy", "n"] == 4


def test_nothing_in_common():
    assert compare(frame({"a": seeds(0.5)}), frame({"b": seeds(0.5)})).empty


@pytest.fixture
def stores(tmp_path):
    for name, gain, label in (("one", 0.0, "only one"), ("two", 0.3, "only two")):
        store, cells = Store(tmp_path / name), []
        store.open_for_writing()
        for row in ("a", label):
            for seed, metrics in enumerate(seeds(0.5 + gain, sign=1 if gain else -1)):
                config = {"row": row, "gain": gain}
                identity = {"config": config, "seed": seed, "data_checksum": "", "code": ""}
                record = {**new_record(identity, row, "done"),
                          "metrics": metrics, "side_by_side": 1}  # fmt: skip
                cells.append({"label": row, "seed": seed, "id": run_id(identity)})
                write_result(store.runs / run_id(identity), record, [], None)
        store.write_manifest(name, cells)
    return tmp_path / "one", tmp_path / "two"


def test_command_line(stores, tmp_path, capsys):
    assert main([*map(str, stores), "--csv", str(tmp_path / "c.csv")]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "a accuracy 5 0.500 0.800 better" in shown
    assert "only one" in shown.split("only in ")[1]
    assert "only two" in shown.split("only in ")[2]
    assert "at the 5% level for each metric" in shown
    table = pd.read_csv(tmp_path / "c.csv", keep_default_na=False)
    assert list(table.columns) == ["label", "metric", "n", "before", "after", "verdict"]
    assert set(table["label"]) == {"a"}


def test_data_sets_stand_for_themselves():
    before = frame({"a": seeds(0.5), "b": seeds(0.5)}).assign(
        method=["a"] * 5 + ["b"] * 5, data="digits", data_checksum="1"
    )
    one, two = before.query("label == 'a'"), before.query("label == 'b'")
    after = pd.concat([one.assign(label="a, digits"), one.assign(label="a, new", data="new"), two])
    named = with_data(before, after)
    assert [list(dict.fromkeys(part["label"])) for part in named] == [
        ["a, digits", "b, digits"],
        ["a, digits", "a, new", "b, digits"],
    ]
    assert set(compare(*named)["label"]) == {"a, digits", "b, digits"}
    assert with_data(before, before)[0] is before
    old = before.assign(method=before["label"], data="")
    assert set(with_data(old, after)[0]["label"]) == {"a", "b"}


def test_other_data_under_the_same_label_are_said(stores, capsys):
    store = Store(stores[1])
    manifest = store.manifest()
    for cell in manifest["runs"]:
        record = store.record_or_none(cell["id"])
        changed = {**record, "data_checksum": "other"}
        cell["id"] = run_id(changed)
        write_result(store.runs / cell["id"], changed, [], None)
    store.write_manifest("two", manifest["runs"])
    assert main([*map(str, stores)]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "on other data in each, so not the same task: a Means" in shown


def test_nothing_to_compare_is_said(stores, tmp_path, capsys):
    store = Store(stores[1])
    runs = [cell for cell in store.manifest()["runs"] if cell["label"] != "a"]
    store.write_manifest("two", runs)
    assert main([*map(str, stores)]) == 0
    assert "Nothing to compare" in capsys.readouterr().out


def test_a_file_that_cannot_be_written(stores, tmp_path, capsys):
    assert main([*map(str, stores), "--csv", str(tmp_path / "nowhere/c.csv")]) == 2
    assert "nowhere" in capsys.readouterr().err


def test_no_store(tmp_path, capsys):
    assert main([str(tmp_path), str(tmp_path)]) == 2
    assert "holds no results" in " ".join(capsys.readouterr().err.split())


def changed(before, after, key="accuracy"):
    rows = (
        {label: [{key: v} for v in values] for label, values in side.items()}
        for side in (before, after)
    )
    found = compare(*map(frame, rows))
    return dict(zip(found["label"], found["verdict"], strict=True))


def test_three_seeds_of_several_rows_tell_what_those_of_one_do_not():
    rng = np.random.default_rng(0)
    before = {f"row {i}": rng.normal(0.5, 0.02, 3) for i in range(8)}
    after = {f"row {i}": rng.normal(0.5, 0.02, 3) for i in range(8)}
    after["row 3"] = before["row 3"] + np.array([0.19, 0.22, 0.2])
    assert changed(before, after) == {**dict.fromkeys(before, ""), "row 3": "better"}


def test_what_did_not_change_is_left_alone_and_what_shifts_all_seeds_is_seen():
    """Rows spread far more than the change does, and a row without spread changes a little."""
    before = {"same": [0.2, 0.5, 0.8], "shifted": [0.2, 0.5, 0.8], "certain": [0.5] * 3}
    after = {"same": [0.2, 0.5, 0.8], "shifted": [0.19, 0.49, 0.79], "certain": [0.501] * 3}
    assert changed(before, after) == {"same": "", "shifted": "worse", "certain": "better"}


def test_near_zero_is_judged_by_size():
    before, after = {"a": [0.01, -0.01, 0.01]}, {"a": [0.002, 0.002, 0.0021]}
    assert changed(before, after, "latent_mmd") == {"a": "better"}


def test_metrics_of_unlike_yardsticks_have_no_verdict():
    one, two = (
        frame({"a": [{"latent_mmd": e + m, "accuracy": e + m} for e in (0, 1e-3, 2e-3)]}).assign(
            config=[{"model": {"prior": {"dim": dim}}}] * 3
        )
        for m, dim in ((0.1, 2), (0.5, 10))
    )
    found = compare(one, two).set_index("metric")["verdict"]
    assert dict(found) == {"MMD²": "", "accuracy": "better"}


def test_other_data_have_no_verdict():
    one, two = (frame({"a": seeds(a)}).assign(data_checksum=c) for a, c in ((0.5, "1"), (0.9, "2")))
    assert (compare(one, two)["verdict"] == "").all()


def test_labels_keep_their_order():
    sides = frame({"z": seeds(0.5), "a": seeds(0.5), "m": seeds(0.5)})
    found = compare(sides, sides)
    assert list(dict.fromkeys(found["label"])) == ["z", "a", "m"]
    assert list(found["metric"][:2]) == ["accuracy", "BCE"]


def test_what_no_longer_finishes_is_said(commit, tmp_path, capsys):
    rows = {"a": seeds(0.5), "b": seeds(0.5), "c": seeds(0.5)}
    commit(rows)
    (tmp_path / "out").rename(tmp_path / "one")
    lost = ("diverged", "nan", {"term": "loss", "value": "nan", "step": 4})
    commit({"a": [lost] * 5, "b": [lost, ("failed", "no"), *rows["b"][2:]], "c": rows["c"]})
    one, two = tmp_path / "one", tmp_path / "out"
    assert main([str(one), str(two)]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert f"a: 5 of 5 done in {one}, 0 of 5 done in {two} (5 diverged)" in shown
    assert f"b: 5 of 5 done in {one}, 3 of 5 done in {two} (1 diverged, 1 failed)" in shown
    assert "c: 5 of 5" not in shown


def test_what_is_best_is_what_the_suites_say(commit, tmp_path, capsys):
    table = {"metrics": [{"name": "accuracy", "title": "err", "best": "low", "digits": 1}]}
    commit({"a": seeds(0.2)}, table=table)
    (tmp_path / "out").rename(tmp_path / "one")
    commit({"a": seeds(0.9, sign=-1)}, table=table)
    assert main([str(tmp_path / "one"), str(tmp_path / "out")]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "a err 5 0.2 0.9 worse" in shown


def test_a_folder_that_knows_its_priors_compares_with_an_older_one():
    def known(records, **built):
        return records.assign(config=[{"model": {"prior": "gm"}}] * len(records), **built)

    before, after = frame({"a": seeds(0.5)}), frame({"a": seeds(0.5)})
    for records, shift in ((before, 0.0), (after, 1.0)):
        records["latent_mmd"] = records["accuracy"] + shift
    built = {"prior": "gm(dim=10)", "components": 10}
    other = {"prior": "gm(dim=9)", "components": 10}
    for one, two, verdict in (
        ({}, built, "worse"),
        (built, built, "worse"),
        (built, other, ""),
    ):
        found = compare(known(before, **one), known(after, **two)).set_index("metric")
        assert found.loc["MMD²", "verdict"] == verdict
