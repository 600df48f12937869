"""Arrays of images: where channels are, what is no image, and what is in the checksum."""

import itertools

import numpy as np
import pytest
import torch

from otlvm.data import DataError, digits, from_arrays, mnist_5k, npz, split
from otlvm.data.layouts import images_first

RNG = np.random.default_rng(0)


def read(x, **how):
    return from_arrays("a", x[:3], None, x[3:], None, **how)


def images(*shape, n=5):
    return RNG.random((n, *shape)).astype(np.float32)


# layouts


@pytest.mark.parametrize(
    ("shape", "image_shape"),
    [
        ((32, 32, 4), (4, 32, 32)),  # RGBA
        ((32, 32, 3), (3, 32, 32)),
        ((28, 28, 1), (1, 28, 28)),
        ((20, 7, 3), (3, 20, 7)),
        ((32, 32, 2), (2, 32, 32)),
        ((2, 2, 3), (3, 2, 2)),
        ((28, 1, 3), (3, 28, 1)),
        ((8, 3, 1), (1, 8, 3)),
    ],
)
def test_channels_that_can_only_be_last(shape, image_shape):
    x = images(*shape)
    data = read(x)
    assert data.image_shape == image_shape
    for k, image in enumerate(torch.cat([data.x_train, data.x_test]).numpy()):
        for c, i, j in itertools.product(*map(range, image_shape)):
            assert image.reshape(image_shape)[c, i, j] == x[k, i, j, c]
    assert data.checksum == read(x, layout="channels_last").checksum
    assert data.checksum == read(np.moveaxis(x, -1, 1), layout="channels_first").checksum


@pytest.mark.parametrize(
    "shape",
    [(1, 28, 28), (3, 32, 32), (4, 9, 9), (2, 32, 32), (3, 4, 2), (1, 4, 4), (1, 28, 3), (3, 1, 9)],
)
def test_channels_that_can_only_be_first(shape):
    x = images(*shape)
    data = read(x)
    assert data.image_shape == shape
    np.testing.assert_array_equal(data.x_train, x[:3].reshape(3, -1))
    assert data.checksum == read(x, layout="channels_first").checksum


@pytest.mark.parametrize(
    "shape", [(3, 8, 3), (3, 6, 4), (4, 4, 4), (1, 28, 1), (7, 9, 9), (9, 9, 7), (2, 9, 2)]
)
def test_arrays_that_can_be_read_in_two_ways(shape):
    x, (first, second, third) = images(*shape), shape
    with pytest.raises(DataError) as refused:
        read(x)
    for told in (
        f"'layout: channels_first' if they are {second} x {third} pixels with {first} channels",
        f"'layout: channels_last' if they are {first} x {second} pixels with {third} channels",
    ):
        assert told in str(refused.value)
    assert read(x, layout="channels_first").image_shape == shape
    last = read(x, layout="channels_last")
    assert last.image_shape == (third, first, second)
    assert last.checksum != read(x, layout="channels_first").checksum


def test_one_pixel_can_be_read_in_one_way():
    assert read(images(1, 1, 1)).image_shape == (1, 1, 1)


@pytest.mark.parametrize("shape", [(), (4, 4, 4, 3), (2, 2, 2, 2, 2)])
def test_arrays_of_other_ranks(shape):
    x = images(*shape)
    for refused in (lambda: read(x), lambda: split("a", x, None, 0.4, 0)):
        with pytest.raises(DataError, match=r"expected \[n|are no images: expected"):
            refused()
    with pytest.raises(DataError):
        images_first("a", x, "channels_last")


def test_arrays_without_channels_or_pixels():
    for shape in ((6, 4), (24,)):
        with pytest.raises(DataError, match="no axis of channels: leave 'layout:' out"):
            read(images(*shape), layout="channels_last")
    for shape in ((0,), (0, 4), (3, 0, 4)):
        with pytest.raises(DataError, match="have no pixels"):
            split("a", np.zeros((5, *shape), np.float32), None, 0.4, 0, span=1)


@pytest.mark.parametrize("layout", ["nhwc", "", "Channels_last"])
@pytest.mark.parametrize("shape", [(3, 8, 3), (6, 4)])
def test_layouts_that_are_none(shape, layout):
    with pytest.raises(DataError, match="is not a layout: say channels_first or channels_last"):
        read(images(*shape), layout=layout)


def test_layouts_of_files(tmp_path):
    x = images(3, 8, 3, n=20)
    np.savez(tmp_path / "a.npz", x=x)
    np.savez(tmp_path / "b.npz", x_train=x[:10], x_test=x[10:])
    for name in "ab":
        path = str(tmp_path / f"{name}.npz")
        assert npz(path, layout="channels_last").image_shape == (3, 3, 8)
        with pytest.raises(DataError, match="'layout: channels_last'"):
            npz(path)


def test_lists_and_tensors_are_arrays():
    x = images(6, 4)
    expected = read(x).checksum
    tensors = torch.from_numpy(x)
    assert from_arrays("a", tensors[:3], None, tensors[3:], None).checksum == expected
    assert from_arrays("a", x[:3].tolist(), None, x[3:].tolist(), None).checksum == expected
    labels = [0, 1, 0]
    assert from_arrays("a", x[:3], labels, x[3:], labels[:2]).y_train.tolist() == labels


# results are kept by these


BYTES = (np.arange(20 * 9 * 8) * 37 % 256).astype(np.uint8).reshape(20, 9, 8)
NUMBERS = np.arange(20) % 4
KNOWN = {
    "bytes": (BYTES, NUMBERS),
    "floats": ((BYTES / 256).astype(np.float64), NUMBERS),
    "half precision": ((BYTES / 256).astype(np.float16), NUMBERS),
    "colours": (np.stack([BYTES] * 3, axis=1), NUMBERS),
    "seven channels": (np.tile(BYTES[:, None], (1, 7, 1, 1)), NUMBERS),
    "vectors": (BYTES.reshape(20, 72), NUMBERS),
    "names": (BYTES, np.array(["dog", "ant", "cat", "bee"])[NUMBERS]),
    "sparse numbers": (BYTES, NUMBERS * 3 + 2),
    "no labels": (BYTES, None),
}
CHECKSUMS = {
    "bytes": "2a21f83463fb4f10",
    "floats": "f1b22bd816ac5529",
    "half precision": "f1b22bd816ac5529",
    "colours": "8aa87d50fa73dee8",
    "seven channels": "6bde22665aa5e81c",
    "vectors": "8629d57fc402f5e0",
    "names": "2366cdfa6f98adc6",
    "sparse numbers": "2a21f83463fb4f10",
    "no labels": "a1fca8e003a4be15",
}


@pytest.mark.parametrize("kind", KNOWN)
def test_checksums_stay(kind):
    x, y = KNOWN[kind]
    labels = (None, None) if y is None else (y[:15], y[15:])
    layout = "channels_first" if kind == "seven channels" else None
    data = from_arrays("a", x[:15], labels[0], x[15:], labels[1], layout=layout)
    assert data.checksum[:16] == CHECKSUMS[kind]


def test_checksums_of_what_comes_with_packages_stay():
    assert digits().checksum.startswith("93f11f46501d286c")
    assert mnist_5k().checksum.startswith("c7f993c620e101ab")
