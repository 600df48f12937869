"""What augmentations do to images, against scipy."""

import math

import numpy as np
import pytest
import torch
from scipy.ndimage import affine_transform

from otlvm.augmentations import Affine, Noise
from otlvm.augmentations import affine as module

SHAPE = (2, 9, 13)
LIMITS = {"rotation": 30.0, "shear": 0.4, "scale": 0.3, "shift": 2.5}


@pytest.fixture
def drawn(monkeypatch):
    """Have the affine map draw given numbers from 0 to 1."""

    def give(values):
        values = torch.as_tensor(values, dtype=torch.float64)
        monkeypatch.setattr(module.torch, "rand", lambda *size, **options: values)

    return give


def test_an_affine_map_is_scipys(drawn):
    torch.manual_seed(0)
    x, draws = torch.rand(4, 2 * 9 * 13).double(), torch.rand(6, 4).double()
    drawn(draws)
    found = Affine(**LIMITS)(x, SHAPE).view(4, *SHAPE)
    middle = np.array([4.0, 6.0])
    for image, copy, draw in zip(x.view(4, *SHAPE), found, (2 * draws - 1).T.numpy(), strict=True):
        angle, shear = math.radians(30) * draw[0], 0.4 * draw[1]
        turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
        across = turn @ np.array([[1, shear], [0, 1]]) @ np.diag(1 + 0.3 * draw[2:4])
        matrix = across[::-1, ::-1]  # scipy's places are rows first
        offset = middle - matrix @ middle + 2.5 * draw[[5, 4]]
        for channel, seen in zip(image.numpy(), copy.numpy(), strict=True):
            padded = np.pad(channel, 5)  # zeros all around, between which it interpolates
            shifted = offset + 5 - matrix @ np.array([5, 5])
            expected = affine_transform(padded, matrix, shifted, order=1)[5:-5, 5:-5]
            np.testing.assert_allclose(seen, expected, atol=1e-10)


def test_a_quarter_turn_is_a_quarter_turn(drawn):
    x = torch.rand(1, 25).double()
    drawn([[1.0], *[[0.5]] * 5])
    turned = Affine(rotation=90)(x, (1, 5, 5)).view(5, 5)
    torch.testing.assert_close(turned, torch.rot90(x.view(5, 5)))


def test_without_limits_images_stay():
    x = torch.rand(3, 64)
    torch.testing.assert_close(Affine(0, 0, 0, 0)(x, (1, 8, 8)), x)


def test_noise_has_its_sigma():
    torch.manual_seed(0)
    x = torch.rand(200, 50)
    added = Noise(0.3)(x, (1, 5, 10)) - x
    assert float(added.std()) == pytest.approx(0.3, rel=0.03)
    assert float(added.mean()) == pytest.approx(0, abs=0.02)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Affine(shift=-1), "must not be negative"),
        (lambda: Affine(scale=1), "below 1"),
        (lambda: Noise(-0.1), "must not be negative"),
    ],
)
def test_limits_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
