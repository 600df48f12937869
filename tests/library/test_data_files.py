"""Files of data: where they are looked for, and what is no file that can be read."""

import os
import signal
import socket
import stat
import threading
import zipfile

import numpy as np
import pytest
from PIL import Image

from otlvm.data import DataError, datasets, hf_disk, image_folder, locate, mnist, npz, relative_to

X = np.random.default_rng(0).random((20, 4, 4))
IMAGES = "MNIST/raw/train-images-idx3-ubyte"


@pytest.fixture(autouse=True)
def in_time():
    """Fail, instead of waiting for ever, where a file has no end."""

    def fail(*_):
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, fail)
    signal.alarm(60)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def told(build):
    with pytest.raises(DataError) as refused:
        build()
    message = str(refused.value)
    assert len(message) <= 1300
    assert message.isprintable()
    return message


# where files are


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """The working directory, and the folder that a suite lies in."""
    here, suite = tmp_path / "here", tmp_path / "suite"
    here.mkdir()
    suite.mkdir()
    monkeypatch.chdir(here)
    return here, suite


def test_relative_paths_start_where_the_caller_says(folders):
    here, suite = folders
    np.savez(here / "a.npz", x=X)
    np.savez(suite / "a.npz", x=1 - X)
    mine, other = npz("a.npz"), npz(str(suite / "a.npz"))
    with relative_to(suite):
        assert npz("a.npz").checksum == npz("./a.npz").checksum == other.checksum
        assert npz("../suite/a.npz").checksum == other.checksum
        assert npz(str(here / "a.npz")).checksum == mine.checksum
        assert datasets.build({"name": "npz", "path": "a.npz"}).checksum == other.checksum
        with relative_to(here):
            assert npz("a.npz").checksum == mine.checksum
        assert npz("a.npz").checksum == other.checksum
    assert npz("a.npz").checksum == mine.checksum != other.checksum


def test_the_folder_may_be_relative_and_stays_where_it_was(folders, monkeypatch):
    here, _ = folders
    with relative_to("../suite"):
        monkeypatch.chdir("/")
        assert locate("a") == here / "../suite/a"
    assert locate("a").parent.samefile("/")
    assert locate("~").is_absolute()


def test_what_raises_leaves_no_folder_behind(folders):
    here, suite = folders
    with pytest.raises(RuntimeError), relative_to(suite):
        raise RuntimeError
    assert locate("a") == here / "a"


def test_threads_have_folders_of_their_own(folders):
    here, suite = folders
    found = []
    with relative_to(suite):
        thread = threading.Thread(target=lambda: found.append(locate("a")))
        thread.start()
        thread.join()
    assert found == [here / "a"]


def test_every_reader_uses_the_folder(folders, write_mnist):
    _, suite = folders
    write_mnist(suite / "data")
    pictures = [Image.fromarray((255 * x).astype(np.uint8)) for x in X[:8]]
    (suite / "pictures").mkdir()
    for k, picture in enumerate(pictures):
        picture.save(suite / f"pictures/{k}.png")
    import datasets as hf

    features = hf.Features({"image": hf.Image()})
    hf.Dataset.from_dict({"image": pictures}, features).save_to_disk(str(suite / "saved"))
    with relative_to(suite):
        assert len(mnist("data").x_train) == 40
        assert image_folder("pictures").name == "pictures"
        assert len(hf_disk("saved").x_test) == 2


def test_the_shells_variable_is_relative_to_the_shell(folders, write_mnist, monkeypatch):
    here, suite = folders
    write_mnist(here / "data")
    monkeypatch.setenv("OTLVM_DATA", "data")
    with relative_to(suite):
        assert len(mnist().x_train) == 40


def test_missing_files_name_the_folder_that_was_searched(folders):
    here, suite = folders
    for build in (npz, image_folder, hf_disk):
        message = told(lambda build=build: build("no/where"))
        assert message == f"no/where is missing in {here}, which was searched: correct 'path:'"
        with relative_to(suite):
            assert f"in {suite}, which" in told(lambda build=build: build("no/where"))
        assert told(lambda build=build: build("/no/where")) == (
            "/no/where is missing: correct 'path:'"
        )
    with relative_to(suite):
        assert f"{suite}/no/{IMAGES}" in told(lambda: mnist("no"))


# what is no file


def pipe(path):
    os.mkfifo(path)


def plug(path):
    with socket.socket(socket.AF_UNIX) as end:
        end.bind(str(path))


KINDS = {
    "pipe": (pipe, "is a pipe or a device"),
    "socket": (plug, "is a pipe or a device"),
    "folder": (lambda path: path.mkdir(), "is a folder"),
    "empty": (lambda path: path.touch(), "not a whole|empty"),
    "circle": (lambda path: path.symlink_to(path), "cannot be read"),
    "link": (lambda path: path.symlink_to("nowhere"), "missing"),
    "zeros": (lambda path: path.symlink_to("/dev/zero"), "is a pipe or a device"),
    "text": (lambda path: path.write_text("x"), "not a whole|not an IDX file"),
    "escapes": (lambda path: path.write_bytes(b"\x1b[2J\0\xff" * 99), "not a whole|not an IDX"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_npz(tmp_path, monkeypatch, kind):
    make, problem = KINDS[kind]
    monkeypatch.chdir(tmp_path)  # the name of a socket is short
    make(type(tmp_path)("a.npz"))
    with pytest.raises(DataError, match=problem):
        npz("a.npz")
    assert "a.npz" in told(lambda: npz("a.npz"))


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"link", "circle"}))
def test_what_is_no_idx(tmp_path, write_mnist, monkeypatch, kind):
    make, problem = KINDS[kind]
    write_mnist(tmp_path)
    monkeypatch.chdir(tmp_path)
    (tmp_path / IMAGES).unlink()
    make(type(tmp_path)(IMAGES))
    with pytest.raises(DataError, match=problem):
        mnist(".")
    assert IMAGES in told(lambda: mnist("."))


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"folder"}))
def test_what_is_no_image(tmp_path, monkeypatch, kind):
    make, problem = KINDS[kind]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cat").mkdir()
    for k in range(3):
        Image.fromarray((255 * X[k]).astype(np.uint8)).save(tmp_path / f"cat/{k}.png")
    make(type(tmp_path)("cat/9.png"))
    with pytest.raises(DataError, match=f"damaged|missing|{problem}"):
        image_folder(".")
    assert "9.png" in told(lambda: image_folder("."))


def test_a_pipe_in_a_saved_data_set(tmp_path):
    (tmp_path / "a").mkdir()
    os.mkfifo(tmp_path / "a/state.json")
    assert "state.json is a pipe" in told(lambda: hf_disk(str(tmp_path / "a")))


@pytest.mark.parametrize("build", [image_folder, hf_disk])
@pytest.mark.parametrize("make", [pipe, lambda path: path.write_text("x")])
def test_what_is_no_folder(tmp_path, build, make):
    make(tmp_path / "a")
    assert "is no folder, a folder is expected" in told(lambda: build(str(tmp_path / "a")))


@pytest.mark.parametrize("path", ["a\0b", "x" * 5000, "~nobody-at-all/x", "a\nb\x1b[31m", "\udcff"])
@pytest.mark.parametrize("build", [npz, image_folder, hf_disk, mnist])
def test_paths_that_cannot_be(build, path):
    told(lambda: build(path))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read all")
def test_files_out_of_reach(tmp_path):
    np.savez(tmp_path / "a.npz", x=X)
    (tmp_path / "a.npz").chmod(0)
    assert "Permission denied" in told(lambda: npz(str(tmp_path / "a.npz")))
    (tmp_path / "a.npz").chmod(stat.S_IRUSR)
    (tmp_path / "inner").mkdir(mode=0)
    for build in (image_folder, hf_disk):
        assert "ermission denied" in told(lambda build=build: build(str(tmp_path / "inner")))


def header(shape):
    text = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


@pytest.mark.parametrize(
    "content",
    [
        header((10**15, 8)),
        header((20, 4, 4)) + b"\0" * 100,
        header("(20, 4, 4"),
        header((-1, 4)),
        b"\x93NUMPY",
        b"",
        b"no array",
    ],
)
def test_archives_of_damaged_arrays(tmp_path, content):
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("x.npy", content)
    assert "a.npz: not a whole .npz file" in told(lambda: npz(str(tmp_path / "a.npz")))


def test_an_encrypted_archive(tmp_path):
    np.savez(tmp_path / "a.npz", x=X)
    content = bytearray((tmp_path / "a.npz").read_bytes())
    content[6] |= 1
    content[content.find(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "a.npz").write_bytes(content)
    assert "encrypted" in told(lambda: npz(str(tmp_path / "a.npz")))


@pytest.mark.parametrize("axes", [4, 255])
def test_idx_files_of_no_size(tmp_path, write_mnist, axes):
    write_mnist(tmp_path)
    (tmp_path / IMAGES).write_bytes(bytes([0, 0, 8, axes]) + b"\xff" * 4 * axes)
    assert "cut short?" in told(lambda: mnist(str(tmp_path)))


# names of arrays


@pytest.mark.parametrize(
    ("names", "hint"),
    [
        (
            ["X_train", "Y_train", "X_test", "Y_test"],
            "X_train is called x_train, Y_train",
        ),
        (["X_train", "y_train", "X_test", "y_test"], "X_train is called x_train, X_test"),
        (["x", "Y"], "has no 'y'; in lower case, Y is called y"),
        (["X", "y"], "X is called x"),
        (["x_train", "y_train", "x_tset", "y_test"], "'x_test' (did you mean 'x_tset'?)"),
        (["x_train", "y_trian", "x_test", "y_test"], "'y_train' (did you mean 'y_trian'?)"),
        (["x_train", "labels", "x_test", "y_test"], "has no 'y_train': it holds"),
    ],
)
def test_misspelt_arrays(tmp_path, names, hint):
    np.savez(tmp_path / "a.npz", **dict.fromkeys(names, X))
    message = told(lambda: npz(str(tmp_path / "a.npz")))
    assert hint in message
    assert "mean 'Y_train'" not in message
    assert "needed are x_train, y_train, x_test, y_test, or x and y" in message


def test_many_arrays(tmp_path):
    np.savez(tmp_path / "a.npz", **{f"{'n' * 99}{k}": [k] for k in range(300)})
    assert "and 292 others" in told(lambda: npz(str(tmp_path / "a.npz")))


def test_messages_fit_on_a_screen():
    message = str(DataError(f"begin {'x' * 10**6}\nend"))
    assert message.startswith("begin xxx")
    assert message.endswith("x end")
    assert len(message) <= 1200
    assert str(DataError("a\x1b[31m\tb\udcff")) == r"a\x1b[31m b\udcff"


def test_a_part_beside_what_is_to_be_split_is_refused(tmp_path):
    """It would be dropped, and another held-out part drawn."""
    x, y = np.random.default_rng(0).random((60, 4)), np.arange(60) % 3
    for more, told in (
        ({"x_test": x[:9], "y_test": y[:9]}, "has x_test, y_test beside x"),
        ({"x_train": x, "x_test": x}, "has x_train, x_test beside x"),
    ):
        np.savez(tmp_path / "a.npz", x=x, y=y, **more)
        with pytest.raises(DataError, match=told):
            npz(str(tmp_path / "a.npz"))


def test_a_file_of_several_images_is_refused(tmp_path):
    pages = [Image.new("L", (4, 4), shade) for shade in (0, 90, 200)]
    for kind in ("a", "b"):
        (tmp_path / kind).mkdir()
        pages[0].save(tmp_path / kind / "0.tiff", save_all=True, append_images=pages[1:])
    with pytest.raises(DataError, match="holds 3 images: save each in a file of its own"):
        image_folder(str(tmp_path))


@pytest.mark.parametrize("stem", ["train-images-idx3-ubyte", "train-labels-idx1-ubyte"])
def test_an_array_of_other_axes_is_no_mnist(tmp_path, stem):
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    shapes = {
        "train-images-idx3-ubyte": (3, 2, 2),
        "train-labels-idx1-ubyte": (3,),
        "t10k-images-idx3-ubyte": (3, 2, 2),
        "t10k-labels-idx1-ubyte": (3,),
    }
    shapes[stem] = (3, 2)
    for name, shape in shapes.items():
        head = bytes((0, 0, 8, len(shape))) + b"".join(n.to_bytes(4, "big") for n in shape)
        (raw / name).write_bytes(head + bytes(int(np.prod(shape))))
    with pytest.raises(DataError, match=rf"{stem} holds an array \(3, 2\): expected"):
        mnist(root=str(tmp_path))


PICTURES = np.random.default_rng(0).uniform(size=(12, 5))
NAMES = np.array(["cat", "dog", "eel"] * 4)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x": np.where(np.arange(12)[:, None] > 8, np.nan, PICTURES), "y": NAMES},
         "a: 3 of 12 images hold NaN (not a number), the first is [9]"),
        ({"x_train": PICTURES, "x_test": PICTURES + np.inf, "y_train": NAMES,
          "y_test": NAMES}, "a: 12 of 12 held-out images hold infinite numbers, the first is [0]"),
        ({"x": PICTURES.astype(str), "y": NAMES}, "images are <U32: give bytes or floats"),
        ({"x": PICTURES, "y": NAMES.astype(object)}, "y holds Python objects, as pandas' columns "
         "of texts do, and needed are plain arrays: save it as y.astype(str)"),
        ({"x": PICTURES.astype(object), "y": NAMES}, "x holds Python objects"),
        ({"x": PICTURES, "y": NAMES[:11]}, "one label an image, -1 where there is none: there are"),
        ({"x": PICTURES, "y": NAMES[:, None]}, "a column of labels becomes a list by y.ravel()"),
        ({"x": PICTURES, "y": np.eye(3)[[0, 1, 2] * 4]}, "become classes by y.argmax(1)"),
        ({"x_train": PICTURES, "x_test": PICTURES, "y_train": NAMES, "y_test": NAMES[:, None]},
         "do not fit: expected [n, ...] with the same image size in both parts, at least one, and "
         "labels [n]; a column of labels becomes"),
    ],
)  # fmt: skip
def test_what_users_save_by_mistake_is_told_with_the_remedy(tmp_path, arrays, message):
    np.savez(tmp_path / "a.npz", **arrays)
    assert message in told(lambda: npz(str(tmp_path / "a.npz")))


def test_a_table_is_no_archive(tmp_path):
    (tmp_path / "a.csv").write_text("height,kind\n1,cat\n")
    message = told(lambda: npz(str(tmp_path / "a.csv")))
    assert "a.csv is no .npz file: save the columns of the table with numpy.savez" in message
    assert "my_module:my_data" in message
