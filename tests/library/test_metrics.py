"""Metrics that a suite asks for, against independent references."""

import inspect
from dataclasses import replace

import numpy as np
import ot
import pytest
import torch
from scipy.linalg import sqrtm
from scipy.stats import multivariate_normal
from sklearn.datasets import make_blobs
from sklearn.metrics import silhouette_samples
from sklearn.neighbors import NearestNeighbors
from torch import nn
from torch.distributions import Categorical, MultivariateNormal, kl_divergence
from torch.nn.functional import binary_cross_entropy_with_logits

from otlvm import LatentMixtureModel, metrics
from otlvm.data import Dataset, digits
from otlvm.evaluation import evaluation_mode
from otlvm.latents import MixturePosterior
from otlvm.metrics import (
    AssignmentMetric,
    Metric,
    Number,
    frechet_distance,
    importance_weighted_nll,
    measure_assignments,
    measure_model,
    samples,
    share_among,
)
from otlvm.metrics.features import feature_map
from otlvm.numbers import BUILT_IN
from otlvm.priors import GaussianPrior, StandardNormal
from otlvm.scaling import Scaling
from otlvm.sharing import Shelf, shared_on

PRIOR = {"name": "gaussian_mixture", "components": 3, "dim": 2}


@pytest.fixture
def model():
    torch.manual_seed(0)
    network = {"name": "mlp", "hidden": [12], "component_hidden": [8]}
    return LatentMixtureModel((1, 4, 4), network, PRIOR).eval()


@pytest.fixture
def data():
    rng = torch.Generator().manual_seed(0)
    x, y = torch.rand(90, 16, generator=rng), torch.arange(90) % 3
    x[y == 0, :8] /= 3
    return Dataset("small", (1, 4, 4), x[:60], y[:60], x[60:], y[60:])


def compute(name, model, data, **params):
    metric = metrics.metrics.build({"name": name, **params})
    with evaluation_mode(model):
        return metric.compute(model, data)


@pytest.mark.parametrize("name", list(metrics.metrics))
def test_every_metric_gives_the_numbers_it_names(name, model, data):
    with shared_on(Recording()):  # one classifier
        measured, again = (
            measure_model({name: metrics.metrics.build(name)}, model, data) for _ in range(2)
        )
    assert not measured.failed
    assert again.numbers == measured.numbers
    factory = metrics.metrics.get(name)
    assert set(measured.numbers) == {number.key for number in factory.numbers}
    assert not inspect.isabstract(factory)


class Gap(Metric):
    """The distance of the means of samples and of images, as a user writes it."""

    numbers = (Number("gap", "gap", "low", 2),)

    def compute(self, model, data):
        return {"gap": float((model.sample(50).mean(0) - data.x_test.mean(0)).norm())}


@pytest.mark.parametrize("name", [*metrics.metrics, "of one's own"])
def test_metrics_compare_in_the_units_that_the_model_saw(name, model, data):
    metric = Gap() if name == "of one's own" else metrics.metrics.build(name)
    with shared_on(Recording()):
        plain = measure_model({name: metric}, model, data)
        model.scaling = Scaling("standard", 16)
        model.scaling.shift += 50
        model.scaling.factor *= 100
        scaled = measure_model({name: metric}, model, replace(data, scaling=model.scaling))
    assert not scaled.failed
    assert scaled.numbers == plain.numbers
    assert float(model.sample(5).max()) > 20  # and its samples stay in the units of the data


def test_numbers_that_are_asked_for_are_those_of_the_registry():
    asked = {number.of for number in BUILT_IN} - {""}
    assert asked == set(metrics.metrics._factories)


def test_frechet_distance_is_scipys():
    rng = np.random.default_rng(0)
    for n, f in ((50, 3), (400, 20), (10, 20)):  # the last has fewer points than dimensions
        x = rng.normal(size=(n, f)) @ rng.normal(size=(f, f)) + rng.normal(size=f)
        y = rng.normal(size=(n + 5, f)) @ rng.normal(size=(f, f))
        one, two = np.cov(x.T), np.cov(y.T)
        expected = np.square(x.mean(0) - y.mean(0)).sum()
        expected += np.trace(one + two - 2 * sqrtm(one @ two).real)
        found = frechet_distance(torch.tensor(x), torch.tensor(y))
        assert found == pytest.approx(expected, rel=1e-4)
        assert frechet_distance(torch.tensor(x), torch.tensor(x)) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("neighbours", [1, 3, 5])
def test_share_among_is_that_of_scikit_learns_neighbours(neighbours):
    rng = np.random.default_rng(neighbours)
    x, y = rng.normal(size=(80, 4)), 1 + rng.normal(size=(70, 4))
    radii = NearestNeighbors(n_neighbors=neighbours + 1).fit(y).kneighbors(y)[0][:, -1]
    inside = [any(np.linalg.norm(p - q) <= r for q, r in zip(y, radii, strict=True)) for p in x]
    found = share_among(torch.tensor(x), torch.tensor(y), neighbours)
    assert found == pytest.approx(np.mean(inside))
    assert 0 < found < 1
    assert share_among(torch.tensor(y), torch.tensor(y), neighbours) == 1
    assert share_among(torch.tensor(x) + 1e3, torch.tensor(y), neighbours) == 0


def test_a_model_that_draws_one_image_is_precise_and_recalls_nothing(data, model):
    """Its samples are one held-out image."""
    logits = torch.logit(data.x_test[0].clamp(1e-6, 1 - 1e-6))
    model.network.decoder = nn.Sequential(nn.Linear(2, 16))
    nn.init.zeros_(model.network.decoder[0].weight)
    model.network.decoder[0].bias.data = logits
    assert compute("precision", model, data)["precision"] == 1
    assert compute("recall", model, data)["recall"] <= 1 / 30


def test_sample_w2_is_pots_and_never_beats_the_data_by_chance(model, data, monkeypatch):
    monkeypatch.setattr(samples, "SAMPLES", 25)
    found = compute("sample_w2", model, data)
    held_out, training = samples.held_out_and_training(data)
    assert len(held_out) == len(training) == 25
    with evaluation_mode(model):
        drawn = model.sample(25)
    for key, x in (("sample_w2", drawn), ("sample_w2_data", training)):
        cost = np.square(x.numpy()[:, None] - held_out.numpy()[None]).sum(-1)
        assert found[key] == pytest.approx(np.sqrt(ot.emd2([], [], cost)), rel=1e-5)
    assert found["sample_w2_data"] < found["sample_w2"]


def linear_gaussian(n=4, d=2, pixels=3, noise=0.5):
    """x = A z + noise: log p(x), q(z|x) with K = 2 that is not the posterior, log p(x|z)."""
    rng = np.random.default_rng(0)
    a = rng.normal(size=(pixels, d))
    x = rng.normal(size=(n, pixels))
    precision = np.eye(d) + a.T @ a / noise**2
    exact = np.linalg.solve(precision, a.T @ x.T / noise**2).T
    mean = torch.tensor(np.stack([exact + 0.2, exact - 0.3], axis=1))
    std = torch.tensor(np.sqrt(np.diag(np.linalg.inv(precision)))).expand_as(mean) * 1.3
    logits = torch.tensor(rng.normal(size=(n, 2)))

    def log_likelihood(z):
        each = torch.distributions.Normal(z @ torch.tensor(a).T, noise)
        return each.log_prob(torch.tensor(x)[:, None]).sum(-1)

    return a, x, MixturePosterior(logits, mean, std, mean), log_likelihood


def test_importance_weighted_nll_of_a_linear_gaussian_model_is_known():
    a, x, posterior, log_likelihood = linear_gaussian()
    torch.manual_seed(0)
    found = importance_weighted_nll(log_likelihood, posterior, StandardNormal(2).double(), 20_000)
    covariance = a @ a.T + 0.25 * np.eye(3)
    expected = -multivariate_normal(np.zeros(3), covariance).logpdf(x)
    np.testing.assert_allclose(found, expected, atol=0.02)


def test_importance_weighted_nll_of_a_mixture_prior_is_known():
    a, x, posterior, log_likelihood = linear_gaussian()
    means = torch.tensor([[1.0, 0.0], [-1.0, 0.5]], dtype=torch.float64)
    prior = GaussianPrior(means, torch.eye(2, dtype=torch.float64).expand(2, 2, 2) / 2)
    torch.manual_seed(0)
    found = importance_weighted_nll(log_likelihood, posterior, prior, 20_000)
    covariances = prior.moments()[1].numpy()
    each = [
        multivariate_normal(a @ m.numpy(), a @ c @ a.T + 0.25 * np.eye(3)).pdf(x)
        for m, c in zip(means, covariances, strict=True)
    ]
    np.testing.assert_allclose(found, -np.log(np.mean(each, axis=0)), atol=0.03)


def test_more_samples_bound_the_likelihood_tighter(model, data):
    bounds = [compute("nll_iw", model, data, samples=s)["nll_iw"] for s in (1, 10, 300)]
    assert bounds == sorted(bounds, reverse=True)
    with pytest.raises(ValueError, match="positive"):
        metrics.ImportanceWeightedNLL(samples=0)


def test_nll_is_exact_where_the_decoder_knows_nothing_of_z_and_codes_are_the_priors(monkeypatch):
    torch.manual_seed(0)
    model = LatentMixtureModel((1, 4, 4), {"name": "mlp", "hidden": [12]}, PRIOR)
    nn.init.zeros_(model.network.decoder[-1].weight)
    means, covariances = model.prior.moments()
    std = covariances.diagonal(dim1=1, dim2=2).sqrt()

    def encode(x):
        shape = (len(x), *means.shape)
        return MixturePosterior(x.new_zeros(len(x), 3), means.expand(shape), std.expand(shape), x)

    monkeypatch.setattr(model, "encode", encode)
    x = torch.rand(50, 16)
    data = Dataset("small", (1, 4, 4), x[:5], None, x[5:], None)
    bias = model.network.decoder[-1].bias.detach()
    expected = binary_cross_entropy_with_logits(bias.expand(45, 16), x[5:], reduction="sum") / 45
    nll = compute("nll_iw", model, data, samples=700)["nll_iw"]  # two images at a time
    assert nll == pytest.approx(float(expected), rel=1e-5)


def test_elbo_is_exact_where_the_decoder_knows_nothing_of_z(model, data, monkeypatch):
    """Reconstruction by torch's cross-entropy, KL terms by torch's distributions."""
    monkeypatch.setattr("otlvm.metrics.elbo.BATCH", 7)  # the last batch is smaller
    nn.init.zeros_(model.network.decoder[-1].weight)
    bias, x = model.network.decoder[-1].bias.detach(), data.x_test
    with evaluation_mode(model):
        posterior = model.encode(x)
    q_z = MultivariateNormal(posterior.mean, torch.diag_embed(posterior.std.square()))
    p_z = MultivariateNormal(*model.prior.moments()).expand((len(x), 3))
    kl_z = (posterior.pi * kl_divergence(q_z, p_z)).sum(1)
    kl_k = kl_divergence(Categorical(posterior.pi), Categorical(torch.ones(3)))
    nll = binary_cross_entropy_with_logits(bias.expand(x.shape), x, reduction="none").sum(1)
    expected = float((nll + kl_z + kl_k).mean())
    assert compute("elbo", model, data)["elbo"] == pytest.approx(expected, rel=1e-5)


def test_the_papers_code_fits_its_map_on_the_labels_that_it_is_judged_by():
    labels = torch.arange(3000) % 3
    pi = torch.nn.functional.one_hot((labels + 1) % 3, 3).float()
    wrong = Dataset(
        "wrong", (1, 1, 1), torch.zeros(3, 1), torch.arange(3), torch.zeros(3000, 1), labels
    )
    found = measure_assignments({"m": metrics.AccuracySameLabels()}, torch.eye(3), pi, wrong)
    assert found.numbers == {"accuracy_same_labels": 1.0}  # by training labels, none is right
    pi[:1500] = torch.tensor([1.0, 0, 0])  # half of the images are in one component
    found = measure_assignments({"m": metrics.AccuracySameLabels()}, torch.eye(3), pi, wrong)
    assert found.numbers["accuracy_same_labels"] == pytest.approx(2 / 3, abs=0.04)


def test_silhouette_is_the_mean_of_scikit_learns(model, data):
    with evaluation_mode(model):
        posterior = model.encode(data.x_test)
    k = posterior.pi.argmax(1)
    codes = posterior.mean[torch.arange(len(k)), k].detach().numpy()
    if len(k.unique()) > 1:
        expected = silhouette_samples(codes, k.numpy()).mean()
        assert compute("silhouette", model, data)["silhouette"] == pytest.approx(expected, rel=1e-4)
    model.network.classifier = nn.Sequential(nn.Linear(16, 3))
    model.network.classifier[0].bias.data = torch.tensor([100.0, 0, 0])
    with pytest.raises(ValueError, match="1 components: nothing to compare"):
        compute("silhouette", model, data)


def test_flops_are_those_of_the_matrices(data):
    network = {"name": "mlp", "hidden": [12], "component_hidden": [8]}
    model = LatentMixtureModel((1, 4, 4), network, PRIOR)
    expected = sum(
        2 * layer.weight.numel() for layer in model.network.modules() if type(layer) is nn.Linear
    )
    assert compute("flops", model, data)["flops"] >= expected


class Recording(Shelf):
    def __init__(self):
        self.kept, self.computed = {}, 0

    def once(self, key, compute):
        if key not in self.kept:
            self.kept[key] = compute()
            self.computed += 1
        return self.kept[key]


def test_the_classifier_of_a_data_set_is_trained_once_and_tells_its_classes():
    data = digits()
    shelf = Recording()
    found = []
    with shared_on(shelf):
        for seed in (0, 1):  # runs of any seed have one map
            torch.manual_seed(seed)
            found.append(feature_map(data)(data.x_test))
    assert shelf.computed == 1
    assert torch.equal(*found)
    assert torch.equal(found[0], feature_map(data)(data.x_test))
    x, y = found[0].double(), data.y_test
    nearest = torch.cdist(x, x).fill_diagonal_(torch.inf).argmin(1)
    assert (y[nearest] == y).double().mean() > 0.9


@pytest.mark.parametrize("labels", ["none", "no known", "one class"])
def test_without_labels_features_are_principal_components(labels):
    x, _ = make_blobs(120, 16, random_state=0)
    x = torch.tensor((x - x.min()) / np.ptp(x), dtype=torch.float32)
    y = {"none": None, "no known": -torch.ones(120).long(), "one class": torch.zeros(120).long()}
    y = y[labels]
    parts = (None, None) if y is None else (y[:100], y[100:])
    data = Dataset("blobs", (1, 4, 4), x[:100], parts[0], x[100:], parts[1])
    features = feature_map(data)(data.x_train)
    _, values, _ = np.linalg.svd(x[:100].numpy() - x[:100].numpy().mean(0))
    variances = features.var(0, unbiased=False).sqrt() * 10
    np.testing.assert_allclose(variances.flip(0), values, rtol=1e-3)


def test_labels_that_are_missing_train_no_classifier(data):
    marked = data.y_train.clone()
    marked[::2] = -1
    partly = Dataset("p", (1, 4, 4), data.x_train, marked, data.x_test, data.y_test)
    known = Dataset(
        "k", (1, 4, 4), data.x_train[1::2], data.y_train[1::2], data.x_test, data.y_test
    )
    assert torch.equal(feature_map(partly)(data.x_test), feature_map(known)(data.x_test))


class Share(AssignmentMetric):
    """The share of the first component."""

    numbers = (Number("first", "first", None, 2), Number("other", "other", None, 2))

    def score(self, pi_train, pi_test, data):
        return {"first": pi_test[:, 0].mean(), "other": float("nan")}


class Broken(Metric):
    """Raises."""

    numbers = (Number("broken", "broken", "high", 2),)

    def compute(self, model, data):
        raise RuntimeError("no")


class Undeclared(Metric):
    """Returns what it does not name."""

    numbers = (Number("named", "named", "high", 2),)

    def compute(self, model, data):
        return {"named": 1.0, "nmaed": 2.0}


class OfLabels(Broken):
    """Needs labels."""

    needs_labels = True


def test_a_metric_that_fails_costs_its_numbers_alone(model, data):
    chosen = {each.__name__: each() for each in (Broken, Share, Undeclared)}
    measured = measure_model(chosen, model, data)
    assert set(measured.numbers) == {"first"}
    assert {name: str(error) for name, error in measured.failed.items()} == {
        "Broken": "no",
        "Share": "other is nan",
        "Undeclared": "nmaed is not among its numbers: named",
    }
    pi = torch.eye(3)[torch.arange(30) % 3]
    measured = measure_assignments(chosen, pi, pi, data)
    assert measured.numbers == {"first": pytest.approx(1 / 3)}
    assert set(measured.failed) == {"Share"}


def test_a_metric_of_labels_is_not_asked_without(model, data):
    chosen = {"labels": OfLabels()}
    assert set(measure_model(chosen, model, data).failed) == {"labels"}
    for y in (None, -torch.ones(60).long()):
        held_out = None if y is None else y[:30]
        without = Dataset("w", (1, 4, 4), data.x_train, y, data.x_test, held_out)
        assert measure_model(chosen, model, without).failed == {}
