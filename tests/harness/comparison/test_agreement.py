import math

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import mutual_info_score

from otlvm.harness.commands.agreement import main
from otlvm.harness.comparison.agreement import FILE, agreement, read_agreement
from otlvm.harness.comparison.records import read_records

ASSIGNED = np.repeat(np.arange(4), 25)


def test_agreement_counts_the_components_that_are_found_again():
    renamed = (ASSIGNED + 1) % 4
    assert agreement([ASSIGNED, renamed, ASSIGNED]) == pytest.approx(4)
    assert agreement([ASSIGNED, ASSIGNED // 2]) == pytest.approx(2)
    assert agreement([np.zeros(100), np.zeros(100)]) == pytest.approx(1)
    assert agreement([ASSIGNED, np.tile(np.arange(4), 25)[:100]]) < 1.02
    assert math.isnan(agreement([ASSIGNED]))


def test_all_pairs_of_seeds_count():
    rng = np.random.default_rng(0)
    runs = [rng.integers(0, 3, 100) for _ in range(3)]
    pairs = [(0, 1), (0, 2), (1, 2)]
    mean = np.mean([mutual_info_score(runs[i], runs[j]) for i, j in pairs])
    assert agreement(runs) == pytest.approx(np.exp(mean))


def test_rows_are_ordered_by_agreement(run_main, write_suite, tmp_path, capsys):
    suite = write_suite(
        "seeds: [0, 1]\n"
        "runs:\n"
        "  - {label: vae, objective: vae}\n"
        "  - {label: again, objective: vae, train: {steps: 2}}\n"
        "baselines: [kmeans]\n"
    )
    assert run_main(suite, "--out", tmp_path / "out")[0] == 0
    capsys.readouterr()
    assert main([str(tmp_path / "out")]) == 0
    printed = capsys.readouterr().out
    assert "Labels are" in printed
    from otlvm.harness.store.store import Store

    store = Store(tmp_path / "out")
    records = read_records(store)
    frame = read_agreement(store, records)
    pd.testing.assert_frame_equal(frame, pd.read_csv(tmp_path / "out" / FILE))
    by_label = frame.set_index("label")
    ids = records[records["label"] == "vae"]["id"]
    components = [store.pictures(run_id)["code_components"] for run_id in ids]
    assert by_label.loc["vae", "agreed"] == pytest.approx(agreement(components))
    assert list(frame["agreed"].dropna()) == sorted(frame["agreed"].dropna(), reverse=True)
    assert by_label.loc["kmeans", "n"] == 2
    assert by_label.loc["kmeans", "agreed"] > 2  # of three clusters
