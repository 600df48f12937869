import numpy as np
import pytest
import torch
from sklearn.cluster import KMeans as SklearnKMeans
from sklearn.mixture import GaussianMixture

from otlvm.baselines import baselines
from otlvm.evaluation import hungarian_accuracy
from otlvm.features import Autoencoder, features
from otlvm.registry import RegistryError


@pytest.fixture
def x():
    return torch.rand(90, 16, generator=torch.Generator().manual_seed(0))


def noisy_patterns():
    """Noisy copies of four patterns, and which it is."""
    torch.manual_seed(0)
    patterns = torch.rand(4, 36).round()
    labels = torch.arange(400) % 4
    return (patterns[labels] + 0.2 * torch.rand(400, 36)).clamp(0, 1), labels


def test_kmeans_is_scikit_learns(x):
    torch.manual_seed(1)
    baseline = baselines.build({"name": "kmeans", "n_init": 3})
    train, test = baseline.fit(x[:60], 4), baseline.assign(x[60:])
    reference = SklearnKMeans(4, n_init=3, random_state=1).fit(x[:60].numpy())
    np.testing.assert_array_equal(train.argmax(1), reference.labels_)
    np.testing.assert_array_equal(test.argmax(1), reference.predict(x[60:].numpy()))
    assert set(test.unique().tolist()) == {0.0, 1.0}
    assert test.sum(1).tolist() == [1.0] * 30


def test_gmm_is_scikit_learns(x):
    torch.manual_seed(1)
    baseline = baselines.build({"name": "gmm", "n_init": 2, "covariance": "diag"})
    train, test = baseline.fit(x[:60], 3), baseline.assign(x[60:])
    reference = GaussianMixture(
        3, covariance_type="diag", reg_covar=1e-4, n_init=2, max_iter=300, random_state=1
    ).fit(x[:60].double().numpy())
    np.testing.assert_allclose(test, reference.predict_proba(x[60:].double().numpy()), atol=1e-6)
    assert train.shape == (60, 3)
    torch.testing.assert_close(train.sum(1), torch.ones(60))


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"name": "gmm", "covariance": "round"}, "covariance is full, tied, diag or spherical"),
        ({"name": "gmm", "n_init": 0}, "n_init must be positive"),
        ({"name": "kmeans", "n_init": 0}, "n_init must be positive"),
        ({"name": "kmeans", "features": "umpa"}, "did you mean 'umap'"),
    ],
)
def test_bad_baselines(spec, message):
    with pytest.raises(RegistryError, match=message):
        baselines.build(spec)


@pytest.mark.parametrize(("normalization", "coupled"), [("batch", True), ("none", False)])
def test_an_autoencoder_without_norm_knows_one_image_at_a_time(normalization, coupled):
    torch.manual_seed(0)
    x = torch.rand(40, 6)
    codes = Autoencoder(dim=2, hidden=(8,), steps=3, batch_size=20, normalization=normalization)
    codes.fit_transform(x)
    both = torch.nn.Sequential(codes.encoder, codes.decoder).train()
    alone, among = both(x[:2]), both(x)[:2]
    assert bool((alone - among).abs().max() > 1e-3) is coupled


@pytest.mark.parametrize("name", ["kmeans", "gmm"])
def test_codes_of_an_autoencoder_tell_clusters_apart(name):
    x, labels = noisy_patterns()
    spec = {"name": "autoencoder", "dim": 3, "hidden": [32], "steps": 200, "batch_size": 50}
    feature = features.build(spec)
    train, test = feature.fit_transform(x[:300]), feature.transform(x[300:])
    assert (train.shape, test.shape) == ((300, 3), (100, 3))
    assert not train.requires_grad
    baseline = baselines.build({"name": name, "features": spec})
    baseline.fit(x[:300], 4)
    found = hungarian_accuracy(baseline.assign(x[300:]).argmax(1).numpy(), labels[300:].numpy())
    assert found > 0.95


def test_umap_maps_what_the_inner_features_give():
    """The same map as umap-learn's own, and clusters of other images fall where theirs are."""
    import umap  # takes seconds

    x, labels = noisy_patterns()
    torch.manual_seed(5)
    spec = {"name": "umap", "dim": 2, "neighbors": 10}
    feature = features.build(spec)
    points = feature.fit_transform(x[:300])
    reference = umap.UMAP(n_neighbors=10, n_components=2, min_dist=0.0, random_state=5, n_jobs=1)
    np.testing.assert_array_equal(points, reference.fit_transform(x[:300].numpy()))
    baseline = baselines.build({"name": "gmm", "features": spec})
    baseline.fit(x[:300], 4)
    found = hungarian_accuracy(baseline.assign(x[300:]).argmax(1).numpy(), labels[300:].numpy())
    assert found > 0.95
