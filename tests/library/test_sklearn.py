"""The scikit-learn estimator, by scikit-learn's own checks and in its tools."""

import io
import pickle
import re
from pathlib import Path
from unittest import mock

import joblib
import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.datasets import load_digits, make_blobs
from sklearn.exceptions import NotFittedError
from sklearn.metrics import normalized_mutual_info_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from otlvm.divergences import Energy
from otlvm.likelihoods import Gaussian
from otlvm.networks import LatentMixtureModel
from otlvm.sklearn import LatentMixture
from otlvm.sklearn.parts import CLUSTERED, VARIANCES, build_objective, build_start
from otlvm.starts import Distill, Moments
from otlvm.training import DivergedError

DOCS = Path(__file__).parents[2] / "docs" / "sklearn.md"
SMALL = {"name": "mlp", "hidden": [8], "component_hidden": [8]}
FAST = {"steps": 3, "start": "prior", "network": SMALL, "random_state": 0}


def rows(n=40, features=5, low=-3.0, high=9.0):
    return np.random.default_rng(0).uniform(low, high, (n, features))


@parametrize_with_checks(
    [
        LatentMixture(n_components=3, **{**FAST, "start": {"name": "moments", "steps": 2}}),
        LatentMixture(n_components=2, objective="vae", **FAST),
    ],
)
def test_scikit_learn_s_own_checks(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def digits():
    return load_digits(return_X_y=True)


@pytest.fixture(scope="module")
def trained(digits):
    return LatentMixture(
        objective={"name": "wae", "weight": 20},
        divergence={"name": "imq_mmd", "on": "joint"},
        network={"name": "mlp", "hidden": [64]},
        start={"name": "moments", "steps": 50},
        steps=200,
        batch_size=32,
        learning_rate=2e-3,
        random_state=0,
    ).fit(digits[0])


def test_components_match_the_digits(trained, digits):
    x, y = digits
    assert normalized_mutual_info_score(y, trained.labels_) > 0.3
    assert normalized_mutual_info_score(y[::-1], trained.labels_) < 0.05
    assert (trained.labels_ == trained.predict(x)).all()
    pi = trained.predict_proba(x)
    assert pi.shape == (1797, 10)
    assert pi.min() >= 0
    np.testing.assert_allclose(pi.sum(axis=1), 1)
    assert (pi.argmax(axis=1) == trained.labels_).all()


def test_codes_and_samples_are_decoded_in_the_units_of_x(trained, digits):
    x, _ = digits
    assert (trained.data_min_, trained.data_max_) == (0, 16)
    decoded = trained.inverse_transform(trained.transform(x))
    errors = np.square(x - decoded).sum(axis=1)
    np.testing.assert_allclose(trained.score_samples(x), -errors)
    assert trained.score(x) == pytest.approx(-errors.mean())
    of_the_mean = np.square(x - x.mean(axis=0)).sum(axis=1).mean()
    assert trained.score(x) > -0.6 * of_the_mean
    images, k = trained.sample(300)
    assert images.shape == (300, 64)
    assert set(k) == set(range(10))
    assert images.min() >= 0
    assert 8 < images.max() <= 16
    # The components are those of predict, or samples would say nothing about the clusters.
    assert (trained.predict(images) == k).mean() > 0.2  # by chance: 0.1


def test_history_tells_of_training(trained):
    assert trained.n_iter_ == 200
    assert [row["step"] for row in trained.history_] == [50, 100, 150, 200]
    assert trained.history_[-1]["loss"] < trained.history_[0]["loss"]


def test_numbers_between_0_and_1_reach_the_model_as_they_are():
    x = rows(low=0, high=1)
    x.flat[:2] = 0, 1
    estimator = LatentMixture(**FAST).fit(x)
    with torch.no_grad():
        expected = estimator.model_.encode(torch.from_numpy(x)).pi.numpy()
    np.testing.assert_allclose(estimator.predict_proba(x), expected)


def test_the_scale_of_x_makes_no_difference_but_to_its_units():
    x = rows()
    one, other = LatentMixture(**FAST).fit(x), LatentMixture(**FAST).fit(4 * x - 8)
    np.testing.assert_allclose(one.predict_proba(x), other.predict_proba(4 * x - 8), rtol=1e-5)
    np.testing.assert_allclose(16 * one.score_samples(x), other.score_samples(4 * x - 8), rtol=1e-5)


def weight_of(x, objective="wae"):
    """The weight of the divergence that an estimator trains with."""
    with mock.patch("otlvm.sklearn.estimator.build_objective", wraps=build_objective) as built:
        LatentMixture(2, **FAST, objective=objective).fit(x)
    return build_objective(*built.call_args.args).weight.value


def test_the_weight_is_the_data_s_variance_unless_it_is_said():
    x = np.random.default_rng(0).normal(size=(50, 4))
    span = x.max() - x.min()
    variance = VARIANCES * (x / span).var(axis=0).sum()
    assert weight_of(x) == pytest.approx(variance, rel=1e-5)
    assert weight_of(1000 * x - 7) == pytest.approx(variance, rel=1e-5)
    assert weight_of(np.hstack([x, x])) == pytest.approx(2 * variance, rel=1e-5)
    assert weight_of(x, {"name": "wae", "weight": 3.0}) == 3.0
    assert weight_of(x, {"name": "wae", "cost": "absolute"}) == 500.0
    assert weight_of(np.ones((50, 4))) == VARIANCES


def test_a_likelihood_of_its_own(digits):
    x = digits[0][:100] - 8
    mixture = LatentMixture(2, **FAST, likelihood="gaussian").fit(x)
    assert isinstance(mixture.model_.likelihood, Gaussian)
    far = mixture.inverse_transform(np.full((1, mixture.model_.prior.dim), 1e3))
    assert np.abs(far).max() > 8
    with pytest.raises(ValueError, match=r"likelihood: .*did you mean 'gaussian'"):
        LatentMixture(2, **FAST, likelihood="gausian").fit(x)
    with pytest.raises(ValueError, match="cost squared does not train"):
        LatentMixture(2, **FAST, likelihood={"name": "gaussian", "learn": "one"}).fit(x)


def test_real_valued_clusters_are_found():
    """Far apart, in many dimensions; from moments alone training leaves some components out."""
    x, y = make_blobs(500, 50, centers=7, random_state=0)
    how = {"network": {"name": "mlp", "hidden": [64]}, "random_state": 0}
    mixture = LatentMixture(7, **how, steps=60, batch_size=64)
    with mock.patch.dict(CLUSTERED, steps=100, then={"name": "moments", "steps": 20}):
        found = mixture.fit_predict(StandardScaler().fit_transform(x))
    assert normalized_mutual_info_score(y, found) > 0.8


def test_fewer_rows_than_components_start_from_moments():
    def model(inference="mirror"):
        return LatentMixtureModel((1, 2, 2), "mlp", "gaussian_mixture", inference)

    assert isinstance(build_start(None, model(), 9), Moments)
    assert isinstance(build_start(None, model(), 10), Distill)
    assert isinstance(build_start(None, model("responsibilities"), 10), Moments)
    with pytest.raises(ValueError, match="10"):
        build_start(CLUSTERED, model(), 9)
    with pytest.raises(TypeError, match="teaches a classifier"):
        build_start(CLUSTERED, model("responsibilities"), 10)


def test_constant_data_can_be_fitted():
    estimator = LatentMixture(**FAST).fit(np.full((4, 3), 7.0))
    assert np.isfinite(estimator.score(np.full((2, 3), 7.0)))


def test_random_state_decides_everything_and_torch_s_own_is_left_alone():
    x = rows()
    found = []
    for noise in (1, 2):
        torch.manual_seed(noise)
        before = torch.get_rng_state()
        estimator = LatentMixture(**FAST).fit(x)
        found.append((estimator.predict_proba(x), *estimator.sample(5)))
        assert torch.equal(torch.get_rng_state(), before)
    for one, other in zip(*found, strict=True):
        np.testing.assert_array_equal(one, other)
    other = LatentMixture(**{**FAST, "random_state": 1}).fit(x)
    assert not np.allclose(other.predict_proba(x), found[0][0])


def test_a_generator_as_random_state_goes_on():
    estimator = LatentMixture(**{**FAST, "random_state": np.random.RandomState(0)}).fit(rows())
    assert not np.allclose(estimator.sample(5)[0], estimator.sample(5)[0])


def through_joblib(estimator):
    file = io.BytesIO()
    joblib.dump(estimator, file)
    file.seek(0)
    return joblib.load(file)


@pytest.mark.parametrize("through", [through_joblib, lambda e: pickle.loads(pickle.dumps(e))])
def test_saved_estimators_predict_the_same(through):
    x = rows()
    estimator = LatentMixture(**FAST).fit(x)
    restored = through(estimator)
    np.testing.assert_array_equal(restored.predict_proba(x), estimator.predict_proba(x))
    np.testing.assert_array_equal(restored.sample(3)[0], estimator.sample(3)[0])
    assert restored.history_ == estimator.history_


def test_a_clone_has_the_parameters_and_not_the_model():
    estimator = LatentMixture(**FAST, divergence={"name": "imq_mmd", "on": "joint"}).fit(rows())
    copied = clone(estimator)
    assert copied.get_params() == estimator.get_params()
    assert copied.divergence is not estimator.divergence
    with pytest.raises(NotFittedError):
        copied.sample()


def test_data_frames_in_a_pipeline():
    frame = pd.DataFrame(rows(), columns=list("abcde"), index=np.arange(100, 140))
    pipeline = make_pipeline(MinMaxScaler(), LatentMixture(n_components=3, n_latent=2, **FAST))
    codes = pipeline.set_output(transform="pandas").fit_transform(frame)
    assert list(codes.columns) == ["latentmixture0", "latentmixture1"]
    assert list(codes.index) == list(frame.index)
    assert list(pipeline[-1].feature_names_in_) == list("abcde")
    decoded = pipeline.inverse_transform(codes)
    assert decoded.shape == (40, 5)
    assert -3 <= decoded.min() <= decoded.max() <= 9
    assert pipeline.predict(frame).shape == (40,)
    assert pipeline.score(frame) < 0


def test_grid_search_over_objectives_and_divergences():
    grid = [
        {"objective": ["vae", {"name": "wae", "weight": 5}], "n_components": np.array([2, 3])},
        {"divergence": ["energy", {"name": "sliced_wasserstein"}]},
    ]
    search = GridSearchCV(LatentMixture(**FAST), grid, cv=2, error_score="raise").fit(rows())
    scores = search.cv_results_["mean_test_score"]
    assert len(scores) == 6
    assert len(set(scores)) == 6
    assert search.best_score_ == max(scores)
    assert search.predict(rows()).shape == (40,)


def test_a_divergence_in_the_objective_s_spec_comes_first():
    x = rows()
    energy = {"name": "wae", "divergence": "energy"}
    one, other, default = (
        LatentMixture(**FAST, **params).fit(x).history_[-1]["divergence"]
        for params in ({"objective": energy}, {"divergence": "energy"}, {})
    )
    assert one == other != default


def test_priors_of_their_own_sizes():
    estimator = LatentMixture(n_components=4, prior="rotated_2d", **FAST).fit(rows())
    assert estimator.transform(rows()).shape == (40, 2)
    estimator = LatentMixture(n_components=1, n_latent=3, prior="standard_normal", **FAST)
    assert estimator.fit_transform(rows()).shape == (40, 3)


def test_images_of_a_convolutional_network():
    network = {"name": "paper_conv", "encoder_filters": 4, "decoder_filters": 4}
    params = {**FAST, "network": network}
    square = LatentMixture(n_components=2, **params).fit(rows(features=64))
    assert square.model_.image_shape == (1, 8, 8)
    colour = LatentMixture(n_components=2, image_shape=(2, 4, 8), **params).fit(rows(features=64))
    assert colour.sample(3)[0].shape == (3, 64)


def test_verbose_prints_the_history(capsys):
    LatentMixture(**FAST).fit(rows())
    assert capsys.readouterr().out == ""
    LatentMixture(**FAST, verbose=True).fit(rows())
    assert re.fullmatch(r"step 3: loss [\d.]+, .*divergence .*\n", capsys.readouterr().out)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"objective": "vea"}, r"objective: unknown objective 'vea' \(did you mean 'vae'\?\)"),
        ({"objective": {"weight": 1}}, "objective: expected a name or a mapping with a 'name'"),
        ({"objective": {"name": "wae", "weigth": 1}}, r"objective.weigth: .*did you mean 'weight'"),
        ({"divergence": "imq"}, r"divergence: unknown divergence 'imq' \(did you mean 'imq_mmd'"),
        ({"divergence": {"name": "imq_mmd", "on": "z"}}, "divergence.on: "),
        ({"prior": "gausian_mixture"}, r"prior: .*did you mean 'gaussian_mixture'"),
        ({"network": "mpl"}, r"network: .*did you mean 'mlp'"),
        ({"start": "moment"}, r"start: .*did you mean 'moments'"),
        (
            {"prior": {"name": "standard_normal", "components": 3}},
            "has 3 components in 10 dimensions, .* n_components=10",
        ),
        ({"prior": "rotated_2d", "n_latent": 3}, "in 2 dimensions, .* n_latent=3"),
        ({"n_components": 0}, "n_components == 0, must be >= 1"),
        ({"steps": 0}, "steps == 0, must be >= 1"),
        ({"batch_size": 1}, "batch_size == 1, must be >= 2"),
        ({"learning_rate": 0.0}, "learning_rate == 0.0, must be > 0"),
        ({"image_shape": (1, 2, 3)}, r"image_shape \(1, 2, 3\) .* does not fit 5 features"),
        ({"image_shape": 5}, "image_shape 5: expected channels, height and width"),
        ({"image_shape": "115"}, "image_shape '115': expected channels, height and width"),
        ({"device": "gpu"}, "device 'gpu' is none: say cpu or cuda"),
        ({"device": None}, "device None is none"),
        ({"objective": "vae", "divergence": "imq"}, "divergence: unknown divergence 'imq'"),
        (
            {"objective": {"name": "invariant", "of": "wea"}},
            r"^objective.of: unknown objective 'wea' .*'wae'",
        ),
    ],
)
def test_bad_parameters_are_refused_by_fit(params, message):
    estimator = LatentMixture(**{**FAST, **params})
    with pytest.raises(ValueError, match=message):
        estimator.fit(rows())
    with pytest.raises(NotFittedError):
        estimator.predict(rows())


@pytest.mark.parametrize(
    "stopped", [{"divergence": "enrgy"}, {"learning_rate": 1e30}, {"n_latent": 0}]
)
def test_a_fit_that_fails_leaves_what_was_fitted_before(stopped):
    estimator = LatentMixture(**FAST).fit(rows())
    before, n = estimator.predict_proba(rows()), estimator.n_features_in_
    kept = estimator.get_params()
    estimator.set_params(**stopped)
    with pytest.raises((ValueError, DivergedError)):
        estimator.fit(10 * rows()[:, :4])
    estimator.set_params(**kept)
    np.testing.assert_array_equal(estimator.predict_proba(rows()), before)
    assert estimator.n_features_in_ == n


@pytest.mark.parametrize("name", ["invariant", "monte_carlo"])
def test_the_divergence_is_that_of_the_objective_within(name):
    objective = build_objective({"name": name, "of": "wae"}, "energy", 2.0)
    assert isinstance(objective.of.divergence, Energy)
    assert float(objective.of.weight(torch.zeros(()))) == 8.0


def test_a_gpu_that_is_not_there_is_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ValueError, match="device 'cuda': torch finds no GPU here"):
        LatentMixture(**FAST, device="cuda").fit(rows())


def test_bad_arguments_of_a_fitted_estimator():
    estimator = LatentMixture(n_components=3, **FAST).fit(rows())
    with pytest.raises(ValueError, match="codes have 3 features, X has 5"):
        estimator.inverse_transform(rows())
    with pytest.raises(ValueError, match="n_samples == 0, must be >= 1"):
        estimator.sample(0)


def test_the_example_of_the_docs(capsys):
    names: dict[str, object] = {}
    for source in re.findall(r"```python\n(.*?)```", DOCS.read_text(), re.DOTALL):
        exec(compile(source, "docs/sklearn.md", "exec"), names)
    assert names["images"].shape == (8, 64)
    score, best = capsys.readouterr().out.splitlines()
    assert 0 < float(score) < 1
    assert best.startswith("{'latentmixture__")
