import pandas as pd

from otlvm.harness.commands.curves import main

CURVE = [{"step": 2, "bce": 0.1, "accuracy": 0.5}, {"step": 4, "bce": 1 / 3, "accuracy": 0.75}]


def test_all_curves_in_one_file(commit, capsys):
    store = commit({"a": [{"bce": 1.0}, None], "b": [{"bce": 2.0}]}, curves=CURVE)
    assert main([str(store.root)]) == 0
    assert "curves.csv: 4 rows" in capsys.readouterr().out
    found = pd.read_csv(store.root / "curves.csv")
    expected = pd.DataFrame([{"label": k, "seed": 0, **row} for k in "ab" for row in CURVE])
    pd.testing.assert_frame_equal(found, expected)


def test_without_curves_there_is_no_file(commit, capsys):
    store = commit({"a": [{"accuracy": 1.0}]})
    assert main([str(store.root)]) == 2
    assert "no run has a learning curve yet" in capsys.readouterr().err
    assert not (store.root / "curves.csv").exists()
