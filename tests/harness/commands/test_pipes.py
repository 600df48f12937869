"""A pipe in the place of a file that a command reads: refused at once, for nobody writes to it."""

import os
import re
import signal

import pytest

import otlvm
from otlvm.harness.commands import report, status, table
from otlvm.harness.commands.verify import main as verify

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
RUNS = "runs: [objective: vae]\n"
LOCKED = "lock: {written: now, device: cpu, code: [], data: [], environment: {}}\n"


@pytest.fixture(autouse=True)
def at_once():
    """Fail a test that waits."""

    def fail(*_):
        pytest.fail("it waits for a pipe")

    before = signal.signal(signal.SIGALRM, fail)
    signal.alarm(60)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def pipe(tmp_path):
    def make(name):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        os.mkfifo(tmp_path / name)
        return tmp_path / name

    return make


def test_as_a_suite(run_main, pipe, tmp_path):
    code, _, errors = run_main(pipe("suite.yaml"), "--out", tmp_path / "out")
    assert code == 2
    assert "it is no regular file, but a pipe or a device" in " ".join(errors.split())


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.npz", "{name: npz, path: a.npz}"),
        ("openml/7.npz", "{name: openml, data_id: 7, root: .}"),
        ("MNIST/raw/train-images-idx3-ubyte", "{name: mnist, root: .}"),
        ("a/0/b.png", "{name: image_folder, path: a}"),
    ],
)
def test_as_data(refuse, write_suite, pipe, name, data):
    pipe(name)
    refuse(write_suite(RUNS, **{"data: digits": f"data: {data}"}), "is a pipe or a device")


def test_as_an_array_of_a_suite(refuse, write_suite, pipe):
    pipe("a.npz")
    prior = "{name: mixture, means: {npz: a.npz, array: means}, scales: 1.0}"
    refuse(
        write_suite(f"runs: [{{objective: vae, model: {{prior: {prior}}}}}]\n"), "is a pipe or a"
    )


def test_as_a_plugin(refuse, write_suite, pipe):
    pipe("my_pipe.py")
    refuse(write_suite("runs: [objective: 'my_pipe:Mine']\n"), "cannot import 'my_pipe'")


def test_as_a_saved_model(pipe):
    with pytest.raises(FileNotFoundError, match=r"config.json is missing"):
        otlvm.load(pipe("model/config.json").parent)


@pytest.mark.parametrize("name", ["suite.lock.yaml", "runs.csv"])
def test_as_what_verify_reads(write_suite, pipe, tmp_path, capsys, name):
    write_suite(RUNS + LOCKED).rename(tmp_path / "there.yaml")
    if name == "runs.csv":
        (tmp_path / "there.yaml").rename(tmp_path / "suite.lock.yaml")
    pipe(name)
    assert verify([str(tmp_path)]) == 2
    errors = " ".join(capsys.readouterr().err.split())
    assert name in errors
    assert "it is no" in errors


@pytest.mark.usefixtures("run_main")  # its figures are not rendered
def test_as_files_of_a_store(commit, pipe, capsys):
    """A run without its curve is damaged, and a log that is no file is none."""
    curve = [{"step": 1, "bce": 2.0}]
    store = commit({"a": [{"bce": 2.0}] * 2, "b": [("failed", "x")]}, curves=curve)
    damaged, _, failed = (cell["id"] for cell in store.manifest()["runs"])
    (store.runs / damaged / "curves.csv").unlink()
    pipe(f"out/runs/{damaged}/curves.csv")
    pipe(f"out/runs/{failed}/log.txt")
    for command in (status, table, report):
        assert command.main([str(store.root)]) == 0
    assert re.search(
        "damaged a 0 .* is no file done a 1", " ".join(capsys.readouterr().out.split())
    )


def test_as_the_manifest_of_a_store(commit, pipe, capsys):
    store = commit({"a": [{"bce": 2.0}]})
    (store.root / "suite.json").unlink()
    pipe("out/suite.json")
    assert table.main([str(store.root)]) == 2
    assert "holds no results" in " ".join(capsys.readouterr().err.split())
