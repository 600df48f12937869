import gc
import gzip
import importlib
import os
import shutil
import struct
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock
from PIL import Image

from otlvm.harness.store.record import new_record, run_id
from otlvm.harness.store.result import write_result
from otlvm.harness.store.store import Store

SUITE = """\
name: tiny
data: digits
model:
  network: {name: mlp, hidden: [16], component_hidden: [8]}
  prior: {name: gaussian_mixture, components: 3, dim: 2}
train: {steps: 4, batch_size: 32, eval_every: 2, start: {name: moments, steps: 2}}
"""

NINE_RUNS = """\
seeds: [0, 3]
runs:
  - {label: "WAE {divergence}", objective: {name: wae},
     grid: {objective.divergence: [imq_mmd, {name: energy, on: joint}]}}
  - {label: VAE, objective: vae, train: {steps: 2}, seeds: [1]}
baselines: [kmeans, {name: kmeans, n_init: 2}]
table: {metrics: [accuracy, bce]}
published: [VaDE]
"""


def pytest_configure():
    os.environ["XDG_STATE_HOME"] = tempfile.mkdtemp()  # whom tests trust is not whom the user does
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # threads of small tests wait for each other
    gc.disable()  # imports and thousands of tests make no garbage, and looking for it takes seconds


def pytest_collection_finish():
    importlib.import_module("hypothesis")  # it misses what is frozen before
    gc.freeze()
    gc.enable()


@pytest.fixture(autouse=True)
def threads_stay():
    """Fail a test that leaves torch with other threads: all tests after it would be slow."""
    before = threads_of_torch()
    yield
    assert before in (None, threads_of_torch())


def threads_of_torch():
    torch = sys.modules.get("torch")
    return torch and torch.get_num_threads()


@pytest.fixture(scope="session")
def once(tmp_path_factory):
    """Make a folder by calling ``make(folder)`` once, whichever of xdist's workers is first."""

    def get(name, make):
        base = tmp_path_factory.getbasetemp()
        if "PYTEST_XDIST_WORKER" in os.environ:
            base = base.parent
        folder, done = base / name, base / f"{name}.done"
        with FileLock(base / f"{name}.lock"):
            if not done.exists():
                folder.mkdir()
                make(folder)
                done.touch()
        return folder

    return get


@pytest.fixture
def write_suite(tmp_path):
    """Write a small suite, plus the given lines, with some of its text replaced."""

    def write(added="", **changes):
        text = SUITE + added
        for old, new in changes.items():
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / "suite.yaml"
        path.write_text(text)
        return path

    return write


@pytest.fixture
def plugins(monkeypatch, tmp_path):
    """Forget search path and modules of plug-ins after the test."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield
    for name, module in sys.modules.copy().items():
        if str(getattr(module, "__file__", "")).startswith(f"{tmp_path}{os.sep}"):
            del sys.modules[name]


def write_blank(figure, stem):
    """Write empty pictures where `otlvm.harness.figures.style.write` writes a figure."""
    paths = [stem.with_name(f"{stem.name}.{suffix}") for suffix in ("png", "pdf")]
    dark = stem.parent / "dark" / paths[0].name
    dark.parent.mkdir(exist_ok=True)
    for path in (paths[0], dark):
        Image.new("RGB", (60, 40), "white").save(path, dpi=(200, 200))
    paths[1].write_bytes(b"%PDF-1.4\n")
    return paths


@pytest.fixture
def run_main(monkeypatch, tmp_path, capsys, plugins):
    """Call the command line in tmp_path, runs included in this process unless ``--jobs`` is given.

    Figures are drawn but not rendered. Returns exit code, output and errors.
    """
    monkeypatch.setattr("otlvm.evaluation.latent.CODES", 50)  # W2 of 2,000 takes seconds
    monkeypatch.setattr("otlvm.harness.figures.write.write", write_blank)  # so do figures
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        from otlvm.harness.commands.run import main

        importlib.invalidate_caches()
        capsys.readouterr()
        where = () if "--jobs" in arguments else ("--jobs", "0")
        code = main([str(argument) for argument in (*arguments, *where)])
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def suite_of_nine(write_suite):
    """Return the file of a suite with nine runs of five labels."""
    return write_suite(NINE_RUNS)


@pytest.fixture
def locked(suite_of_nine, run_main, once, tmp_path):
    """Return the file of that suite and what it came to."""

    def make(folder):
        code, _, errors = run_main(suite_of_nine, "--out", folder / "out", "--threads", "1")
        assert code == 0, errors

    shutil.copytree(once("nine", make) / "out", tmp_path / "out")
    return suite_of_nine, tmp_path / "out"


@pytest.fixture
def write_mnist():
    """Write small files in torchvision's layout; returns their arrays by the files' names."""

    def write(root, name="MNIST", gz=False, size=(28, 28)):
        rng = np.random.default_rng(0)
        folder = Path(root) / name / "raw"
        folder.mkdir(parents=True)
        arrays = {}
        for part, n in (("train", 40), ("t10k", 20)):
            arrays[f"{part}-images-idx3-ubyte"] = rng.integers(0, 256, (n, *size), dtype=np.uint8)
            arrays[f"{part}-labels-idx1-ubyte"] = np.arange(n, dtype=np.uint8) % 10
        for stem, array in arrays.items():
            header = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
            content = header + array.tobytes()
            path = folder / (f"{stem}.gz" if gz else stem)
            path.write_bytes(gzip.compress(content) if gz else content)
        return arrays

    return write


@pytest.fixture
def commit(tmp_path):
    """Write records of rows ``label: [result of each seed]``.

    A result is metrics, or (status, reason[, diverged]), or None. ``named`` has data and method of
    labels, ``configs`` their configs, the rest is the suite's own, such as ``table``.
    """

    def write(rows, name="study", curves=(), side_by_side=1, named=None, configs=None, **shown):
        store = Store(tmp_path / "out")
        store.open_for_writing()
        cells = []
        for label, results in rows.items():
            for seed, result in enumerate(results):
                config = {"cell": len(cells), **(configs or {}).get(label, {})}
                identity = {"config": config, "seed": seed, "data_checksum": "d", "code": "c"}
                names = (named or {}).get(label, {})
                cells.append({"label": label, "seed": seed, "id": run_id(identity), **names})
                if result is None:
                    continue
                done = isinstance(result, dict)
                status, reason, *diverged = ("done", None) if done else result
                record = new_record(
                    identity,
                    label,
                    status,
                    reason=reason,
                    diverged=diverged[0] if diverged else None,
                    metrics=result if done else {},
                    side_by_side=side_by_side,
                )
                write_result(store.folder(cells[-1]["id"]) / "result", record, list(curves), None)
                store.commit(cells[-1]["id"])
        store.write_manifest(name, cells, **shown)
        return store

    return write


@pytest.fixture
def write_study(tmp_path):
    """Write a store of rows ``label: [record of each seed]``; None is a run that is missing.

    What a record does not say is that of a run that is done. Arrays become each run's pictures.
    """

    def write(rows, name="study", arrays=None, curves=()):
        store = Store(tmp_path / name)
        store.open_for_writing()
        cells = []
        for label, records in rows.items():
            for seed, facts in enumerate(records):
                identity = {"config": {"objective": {"name": "wae"}, "cell": len(cells)}}
                identity |= {"seed": seed, "data_checksum": "sum of the data", "code": "c"}
                cells.append({"label": label, "seed": seed, "id": run_id(identity)})
                if facts is None:
                    continue
                record = {
                    **identity,
                    "label": label,
                    "status": "done",
                    "reason": None,
                    "details": None,
                    "diverged": None,
                    "metrics": {},
                    "side_by_side": 1,
                    "started": "2026-05-01T10:00:00+00:00",
                    "finished": "2026-05-01T10:01:00+00:00",
                    "wall_seconds": 60.0,
                    "environment": {"torch": "2.8.0", "git": "0123456789ab", "cores": 2},
                    **facts,
                }
                folder = store.folder(cells[-1]["id"]) / "result"
                write_result(folder, record, list(curves), None, arrays)
                store.commit(cells[-1]["id"])
        store.write_manifest(name, cells)
        return store

    return write


@pytest.fixture
def picture_arrays():
    """Return what ``pictures.npz`` holds for small images of the given shape."""

    def make(shape=(1, 6, 5), dim=3, components=4, classes=3):
        rng = np.random.default_rng(0)
        labels = rng.integers(0, classes, 50).astype(np.int16)

        def images(*leading):
            return rng.integers(0, 256, (*leading, *shape), dtype=np.uint8)

        plane = {"latent_grid": images(4, 5), "latent_grid_extent": np.array([-2.0, 2, 0, 3])}
        return {
            "originals": images(20),
            "reconstructions": images(20),
            "modes": images(components),
            "samples": images(components, 8),
            "codes": rng.normal(size=(50, dim)).astype(np.float32),
            "code_labels": labels,
            "code_components": rng.integers(0, components, 50).astype(np.int16),
            "prior_codes": rng.normal(size=(60, dim)).astype(np.float32),
            "class_components": np.full((classes, components), 1 / components, np.float32),
            "near_modes": images(components, 8),
            "interpolations": images(6, 5),
            "interpolation_ends": images(6, 2),
            "mode_interpolations": images(components - 1, 5),
            "mode_start": np.array(min(6, components - 1)),
            **(plane if dim == 2 else {}),
            **{
                f"at_{step}/{name}": array
                for step in (0, 10)
                for name, array in {
                    "reconstructions": images(20),
                    "class_components": rng.dirichlet(np.ones(components), classes),
                }.items()
            },
        }

    return make
