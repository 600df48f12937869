"""What every data set holds to, a plug-in's too."""

import pickle

import numpy as np
import pytest
import torch

from otlvm.data import DataError, Dataset, datasets
from otlvm.registry import RegistryError

X, Y = (
    torch.rand(6, 4, generator=torch.Generator().manual_seed(0)),
    torch.tensor([0, 1, 2, 0, 1, 2]),
)


def build(**changes):
    fields = {"name": "mine", "image_shape": (1, 2, 2), "class_names": None}
    fields |= {"x_train": X, "y_train": Y, "x_test": X[:2], "y_test": Y[:2]}
    return Dataset(**(fields | changes))


def at(value, place=(1, 1)):
    x = X.clone()
    x[place] = value
    return x


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"x_train": at(float("nan"))}, r"x_train hold NaN"),
        ({"x_test": at(float("nan"))[:2]}, r"x_test hold NaN"),
        ({"x_train": at(float("inf"))}, "x_train hold infinite numbers"),
        ({"shades": X[:2]}, "shades are no tensor of the shape and type of x_train"),
        ({"shades": X.double()}, "shades are no tensor of the shape and type of x_train"),
        ({"shades": at(1.5)}, r"shades are probabilities, and not all in \[0, 1\]"),
        ({"x_test": X[:0], "y_test": Y[:0]}, "x_test is empty"),
        ({"x_train": X[:0], "y_train": Y[:0]}, "x_train is empty"),
        ({"x_train": (X * 255).byte()}, "x_train is torch.uint8, torch.float32 is"),
        ({"x_train": X.double()}, "x_train is torch.float64, torch.float32 is"),
        ({"x_train": X.half()}, "x_train is torch.float16"),
        ({"x_train": X.numpy()}, "x_train is an ndarray, a tensor is expected"),
        ({"x_train": X.reshape(6, 2, 2)}, r"shape \[6, 2, 2\], \[n, 4\] is expected"),
        ({"x_train": X[:, :3]}, r"shape \[6, 3\], \[n, 4\] is expected"),
        ({"image_shape": (2, 2)}, r"image_shape \(2, 2\): expected channels, height and width"),
        ({"image_shape": (1, 2, -2)}, "expected channels, height and width"),
        ({"image_shape": (1, 2, 2.0)}, "expected channels, height and width"),
        ({"image_shape": None}, "expected channels, height and width"),
        ({"y_train": Y.float()}, "y_train is torch.float32, whole numbers are expected"),
        ({"y_test": Y[:2] > 0}, "y_test is torch.bool, whole numbers are expected"),
        ({"y_train": Y - 3}, "y_train goes down to -3"),
        ({"y_train": Y[:5]}, r"y_train has shape \[5\], \[6\] is expected"),
        ({"y_train": Y[:, None]}, r"y_train has shape \[6, 1\], \[6\] is expected"),
        ({"y_train": Y.tolist()}, "y_train is a list, a tensor is expected"),
        ({"y_train": None}, "one part only has labels"),
        ({"y_test": None}, "one part only has labels"),
        ({"class_names": ("a", "b")}, r"2 names \(a, b\) for 3 classes"),
        ({"class_names": ["a", "b", "c"]}, "not a tuple of texts"),
        ({"class_names": ("a", "b", 3)}, "not a tuple of texts"),
    ],
)
def test_data_sets_that_do_not_fit(changes, told):
    with pytest.raises(DataError, match=told) as refused:
        build(**changes)
    message = str(refused.value)
    assert message.startswith("mine: ")
    assert len(message) < 300


def test_what_is_over_by_rounding_is_cut_off():
    over = at(1.0000004, (0, 0))
    over[1, 0] = -1e-7
    data = build(x_train=over)
    assert data.x_train.max() == 1
    assert data.x_train.min() == 0
    assert data.checksum == build(x_train=over.clamp(0, 1)).checksum
    assert over.max() > 1  # the caller's own stays
    assert build().x_train is X
    assert build(x_train=X * 255).span == (float(X[:2].min()), float((X * 255).max()))
    assert torch.equal(build(x_train=at(1.00001)).x_train, at(1.00001))


def test_data_sets_of_double_precision_need_double_precision():
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        data = build(x_train=X.double(), x_test=X[:2].double())
        assert data.to("cpu").x_train.dtype == torch.float64
        assert build().x_train.dtype == torch.float32
        with pytest.raises(DataError, match="give both alike"):
            build(x_train=X.double())
    finally:
        torch.set_default_dtype(before)


def test_parts_of_data_sets_are_data_sets():
    data = build(class_names=("a", "b", "c"))
    part = data.first(2, 1)
    assert (len(part.x_train), len(part.y_test), part.class_names) == (2, 1, ("a", "b", "c"))
    assert pickle.loads(pickle.dumps(data)).checksum == data.checksum


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("x[0] = float('nan')", "mine: x_train hold NaN"),
        ("y = y.float()", "mine: y_train is torch.float32"),
        ("y = y - 2", "mine: y_train goes down to -2"),
        ("m = 0", "mine: x_test is empty"),
        ("raise ValueError('a' * 10**6)", "aaa"),
    ],
)
def test_plug_ins(tmp_path, monkeypatch, body, told):
    name = f"plug_in_{abs(hash(body))}"
    (tmp_path / f"{name}.py").write_text(
        "import torch\nfrom otlvm.data import DataError, Dataset\n"
        "def data():\n    m, x, y = 2, torch.rand(6, 4), torch.tensor([0, 1, 2, 0, 1, 2])\n"
        f"    {body.replace('ValueError', 'DataError')}\n"
        "    return Dataset('mine', (1, 2, 2), x, y, x[:m], y[:m])\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(RegistryError) as refused:
        datasets.build(f"{name}:data")
    message = str(refused.value)
    assert told in message
    assert isinstance(refused.value.__cause__, DataError)
    assert len(message) < 1400
    assert len(message.splitlines()) == 1


def test_whole_numbers_of_any_size_are_labels():
    for dtype in (torch.int8, torch.int16, torch.int32, torch.int64, torch.uint8):
        assert build(y_train=Y.to(dtype), y_test=Y[:2].to(dtype)).n_classes == 3
    assert build(image_shape=tuple(np.array([1, 2, 2]))).n_classes == 3
