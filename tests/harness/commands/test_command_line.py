import json
import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
import torch

import otlvm
from otlvm.data import digits
from otlvm.evaluation import evaluate
from otlvm.harness.commands import table
from otlvm.harness.registries import REGISTRIES
from otlvm.harness.trackers.base import trackers

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
COSTS = ["fit_seconds", "step_ms", "peak_mb"]
METRICS = [
    *("accuracy", "accuracy_hungarian", "nmi", "ari", "components_used", "smallest_share"),
    *("bce", "squared_error", "latent_mmd", "latent_w2"),
]
KMEANS = "baselines: [kmeans]\nseeds: [0, 1]\n"

GAP = '''\
"""Squared distance of the clouds' means."""

from torch import Tensor

from otlvm.divergences import SampleDivergence


class MeanGap(SampleDivergence):
    """Squared distance of the clouds' means."""

    def between(self, x: Tensor, a: Tensor, y: Tensor, b: Tensor) -> Tensor:
        return (a @ x - b @ y).square().sum()
'''
CONSTRUCTOR = """\

    def __init__(self, factor: float = 1.0) -> None:
        super().__init__()
        self.factor = factor
"""
FACTOR_GAP = GAP.replace('means."""\n\n    def', f'means."""\n{CONSTRUCTOR}\n    def')


def python(*arguments, **environment):
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, "COLUMNS": "80", **environment},
    )


def records(out):
    """Records by label and seed."""
    found = [json.loads(path.read_text()) for path in out.glob("runs/*/record.json")]
    return {(record["label"], record["seed"]): record for record in found}


def row(label, divergence, more=""):
    objective = f"{{name: wae, weight: 1, divergence: {divergence}}}"
    return f"  - {{label: {label}, objective: {objective}{more}}}\n"


# a suite from end to end


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
        *("card.md", "leases", "report.html", "runs", "runs.csv", "suite.json", "suite.lock.yaml"),
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
            assert set(record["metrics"]) == {*METRICS[:6], "fit_seconds", "peak_mb"}
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
        terms = ["divergence"] if label == "GM-WAE (IMQ)" else ["kl_z", "kl_k"]
        assert list(curves.columns) == [
            *("step", "loss", "gradient", "reconstruction", "regularizer", *terms),
            *("bce", "accuracy", "components_used"),
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


# options


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
    assert "'beta': 0.001" in output
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
    assert [registry.kind for registry in REGISTRIES] == [
        *("prior", "divergence", "objective", "expectation", "network", "start"),
        *("dataset", "baseline", "feature"),
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


# plug-ins


@pytest.mark.parametrize(
    ("code", "divergence"),
    [(GAP, "'my_divergence:MeanGap'"), (FACTOR_GAP, "{name: 'my_divergence:MeanGap', factor: 2}")],
    ids=["without constructor", "with constructor"],
)
def test_own_divergence_beside_the_suite(run_main, write_suite, tmp_path, code, divergence):
    folder = tmp_path / "study"
    folder.mkdir()
    (folder / "my_divergence.py").write_text(code)
    suite = write_suite("runs:\n" + row("gap", divergence) + row("imq", "imq_mmd"))
    suite = suite.rename(folder / suite.name)
    exit_code, output, errors = run_main(suite, "--out", tmp_path / "out")
    assert (exit_code, errors.count("done")) == (0, 2)
    assert re.search(r"^ gap +1 +0\.\d", output, re.MULTILINE)
    found = records(tmp_path / "out")
    curves = pd.read_csv(tmp_path / "out/runs" / found["gap", 0]["id"] / "curves.csv")
    assert (curves["divergence"] > 0).all()
    assert found["gap", 0]["metrics"]["bce"] != found["imq", 0]["metrics"]["bce"]


@pytest.mark.parametrize("form", ["'{}'", "{{name: '{}'}}"], ids=["name", "mapping"])
def test_changed_plugin_is_run_again(run_main, write_suite, tmp_path, form):
    module = tmp_path / "my_divergence.py"
    module.write_text(FACTOR_GAP)
    suite = write_suite("runs:\n" + row("gap", form.format("my_divergence:MeanGap")))
    run_main(suite, "--out", tmp_path / "out")
    assert "done  " in run_main(suite, "--out", tmp_path / "out", "--dry-run")[1]
    module.write_text(FACTOR_GAP.replace("a @ x", "2 * a @ x"))
    assert "done  " not in run_main(suite, "--out", tmp_path / "out", "--dry-run")[1]


PROJECT = """\
[build-system]
requires = ["setuptools>=70.1"]
build-backend = "setuptools.build_meta"

[project]
name = "mean-gap"
version = "1.0"

[project.entry-points."otlvm.divergences"]
mean_gap = "mean_gap_plugin:MeanGap"

[tool.setuptools]
py-modules = ["mean_gap_plugin"]
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A folder into which pip has installed a package with a divergence."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("site")
    (source / "pyproject.toml").write_text(PROJECT)
    (source / "mean_gap_plugin.py").write_text(FACTOR_GAP)
    options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--target", target]
    try:
        import setuptools

        if int(setuptools.__version__.partition(".")[0]) > 70:
            options.append("--no-build-isolation")
    except ImportError:
        pass  # pip fetches it
    process = python("-m", "pip", "install", *options, source)
    assert process.returncode == 0, process.stderr
    return target


def test_installed_plugin(site, write_suite, run_main, monkeypatch, tmp_path):
    suite = write_suite(
        "runs:\n" + row("installed", "{name: mean_gap, factor: 3}") + "baselines: [kmeans]\n"
    )
    out = tmp_path / "out"
    path = os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    process = python("-m", "benchmarks.run", suite, "--out", out, PYTHONPATH=path)
    assert process.returncode == 0, process.stderr
    assert re.search(r"^ installed +1 +0\.\d", process.stdout, re.MULTILINE)
    assert records(out)["installed", 0]["status"] == "done"
    monkeypatch.syspath_prepend(site)
    listed = run_main("--list")[1]
    assert "  mean_gap: Squared distance of the clouds' means." in listed
    assert "factor: float = 1.0" in listed
    # A new version of the package makes its results, and no others, out of date.
    plan = run_main(suite, "--out", out, "--dry-run")[1]
    assert plan.count("done  ") == 2
    module = site / "mean_gap_plugin.py"
    module.write_text(FACTOR_GAP.replace("a @ x", "2 * a @ x"))
    plan = run_main(suite, "--out", out, "--dry-run")[1]
    assert plan.count("done  ") == 1
    assert re.search(r"^to do .*installed, seed 0", plan, re.MULTILINE)


@pytest.mark.parametrize("code", ["import nowhere_at_all", "raise OSError('no licence')", ""])
def test_broken_installed_plugin(run_main, write_suite, monkeypatch, tmp_path, code):
    folder = tmp_path / "site/broken-1.0.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
    (folder / "entry_points.txt").write_text("[otlvm.divergences]\nbroken = broken_gap:Gap\n")
    (tmp_path / "site/broken_gap.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path / "site")
    code, output, errors = run_main("--list")
    assert code == 0
    assert "imq_mmd: " in output
    assert "kmeans: " in output
    assert "broken" in output + errors
    suite = write_suite("runs:\n" + row("a", "imq_mmd"))  # does not ask for it
    assert run_main(suite, "--dry-run")[0] == 0
    code, _, errors = run_main(suite, "--dry-run", "--set", "objective.divergence=broken")
    assert code == 2
    assert "runs[0].objective.divergence" in "".join(errors.split())
    assert "broken_gap" in errors


# runs that fail

BAD = """\
from otlvm.divergences import SampleDivergence
from otlvm.networks import MLP
from otlvm.objectives import Losses, Objective, VAE

class Raises(SampleDivergence):
    def __init__(self):
        super().__init__()
    def between(self, x, a, y, b):
        raise ArithmeticError("first line\\nsecond | line")

class Nan(SampleDivergence):
    def __init__(self):
        super().__init__()
        self.calls = 0
    def between(self, x, a, y, b):
        self.calls += 1
        return x.square().mean() * (float("nan") if self.calls > 2 else 1)

class Shared(MLP):
    def __init__(self, image_shape, n_components, dim):
        super().__init__(image_shape, n_components, dim, hidden=(8,))
        self.first = self.decoder[0]

class Uneven(Objective):
    def __init__(self):
        super().__init__()
        self.calls = 0
        self.vae = VAE()
    def forward(self, model, x):
        self.calls += 1
        losses = self.vae(model, x)
        terms = {"early": losses.total} if self.calls < 3 else {"late": losses.total}
        return Losses(losses.total, losses.reconstruction, losses.regularizer, terms)
"""


def test_failures_cost_no_other_row(run_main, write_suite, tmp_path):
    (tmp_path / "bad.py").write_text(BAD)
    rows = [row("before", "imq_mmd"), row("raises", "'bad:Raises'"), row("nan", "'bad:Nan'")]
    suite = write_suite("runs:\n" + "".join(rows) + row("after", "sinkhorn"))
    out = tmp_path / "out"
    code, output, errors = run_main(suite, "--out", out)
    assert code == 1
    assert "Traceback" not in output + errors
    found = records(out)
    assert {label: record["status"] for (label, _), record in found.items()} == {
        "before": "done",
        "raises": "failed",
        "nan": "diverged",
        "after": "done",
    }
    raised, diverged = found["raises", 0], found["nan", 0]
    assert raised["reason"] == "ArithmeticError: first line second | line"  # one line
    assert "in between\n" in raised["details"]
    assert raised["metrics"] == diverged["metrics"] == {}
    assert diverged["reason"] == "divergence is nan at step 3"
    assert "raises, seed 0: failed (ArithmeticError" in errors
    for label in ("before", "raises", "nan", "after"):
        assert re.search(rf"^ {label} +", output, re.MULTILINE)
    printed = " ".join(output.split())
    assert "raises: seed 0 failed: ArithmeticError: first line" in printed
    assert f"nan: seed 0 diverged: {diverged['reason']}" in printed
    markdown = (out / "table.md").read_text()
    assert "| raises | 0 of 1 |" in markdown
    assert "- nan: seed 0 diverged: " in markdown
    # All is kept; failed rows are tried again when asked for.
    code, _, errors = run_main(suite, "--out", out)
    assert code == 1
    assert errors.count("kept") == 4
    assert "2 of 4 runs failed; they are tried again with --rerun failed" in errors
    code, _, errors = run_main(suite, "--out", out, "--rerun", "failed")
    assert code == 1
    assert errors.count("kept") == 2
    assert errors.count("seed 0: failed") == errors.count("seed 0: diverged") == 1


@pytest.mark.parametrize("name", ["Shared", "Uneven"])
def test_results_that_cannot_be_written_cost_no_other_row(run_main, write_suite, tmp_path, name):
    (tmp_path / "bad.py").write_text(BAD)
    part = f"model: {{network: 'bad:{name}'}}" if name == "Shared" else f"objective: 'bad:{name}'"
    objective = "" if name == "Uneven" else "objective: vae, "
    suite = write_suite(f"runs:\n  - {{label: odd, {objective}{part}}}\n" + KMEANS)
    code, output, errors = run_main(suite, "--out", tmp_path / "out", "--set", "seeds=[0]")
    found = records(tmp_path / "out")
    assert found["kmeans", 0]["status"] == "done"
    assert code == (found["odd", 0]["status"] != "done")
    assert "Traceback" not in output + errors


# interruptions


def test_interruption(write_suite, tmp_path, capsys):
    suite = write_suite(
        "runs:\n" + row("short", "imq_mmd") + row("long", "imq_mmd", ", train: {steps: 1000000}")
    )
    out = tmp_path / "out"
    command = [sys.executable, "-m", "benchmarks.run", str(suite), "--out", str(out)]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    with process:
        deadline = time.monotonic() + 100
        while not records(out) and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.3)  # into the second run
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=30)
    assert process.returncode == 130, errors
    assert "Traceback" not in errors
    told = " ".join(errors.split())
    assert "1 of 2 runs are finished and kept" in told
    assert str(out) in "".join(errors.split())
    assert {label: record["status"] for (label, _), record in records(out).items()} == {
        "short": "done"
    }
    assert len(list((out / "runs").iterdir())) == 1
    assert output == ""
    assert table.main([str(out)]) == 0
    printed = capsys.readouterr().out
    assert re.search(r"^ long +0 of 1 ", printed, re.MULTILINE)
    assert re.search(r"^ short +1 ", printed, re.MULTILINE)


def test_interruption_before_training(run_main, write_suite, tmp_path):
    (tmp_path / "slow.py").write_text("def load():\n    raise KeyboardInterrupt\n")
    suite = write_suite(KMEANS, digits="'slow:load'")
    try:
        code, _, errors = run_main(suite, "--out", tmp_path / "out")
    except KeyboardInterrupt:  # would stop pytest
        pytest.fail("a traceback")
    assert code == 130
    assert "interrupted" in errors


def test_half_written_folder_is_no_result(run_main, write_suite, tmp_path):
    suite = write_suite(KMEANS)
    out = tmp_path / "out"
    run_main(suite, "--out", out)
    first = records(out)["kmeans", 0]
    place = out / "runs" / first["id"]
    place.rename(out / "runs" / f".{first['id']}-1")  # as a killed process leaves it
    _, _, errors = run_main(suite, "--out", out)
    assert errors.count("kept") == 1
    assert (place / "record.json").exists()


@pytest.mark.parametrize("damage", [lambda text: text[:-200], lambda text: "", lambda text: "\0?"])
def test_damaged_record_is_computed_again(run_main, write_suite, tmp_path, damage):
    suite = write_suite(KMEANS)
    out = tmp_path / "out"
    run_main(suite, "--out", out)
    before = records(out)
    shown = pd.read_csv(out / "table.csv")
    path = out / "runs" / before["kmeans", 1]["id"] / "record.json"
    path.write_text(damage(path.read_text()))
    code, _, errors = run_main(suite, "--out", out)
    assert code == 0
    assert "kmeans, seed 0: done, accuracy" in errors
    assert "kmeans, seed 1: done, accuracy" in errors
    after = records(out)
    assert after["kmeans", 0] == before["kmeans", 0]
    assert after["kmeans", 1]["metrics"]["ari"] == before["kmeans", 1]["metrics"]["ari"]
    assert pd.read_csv(out / "table.csv")["ari_mean"].equals(shown["ari_mean"])
