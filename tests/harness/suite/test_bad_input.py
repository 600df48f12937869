import gc
import gzip
import zipfile

import numpy as np
import pytest
import torch

from otlvm.harness.suite.load import load_suite

ROW = "runs:\n  - label: row\n    objective: {name: wae, divergence: imq_mmd}\n"
DIVERGENCE = "runs:\n  - label: row\n    objective:\n      name: wae\n      divergence: "


@pytest.fixture
def refuse(run_main, tmp_path):
    """Run a suite that must be refused before training, with a short and complete message."""

    def check(suite, *told, arguments=(), at=None, out="out"):
        code, output, errors = run_main(suite, "--out", tmp_path / out, *arguments)
        assert code == 2
        assert output == ""
        assert "Traceback" not in errors
        assert len(errors.splitlines()) < 20
        shown = "".join(errors.split())  # the terminal's width breaks lines anywhere
        if at is not None:
            before, found, _ = suite.read_text().partition(at)
            assert found
            told += (f"{suite}:{before.count(chr(10)) + 1}: ",)
        for part in told:
            assert "".join(part.split()) in shown
        assert not list(tmp_path.rglob("record.json"))
        assert not (tmp_path / "out").exists()

    return check


@pytest.mark.parametrize(
    ("added", "changes", "at", "path", "remedy"),
    [
        (ROW + "sedes: [0]\n", {}, "sedes", "sedes: ", "did you mean 'seeds'?"),
        (ROW, {"train: {steps": "train: {stpes"}, "train:", "train.stpes: ", "'steps'?"),
        (ROW, {"moments, steps": "moments, step"}, "train:", "train.start.step: ", "steps"),
        (ROW, {"  prior": "  pior"}, "  pior", "model.pior: ", "did you mean 'prior'?"),
        (ROW, {"label: row": "lable: row"}, "lable", "runs[0].lable: ", "did you mean 'label'?"),
        (
            ROW + "    train: {step: 5}\n",
            {},
            "train: {step: 5",
            "runs[0].train.step: ",
            "did you mean 'steps'?",
        ),
        (
            ROW + "    grid: {objective.wieght: [1]}\n",
            {},
            "grid",
            "runs[0].grid.objective.wieght: ",
            "did you mean 'weight'?",
        ),
        (
            ROW + "    grid: {trian.steps: [1]}\n",
            {},
            "  - label",
            "trian",
            "did you mean 'train'?",
        ),
    ],
    ids=["suite", "train", "start", "model", "entry", "entry's train", "grid", "grid's root"],
)
def test_unknown_keys(refuse, write_suite, added, changes, at, path, remedy):
    refuse(write_suite(added, **changes), path, remedy, at=at)


@pytest.mark.parametrize(
    ("added", "changes", "at", "path", "remedy"),
    [
        (
            ROW,
            {"imq_mmd}": 'imq_mmd, weight: "abc"}'},
            "    objective",
            "runs[0].objective.weight: ",
            "valid number, got 'abc'",
        ),
        (ROW, {"{steps: 4": "{steps: 1.5"}, "train:", "train.steps: ", "valid integer"),
        (ROW, {"{steps: 4": "{steps: true"}, "train:", "train.steps: ", "valid integer, got True"),
        (ROW, {"{steps: 4": "{steps: 0"}, "train:", "train.steps: ", "greater than 0, got 0"),
        (ROW + "seeds: 3\n", {}, "seeds", "seeds: ", "valid list, got 3"),
        (ROW + "seeds: []\n", {}, "seeds", "seeds: ", "at least 1 item"),
        (ROW + "seeds: [1, -1]\n", {}, "seeds", "seeds[1]: ", "greater than or equal to 0"),
        (ROW, {"label: row": "label: 5"}, "label", "runs[0].label: ", "valid string, got 5"),
        (ROW, {"components: 3": "components: [3]"}, "  prior", "model.prior.components: ", "[3]"),
        (ROW, {"hidden: [16]": "hidden: [a]"}, "  network", "model.network.hidden[0]: ", "'a'"),
        (ROW + "    objective.beta: 1\n", {}, "    objective.", "runs[0].", "unknown key"),
        ("runs: {label: row, objective: vae}\n", {}, "runs", "runs: ", "valid list"),
        ("runs: []\n", {}, None, "suite.yaml: ", "give 'runs:' or 'baselines:'"),
        ("runs: [{label: row}]\n", {}, "runs: [", "runs[0]: ", "no 'objective:'"),
        (ROW, {"data: digits": "# none"}, None, "data: ", "this key is needed"),
        (ROW, {"name: tiny": "name: a/b"}, "name", "name: ", "pattern"),
    ],
    ids=lambda value: value.strip(" :") if isinstance(value, str) and value[-2:] == ": " else "",
)
def test_wrong_types(refuse, write_suite, added, changes, at, path, remedy):
    refuse(write_suite(added, **changes), path, remedy, at=at)


@pytest.mark.parametrize(
    ("added", "changes", "at", "path", "remedy"),
    [
        (ROW, {"gaussian_mixture": "gausian_mixture"}, "  prior", "model.prior: ", "gaussian"),
        (ROW, {"imq_mmd": "imq_mdm"}, "    obj", "runs[0].objective.divergence: ", "imq_mmd"),
        (ROW, {"name: wae": "name: wea"}, "    obj", "runs[0].objective: ", "wae"),
        (ROW, {"name: mlp": "name: mpl"}, "  network", "model.network: ", "mlp"),
        (ROW, {"digits": "digit"}, "data", "data: ", "digits"),
        ("baselines: [kmean]\n", {}, "baselines", "baselines[0]: ", "kmeans"),
    ],
    ids=["prior", "divergence", "objective", "network", "dataset", "baseline"],
)
def test_unknown_names(refuse, write_suite, added, changes, at, path, remedy):
    refuse(write_suite(added, **changes), path, f"did you mean '{remedy}", "my_module:", at=at)


@pytest.mark.parametrize(
    ("divergence", "path", "remedy"),
    [
        ("{name: imq_mmd, scles: [1]}", "divergence.scles", "(did you mean 'scales'?)"),
        ("{name: imq_mmd, scales: [0]}", "divergence", "positive numbers"),
        ("{name: imq_mmd, scales: 1}", "divergence.scales", "Sequence, got 1"),
        ("{name: imq_mmd, base: abs}", "divergence.base", "'absolute' or 'prior'"),
        ("{name: imq_mmd, on: 2}", "divergence.on", "'marginal' or 'joint', got 2"),
        ("{scales: [1]}", "divergence", "'name'"),
        ("[imq_mmd]", "divergence", "'name'"),
        ("null", "divergence", "'name'"),
    ],
)
def test_nested_parameters(refuse, write_suite, divergence, path, remedy):
    at = "      divergence" if path == "divergence" else None
    refuse(write_suite(f"{DIVERGENCE}{divergence}\n"), f"runs[0].objective.{path}", remedy, at=at)


@pytest.mark.parametrize("number", [".nan", ".inf"])
def test_numbers_that_are_not_finite(refuse, write_suite, number):
    suite = write_suite(ROW, imq_mmd=f"imq_mmd, weight: {number}")
    refuse(suite, "runs[0].objective.weight", "finite", at="    objective")


def test_needed_parameter(refuse, write_suite):
    suite = write_suite("runs: [{label: row, objective: wae}]\n")
    refuse(suite, "runs[0].objective.divergence: ", "needs divergence", at="runs")


def test_seed_too_large(refuse, write_suite):
    refuse(write_suite(ROW + f"seeds: [{10**20}]\n"), "seeds[0]: ", at="seeds")


def test_too_many_components(refuse, write_suite):
    suite = write_suite(ROW, **{"components: 3": "components: 4"})
    refuse(suite, "model.prior: ", "components <= dim + 1 = 3, or dim >= 3", at="  prior")


def test_duplicate_keys(refuse, write_suite):
    suite = write_suite(ROW + "data: digits\n")
    refuse(suite, "suite.yaml", "line 10: key 'data' is already on line 2")


def test_duplicate_labels(refuse, write_suite):
    suite = write_suite(ROW + "  - {label: row, objective: vae}\n")
    refuse(suite, "runs[1]: ", "'row'", "runs[0]", "name the grid's fields", at="  - {label")


def test_duplicate_labels_of_a_grid(refuse, write_suite):
    suite = write_suite(ROW + "    grid: {objective.weight: [1, 2]}\n")
    refuse(suite, "runs[0]: ", "'row'", "beta={beta}", at="  - label")


def test_duplicate_seeds(refuse, write_suite):
    refuse(write_suite(ROW + "seeds: [1, 1]\n"), "'row', seed 1", "give each seed once")


@pytest.mark.parametrize(("text", "value"), [("1e-3", 1e-3), ("1E3", 1e3), ("-2.e+1", -20.0)])
def test_exponents_are_numbers(write_suite, text, value):
    suite = write_suite(ROW, imq_mmd=f"imq_mmd, weight: {text}")
    assert load_suite(suite).runs[0].config["objective"]["weight"] == value


def test_batch_larger_than_the_data(refuse, write_suite):
    suite = write_suite(ROW, **{"batch_size: 32": "batch_size: 1438"})
    refuse(suite, "train.batch_size: ", "1438 is larger", "1437 images", at="train")


@pytest.mark.parametrize("label", ['"row {weigth}"', '"{row"'])
def test_unknown_field_of_a_label(refuse, write_suite, label):
    suite = write_suite(ROW + "    grid: {objective.weight: [1]}\n", row=label)
    refuse(suite, "runs[0].label: ", "known: {weight}", at="label")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("runs: [\n", "line 2"),
        ("a: 1\n b: 2\n", "line 2"),
        ("", "expected keys and values"),
        ("- 1\n", "expected keys and values"),
        ("a: 1\n---\nb: 2\n", "line 2"),
        ("a: \0\n", "suite.yaml"),
        ("data: !!python/object/apply:os.system [touch owned]\n", "line 1: only plain YAML"),
        ("data: !!python/name:os.system\n", "line 1: only plain YAML"),
        ("data: *nowhere\n", "line 1"),
        ("data: digits\nlabel: {{beta}}\n", "line 2"),
        ("? [a, b]\n: 1\n", "line 1"),
        ("data: &d {name: *d}\n", "line 1: *d stands inside &d"),
        ("data: digits\n1: a\n", "line 2: a key must be a text, not 1"),
    ],
)
def test_bad_yaml(refuse, tmp_path, text, told):
    suite = tmp_path / "suite.yaml"
    suite.write_text(text)
    refuse(suite, str(suite), told)
    assert not (tmp_path / "owned").exists()


def test_suite_that_is_no_text(refuse, tmp_path):
    suite = tmp_path / "suite.yaml"
    suite.write_bytes(b"\xff\xfe\x80")
    refuse(suite, str(suite), "cannot be read")


def test_missing_suite(refuse, tmp_path):
    refuse(tmp_path / "suit.yaml", str(tmp_path / "suit.yaml"), "No such file")


def test_folder_as_suite(refuse, tmp_path):
    refuse(tmp_path, str(tmp_path), "cannot be read")


def test_no_suite(run_main):
    code, _, errors = run_main()
    assert code == 2
    assert "which suite? A file, or one that ships: quick" in errors


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--only", "colum*"], ["--only colum*", "there are: row"]),
        (["--set", "train.steps"], ["--set train.steps", "PATH=VALUE"]),
        (["--set", "=5"], ["--set =5", "PATH=VALUE"]),
        (["--set", "trian.steps=5"], ["--set trian.steps", "did you mean 'train'?"]),
        (["--set", "train.stpes=5"], ["train.stpes", "did you mean 'steps'?"]),
        (["--set", "train.steps=abc"], ["train.steps", "valid integer, got 'abc'"]),
        (["--set", "train.steps=[1"], ["--set train.steps", "not valid YAML"]),
        (["--set", "objective.divergence.scles=[1]"], ["objective.divergence.scles", "'scales'"]),
        (["--set", "seeds=0"], ["seeds", "valid list, got 0"]),
    ],
)
def test_bad_options(refuse, write_suite, arguments, told):
    refuse(write_suite(ROW), *told, arguments=arguments)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_no_cuda(refuse, write_suite):
    refuse(write_suite(ROW), "no CUDA device", "--device cpu", arguments=["--device", "cuda"])


@pytest.mark.parametrize("out", ["taken", "taken/below"])
def test_out_that_cannot_be_written(refuse, write_suite, tmp_path, out):
    (tmp_path / "taken").write_text("a file")
    refuse(write_suite(ROW), f"--out {tmp_path / out} cannot be written", out=out)
    assert (tmp_path / "taken").read_text() == "a file"


def test_long_messages_are_cut(refuse, write_suite):
    row = "  row{}: {{label: a row with a long label, objective: {{name: wae, divergence: imq}}}}\n"
    suite = write_suite("runs:\n" + "".join(row.format(i) for i in range(50)))
    refuse(suite, "runs: ", "valid list", at="runs:")


def test_long_lists_of_labels_are_cut(refuse, write_suite):
    grid = f"    grid: {{objective.weight: {list(range(200))}}}\n"
    suite = write_suite(ROW + grid, **{"label: row": 'label: "a row, weight={weight}"'})
    refuse(suite, "--only nothing", "a row, weight=0", arguments=["--only", "nothing"])


# data


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
        ({"x": np.ones((9, 8, 8, 3))}, ["[H, W, C]", "x.transpose(0, 3, 1, 2)"]),
        ({"x_train": X, "y_train": Y, "x_tset": X, "y_test": Y}, ["'x_test' (did you mean"]),
        ({}, ["it holds nothing", "x and y"]),
        ({"x": 255 * X, "y": Y}, [", 255]", "scale them to [0, 1]"]),
        ({"x": X - 0.5, "y": Y}, ["[-0.4", "scale them to [0, 1]"]),
        ({"x": np.where(X > 0.5, np.nan, X), "y": Y}, ["nan", "scale them to [0, 1]"]),
        ({"x": (9 * X).astype(np.int64), "y": Y}, ["int64", "give bytes or floats"]),
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
        lambda path: path.mkdir(),
        lambda path: path.with_suffix(".npy").rename(path),
        lambda path: path.write_bytes(path.with_name("whole.npz").read_bytes()[:-50]),
        damaged_zip,
    ],
    ids=["empty", "csv", "page", "folder", "npy", "cut", "damaged"],
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


# plug-ins

HEAD = "from otlvm.divergences import SampleDivergence\n"


@pytest.mark.parametrize(
    ("name", "code", "told"),
    [
        ("no_such_module:Gap", None, "cannot import 'no_such_module'"),
        ("no_such_module:Gap", None, "beside the suite file, here, and on the PYTHONPATH"),
        ("mine:Gap", "class Gep: pass\n", "has no 'Gap' (did you mean 'Gep'?)"),
        ("mine:", "x = 1\n", "has no ''"),
        (":Gap", "x = 1\n", "cannot import ''"),
        ("mine:Gap", "raise OSError('no licence')\n", "OSError: no licence"),
        ("mine:Gap", "def Gap(:\n", "SyntaxError"),
        ("mine:Gap", "import nowhere_at_all\n", "No module named 'nowhere_at_all'"),
        ("mine:Gap", "class Gap: pass\n", "is not a divergence: subclass Divergence"),
        ("mine:Gap", "Gap = 5\n", "is not a class or function"),
        ("mine:Gap", "def Gap(): return 5\n", "returned no Divergence"),
        ("mine:Gap", HEAD + "class Gap(SampleDivergence): pass\n", "between"),
        ("mine:Gap", "def Gap(): raise RuntimeError('no licence')\n", "no licence"),
        ("mine:Gap", "def Gap(a: 'Tensro' = 1): pass\n", "Tensro"),
    ],
)
def test_plugins_that_do_not_load(refuse, write_suite, tmp_path, name, code, told):
    if code is not None:
        (tmp_path / "mine.py").write_text(code)
    suite = write_suite(f"{DIVERGENCE}'{name}'\n")
    refuse(suite, "runs[0].objective.divergence: ", told, at="      divergence")


@pytest.mark.parametrize(
    ("track", "path", "remedy"),
    [
        ("[tensorbord]", "track[0]: ", "did you mean 'tensorboard'?"),
        ("[{name: mlflow, url: 'http://host'}]", "track[0].url: ", "did you mean 'uri'?"),
        ("[{name: mlflow, uri: 5000}]", "track[0].uri: ", "valid string, got 5000"),
        ("[{name: mlflow, uri: server}]", "track[0]: ", "such as 'http://host:5000'"),
        ("mlflow", "track: ", "valid list, got 'mlflow'"),
        ("['pathlib:Path']", "track[0]: ", "is not a tracker: subclass Tracker"),
    ],
)
def test_trackers(refuse, write_suite, track, path, remedy):
    suite = write_suite(ROW + f"track: {track}\n")
    refuse(suite, path, remedy, at="track")
    refuse(write_suite(ROW), path, remedy, arguments=("--set", f"track={track}"))


def test_a_tracker_that_is_not_installed(refuse, write_suite, monkeypatch):
    monkeypatch.setattr("otlvm.harness.trackers.base.find_spec", lambda module: None)
    for name in ("mlflow", "tensorboard"):
        suite = write_suite(ROW + f"track: [{name}]\n")
        refuse(suite, "track[0]: ", "pip install 'otlvm[trackers]'", at="track")


def test_a_tracker_that_is_given_twice(refuse, write_suite, monkeypatch):
    monkeypatch.setattr("otlvm.harness.trackers.base.find_spec", lambda module: module)
    suite = write_suite(ROW + "track: [{name: mlflow, uri: 'http://a'}, mlflow, {name: mlflow}]\n")
    refuse(suite, "track[2]: ", "given twice", at="track")
