"""Data that cannot be used are refused before any training."""

import gc
import gzip
import zipfile

import numpy as np
import pytest

ROW = "runs:\n  - label: row\n    objective: {name: wae, divergence: imq_mmd}\n"


def mnist_suite(write_suite, root, more=""):
    return write_suite(ROW, digits=f"{{name: mnist, root: {root}{more}}}")


def test_nowhere_to_look_for_mnist(refuse, write_suite, monkeypatch):
    monkeypatch.delenv("OTLVM_DATA", raising=False)
    suite = write_suite(ROW, digits="mnist")
    refuse(suite, "data: ", "root:", "MNIST/raw", "OTLVM_DATA", "download: true", at="data")


def test_missing_root(refuse, write_suite, tmp_path):
    suite = mnist_suite(write_suite, tmp_path / "no")
    refuse(suite, "data: ", str(tmp_path / "no/MNIST/raw/train-images"), "root:", at="data")


@pytest.mark.parametrize("gz", [False, True])
@pytest.mark.parametrize("stem", ["train-labels-idx1-ubyte", "t10k-images-idx3-ubyte"])
def test_missing_mnist_file(refuse, write_suite, write_mnist, tmp_path, gz, stem):
    write_mnist(tmp_path / "data", gz=gz)
    (tmp_path / "data/MNIST/raw" / (f"{stem}.gz" if gz else stem)).unlink()
    suite = mnist_suite(write_suite, tmp_path / "data")
    path = tmp_path / "data/MNIST/raw" / stem
    refuse(suite, "data: ", f"{path} is missing", "put the file there", at="data")


PAGE = b"\n<!DOCTYPE html><title>404</title>"


@pytest.mark.parametrize("gz", [False, True])
@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda content: content[: len(content) // 2], ""),
        (lambda content: content[:-1], ""),
        (lambda content: b"", "empty"),
        (lambda content: PAGE, "web page"),
        (lambda content: content[:1], ""),
    ],
    ids=["half", "one byte short", "empty", "page", "first byte"],
)
def test_damaged_mnist_file(refuse, write_suite, write_mnist, tmp_path, gz, damage, told):
    write_mnist(tmp_path / "data", gz=gz)
    path = tmp_path / "data/MNIST/raw" / ("train-images-idx3-ubyte" + ".gz" * gz)
    path.write_bytes(damage(path.read_bytes()))
    suite = mnist_suite(write_suite, tmp_path / "data")
    refuse(suite, "data: ", f"{path}: ", told, "delete it and put the original there", at="data")


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: gzip.compress(b""),
        lambda content: gzip.compress(PAGE),
        lambda content: content[:40] + bytes(40) + content[80:],
        lambda content: content[:-8] + bytes(8),
        lambda content: content + b"more",
    ],
    ids=["nothing inside", "page inside", "overwritten", "wrong checksum", "tail"],
)
def test_damaged_gzip(refuse, write_suite, write_mnist, tmp_path, damage):
    write_mnist(tmp_path / "data", gz=True)
    path = tmp_path / "data/MNIST/raw/t10k-images-idx3-ubyte.gz"
    path.write_bytes(damage(path.read_bytes()))
    suite = mnist_suite(write_suite, tmp_path / "data")
    refuse(suite, "data: ", f"{path}: ", "delete it", at="data")


def test_labels_that_do_not_fit(refuse, write_suite, write_mnist, tmp_path):
    write_mnist(tmp_path / "data")
    raw = tmp_path / "data/MNIST/raw"
    (raw / "train-labels-idx1-ubyte").write_bytes((raw / "t10k-labels-idx1-ubyte").read_bytes())
    suite = mnist_suite(write_suite, tmp_path / "data")
    refuse(suite, "data: ", "(40, 28, 28)", "(20,)", "do not fit", at="data")


def test_download_onto_damaged_files(refuse, write_suite, write_mnist, tmp_path):
    write_mnist(tmp_path / "data")
    path = tmp_path / "data/MNIST/raw/train-images-idx3-ubyte"
    path.write_bytes(path.read_bytes()[:100])
    suite = mnist_suite(write_suite, tmp_path / "data", ", download: true")
    refuse(suite, "data: ", str(path), "delete it", at="data")


@pytest.mark.parametrize("error", [RuntimeError("Error downloading"), OSError("no network")])
def test_download_that_fails(refuse, write_suite, tmp_path, monkeypatch, error):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr("torchvision.datasets.MNIST", fail)
    suite = mnist_suite(write_suite, tmp_path / "data", ", download: true")
    refuse(suite, "data: ", str(error), "MNIST/raw", at="data")


X, Y = np.linspace(0, 1, 640).reshape(40, 4, 4), np.arange(40) % 4


SPLIT = {"x_train": X, "y_train": Y, "x_test": X, "y_test": Y}


@pytest.mark.parametrize(
    ("arrays", "told"),
    [
        ({"X": X}, ["has no", "it holds X", "needed are x_train", "without labels"]),
        ({"x": X, "lables": Y}, ["has no 'y'", "it holds x, lables", "alone"]),
        ({"x_train": X, "x_test": X, "y_train": Y}, ["has no 'y_test': it holds"]),
        ({"x": np.ones((9, 3, 8, 3))}, ["'layout: channels_last' if they are 3 x 8 pixels"]),
        ({"x_train": X, "y_train": Y, "x_tset": X, "y_test": Y}, ["'x_test' (did you mean"]),
        ({}, ["it holds nothing", "x and y"]),
        ({"x": np.where(X > 0.5, np.nan, X), "y": Y}, ["NaN", "leave these images out"]),
        ({"x": (9 * X).astype(np.uint8), "y": Y}, ["bytes up to 9", "'scale: unit'"]),
        ({"x": X, "y": Y[:-1]}, ["cannot split"]),
        ({"x": X, "y": np.arange(40)}, ["cannot split"]),
        ({"x": X.astype(object), "y": Y}, ["plain arrays"]),
        ({"x": np.float32(1), "y": Y}, ["x"]),
        (SPLIT | {"x_test": X[:, :2]}, ["held-out images (40, 2, 4)", "same image size"]),
        (SPLIT | {"y_test": Y[:, None]}, ["labels (40, 1)", "labels [n]"]),
        (SPLIT | {"x_test": X[:0], "y_test": Y[:0]}, ["at least one"]),
    ],
)
def test_arrays_that_do_not_fit(refuse, write_suite, tmp_path, arrays, told):
    np.savez(tmp_path / "mine.npz", **arrays)
    suite = write_suite(ROW, digits="{name: npz, path: mine.npz}")
    refuse(suite, "data: ", "mine", *told, at="data")


NUMBERS = [255 * X, X - 0.5, (9 * X).astype(np.int64)]


@pytest.mark.parametrize("x", NUMBERS)
@pytest.mark.parametrize("likelihood", ["bernoulli", "continuous_bernoulli"])
def test_numbers_that_are_not_the_likelihood_s(refuse, write_suite, tmp_path, x, likelihood):
    np.savez(tmp_path / "mine.npz", x=x, y=Y)
    model = f"{{likelihood: {likelihood}}}"
    suite = write_suite(f"runs: [{{objective: vae, model: {model}}}]\n",
                        digits="{name: npz, path: mine.npz}")  # fmt: skip
    told = (f"{x.max():g}]", "'likelihood: gaussian' in model:", "'scale: unit'")
    refuse(suite, "model.likelihood: ", likelihood, *told)


@pytest.mark.parametrize("x", NUMBERS)
@pytest.mark.parametrize(
    ("scale", "likelihood"),
    [("none", "gaussian"), ("standard", "gaussian"), ("unit", "bernoulli"), ("unit", "gaussian")],
)
def test_numbers_that_are(run_main, write_suite, tmp_path, x, scale, likelihood):
    np.savez(tmp_path / "mine.npz", x=x, y=Y)
    run = f"{{label: a, objective: vae, model: {{likelihood: {likelihood}}}}}"
    data = f"{{name: npz, path: mine.npz, scale: {scale}}}"
    suite = write_suite(f"runs: [{run}]\n", digits=data)
    code, _, errors = run_main(suite, "--dry-run")
    assert (code, errors) == (0, "")


def test_a_sigma_that_is_never_trained(refuse, write_suite):
    model = "{likelihood: {name: gaussian, learn: each}}"
    suite = write_suite(
        f"runs: [{{objective: {{name: wae, divergence: energy}}, model: {model}}}]\n"
    )
    refuse(suite, "objective: ", "cost squared does not train", "'cost: likelihood'")


def damaged_zip(path):
    np.savez_compressed(path, x=X, y=Y)
    with zipfile.ZipFile(path) as archive:
        start = archive.infolist()[0].header_offset + 60
    content = bytearray(path.read_bytes())
    content[start : start + 40] = b"\xff" * 40
    path.write_bytes(content)


@pytest.mark.parametrize(
    "write",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"x,y\n0,1\n"),
        lambda path: path.write_bytes(PAGE),
        lambda path: path.with_suffix(".npy").rename(path),
        lambda path: path.write_bytes(path.with_name("whole.npz").read_bytes()[:-50]),
        damaged_zip,
    ],
    ids=["empty", "csv", "page", "npy", "cut", "damaged"],
)
def test_no_npz(refuse, write_suite, tmp_path, write):
    np.save(tmp_path / "mine.npy", X)
    np.savez(tmp_path / "whole.npz", x=X, y=Y)
    write(tmp_path / "mine.npz")
    suite = write_suite(ROW, digits="{name: npz, path: mine.npz}")
    refuse(suite, "data: ", "mine.npz", "not a whole .npz file", at="data")
    gc.collect()  # a file left open warns


def test_missing_npz(refuse, write_suite):
    suite = write_suite(ROW, digits="{name: npz, path: mine.npz}")
    refuse(suite, "data: ", "mine.npz is missing", "correct 'path:'", at="data")


@pytest.mark.parametrize("file", ["mine.npz", "folder/mine.csv"])
def test_a_file_in_place_of_a_data_set(refuse, write_suite, file):
    suite = write_suite(ROW, digits=file)
    refuse(suite, "data: ", f"unknown dataset '{file}'", "is {name: npz, path: FILE}", at="data")
