"""Data of any range: scaled, kept in the model, undone in what it shows; and black and white."""

import inspect

import numpy as np
import pytest
import torch
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from otlvm import LatentMixtureModel, fit, load
from otlvm.data import DataError, datasets, digits, from_arrays, npz, split
from otlvm.evaluation import curve_part, show_model, show_snapshot
from otlvm.features import features
from otlvm.objectives import Losses, Objective
from otlvm.scaling import Scaling
from otlvm.training import Checkpoints, InterruptedTrainingError

SCALERS = {"unit": MinMaxScaler(clip=True), "standard": StandardScaler()}
PRIOR = {"name": "gaussian_mixture", "components": 3, "dim": 2}
MLP = {"name": "mlp", "hidden": [8]}


def numbers(n=40, seed=0):
    """Features of different units, one of them constant in training data."""
    x = np.random.default_rng(seed).normal(size=(n, 4)) * [1e-3, 1, 500, 1] + [0, -7, 1e4, 3]
    x[: n - 10, 3] = 3.1
    return x


def read(x=None, **how):
    x = numbers() if x is None else x
    return from_arrays("a", x[:30], None, x[30:], None, **how)


@pytest.mark.parametrize("kind", ["unit", "standard"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int32])
def test_features_are_scaled_as_scikit_learn_scales_them_and_back(kind, dtype):
    x = (numbers() * 1000).astype(dtype)
    x[:30, 3] = 3100
    data = read(x, scale=kind)
    scaler = SCALERS[kind].fit(x[:30].astype(np.float64))
    for found, part in ((data.x_train, x[:30]), (data.x_test, x[30:])):
        known = slice(0, 3)  # of the constant one scikit-learn keeps what held-out data have
        expected = scaler.transform(part.astype(np.float64))[:, known]
        np.testing.assert_allclose(found[:, known], expected, atol=2e-5)
        if kind == "standard":
            back = data.scaling.undo(found)
            np.testing.assert_allclose(back[:, known], part[:, known], rtol=1e-4, atol=1e-3)
            assert (back[:, 3] == 3100).all()
    assert not data.x_train[:, 3].any()
    assert not data.x_test[:, 3].any()  # whatever its unit is, it was not seen to vary
    assert part[:, 3].any()
    assert data.scaling.kind == kind


def test_bytes_that_are_scaled_are_numbers():
    x = np.random.default_rng(0).integers(0, 101, (40, 4)).astype(np.uint8)
    assert read(x, scale="standard").checksum == read(x.astype(float), scale="standard").checksum
    torch.testing.assert_close(
        read(x, scale="unit").scaling.undo(torch.ones(4)), torch.from_numpy(x[:30].max(0)).float()
    )


def test_a_split_is_made_before_scaling():
    x = numbers()
    data = split("a", x, None, 0.25, 0, scale="standard")
    assert data.x_train.mean(0).abs().max() < 1e-5
    assert data.x_test.mean(0).abs().max() > 1e-3


def test_scaled_data_are_other_data_and_unscaled_ones_are_what_they_were():
    x = np.random.default_rng(0).random((40, 4))
    assert read(x).checksum == read(x, scale="none").checksum
    assert len({read(x, scale=kind).checksum for kind in ("none", "unit", "standard")}) == 3
    assert read(x * 2, scale="unit").checksum != read(x, scale="unit").checksum  # other units
    assert digits().checksum == ("93f11f46501d286ceb1e46eae25c351172d01e4857b165d50fc21a4980771f03")


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ({"scale": "log"}, "'scale: log' is not one: say none or unit or standard"),
        ({"scale": "unit", "span": 16}, "'span:' and 'scale: unit' both say a range"),
        ({"binarize": "yes"}, "'binarize: yes' is not one: say static or dynamic"),
        ({"binarize": "static"}, r"span \[.*\]: say 'scale: unit' beside it"),
        ({"binarize": "dynamic", "scale": "standard"}, "say 'scale: unit' beside it"),
        ({"span": 2e4}, "'span:' is of numbers from 0 on"),
    ],
)
def test_what_does_not_go_together_is_refused(how, told):
    with pytest.raises(DataError, match=told):
        read(**how)


def test_every_data_set_can_be_scaled_and_binarized():
    for name in datasets:
        parameters = datasets.parameters(name)
        assert parameters["scale"].default == "none", name
        assert parameters["binarize"].default is inspect.Parameter("x", 1, default=None).default


def test_scaled_files(tmp_path):
    x = numbers()
    np.savez(tmp_path / "a.npz", x=x)
    path = str(tmp_path / "a.npz")
    assert npz(path).span[1] > 1e4
    data = datasets.build({"name": "npz", "path": path, "scale": "standard"})
    assert data.x_train.std(0, correction=0)[:3] == pytest.approx(np.ones(3), abs=1e-5)


# models


def make_model(data, likelihood="gaussian", scaling=None):
    torch.manual_seed(0)
    given = data.scaling if scaling is None else scaling
    return LatentMixtureModel(
        data.image_shape, MLP, PRIOR, likelihood=likelihood, scaling=given
    ).eval()


@pytest.mark.parametrize("kind", ["unit", "standard"])
def test_a_model_s_samples_are_in_the_units_that_data_came_in(kind, tmp_path):
    data = read(scale=kind)
    model, plain = make_model(data), make_model(read(numbers() / 1e5))
    for draw in (lambda m: m.sample(5), lambda m: m.sample_component(1, 5)):
        torch.manual_seed(1)
        found = draw(model)
        torch.manual_seed(1)
        torch.testing.assert_close(found, data.scaling.undo(draw(plain)))
    model.save(tmp_path)
    restored = load(tmp_path)
    assert restored.config["scaling"] == kind
    torch.testing.assert_close(restored.in_units(data.x_test), data.scaling.undo(data.x_test))
    with torch.no_grad():
        model.scaling.shift += 1
    assert not torch.equal(model.scaling.shift, data.scaling.shift)  # a copy


def test_a_scaling_of_another_name_is_refused():
    with pytest.raises(ValueError, match="scale 'log' is not one: say unit or standard"):
        Scaling("log", 3)


def test_a_model_of_unscaled_data_has_no_scaling():
    model = make_model(read())
    assert model.scaling is None
    assert "scaling" not in model.config
    assert not [name for name in model.state_dict() if name.startswith("scaling")]


def test_pictures_are_in_the_units_that_data_came_in():
    x = np.random.default_rng(0).uniform(-3, 5, (40, 4))
    raw, scaled = read(x), read(x, scale="standard")
    shown = show_model(make_model(scaled), scaled)
    expected = show_model(make_model(raw), raw)
    np.testing.assert_allclose(
        shown["originals"].astype(int), expected["originals"].astype(int), atol=1
    )
    np.testing.assert_allclose(shown["shown_range"], [x.min(), x.max()], rtol=1e-5)
    torch.manual_seed(0)
    model = make_model(scaled)
    modes = scaled.scaling.undo(model.decode(model.prior.moments()[0])).detach()
    bytes_ = 255 * ((modes - x.min()) / (x.max() - x.min())).clamp(0, 1)
    np.testing.assert_allclose(shown["modes"].reshape(3, 4), bytes_, atol=0.51)
    assert show_snapshot(model, scaled)["reconstructions"].shape == (10, 1, 2, 2)
    in_range = read(np.random.default_rng(0).random((40, 4)))
    assert "shown_range" not in show_model(make_model(in_range, "bernoulli"), in_range)


@pytest.mark.parametrize("likelihood", ["bernoulli", "continuous_bernoulli"])
def test_training_on_numbers_of_another_range_is_refused_with_the_remedy(likelihood):
    data = read()
    with pytest.raises(
        ValueError, match=r"'likelihood: gaussian' in model:, or in data: 'scale: unit'"
    ):
        fit(make_model(data, likelihood), "vae", data, steps=1, batch_size=8)
    with pytest.raises(ValueError, match="'likelihood: gaussian'"):
        fit(make_model(data, likelihood), "vae", data.x_train, steps=1, batch_size=8)
    fit(make_model(data, "gaussian"), "vae", read(scale="standard"), steps=1, batch_size=8)
    fit(make_model(data, likelihood), "vae", read(scale="unit"), steps=1, batch_size=8)


# black and white


def greys(n=400):
    return np.random.default_rng(0).random((n, 4)).astype(np.float32)


def test_static_binarization_draws_once_each_pixel_by_its_grey():
    x = np.full((4000, 4), [0.0, 0.2, 0.7, 1.0])
    data = split("a", x, None, 0.5, 0, binarize="static")
    for part in (data.x_train, data.x_test):
        assert set(part.unique().tolist()) == {0.0, 1.0}
        assert part.mean(0) == pytest.approx(np.array([0, 0.2, 0.7, 1]), abs=0.04)
    assert data.shades is None
    torch.manual_seed(5)
    assert split("a", x, None, 0.5, 0, binarize="static").checksum == data.checksum
    assert data.checksum != split("a", x, None, 0.5, 0).checksum


class Spy(Objective):
    """Keeps the batches that it sees."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def warm_up(self, model, draw):
        self.warm = draw()

    def forward(self, model, x):
        self.seen.append(x)
        loss = model.decode_logits(model.encode(x).z).square().mean()
        return Losses(loss, loss, 0 * loss)


def batches_of(data, steps=60, **how):
    spy = Spy()
    torch.manual_seed(0)
    fit(make_model(data, "bernoulli"), spy, data, steps=steps, batch_size=30, **how)
    return spy


def test_dynamic_binarization_draws_each_batch_and_held_out_data_once():
    x = greys()
    data = read(x, binarize="dynamic")
    static = read(x, binarize="static")
    assert torch.equal(data.x_test, static.x_test)
    assert torch.equal(data.x_train, static.x_train)  # what is not training sees one draw
    assert data.checksum != static.checksum
    spy = batches_of(data)
    seen = torch.stack([batch.sort(0).values for batch in spy.seen])  # batches of all 30 images
    assert set(seen.unique().tolist()) == set(spy.warm.unique().tolist()) == {0.0, 1.0}
    assert not torch.equal(spy.seen[0].sum(0), spy.seen[1].sum(0))
    mean = torch.stack(spy.seen).mean((0, 1))
    assert mean == pytest.approx(data.shades.mean(0), abs=0.05)
    fixed = batches_of(static, steps=2).seen
    assert torch.equal(fixed[0].sum(0), fixed[1].sum(0))


def test_an_interrupted_training_goes_on_with_the_same_draws(tmp_path):
    data = read(greys(), binarize="dynamic")
    whole = batches_of(data, steps=6)
    calls = iter([False, False, True])
    spy = Spy()
    torch.manual_seed(0)
    model = make_model(data, "bernoulli")
    checkpoints = Checkpoints(tmp_path / "c", every_steps=100, stop=lambda: next(calls))
    with pytest.raises(InterruptedTrainingError):
        fit(model, spy, data, steps=6, batch_size=30, checkpoints=checkpoints)
    torch.manual_seed(9)
    fit(model, spy, data, steps=6, batch_size=30, checkpoints=Checkpoints(tmp_path / "c"))
    for one, two in zip(whole.seen, spy.seen, strict=True):
        assert torch.equal(one, two)


def test_shades_go_where_their_images_go():
    data = read(greys(), binarize="dynamic")
    assert data.first(3, 2).shades.shape == (3, 4)
    assert data.to("cpu").shades.shape == (30, 4)
    part = curve_part(data, training=7, held_out=5)
    assert part.shades.shape == (7, 4)


def test_the_autoencoder_of_baselines_takes_numbers_with_a_cost_of_theirs():
    data, small = read(scale="standard"), {"hidden": [8], "steps": 3, "dim": 2}
    with pytest.raises(ValueError, match=r"span \[.*\]: say 'cost: squared'"):
        features.build({"name": "autoencoder", **small}).fit_transform(data.x_train)
    codes = features.build({"name": "autoencoder", "cost": "squared", **small})
    assert torch.isfinite(codes.fit_transform(data.x_train)).all()


@pytest.mark.parametrize("scale", ["unit", "standard"])
def test_what_is_constant_is_a_matter_of_the_type(scale):
    """Timestamps vary in the seventh digit; float32 does not hold that, float64 does."""
    times = 1.7e9 + np.arange(40.0)
    x = np.stack([times, np.random.default_rng(0).normal(size=40)], axis=1)
    found = read(x, scale=scale).x_train[:, 0]
    expected = SCALERS[scale].fit(times[:30, None]).transform(times[:30, None])[:, 0]
    np.testing.assert_allclose(found, expected, atol=1e-5)
    noise = np.stack([3.1 + 1e-8 * np.arange(40), x[:, 1]], axis=1)
    assert not read(noise.astype(np.float32), scale=scale).x_train[:, 0].any()
    assert read(noise, scale=scale).x_train[:, 0].any()
    assert read((x * 10).astype(np.int64), scale=scale).x_train[:, 0].any()
