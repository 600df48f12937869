"""Pixels: what the largest value is, and what is no pixel."""

import re

import numpy as np
import pytest
import torch

from otlvm.data import DataError, from_arrays, npz
from otlvm.likelihoods import likelihoods

RNG = np.random.default_rng(0)


def read(x, **how):
    return from_arrays("a", x[:3], None, x[3:], None, **how)


def images(*shape, n=5):
    return RNG.random((n, *shape)).astype(np.float32)


# the largest value


def whole(largest, dtype=np.uint8, n=5):
    x = RNG.integers(0, largest + 1, (n, 6, 4)).astype(dtype)
    x[:, 0, :2] = 0, largest
    return x


@pytest.mark.parametrize("largest", [1, 2, 15, 16, 31, 63, 100, 127])
def test_bytes_far_below_255(largest):
    x = whole(largest)
    with pytest.raises(
        DataError, match=rf"bytes up to {largest}, .*'span: {largest}'.*'span: 255'"
    ):
        read(x)
    data = read(x, span=largest)
    np.testing.assert_array_equal(data.x_train, (x[:3] / largest).reshape(3, -1).astype(np.float32))
    assert float(data.x_train.max()) == 1
    dark = read(x, span=255)
    np.testing.assert_array_equal(dark.x_train, x[:3].reshape(3, -1).astype(np.float32) / 255)
    assert dark.checksum != data.checksum


@pytest.mark.parametrize("largest", [128, 200, 254, 255])
def test_bytes_that_reach_the_upper_half(largest):
    x = whole(largest)
    assert float(read(x).x_train.max()) == np.float32(largest) / np.float32(255)
    assert read(x).checksum == read(x, span=255).checksum


def test_no_pixel_is_set():
    with pytest.raises(DataError, match="bytes up to 0"):
        read(np.zeros((5, 4, 4), np.uint8))


def test_one_part_far_below_the_other():
    bright, dark = whole(255), whole(1)
    with pytest.raises(DataError, match="held-out images are bytes up to 1"):
        from_arrays("a", bright, None, dark, None)
    with pytest.raises(DataError, match="training images are bytes up to 1"):
        from_arrays("a", dark, None, bright, None)


@pytest.mark.parametrize(
    ("train", "test", "told"),
    [
        (np.float32, np.uint8, "training images are floats, held-out images are bytes"),
        (np.uint8, np.float64, "training images are bytes, held-out images are floats"),
        (np.uint8, np.int64, "held-out images are whole numbers"),
        (bool, np.uint8, "training images are truth values"),
    ],
)
@pytest.mark.parametrize("span", [None, 255])
def test_parts_of_two_types(train, test, told, span):
    x = whole(1)
    with pytest.raises(DataError, match=told):
        from_arrays("a", x.astype(train), None, x.astype(test), None, span=span)


def test_parts_of_two_precisions():
    x = images(6, 4)
    mixed = from_arrays("a", x[:3], None, x[3:].astype(np.float64), None)
    assert mixed.checksum == read(x).checksum


@pytest.mark.parametrize(
    ("dtype", "largest", "span"),
    [
        (np.uint16, 65535, 65535),
        (np.int32, 100, 100),
        (np.int64, 9, 9),
        (np.float32, 255, 255),
        (np.float64, 16, 16.0),
        (np.float16, 100, 100),
        (np.int64, 7, 7.5),
        (">f4", 12, 12),
    ],
)
def test_numbers_with_a_span(dtype, largest, span):
    x = whole(largest, dtype)
    np.testing.assert_array_equal(read(x).x_train, x[:3].reshape(3, -1).astype(np.float32))
    assert read(x).span == (0, largest)
    data = read(x, span=span)
    expected = (x.astype(np.float64) / span).reshape(5, -1).astype(np.float32)
    np.testing.assert_array_equal(data.x_train, expected[:3])
    np.testing.assert_array_equal(data.x_test, expected[3:])
    with pytest.raises(
        DataError, match=rf"\[0, {largest}\]: that is more than 'span: {largest - 1}'"
    ):
        read(x, span=largest - 1)


@pytest.mark.parametrize("span", [0, -1, float("nan"), float("inf")])
def test_spans_that_are_none(span):
    with pytest.raises(DataError, match="is no largest value: give a positive number"):
        read(whole(1), span=span)


def test_truth_values_are_0_and_1():
    x = whole(1).astype(bool)
    np.testing.assert_array_equal(read(x).x_train, x[:3].reshape(3, -1).astype(np.float32))


def test_floats_that_were_divided_twice():
    x = images(6, 4)
    with pytest.raises(DataError, match=r"nearly black: were they divided by 255 twice\?"):
        read(x / 255)
    data = read(x / 255, span=1 / 255)
    np.testing.assert_allclose(data.x_train, x[:3].reshape(3, -1), rtol=1e-6)
    assert float(read(x / 255, span=1).x_train.max()) < 0.004


def test_spans_of_files(tmp_path):
    np.savez(tmp_path / "a.npz", x=whole(16, n=20))
    path = str(tmp_path / "a.npz")
    with pytest.raises(DataError, match="all images are bytes up to 16"):
        npz(path)
    assert float(npz(path, span=16).x_train.max()) == 1
    assert npz(path, span=16).checksum != npz(path, span=17).checksum


# what is over by rounding


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_what_is_over_by_rounding_is_cut_off(dtype):
    x = images(6, 4).astype(dtype)
    ulp = np.finfo(dtype).eps if dtype == np.float16 else np.float32(2) ** -23
    x[0, 0, 0], x[4, 0, 0] = 1 + 3 * ulp, -3 * ulp
    assert x[0, 0, 0] > 1
    data = read(x)
    assert data.x_train.max() == 1
    assert data.x_test.min() == 0
    inside = x.clip(0, 1)
    assert data.checksum == read(inside).checksum
    scaled = read((x * 16).astype(dtype), span=16)
    assert scaled.x_train.max() == 1


@pytest.mark.parametrize("value", [np.float32(1.00001), 1.000003, -0.00001, 255.0, -3.0, 1e30])
@pytest.mark.parametrize("part", [0, 4])
def test_what_is_beyond_0_and_1_stays_as_it_is(value, part):
    x = with_one(value, part)
    data = read(x)
    found = torch.cat([data.x_train, data.x_test])
    np.testing.assert_array_equal(found, x.reshape(5, -1).astype(np.float32))
    assert data.span == (min(0, np.float32(value)), max(1, np.float32(value)))
    with pytest.raises(ValueError, match=f"the data span .*{re.escape(f'{value:.7g}')}"):
        likelihoods.build("bernoulli", features=4).check_range(*data.span)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (np.nan, "hold NaN (not a number)"),
        (np.inf, "hold infinite numbers"),
        (-np.inf, "hold infinite numbers"),
        (1e300, "span [0, 1e+300]: single precision holds numbers up to"),
    ],
)
@pytest.mark.parametrize("part", [0, 4])
@pytest.mark.parametrize("scale", ["none", "unit", "standard"])
def test_what_is_no_number_is_refused_however_it_is_scaled(value, told, part, scale):
    with pytest.raises(DataError) as refused:
        read(with_one(value, part), scale=scale)
    assert told in str(refused.value)
    assert ("training", "held-out")[part == 4] in str(refused.value)


def with_one(value, part):
    x = np.zeros((5, 2, 2), dtype=np.asarray(value).dtype)
    x[:, 1, 1] = 1
    x[part, 0, 1] = value
    return x


def test_masked_pixels():
    x = np.ma.array(images(6, 4), mask=False)
    assert read(x).checksum == read(x.data).checksum
    x[0, 0, 0] = np.ma.masked
    with pytest.raises(DataError, match="masked pixels: fill them"):
        read(x)


@pytest.mark.parametrize("dtype", [complex, object, "U3", "M8[s]"])
def test_pixels_of_no_number(dtype):
    with pytest.raises(DataError, match="give bytes or floats"):
        read(whole(1).astype(dtype))
