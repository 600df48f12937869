"""Each kind of inference through evaluation, pictures, starts and scikit-learn."""

import numpy as np
import pytest
import torch
from torch.nn.functional import binary_cross_entropy

from otlvm import LatentMixtureModel
from otlvm.baselines import KMeans
from otlvm.data import Dataset
from otlvm.evaluation import curve_point, evaluate, evaluation_mode, show_model
from otlvm.evaluation.latent import latent_match
from otlvm.evaluation.reconstruction import reconstruction_errors
from otlvm.sklearn import LatentMixture
from otlvm.starts import AtPrior, Distill, starts

K, D, SHAPE, PIXELS = 3, 2, (1, 3, 3), 9
NETWORK = {"name": "mlp", "hidden": [8], "component_hidden": [4]}
PRIOR = {
    "name": "mixture",
    "means": [[0.0, 1.0], [3.0, 0.0], [-1.0, -2.0]],
    "covariances": [[1.0, 0.5], [2.0, 1.0], [0.7, 1.3]],
    "weights": [0.7, 0.1, 0.2],
}
KINDS = ["mirror", "responsibilities", {"name": "responsibilities", "of": "expectation"},
         "independent", "m2"]  # fmt: skip
SHARED = KINDS[1:-1]
TOLD = KINDS[-2:]
by_kind = pytest.mark.parametrize("kind", KINDS, ids=str)


def small_model(kind):
    torch.manual_seed(0)
    return LatentMixtureModel(SHAPE, NETWORK, PRIOR, kind).eval()


@pytest.fixture
def data():
    x = torch.rand(90, PIXELS, generator=torch.Generator().manual_seed(0))
    y = torch.arange(90) % 3
    return Dataset("noise", SHAPE, x[:60], y[:60], x[60:], y[60:])


@pytest.fixture(autouse=True)
def _few_codes(monkeypatch):
    monkeypatch.setattr("otlvm.evaluation.latent.CODES", 50)


@by_kind
def test_evaluating_says_the_same_every_time(kind, data):
    model = small_model(kind)
    scores = evaluate(model, data)
    assert scores == evaluate(model, data)
    assert all(np.isfinite(value) for value in scores.values())
    assert curve_point(model, data, training=None, held_out=None)["bce"] == scores["bce"]


@by_kind
def test_reconstruction_errors_are_expectations_over_what_is_decoded(kind, data):
    model, x = small_model(kind), data.x_test
    with evaluation_mode(model):
        found = reconstruction_errors(model, x)
    with evaluation_mode(model):
        posterior = model.encode(x)
        bce = squared = 0.0
        for k in range(K):
            decoded = model.decode(model.codes(posterior.z[:, k], torch.full((len(x),), k)))
            each = binary_cross_entropy(decoded, x, reduction="none").sum(1)
            bce += float((posterior.pi[:, k] * each).mean())
            squared += float((posterior.pi[:, k] * (decoded - x).square().sum(1)).mean())
    assert found == {
        "nll": pytest.approx(bce, rel=1e-5),  # of the Bernoulli likelihood
        "bce": pytest.approx(bce, rel=1e-5),
        "squared_error": pytest.approx(squared, rel=1e-5),
    }


def test_the_latent_match_is_one_of_z_alone(data):
    """An independent model of a perfect q(z|x) matches, whatever its classifier says."""
    model = small_model("independent").double()
    nets = model.network.components
    with torch.no_grad():
        nets.output.weight.zero_()
        nets.output.bias.zero_()
        nets.output.bias[0, D:] = float(np.log(np.expm1(1.0)))
        model.prior.means.zero_()
        model.prior.scales.factors.copy_(torch.eye(D).expand(K, D, D))
        model.prior.scales.inverses.copy_(torch.eye(D).expand(K, D, D))
    x = torch.rand(400, PIXELS, dtype=torch.float64)
    with evaluation_mode(model):
        assert abs(latent_match(model, x)["latent_mmd"]) < 0.3


@by_kind
def test_pictures_are_those_of_components(kind, data):
    model = small_model(kind)
    shown = show_model(model, data)
    assert all(
        np.array_equal(shown[name], again) for name, again in show_model(model, data).items()
    )
    means = model.prior.moments()[0]
    for k in range(K):
        code = torch.cat([means[k], torch.eye(K)[k]]) if kind in TOLD else means[k]
        with torch.no_grad():
            image = model.decode(code[None]).numpy().reshape(SHAPE)
        assert np.array_equal(shown["modes"][k], np.rint(255 * image).astype(np.uint8))
    assert shown["samples"].shape == (K, 8, *SHAPE)
    assert shown["latent_grid"].shape == (20, 20, *SHAPE)
    assert shown["codes"].shape == (30, D)
    shares = np.bincount(shown["prior_components"], minlength=K) / 1000
    np.testing.assert_allclose(shares, PRIOR["weights"], atol=0.06)  # not as if all were alike


@pytest.mark.parametrize("kind", SHARED, ids=str)
def test_one_net_starts_as_the_whole_mixture_where_k_is_learnt(kind, data):
    model = small_model(kind)
    if "responsibilities" in str(kind):
        with pytest.raises(TypeError, match="needs a classifier, which learns k before z"):
            AtPrior().prepare(model, data.x_train, 32)
        return
    AtPrior().prepare(model, data.x_train, 32)
    mean, covariance = model.prior.mixture_moments()
    posterior = model.encode(data.x_test)
    torch.testing.assert_close(posterior.mean, mean.expand_as(posterior.mean))
    variance = covariance.diagonal().expand_as(posterior.std)
    torch.testing.assert_close(posterior.std.square(), variance)


def test_distillation_needs_a_classifier(data):
    distill = Distill(KMeans(n_init=1), steps=3)
    with pytest.raises(TypeError, match="'distill' teaches a classifier"):
        distill.prepare(small_model("responsibilities"), data.x_train, 32)
    distill.prepare(small_model("independent"), data.x_train, 32)
    inner = Distill(KMeans(n_init=1), then=AtPrior())
    network = small_model("mirror").network
    network.components = torch.nn.Linear(PIXELS, 2)
    with pytest.raises(TypeError, match="knows ComponentNets, not Linear"):
        inner.check_network(network)  # it asks the other start


def test_a_trained_model_of_another_inference_is_refused(data, tmp_path):
    small_model("responsibilities").save(tmp_path)
    start = starts.build({"name": "trained", "run": str(tmp_path)})
    with pytest.raises(ValueError, match="inference responsibilities, not independent"):
        start.prepare(small_model("independent"), data.x_train, 32)
    same = small_model({"name": "responsibilities", "of": "expectation"})
    start.prepare(same, data.x_train, 32)


@by_kind
def test_the_estimator_is_deterministic_and_inverts_its_codes(kind):
    x = np.random.default_rng(0).uniform(-3, 9, (40, 5))
    estimator = LatentMixture(
        3, prior=PRIOR, n_latent=D, inference=kind, network=NETWORK, steps=5, random_state=0,
        start={"name": "moments", "steps": 2},
    ).fit(x)  # fmt: skip
    codes = estimator.transform(x)
    assert np.array_equal(codes, estimator.transform(x))
    assert np.array_equal(estimator.predict_proba(x), estimator.predict_proba(x))
    one, all_rows = estimator.predict_proba(x[:1]), estimator.predict_proba(x)
    np.testing.assert_allclose(one, all_rows[:1], rtol=1e-9)
    assert codes.shape == (40, D + K if kind in TOLD else D)
    assert len(estimator.get_feature_names_out()) == codes.shape[1]
    if kind in TOLD:
        assert np.array_equal(codes[:, D:].argmax(1), estimator.predict(x))
    errors = np.square(x - estimator.inverse_transform(codes)).sum(axis=1)
    np.testing.assert_allclose(estimator.score_samples(x), -errors)
    with pytest.raises(ValueError, match=f"codes have {codes.shape[1]} features"):
        estimator.inverse_transform(codes[:, 1:])
    _, k = estimator.sample(4000)
    np.testing.assert_allclose(np.bincount(k, minlength=K) / 4000, PRIOR["weights"], atol=0.04)


def test_the_estimator_names_a_bad_inference():
    with pytest.raises(ValueError, match=r"inference: .*did you mean 'mirror'"):
        LatentMixture(inference="miror").fit(np.random.default_rng(0).uniform(size=(20, 4)))
