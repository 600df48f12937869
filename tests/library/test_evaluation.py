import itertools

import numpy as np
import ot
import pytest
import torch
from scipy.stats import norm
from sklearn.metrics import mutual_info_score
from torch.nn.functional import binary_cross_entropy

from otlvm import LatentMixtureModel
from otlvm.data import Dataset
from otlvm.evaluation import (
    class_component_matrix,
    clustering_scores,
    component_usage,
    curve_point,
    evaluate,
    evaluation_mode,
    hungarian_accuracy,
    latent_match,
    paper_map,
    reconstruction_errors,
)
from otlvm.evaluation.latent import sample_mmd, sample_w2
from otlvm.priors import StandardNormal


@pytest.fixture
def data():
    rng = torch.Generator().manual_seed(0)
    x, y = torch.rand(90, 16, generator=rng), torch.randint(3, (90,), generator=rng)
    return Dataset("noise", (1, 4, 4), x[:60], y[:60], x[60:], y[60:])


@pytest.fixture
def model():
    torch.manual_seed(0)
    prior = {"name": "gaussian_mixture", "components": 3, "dim": 2}
    return LatentMixtureModel((1, 4, 4), {"name": "mlp", "hidden": [8]}, prior)


def one_hot(assigned, size):
    return np.eye(size)[assigned]


def test_class_component_matrix():
    pi = np.array([[0.9, 0.1], [0.5, 0.5], [0.2, 0.8]])
    matrix = class_component_matrix(pi, np.array([0, 0, 2]), 3)
    np.testing.assert_allclose(matrix, [[0.7, 0.3], [0, 0], [0.2, 0.8]])


def test_paper_map_takes_classes_by_their_maximum():
    # Class 1 is surest of component 0, so class 0 must do with its second choice.
    matrix = np.array([[0.6, 0.3, 0.1], [0.9, 0.1, 0.0], [0.2, 0.4, 0.4]])
    np.testing.assert_array_equal(paper_map(matrix), [1, 0, 2])


def test_components_beyond_the_classes_take_their_likeliest_class():
    matrix = np.array([[0.5, 0.1, 0.4, 0.0], [0.1, 0.6, 0.1, 0.2]])
    np.testing.assert_array_equal(paper_map(matrix), [0, 1, 0, 1])


def test_fewer_components_than_classes():
    mapping = paper_map(np.array([[0.9, 0.1], [0.2, 0.8], [0.5, 0.5]]))
    np.testing.assert_array_equal(mapping, [0, 1])


def test_hungarian_is_the_best_of_all_maps():
    rng = np.random.default_rng(0)
    for _ in range(20):
        assigned, labels = rng.integers(4, size=(2, 50))
        labels[:4] = assigned[:4] = range(4)
        expected = max(
            np.mean(np.array(permutation)[assigned] == labels)
            for permutation in itertools.permutations(range(4))
        )
        assert hungarian_accuracy(assigned, labels) == pytest.approx(expected)


def test_scores_do_not_depend_on_names_of_components():
    rng = np.random.default_rng(0)
    labels = rng.integers(4, size=200)
    noisy = np.where(rng.random(200) < 0.3, rng.integers(4, size=200), labels)
    pi = 0.9 * one_hot(noisy, 4) + 0.1 * rng.dirichlet(np.ones(4), 200)
    expected = clustering_scores(pi[:100], labels[:100], pi[100:], labels[100:])
    shuffled = pi[:, rng.permutation(4)]
    found = clustering_scores(shuffled[:100], labels[:100], shuffled[100:], labels[100:])
    assert found == pytest.approx(expected)
    assert 0.6 < expected["accuracy"] < 0.9


def test_perfect_and_collapsed_clusterings():
    labels = np.arange(40) % 4
    perfect = one_hot((labels + 1) % 4, 4)
    assert set(clustering_scores(perfect, labels, perfect, labels).values()) == {1.0}
    collapsed = one_hot(np.zeros(40, dtype=int), 4)
    scores = clustering_scores(collapsed, labels, collapsed, labels)
    right = ("accuracy", "accuracy_hungarian", "accuracy_majority", "purity")
    assert scores == {**dict.fromkeys(right, 0.25), "nmi": 0.0, "ari": 0.0}


def test_the_map_is_fitted_on_training_labels_only():
    pi = one_hot(np.arange(40) % 2, 2)
    train, test = np.arange(40) % 2, 1 - np.arange(40) % 2
    scores = clustering_scores(pi, train, pi, test)
    assert scores["accuracy"] == 0.0
    assert scores["accuracy_hungarian"] == 1.0


def test_component_usage():
    assert component_usage(one_hot(np.arange(40) % 4, 4)) == pytest.approx(
        {"components_used": 4.0, "information": 4.0, "smallest_share": 0.25}
    )
    assert component_usage(one_hot(np.zeros(9, dtype=int), 4)) == pytest.approx(
        {"components_used": 1.0, "information": 1.0, "smallest_share": 0.0}
    )


def test_components_that_say_nothing_are_used_and_not_informed():
    """The negative control of an unsupervised M2: q(k|x) is uniform whatever x is."""
    usage = component_usage(np.full((50, 10), 0.1, dtype=np.float32))
    assert usage["components_used"] == pytest.approx(10)
    assert usage["information"] == pytest.approx(1, abs=1e-6)
    assert usage["information"] >= 1


def test_information_is_the_mutual_information_of_hard_assignments():
    """I(x; k) of assignments that are sure is I(label; k) where each label is one image."""
    rng = np.random.default_rng(0)
    assigned = rng.integers(5, size=200)
    expected = np.exp(mutual_info_score(np.arange(200), assigned))
    assert component_usage(one_hot(assigned, 6))["information"] == pytest.approx(expected)
    pi = rng.dirichlet(np.ones(4), 300)  # soft: as often as q(k|x) says
    joint = np.rint(pi * 1e6).astype(int)
    expected = np.exp(mutual_info_score(None, None, contingency=joint))
    assert component_usage(pi)["information"] == pytest.approx(expected, rel=1e-5)


def test_reconstruction_errors_are_exact_over_k(model, data):
    with evaluation_mode(model):
        found = reconstruction_errors(model, data.x_test)
    with evaluation_mode(model):
        posterior = model.encode(data.x_test)
        bce, squared = 0.0, 0.0
        for k in range(3):
            image = model.decode(posterior.z[:, k])
            weight = posterior.pi[:, k]
            loss = binary_cross_entropy(image, data.x_test, reduction="none").sum(1)
            bce += float((weight * loss).mean())
            squared += float((weight * (image - data.x_test).square().sum(1)).mean())
    expected = {"nll": bce, "bce": bce, "squared_error": squared}
    assert found == pytest.approx(expected, rel=1e-5)


def test_evaluation_disturbs_nothing(model, data, monkeypatch):
    monkeypatch.delattr("torch.cuda.manual_seed_all")  # GPUs that the model is not on
    model.train()
    state = torch.get_rng_state()
    weights = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    first, second = evaluate(model, data), evaluate(model, data)
    curve_point(model, data)
    assert first == second
    assert model.training
    torch.testing.assert_close(torch.get_rng_state(), state)
    torch.testing.assert_close(model.state_dict(), weights, rtol=0, atol=0)


def test_sample_w2():
    rng = torch.Generator().manual_seed(0)
    x = torch.randn(200, 3, generator=rng)
    assert sample_w2(x, x + torch.tensor([3.0, 0.0, 4.0])) == pytest.approx(5.0, rel=1e-5)
    y = torch.randn(200, 1, generator=rng)
    sorted_gap = (x[:, :1].sort(0).values - y.sort(0).values).square().mean().sqrt()
    assert sample_w2(x[:, :1], y) == pytest.approx(float(sorted_gap), rel=1e-5)


def test_sample_mmd_against_numpy():
    rng = torch.Generator().manual_seed(0)
    prior = StandardNormal(2)
    x, y = torch.randn(30, 2, generator=rng) + 1, torch.randn(20_000, 2, generator=rng)
    scales = np.outer([0.01, 0.1, 1, 10, 100], [1, 2, 5]).ravel()

    def kernel(p, q):
        return (scales / (scales + ot.dist(p.numpy(), q.numpy())[..., None])).sum(-1)

    within = kernel(x, x)
    blocks = [kernel(y[i : i + 500], y[-i - 500 :][:500]) for i in range(0, 10_000, 500)]
    pairs = np.concatenate([np.diag(block) for block in blocks])
    cross = kernel(x, y).mean()
    expected = (within.sum() - np.trace(within)) / (30 * 29) + pairs.mean() - 2 * cross
    error = pairs.std() / len(pairs) ** 0.5 + 2 * kernel(x, y).mean(0).std() / len(y) ** 0.5
    assert abs(sample_mmd(x, prior) - expected) < 4 * error < 0.3 * abs(expected)


def test_latent_match_of_the_prior_itself(model, data):
    """An encoder that ignores x and returns the prior matches it, whatever it decodes to."""
    means, covariances = (moment.clone() for moment in model.prior.moments())

    class Perfect(torch.nn.Module):
        def forward(self, x):
            std = covariances.diagonal(dim1=1, dim2=2).sqrt()
            return means.expand(len(x), 3, 2), std.expand(len(x), 3, 2)

    class Uniform(torch.nn.Module):
        def forward(self, x):
            return torch.zeros(len(x), 3)

    model.network.components, model.network.classifier = Perfect(), Uniform()
    with evaluation_mode(model):
        matched = latent_match(model, data.x_test)
    means += 1.0
    with evaluation_mode(model):
        shifted = latent_match(model, data.x_test)
    assert abs(matched["latent_mmd"]) < 0.005
    assert matched["latent_w2"] < 0.5
    assert shifted["latent_mmd"] > 0.05
    assert shifted["latent_w2"] == pytest.approx(2**0.5, abs=0.1)


def test_bce_of_a_known_decoder(model, data):
    """With logits of zero every pixel costs log 2, and the error is that of grey."""

    class Grey(torch.nn.Module):
        def forward(self, z):
            return torch.zeros(len(z), 16)

    model.network.decoder = Grey()
    with evaluation_mode(model):
        found = reconstruction_errors(model, data.x_test)
    assert found["bce"] == pytest.approx(16 * np.log(2), rel=1e-5)
    assert found["squared_error"] == pytest.approx(
        float((data.x_test - 0.5).square().sum(1).mean()), rel=1e-5
    )


def test_sample_w2_of_gaussians_tends_to_their_distance():
    rng = np.random.default_rng(0)
    x = norm.ppf((np.arange(1000) + 0.5) / 1000)[:, None]
    y = 2 * rng.permutation(x) + 1  # W2(N(0, 1), N(1, 4))^2 = 1 + 1
    found = sample_w2(torch.from_numpy(x), torch.from_numpy(y))
    assert found == pytest.approx(2**0.5, rel=5e-3)
