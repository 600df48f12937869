"""Folders of images: splits of any spelling, and what lies there and is no data."""

import itertools
import os
import zipfile

import numpy as np
import pytest
from PIL import Image

from otlvm.data import DataError, hf_disk, image_folder, npz
from otlvm.data.litter import is_litter
from otlvm.data.split_names import part_of

RNG = np.random.default_rng(0)
PIXELS = RNG.integers(0, 256, (60, 5, 4), dtype=np.uint8)


@pytest.fixture
def put():
    """Save an image that no other is like."""
    numbers = itertools.count()

    def save(*places):
        for place in places:
            place.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(PIXELS[next(numbers)]).save(place)

    return save


def write_classes(put, root, count, classes=("cat", "dog")):
    put(*(root / name / f"{k}.png" for name in classes for k in range(count)))


# names


PARTS = {
    "train": ["train", "Train", "TRAIN", "training", "Training", "train_set", "trainset"],
    "validation": ["val", "Val", "valid", "validation", "Validation Set", "dev", "dev-set", "EVAL"],
    "test": ["test", "Testing", "TEST", "test_images", "Test Data", "testset", "held-out", "tst"],
}
MORE = {"train": ["train2017", "x_train", "TrainImages", "1_train", "train.split"]}


@pytest.mark.parametrize(
    ("part", "name"),
    [(part, name) for names in (PARTS, MORE) for part in names for name in names[part]],
)
def test_names_of_parts(part, name):
    assert part_of(name) == part


@pytest.mark.parametrize(
    "name",
    [
        *("cat", "bullet_train", "trainer", "rain", "contest", "latest", "device", "value", "7"),
        *("data", "images", "tester", "validity", "invalid", "evaluated dog", "test tube", "x", ""),
    ],
)
def test_names_of_classes(name):
    assert part_of(name) is None


# splits


@pytest.mark.parametrize(
    ("train", "test"),
    [*zip(PARTS["train"], PARTS["test"], strict=False), ("training", "valid"), ("train", "dev")],
)
def test_a_split_of_any_spelling(put, tmp_path, train, test):
    write_classes(put, tmp_path / train, 4)
    write_classes(put, tmp_path / test, 2)
    data = image_folder(str(tmp_path))
    assert (len(data.x_train), len(data.x_test)) == (8, 4)
    assert data.class_names == ("cat", "dog")
    assert data.y_train.tolist() == [0, 0, 0, 0, 1, 1, 1, 1]
    np.testing.assert_allclose(data.x_train, PIXELS[:8].reshape(8, 20) / 255, atol=1e-7)


def test_the_validation_is_left_out_where_there_is_a_test(put, tmp_path):
    for name, count in (("Train", 4), ("Test", 2), ("Val", 3)):
        write_classes(put, tmp_path / name, count)
    data = image_folder(str(tmp_path))
    assert (len(data.x_train), len(data.x_test)) == (8, 4)


def test_a_split_in_each_class(put, tmp_path):
    for name in ("cat", "dog", "emu"):
        put(*(tmp_path / name / "Training" / f"{k}.png" for k in range(3)))
        put(*(tmp_path / name / "Testing" / f"{k}.png" for k in range(2)))
        put(tmp_path / name / "Validation" / "0.png")
    data = image_folder(str(tmp_path))
    assert data.class_names == ("cat", "dog", "emu")
    assert data.y_train.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert data.y_test.tolist() == [0, 0, 1, 1, 2, 2]
    expected = PIXELS[[0, 1, 2, 6, 7, 8, 12, 13, 14]].reshape(9, 20) / 255
    np.testing.assert_allclose(data.x_train, expected, atol=1e-7)


@pytest.mark.parametrize(
    ("places", "named"),
    [
        (["train/cat", "train/dog"], "train"),
        (["test/cat", "val/cat"], "test, val"),
        (["train/cat", "Training/cat", "test/cat"], "Training, test, train"),
        (["cat", "dog", "train"], "train"),
        (["cat", "Testing"], "Testing"),
        (["cat", "train", "tset"], "train"),
        (["train-clean/cat", "test-clean/cat"], "test-clean, train-clean"),
        (["trainA", "trainB", "testA", "testB"], "testA, testB, trainA, trainB"),
        (["TRAINCat", "ValCat"], "TRAINCat, ValCat"),
        (["train/cat", "train/test", "test/cat", "test/dog"], "test"),
        (["train/train/cat", "train/test/cat", "test/train/cat"], "test, train"),
        (["train/cat/val", "test/cat"], "train/cat/val"),
        (["all/train/cat", "all/test/cat"], "all/test/cat"),
        (["all/train", "all/test"], "all/test"),
        (["cat/train", "dog/train"], "cat/train"),
        (["cat/train", "cat/test", "dog"], "cat/test"),
        (["cat/train/a", "cat/test/a", "dog/train/a", "dog/test/a"], "cat/test/a"),
        (["cat/a/train", "cat/a/test", "dog/b"], "cat/a/test"),
        (["valid", "invalid"], "valid"),
    ],
)
def test_what_may_be_a_split_is_refused_by_name(put, tmp_path, places, named):
    put(*(tmp_path / place / f"{k}.png" for place in places for k in range(3)))
    with pytest.raises(DataError) as refused:
        image_folder(str(tmp_path))
    message = str(refused.value)
    assert named in message.replace(os.sep, "/")
    assert "of a split" in message
    assert "rename" in message


def test_words_that_hold_a_part_are_classes(put, tmp_path):
    write_classes(put, tmp_path, 5, ("bullet_train", "contest", "cat"))
    assert image_folder(str(tmp_path)).class_names == ("bullet_train", "cat", "contest")


def test_splits_of_hugging_face(put, tmp_path):
    import datasets as hf

    def part(count):
        columns = {
            "image": [Image.fromarray(image) for image in PIXELS[:count]],
            "label": [k % 2 for k in range(count)],
        }
        features = {"image": hf.Image(), "label": hf.ClassLabel(names=["cat", "dog"])}
        return hf.Dataset.from_dict(columns, hf.Features(features))

    def save(name, **parts):
        path = str(tmp_path / name)
        hf.DatasetDict({name: part(count) for name, count in parts.items()}).save_to_disk(path)
        return path

    data = hf_disk(save("a", Training=8, Testing=4, validation=6))
    assert (len(data.x_train), len(data.x_test)) == (8, 4)
    assert len(hf_disk(save("b", train=8, validation=6)).x_test) == 6
    assert len(hf_disk(save("c", train=8, unsupervised=3, test=5)).x_test) == 5
    with pytest.raises(DataError, match=r"no split 'test'.*there are: train, other.*'test:'"):
        hf_disk(save("d", train=8, other=6))
    with pytest.raises(DataError, match="both 'Training': name two splits"):
        hf_disk(str(tmp_path / "a"), train="Training", test="Training")


# what lies there


LITTER = [
    *(".hidden.png", "._00.png", "~$00.png", "Thumbs.db", "desktop.ini", ".DS_Store", "00.png~"),
    *("#00.png#", "Icon\r", ".ipynb_checkpoints/00-checkpoint.png", "__MACOSX/00.png"),
    *("__MACOSX/._00.png", "@eaDir/00.png/thumb.png", "$RECYCLE.BIN/00.png", "lost+found/00.png"),
    *("System Volume Information/00.png", ".Trash-1000/files/00.png", ".git/00.png", "cat~/00.png"),
]


@pytest.mark.parametrize("path", LITTER)
def test_litter_is_no_data_at_any_depth(put, tmp_path, path):
    for name in ("train", "test"):
        put(*(tmp_path / "given" / name / "cat/inner" / f"{k}.png" for k in range(3)))
        write_classes(put, tmp_path / "given" / name, 3)
    put(*(tmp_path / "made" / label / "sub" / f"{k}.png" for label in "ab" for k in range(5)))
    put(*(tmp_path / "plain" / f"{k}.png" for k in range(5)))
    paths = [str(tmp_path / name) for name in ("given", "made", "plain")]
    before = [image_folder(path).checksum for path in paths]
    for root in [tmp_path, *tmp_path.rglob("*")]:
        if root.is_dir():
            if path.endswith("png"):
                put(root / path)
            else:
                (root / path).write_bytes(b"litter")
    assert [image_folder(path).checksum for path in paths] == before


def test_data_may_lie_in_a_hidden_folder(put, tmp_path):
    write_classes(put, tmp_path / ".cache/@eaDir/mine", 5)
    assert len(image_folder(str(tmp_path / ".cache/@eaDir/mine")).x_train) == 8


@pytest.mark.parametrize(
    "name", ["cat", "00.png", "a~b.png", "# 1", "icon.png", "thumbs", "_x", "#"]
)
def test_what_is_no_litter(name):
    assert not is_litter(name)


def test_litter_in_archives(tmp_path):
    np.savez(tmp_path / "a.npz", x=PIXELS)
    before = npz(str(tmp_path / "a.npz")).checksum
    with zipfile.ZipFile(tmp_path / "a.npz", "a") as archive:
        archive.writestr("__MACOSX/._x.npy", b"resource fork")
        archive.writestr(".DS_Store", b"folders")
    assert npz(str(tmp_path / "a.npz")).checksum == before


def test_files_are_sorted_as_torchvision_does(put, tmp_path):
    from torchvision.datasets import ImageFolder

    for k, place in enumerate(["b", "b/x", "b/x-y", "b/x/z", "a", "a.b", "a b", "B"] * 2):
        put(tmp_path / place / f"{k * 7 % 16:02}.{('png', 'PNG', 'bmp')[k % 3]}")
    files = [path for path, _ in ImageFolder(str(tmp_path)).samples]
    expected = np.stack([np.asarray(Image.open(path)) for path in files]).reshape(16, 20)
    data = image_folder(str(tmp_path), test_fraction=0.25, stratify=False)
    rows = np.round(np.concatenate([data.x_train, data.x_test]) * 255).astype(np.uint8)
    from sklearn.model_selection import train_test_split

    train, test = train_test_split(np.arange(16), test_size=0.25, random_state=0)
    np.testing.assert_array_equal(rows, expected[np.concatenate([train, test])])


def test_links(put, tmp_path):
    write_classes(put, tmp_path / "real", 5)
    (tmp_path / "linked").mkdir()
    for name in ("cat", "dog"):
        (tmp_path / "linked" / name).symlink_to(tmp_path / "real" / name)
    linked, real = (image_folder(str(tmp_path / name)) for name in ("linked", "real"))
    assert linked.checksum == real.checksum
    (tmp_path / "real/cat/again").symlink_to(tmp_path / "real")
    with pytest.raises(DataError, match="again leads back to a folder above it"):
        image_folder(str(tmp_path / "real"))
