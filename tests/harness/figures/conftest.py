import itertools

import numpy as np
import pandas as pd
import pytest

from otlvm.harness.comparison.records import read_records
from otlvm.harness.metrics import METRICS
from otlvm.harness.store.record import run_id
from otlvm.harness.store.result import write_result
from otlvm.harness.store.store import Store
from tests.harness.figures.drawn import config_of


@pytest.fixture
def records():
    """A frame of finished runs of rows ``label: {metric: value of each seed}``."""

    def frame(rows, side_by_side=1, configs=None):
        runs = [
            {"label": label, "seed": seed, "status": "done", "side_by_side": side_by_side}
            | {"id": f"{label}-{seed}", "config": (configs or {}).get(label)}
            | {metric: values[seed] for metric, values in metrics.items()}
            for label, metrics in rows.items()
            for seed in range(len(next(iter(metrics.values()))))
        ]
        return pd.DataFrame(runs).reindex(
            columns=[
                *("label", "seed", "status", "side_by_side", "id", "config", "class_names"),
                *(metric.key for metric in METRICS),
            ]
        )

    return frame


@pytest.fixture
def all_figures(tmp_path):
    """A store of which every figure can be drawn, with a dozen labels and classes; its records."""

    def make(labels, classes=("cat", "dog", "emu")):
        rng = np.random.default_rng(0)
        store, cells = Store(tmp_path / "out"), []
        store.open_for_writing()
        priors = ("gaussian_mixture", "my_module:AnotherPrior")
        specs = itertools.cycle(itertools.product(("imq_mmd", "energy"), priors))
        for (place, label), (divergence, prior) in zip(enumerate(labels), specs, strict=False):
            for seed in range(2):
                content = config_of(divergence, {"name": prior}) | {"place": place}
                identity = {"config": content, "data_checksum": "d", "code": "c", "seed": seed}
                data, method = f"set {place % 3}", labels[place // 3]
                cell = {"label": label, "seed": seed, "data": data, "method": method}
                cells.append(cell | {"id": run_id(identity)})
                metrics = dict(zip([m.key for m in METRICS], rng.random(len(METRICS)), strict=True))
                curve = [{"step": s, "bce": 99.5 - s, "accuracy": s / 10} for s in (1, 2, 3)]
                record = {**identity, "label": label, "status": "done", "reason": None}
                record |= {"diverged": None, "metrics": metrics, "side_by_side": 2}
                record |= {"class_names": [*classes], "details": None, "environment": {}}
                record |= {"started": None, "finished": None, "wall_seconds": None}
                write_result(store.runs / run_id(identity), record, curve, None)
                matrix = rng.dirichlet(np.ones(4), len(classes)).astype(np.float32)
                folder = store.runs / run_id(identity)
                np.savez(folder / "pictures.npz", class_components=matrix)
        store.write_manifest("study", cells)
        return store, read_records(store)

    return make


@pytest.fixture
def drawn(monkeypatch):
    """Collect figures with their names, instead of writing them."""
    found = {}

    def keep(figure, stem):
        found[stem.name] = figure
        return [stem]

    monkeypatch.setattr("otlvm.harness.figures.write.write", keep)
    return found
