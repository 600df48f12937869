"""DEC and IDEC: their target, their stop, their terms, against formulas written out."""

import numpy as np
import pytest
import torch

from otlvm.baselines import DEC, IDEC, baselines
from otlvm.baselines.embedded import divergence_to_target, soft_assignments, target_distribution
from otlvm.evaluation import hungarian_accuracy
from otlvm.features import Autoencoder, features
from otlvm.registry import RegistryError
from tests.library.test_baselines import noisy_patterns

SMALL = {"name": "autoencoder", "dim": 3, "hidden": [16], "steps": 60, "batch_size": 50}


def test_assignments_and_target_are_the_papers_formulas():
    rng = np.random.default_rng(0)
    codes, centres = rng.normal(size=(7, 3)), rng.normal(size=(4, 3))
    q, p = np.zeros((7, 4)), np.zeros((7, 4))
    for i, j in np.ndindex(7, 4):
        q[i, j] = (1 + ((codes[i] - centres[j]) ** 2).sum()) ** -1
    q /= q.sum(1, keepdims=True)
    for i, j in np.ndindex(7, 4):
        p[i, j] = q[i, j] ** 2 / sum(q[k, j] for k in range(7))
    p /= p.sum(1, keepdims=True)
    found = soft_assignments(torch.from_numpy(codes), torch.from_numpy(centres))
    np.testing.assert_allclose(found, q, rtol=1e-12)
    np.testing.assert_allclose(target_distribution(found), p, rtol=1e-12)
    kl = sum(p[i, j] * np.log(p[i, j] / q[i, j]) for i, j in np.ndindex(7, 4)) / 7
    assert float(divergence_to_target(torch.from_numpy(p), found)) == pytest.approx(kl)


def test_the_target_is_of_all_images_and_stays_between_updates(monkeypatch):
    x, _ = noisy_patterns()
    seen = []

    def remember(q):
        seen.append(q.shape)
        return target_distribution(q)

    monkeypatch.setattr("otlvm.baselines.dec.target_distribution", remember)
    dec = DEC(features.build(SMALL), steps=10, update_every=4, tolerance=0.0, batch_size=50)
    dec.fit(x, 4)
    assert seen == [(400, 4)] * 3  # at steps 0, 4, 8
    assert dec.steps_done == 10


def test_training_ends_when_few_images_change_their_cluster():
    x, _ = noisy_patterns()
    dec = DEC(features.build(SMALL), steps=1000, update_every=5, tolerance=0.5, batch_size=50)
    dec.fit(x, 4)
    assert dec.steps_done == 5  # the first comparison


def test_gamma_weighs_the_clustering_term():
    clustering, x = torch.tensor(3.0), torch.rand(5, 2)
    codes = torch.rand(5, 3)
    losses = []
    for gamma in (0.0, 0.1, 1.0):
        idec = IDEC(features.build({**SMALL, "cost": "squared"}), gamma=gamma)
        idec._decoder = torch.nn.Linear(3, 2)
        torch.nn.init.constant_(idec._decoder.weight, 0.3)
        torch.nn.init.zeros_(idec._decoder.bias)
        losses.append(float(idec.loss(clustering, codes, x).detach()))
    squared = float((0.3 * codes.sum(1, keepdim=True) - x).square().mean())
    assert losses == pytest.approx([squared, squared + 0.3, squared + 3.0])
    assert float(DEC(features.build(SMALL)).loss(clustering, codes, x)) == 3.0


HOW = {"features": SMALL, "batch_size": 50, "steps": 80, "update_every": 20, "tolerance": 0.0}


@pytest.mark.parametrize(
    ("blunt", "sharp"),
    [
        ({"name": "dec", **HOW, "steps": 0}, {"name": "dec", **HOW}),
        ({"name": "idec", **HOW, "gamma": 0.0}, {"name": "idec", **HOW, "gamma": 1.0}),
    ],
)
def test_the_clustering_term_sharpens(blunt, sharp):
    x, labels = noisy_patterns()
    shares = []
    for spec in (blunt, sharp):
        baseline = baselines.build(spec)
        found = baseline.fit(x[:300], 4)
        torch.testing.assert_close(found.sum(1), torch.ones(300))
        shares.append(float(found.max(1).values.mean()))
        assigned = baseline.assign(x[300:]).argmax(1).numpy()
        assert hungarian_accuracy(assigned, labels[300:].numpy()) == 1.0
    assert shares[1] > shares[0] + 0.05


def test_what_is_no_autoencoder_is_refused():
    with pytest.raises(
        RegistryError, match="it trains an autoencoder, and the features are Pixels"
    ):
        baselines.build({"name": "dec", "features": "pixels"})
    assert isinstance(baselines.build("dec").features, Autoencoder)
