"""``otlvm run``, a suite from end to end, and its options."""

import re

import numpy as np
import pandas as pd
import pytest
import torch

import otlvm
from otlvm.data import digits
from otlvm.evaluation import evaluate
from otlvm.harness.config import merge
from otlvm.harness.registries import REGISTRIES
from otlvm.harness.suite.load import load_suite
from otlvm.harness.suite.yaml import parse
from otlvm.harness.trackers.base import trackers
from tests.support import COSTS, GAP, python, records, row

SUITE = """\
name: mini
data: digits
model:
  network: {name: mlp, hidden: [16], component_hidden: [8]}
  prior: {name: gaussian_mixture, components: 3, dim: 2}
train: {steps: 6, batch_size: 32, eval_every: 4, start: {name: moments, steps: 3}}
seeds: [0, 1]
runs:
  - {label: GM-WAE (IMQ), objective: {name: wae, weight: 10, divergence: {name: imq_mmd}}}
  - {label: VAE, objective: {name: vae}}
baselines: [kmeans]
"""


LABELS = ["GM-WAE (IMQ)", "VAE", "kmeans"]


METRICS = [
    *("accuracy", "accuracy_hungarian", "accuracy_majority", "purity", "nmi", "ari"),
    *("components_used", "information", "smallest_share"),
    *("nll", "bce", "squared_error", "latent_mmd", "latent_w2", "parameters"),
]


KMEANS = "baselines: [kmeans]\nseeds: [0, 1]\n"


CONSTRUCTOR = """\

    def __init__(self, factor: float = 1.0) -> None:
        super().__init__()
        self.factor = factor
"""


FACTOR_GAP = GAP.replace('means."""\n\n    def', f'means."""\n{CONSTRUCTOR}\n    def')


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The suite, its output folder and the process that ran it."""
    folder = tmp_path_factory.mktemp("mini")
    suite = folder / "mini.yaml"
    suite.write_text(SUITE)
    process = python("-m", "benchmarks.run", suite, "--out", folder / "out")
    return suite, folder / "out", process


def test_exit_code_and_output(finished):
    _, out, process = finished
    assert process.returncode == 0, process.stderr
    assert "Traceback" not in process.stderr
    assert "Warning" not in process.stderr
    assert len(process.stderr.splitlines()) == 6  # one line a run
    for label in LABELS:
        assert len(re.findall(rf"^ {re.escape(label)} +2 ", process.stdout, re.MULTILINE)) >= 2
        assert f"{label}, seed 1: done" in process.stderr
    assert max(map(len, process.stdout.splitlines())) <= 80
    figures = ["curves", "matrices", "pareto", "seeds", "time"]
    for suffix in ("pdf", "png"):
        assert sorted(path.stem for path in out.glob(f"*.{suffix}")) == figures
    assert sorted(path.name for path in out.iterdir() if path.stem not in figures) == [
        *(".otlvm", "card.md", "dark", "leases", "report.html", "runs", "runs.csv", "shared"),
        *("suite.json", "suite.lock.yaml"),
        *("table.csv", "table.html", "table.md", "table.tex", "table_long.csv", "work"),
    ]
    assert (out / "curves.png").read_bytes().startswith(b"\x89PNG")
    assert all(label in (out / "table.md").read_text() for label in LABELS)
    assert all(label in (out / "table.tex").read_text() for label in LABELS)


def test_records(finished):
    _, out, _ = finished
    found = records(out)
    assert set(found) == {(label, seed) for label in LABELS for seed in (0, 1)}
    for (label, seed), record in found.items():
        assert record["schema"] == 2
        assert record["status"] == "done"
        assert record["reason"] is None
        assert record["seed"] == seed
        assert record["data_checksum"] == digits().checksum
        assert record["started"] <= record["finished"]
        assert record["environment"]["torch"] == torch.__version__.partition("+")[0]
        assert record["environment"]["numpy"] == np.__version__
        assert record["environment"]["otlvm"] == otlvm.__version__
        assert {"git", "python", "device", "platform", "threads"} <= set(record["environment"])
        assert record["config"]["data"] == {"name": "digits"}
        assert record["metrics"]["fit_seconds"] > 0
        assert record["metrics"]["peak_mb"] > 10
        if label == "kmeans":
            assert set(record["metrics"]) == {*METRICS[:9], "fit_seconds", "peak_mb"}
        else:
            assert set(record["metrics"]) == {*METRICS, *COSTS}
            assert record["config"]["train"]["start"] == {"name": "moments", "steps": 3}
        assert all(np.isfinite(value) for value in record["metrics"].values())
    first, second = (found["VAE", seed]["metrics"] for seed in (0, 1))
    assert first["bce"] != second["bce"]


def test_curves(finished):
    _, out, _ = finished
    for (label, _), record in records(out).items():
        path = out / "runs" / record["id"] / "curves.csv"
        if label == "kmeans":
            assert not path.exists()
            continue
        curves = pd.read_csv(path)
        terms = ["divergence", "weight"] if label == "GM-WAE (IMQ)" else ["kl_z", "kl_k"]
        assert list(curves.columns) == [
            *("step", "loss", "gradient", "reconstruction", "regularizer", *terms),
            *("bce", "accuracy", "accuracy_majority", "components_used", "information"),
            "latent_mmd",
        ]
        assert list(curves["step"]) == [4, 6]
        assert curves.notna().all(axis=None)
        total = curves["reconstruction"] + curves["regularizer"]
        np.testing.assert_allclose(curves["loss"], total, rtol=1e-5)
        # Fewer than 1,000 held-out images: the last point sees what the record saw.
        used = record["metrics"]["components_used"]
        assert curves["components_used"].iloc[-1] == pytest.approx(used)
        assert curves["bce"].iloc[-1] == pytest.approx(record["metrics"]["bce"], rel=0.02)


def test_table_of_the_records(finished):
    _, out, _ = finished
    shown = pd.read_csv(out / "table.csv", index_col="label")
    assert list(shown.index) == LABELS
    frame = pd.DataFrame({key: record["metrics"] for key, record in records(out).items()}).T
    for label in LABELS:
        part = frame.loc[label]
        for metric in part.columns:
            expected = [part[metric].mean(), part[metric].std()]
            found = shown.loc[label, [f"{metric}_mean", f"{metric}_std"]].astype(float)
            np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


def test_saved_model(finished):
    _, out, _ = finished
    record = records(out)["GM-WAE (IMQ)", 1]
    models = [otlvm.load(out / "runs" / record["id"] / "model") for _ in range(2)]
    assert not models[0].training
    assert models[0].config["prior"] == record["config"]["model"]["prior"]
    x = digits().x_test[:5]
    reconstructions = []
    for model in models:
        torch.manual_seed(0)
        reconstructions.append(model.reconstruct(x))
    assert reconstructions[0].shape == x.shape
    assert torch.equal(*reconstructions)
    measured = evaluate(models[0], digits())
    recorded = {key: record["metrics"][key] for key in measured}
    assert measured == pytest.approx(recorded, rel=1e-6)


def test_second_call_computes_nothing(finished, run_main):
    suite, out, _ = finished
    times = {path: path.stat().st_mtime_ns for path in (out / "runs").rglob("*")}
    written = (out / "table.csv").read_bytes()
    code, output, errors = run_main(suite, "--out", out)
    assert code == 0
    assert errors.count("kept") == 6
    assert "GM-WAE (IMQ)" in output
    assert {path: path.stat().st_mtime_ns for path in (out / "runs").rglob("*")} == times
    assert (out / "table.csv").read_bytes() == written


def test_other_labels_and_order_compute_nothing(finished, run_main, tmp_path):
    suite, out, _ = finished
    other = tmp_path / "other.yaml"
    lines = SUITE.replace("label: VAE", "label: ours").splitlines()
    lines[-2], lines[-3] = lines[-3], lines[-2]
    other.write_text("\n".join(lines))
    code, output, _ = run_main(other, "--out", out, "--dry-run")
    assert code == 0
    assert output.count("done  ") == 6
    assert output.index("ours, seed 0") < output.index("GM-WAE (IMQ), seed 0")
    code, output, _ = run_main(suite, "--out", out, "--dry-run", "--set", "train.steps=7")
    assert output.count("done  ") == 2  # K-means takes no steps
    assert "GM-WAE (IMQ), seed 0" in output


def test_table_command(finished):
    _, out, _ = finished
    before = {path.name: path.read_bytes() for path in out.glob("table.*")}
    for name in [*before, "curves.png", "curves.pdf"]:
        (out / name).unlink()
    process = python("-X", "importtime", "-m", "benchmarks.table", out)
    assert process.returncode == 0
    assert all(label in process.stdout for label in LABELS)
    assert {path.name: path.read_bytes() for path in out.glob("table.*")} == before
    assert set(before) == {"table.csv", "table.html", "table.md", "table.tex"}
    assert (out / "curves.png").exists()
    imported = {line.rpartition("|")[2].strip() for line in process.stderr.splitlines()}
    assert "otlvm.harness.comparison.records" in imported
    assert not imported & {"torch", "sklearn"}


def test_same_suite_again_gives_the_same(finished, run_main, monkeypatch, tmp_path):
    suite, out, _ = finished
    monkeypatch.setattr("otlvm.evaluation.latent.CODES", 2000)  # as in the process
    code, _, _ = run_main(suite, "--out", tmp_path / "again", "--set", "seeds=[1]")
    assert code == 0
    one, two = records(out), records(tmp_path / "again")
    assert len(two) == 3
    for key, record in two.items():
        assert record["id"] == one[key]["id"]
        for metrics in (record["metrics"], one[key]["metrics"]):
            for cost in COSTS:
                metrics.pop(cost, None)
        assert record["metrics"] == one[key]["metrics"]
        for name in ("curves.csv", "model/model.safetensors"):
            files = [folder / "runs" / record["id"] / name for folder in (out, tmp_path / "again")]
            assert files[0].exists() == (key[0] != "kmeans")
            assert not files[0].exists() or files[0].read_bytes() == files[1].read_bytes()


def test_dry_run(run_main, write_suite, tmp_path):
    rows = "runs:\n" + row("a", "imq_mmd") + "  - {label: 'b {beta}', objective: vae, "
    suite = write_suite(rows + "grid: {objective.beta: [1e-3, 2]}}\n" + KMEANS)
    code, output, errors = run_main(suite, "--dry-run", "--out", tmp_path / "out")
    assert code == 0
    assert errors == ""
    lines = [line for line in output.splitlines() if line.startswith("to do ")]
    assert [line.split("  ")[-1] for line in lines] == [
        f"{label}, seed {seed}" for label in ("a", "b 0.001", "b 2", "kmeans") for seed in (0, 1)
    ]
    assert "{'" not in output
    shared, *rows = re.split(r"^\w.*\n", output, flags=re.MULTILINE)[1:]
    assert [parse(text) for text in rows[::2]] == [
        {"objective": {"name": "wae", "weight": 1, "divergence": "imq_mmd"}},
        {"objective": {"name": "vae", "beta": 0.001}},
        {"objective": {"name": "vae", "beta": 2}},
        {"baseline": {"name": "kmeans"}},
        *[None] * (len(rows[::2]) - 4),
    ]
    assert not any(text.strip() for text in rows[1::2])
    for run, text in zip(load_suite(suite).runs, rows, strict=False):
        if run.seed == 0 and "baseline" not in run.config:
            assert merge(parse(shared), parse(text)) == run.config
    assert f"8 runs, 8 to compute, into {tmp_path / 'out'}" in output.replace("\n", "")
    assert list(tmp_path.iterdir()) == [suite]


def test_list(run_main):
    code, output, errors = run_main("--list")
    assert (code, errors) == (0, "")
    for registry in (*REGISTRIES, trackers):
        names = list(registry)
        assert names
        for name in names:
            assert re.search(rf"^  {name}: \w", output, re.MULTILINE)
            for parameter in registry.parameters(name):
                assert parameter in output
    assert " object at 0x" not in output
    for line in ("init: init = pytorch", "then: start = moments", "features: feature = pixels"):
        assert f"      {line}\n" in output
    assert "      divergence: divergence\n" in output
    assert [registry.kind for registry in REGISTRIES] == [
        *("prior", "divergence", "objective", "weight", "augmentation", "expectation"),
        *("network", "init", "inference", "likelihood", "start", "optimizer", "schedule"),
        *("dataset", "baseline", "feature", "metric"),
    ]


def test_only_and_default_folder(run_main, write_suite, tmp_path):
    suite = write_suite(KMEANS + "runs:\n" + row("a", "imq_mmd"))
    assert run_main(suite, "--only", "kmeans")[0] == 0
    out = tmp_path / "runs/tiny"
    assert set(records(out)) == {("kmeans", 0), ("kmeans", 1)}
    code, output, errors = run_main(suite, "--only", "[!k]*", "--set", "seeds=[1]")
    assert code == 0
    assert "kept" not in errors
    assert set(records(out)) == {("kmeans", 0), ("kmeans", 1), ("a", 1)}
    assert list(pd.read_csv(out / "table.csv")["label"]) == ["a", "kmeans"]
    assert "kmeans" in output


def test_only_takes_a_label_as_it_is(run_main, write_suite):
    suite = write_suite("runs:\n" + row("'GM-WAE [IMQ]'", "imq_mmd"))
    code, output, _ = run_main(suite, "--dry-run", "--only", "GM-WAE [IMQ]")
    assert code == 0
    assert "GM-WAE [IMQ], seed 0" in output
