import json

import numpy as np
import pytest
import torch

from otlvm import LatentMixtureModel, load
from otlvm.data import Dataset, digits
from otlvm.evaluation import (
    evaluate,
    evaluation_mode,
    show_clustering,
    show_model,
    show_snapshot,
    spread_out,
)
from otlvm.evaluation import pictures as pictures_module
from otlvm.harness.store.store import Store
from otlvm.harness.suite.load import load_suite
from otlvm.harness.worker.execute import execute
from otlvm.training import Checkpoints, InterruptedTrainingError

RUNS = """\
runs:
  - {label: 2-D, objective: {name: wae, weight: 10, divergence: imq_mmd}}
  - {label: 10-D, objective: vae, model: {prior: {dim: 10}}}
baselines: [kmeans]
"""
FIGURES = "figures: [{name: manifold, rows: [2-D]}, {name: images, rows: [10-D]}]\n"


def make_data(shape=(3, 4, 2), classes=12):
    """Labels without class 1, and one image only of the last."""
    rng = np.random.default_rng(0)
    x = torch.from_numpy(rng.integers(0, 256, (1360, np.prod(shape)))).float() / 255
    y = torch.from_numpy(rng.integers(0, classes - 1, 1360))
    y[y == 1] = 0
    y[-1] = classes - 1
    return Dataset("noise", shape, x[:60], y[:60], x[60:], y[60:])


def make_model(shape=(3, 4, 2), components=3, dim=2):
    torch.manual_seed(0)
    prior = {"name": "gaussian_mixture", "components": components, "dim": dim}
    return LatentMixtureModel(shape, {"name": "mlp", "hidden": [8]}, prior)


def as_bytes(images, shape):
    return np.rint(255 * images.numpy()).reshape(*images.shape[:-1], *shape)


# what a model shows


@pytest.mark.parametrize(
    ("shape", "components", "dim"), [((3, 4, 2), 3, 2), ((1, 1, 7), 23, 22), ((1, 2, 2), 1, 1)]
)
def test_shapes_and_types(shape, components, dim):
    data = make_data(shape)
    shown = show_model(make_model(shape, components, dim), data)
    k = min(components, 20)
    m = 1300 if dim == 2 else 1000
    grid = {"latent_grid": ("uint8", (20, 20, *shape)), "latent_grid_extent": ("float32", (4,))}
    assert {name: (str(array.dtype), array.shape) for name, array in shown.items()} == {
        "originals": ("uint8", (20, *shape)),
        "reconstructions": ("uint8", (20, *shape)),
        "samples": ("uint8", (k, 8, *shape)),
        "modes": ("uint8", (k, *shape)),
        "near_modes": ("uint8", (k, 8, *shape)),
        "interpolations": ("uint8", (10, 10, *shape)),
        "interpolation_ends": ("uint8", (10, 2, *shape)),
        "mode_interpolations": ("uint8", (k - 1, 10, *shape)),
        "mode_start": ("int16", ()),
        **(grid if dim == 2 else {}),
        "codes": ("float32", (m, dim)),
        "code_labels": ("int16", (m,)),
        "code_components": ("int16", (m,)),
        "prior_codes": ("float32", (1000, dim)),
        "prior_components": ("int16", (1000,)),
        "class_components": ("float32", (12, components)),
    }


def test_originals_are_the_first_images_of_each_class():
    data = make_data()
    shown = show_model(make_model(), data)["originals"]
    labels = data.y_test.tolist()
    expected = []
    for label in (0, 2, 3, 4, 5, 6, 7, 8, 9, 10):
        first = labels.index(label)
        expected += [first, labels.index(label, first + 1)]
    np.testing.assert_array_equal(shown, as_bytes(data.x_test[expected], (3, 4, 2)))


def test_few_images_show_what_there_is():
    x, y = torch.rand(4, 24), torch.tensor([2, 0, 0, 0])
    shown = show_model(make_model(), Dataset("few", (3, 4, 2), x, y, x, y))
    np.testing.assert_array_equal(shown["originals"], as_bytes(x[[1, 2, 0]], (3, 4, 2)))
    assert shown["codes"].shape == (4, 2)
    np.testing.assert_array_equal(shown["code_labels"], y)
    assert shown["class_components"].shape == (3, 3)
    np.testing.assert_array_equal(shown["class_components"][1], np.zeros(3))


def test_class_components_are_means_over_all_held_out_images():
    model, data = make_model(), make_data()
    shown = show_model(model, data)
    with evaluation_mode(model):
        pi = model.encode(data.x_test).pi.numpy()
    for label in range(12):
        members = [row for row, own in zip(pi, data.y_test, strict=True) if own == label]
        expected = np.mean(members, axis=0) if members else np.zeros(3)
        np.testing.assert_allclose(shown["class_components"][label], expected, rtol=1e-5)
    np.testing.assert_array_equal(shown["code_components"], pi.argmax(1))
    np.testing.assert_array_equal(shown["code_labels"], data.y_test)
    baseline = show_clustering(torch.from_numpy(pi), data)
    assert set(baseline) == {"code_components", "class_components"}
    chosen = spread_out(1300, 1000)
    np.testing.assert_array_equal(baseline["code_components"], pi.argmax(1)[chosen])
    np.testing.assert_array_equal(baseline["class_components"], shown["class_components"])


@pytest.fixture
def transparent():
    """A model without noise whose decoder shows its code: two pixels, sigmoid of z."""
    model = make_model((1, 1, 2))
    mean = torch.tensor([[0.0, 9.0], [1.0, 2.0], [5.0, 5.0]])
    logits = torch.tensor([0.0, 40.0, 39.0])  # the first is out of the question

    class Components(torch.nn.Module):
        def forward(self, x):
            means = mean + x[:, None]
            return means, torch.zeros_like(means)

    class Classifier(torch.nn.Module):
        def forward(self, x):
            return logits.expand(len(x), 3)

    model.network.components, model.network.classifier = Components(), Classifier()
    model.network.decoder = torch.nn.Linear(2, 2, bias=False)
    torch.nn.init.eye_(model.network.decoder.weight)
    return model


def test_codes_and_images_are_those_of_the_likeliest_component(transparent):
    data = make_data((1, 1, 2))
    shown = show_model(transparent, data)
    second, third = (torch.tensor(mean) + data.x_test for mean in ([1.0, 2.0], [5.0, 5.0]))
    codes = torch.from_numpy(shown["codes"])
    of_second = (codes == second).all(1)
    assert (of_second | (codes == third).all(1)).all()
    assert of_second.float().mean() == pytest.approx(1 / (1 + np.exp(-1)), abs=0.05)
    assert set(shown["code_components"]) == {1}
    originals = torch.from_numpy(shown["originals"]).reshape(20, 2) / 255
    expected = as_bytes(torch.sigmoid(torch.tensor([1.0, 2.0]) + originals), (1, 1, 2))
    np.testing.assert_allclose(shown["reconstructions"], expected, atol=1)  # rounded half way
    means, covariances = transparent.prior.moments()
    np.testing.assert_array_equal(shown["modes"], as_bytes(means.sigmoid(), (1, 1, 2)))
    for k in range(3):
        draws = torch.logit(torch.from_numpy(shown["samples"][k]).reshape(8, 2) / 255, 1e-3)
        spread = covariances[k].diagonal().sqrt()
        assert ((draws - means[k]).abs() < 5 * spread + 0.1).all()
        assert len(draws.unique(dim=0)) > 4


def test_interpolations_go_from_code_to_code(transparent):
    shown = show_model(transparent, make_data((1, 1, 2)))
    originals = shown["originals"]
    np.testing.assert_array_equal(shown["interpolation_ends"][:, 0], originals[:10])
    np.testing.assert_array_equal(shown["interpolation_ends"][:, 1], originals[:9:-1])
    ends = shown["interpolations"][:, [0, -1]]
    np.testing.assert_array_equal(ends[:, 0], shown["reconstructions"][:10])
    np.testing.assert_array_equal(ends[:, 1], shown["reconstructions"][:9:-1])
    assert shown["mode_start"] == 2
    np.testing.assert_array_equal(shown["mode_interpolations"][:, -1], shown["modes"][:2])
    np.testing.assert_array_equal(shown["mode_interpolations"][:, 0], shown["modes"][[2, 2]])
    codes = torch.logit(torch.from_numpy(shown["mode_interpolations"][0]).reshape(10, 2) / 255)
    steps = codes.diff(dim=0)  # even in the latent space
    torch.testing.assert_close(steps, steps.mean(0).expand_as(steps), atol=0.1, rtol=0)


def test_samples_near_the_modes_have_three_fifths_of_the_spread(transparent):
    shown = show_model(transparent, make_data((1, 1, 2)))
    means = transparent.prior.moments()[0]
    far, near = (
        torch.logit(torch.from_numpy(shown[name]).reshape(3, 8, 2) / 255, 1e-3) - means[:, None]
        for name in ("samples", "near_modes")
    )
    kept = far.abs() < 2  # where a byte can still tell
    torch.testing.assert_close(near[kept], 0.6 * far[kept], atol=0.1, rtol=0.05)


def test_the_latent_grid_covers_the_prior_from_the_top_down(transparent):
    shown = show_model(transparent, make_data((1, 1, 2)))
    left, right, bottom, top = shown["latent_grid_extent"]
    means, covariances = (moment.numpy() for moment in transparent.prior.moments())
    spread = 3 * np.sqrt(covariances[:, 0, 0]).max()
    assert left == pytest.approx((means[:, 0] - spread).min())
    assert top == pytest.approx((means[:, 1] + spread).max())
    corners = [[left, top], [right, top], [left, bottom], [right, bottom]]
    expected = as_bytes(torch.sigmoid(torch.tensor(corners)), (1, 1, 2)).reshape(2, 2, 1, 1, 2)
    np.testing.assert_allclose(shown["latent_grid"][::19, ::19], expected, atol=1)


def test_prior_codes_are_draws_of_their_components():
    model = make_model(components=4, dim=10)
    shown = show_model(model, make_data())
    means, covariances = (moment.numpy() for moment in model.prior.moments())
    for k in range(4):
        draws = shown["prior_codes"][shown["prior_components"] == k]
        assert 180 < len(draws) < 320
        error = np.sqrt(covariances[k].diagonal() / len(draws))
        assert (np.abs(draws.mean(0) - means[k]) < 5 * error).all()
        np.testing.assert_allclose(draws.var(0), covariances[k].diagonal(), rtol=0.5)


def test_showing_disturbs_nothing_and_repeats_itself():
    model, data = make_model().train(), make_data()
    state = torch.get_rng_state()
    weights = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    first = show_model(model, data)
    torch.rand(5)
    torch.set_rng_state(state)
    second = show_model(model, data)
    for name, array in first.items():
        np.testing.assert_array_equal(array, second[name])
    assert model.training
    torch.testing.assert_close(torch.get_rng_state(), state)
    torch.testing.assert_close(model.state_dict(), weights, rtol=0, atol=0)


def test_pixels_that_are_no_numbers_are_no_picture():
    model = make_model()

    class Broken(torch.nn.Module):
        def forward(self, z):
            return torch.full((len(z), 24), torch.nan)

    model.network.decoder = Broken()
    with pytest.raises(ValueError, match="not finite"):
        show_model(model, make_data())
    assert model.training


# what a run keeps


def records(out):
    found = [json.loads(path.read_text()) for path in out.glob("runs/*/record.json")]
    return {record["label"]: record for record in found}


def test_each_run_keeps_what_its_model_shows(run_main, write_suite, tmp_path):
    code, _, errors = run_main(write_suite(RUNS + FIGURES), "--out", "out")
    assert code == 0, errors
    store = Store(tmp_path / "out")
    assert all((store.root / f"{name}.png").is_file() for name in ("manifold", "images"))
    locked = load_suite(store.root / "suite.lock.yaml")
    assert [(figure.name, figure.rows) for figure in locked.figures] == [
        ("manifold", ["2-D"]),
        ("images", ["10-D"]),
    ]
    for label, record in records(store.root).items():
        assert record["pictures_failed"] is None
        assert "pictures.npz" in record["files"]
        found = store.pictures(record["id"])
        if label == "kmeans":
            assert set(found) == {"code_components", "class_components"}
            assert found["class_components"].shape == (10, 3)
            assert found["code_components"].shape == (360,)
            np.testing.assert_allclose(found["class_components"].sum(1), 1, rtol=1e-6)
            continue
        model = load(store.runs / record["id"] / "model")
        expected = show_model(model, digits())
        assert list(found) == list(expected)
        for name, array in found.items():
            np.testing.assert_array_equal(array, expected[name])
        assert found["originals"].shape == (20, 1, 8, 8)
        assert found["codes"].shape == (360, 2 if label == "2-D" else 10)


SHY = """\
from otlvm.evaluation.pictures import DRAWS
from otlvm.priors import GaussianMixture

class Shy(GaussianMixture):
    def sample_components(self, n):
        if n == DRAWS:
            raise RuntimeError("no\\npictures of me")
        return super().sample_components(n)
"""


def test_a_run_without_pictures_is_not_lost(run_main, write_suite, tmp_path):
    (tmp_path / "shy.py").write_text(SHY)
    suite = write_suite(RUNS, **{"name: gaussian_mixture": "name: 'shy:Shy'"})
    with pytest.warns(UserWarning, match="no pictures: RuntimeError: no pictures of me"):
        code, _, errors = run_main(suite, "--out", "out", "--only", "2-D")
    assert code == 0, errors
    (record,) = records(tmp_path / "out").values()
    assert record["status"] == "done"
    assert record["pictures_failed"] == "RuntimeError: no pictures of me"
    assert record["metrics"].keys() >= {"bce", "accuracy", "latent_w2", "fit_seconds", "peak_mb"}
    assert "pictures.npz" not in record["files"]
    store = Store(tmp_path / "out")
    assert store.pictures(record["id"]) == {}
    assert store.record(record["id"]) == record
    data, model = digits(), load(store.runs / record["id"] / "model")
    assert evaluate(model, data)["bce"] == record["metrics"]["bce"]


CONFIG = {
    "data": {"name": "digits"},
    "model": {
        "network": {"name": "mlp", "hidden": [8], "component_hidden": [4]},
        "prior": {"name": "gaussian_mixture", "components": 3, "dim": 2},
    },
    "objective": {"name": "wae", "divergence": "imq_mmd"},
    "train": {
        "steps": 6,
        "batch_size": 32,
        "learning_rate": 1e-3,
        "optimizer": "adam",
        "rates": {},
        "schedule": "constant",
        "clip": None,
        "stop": None,
        "eval_every": 2,
        "eval_at": [1],
        "snapshots": [0, 3],
        "compile": False,
        "start": {"name": "moments", "steps": 2},
    },
}


def test_an_interrupted_run_shows_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr("otlvm.evaluation.latent.CODES", 50)
    data, rows = digits(), []
    whole = execute(CONFIG, 0, data, Checkpoints(tmp_path / "a", 1))
    with pytest.raises(InterruptedTrainingError):
        execute(
            CONFIG, 0, data, Checkpoints(tmp_path / "b", 1, stop=lambda: len(rows) > 1), rows.append
        )
    resumed = execute(CONFIG, 0, data, Checkpoints(tmp_path / "b", 1))
    assert whole.status == resumed.status == "done"
    assert [row["step"] for row in whole.curves] == [1, 2, 3, 4, 6]
    for name, array in whole.pictures.items():
        np.testing.assert_array_equal(array, resumed.pictures[name])
    taken = [name for name in whole.pictures if name.startswith("at_")]
    assert taken == [
        f"at_{step}/{name}" for step in (0, 3) for name in ("reconstructions", "class_components")
    ]
    start = LatentMixtureModel((1, 8, 8), **CONFIG["model"])
    shown = show_snapshot(start, data)["class_components"]
    assert shown.shape == whole.pictures["at_0/class_components"].shape
    assert (whole.pictures["at_0/class_components"] != whole.pictures["class_components"]).any()
    monkeypatch.setattr(pictures_module, "show_assignments", lambda *_: 1 / 0)
    blind = execute(CONFIG, 0, data, Checkpoints(tmp_path / "c", 1))
    assert blind.pictures == {}
    assert blind.pictures_failed.startswith("ZeroDivisionError")
    torch.testing.assert_close(blind.model.state_dict(), whole.model.state_dict(), rtol=0, atol=0)
    costs = {"fit_seconds", "step_ms", "peak_mb"}
    for name in whole.metrics.keys() - costs:
        assert blind.metrics[name] == whole.metrics[name] == resumed.metrics[name]
