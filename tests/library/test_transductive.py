"""Spectral and agglomerative clustering: scikit-learn's labels, and a vote on the rest."""

import numpy as np
import pytest
import torch
from sklearn.cluster import AgglomerativeClustering
from sklearn.datasets import make_circles
from sklearn.metrics import adjusted_rand_score

from otlvm.baselines import Agglomerative, Spectral
from tests.library.test_baselines import noisy_patterns


def test_agglomerative_is_scikit_learns_and_others_take_their_neighbours_cluster():
    x, labels = noisy_patterns()
    torch.manual_seed(3)
    train, baseline = x[:200], Agglomerative(most=200, neighbors=3)
    found = baseline.fit(train, 4).argmax(1).numpy()
    np.testing.assert_array_equal(found, AgglomerativeClustering(4).fit_predict(train.numpy()))
    assert adjusted_rand_score(labels[200:], baseline.assign(x[200:]).argmax(1)) == 1.0


def test_only_a_subsample_is_clustered_and_all_images_are_assigned(monkeypatch):
    x, labels = noisy_patterns()
    torch.manual_seed(3)
    baseline, sizes = Agglomerative(most=80), []
    cluster = baseline.cluster
    monkeypatch.setattr(baseline, "cluster", lambda p, *a: sizes.append(len(p)) or cluster(p, *a))
    found = baseline.fit(x, 4)
    assert sizes == [80]
    assert found.shape == (400, 4)
    assert adjusted_rand_score(labels, found.argmax(1)) == 1.0


def test_spectral_finds_rings_that_no_distance_to_a_centre_tells_apart():
    points, rings = make_circles(400, factor=0.4, noise=0.02, random_state=0)
    x = torch.from_numpy(points).float()
    torch.manual_seed(0)
    baseline = Spectral(most=300)
    assert adjusted_rand_score(rings, baseline.fit(x, 2).argmax(1)) == 1.0
    assert adjusted_rand_score(rings, baseline.assign(x + 0.001).argmax(1)) == 1.0


@pytest.mark.parametrize("make", [Spectral, Agglomerative])
def test_what_cannot_work_is_refused(make):
    with pytest.raises(ValueError, match="must be positive"):
        make(most=0)
    with pytest.raises(ValueError, match="3 training images cannot make 4 components"):
        make(most=3).check(100, 4)
