"""The statistic against earlier batches: value, gradient, queue, resume."""

from functools import partial

import pytest
import torch

from otlvm import LatentMixtureModel, fit
from otlvm.divergences import IMQMMD, divergences
from otlvm.latents import MixturePosterior
from otlvm.objectives import objectives
from otlvm.priors import GaussianMixture
from otlvm.training import Checkpoints, InterruptedTrainingError

N, K, D = 6, 3, 2
PRIOR = {"name": "gaussian_mixture", "components": K, "dim": D}


def batch(seed):
    torch.manual_seed(seed)
    z = 2 * torch.randn(N, K, D, dtype=torch.float64, requires_grad=True)
    logits = torch.randn(N, K, dtype=torch.float64, requires_grad=True)
    return MixturePosterior(logits, z, torch.ones_like(z), z)


def kernel(x, y):
    scales = torch.tensor(IMQMMD().scales, dtype=torch.float64)
    return (scales / (scales + (x - y).square().sum())).sum()


def brute(present, earlier, prior, on):
    """Gradient of 2 (q-q' - q-p) and the value q-q' - 2 q-p + p-p, by loops."""
    pairs = torch.zeros((), dtype=torch.float64)
    count = len(earlier) * N * N
    for other in earlier:
        for i in range(N):
            for j in range(N):
                for k in range(K):
                    for m in range(K):
                        if on == "joint" and k != m:
                            continue
                        weight = present.pi[i, k] * other.pi[j, m].detach() / count
                        pairs = pairs + weight * kernel(present.z[i, k], other.z[j, m].detach())
    reference = IMQMMD(on=on, statistic="v")
    v = reference(present, prior)
    # q-p and p-p, from the V-statistic less its own pairs.
    own = torch.zeros((), dtype=torch.float64)
    for i in range(N):
        for j in range(N):
            for k in range(K):
                for m in range(K):
                    if on == "joint" and k != m:
                        continue
                    weight = present.pi[i, k] * present.pi[j, m] / N**2
                    own = own + weight * kernel(present.z[i, k], present.z[j, m])
    rest = v - own
    return pairs.detach() + rest.detach(), 2 * pairs + rest


@pytest.mark.parametrize("on", ["marginal", "joint"])
def test_value_and_gradient_are_those_of_loops(on):
    prior = GaussianMixture(K, D).double()
    divergence = IMQMMD(on=on, statistic="cross", queue=2)
    batches = [batch(seed) for seed in range(4)]
    for one in batches:
        divergence.update(one.detach(), prior)
    present = batches[3]
    value = divergence(present, prior)
    expected, objective = brute(present, batches[1:3], prior, on)  # the oldest has left the queue
    assert float(value.detach()) == pytest.approx(float(expected.detach()), rel=1e-6)
    found = torch.autograd.grad(value, (present.z, present.logits), retain_graph=True)
    wanted = torch.autograd.grad(objective, (present.z, present.logits))
    for one, other in zip(found, wanted, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-9)


def test_the_mean_gradient_is_that_of_the_squared_mmd():
    """Over many draws, moving q moves the estimate as it moves the true squared MMD."""
    prior = GaussianMixture(K, D).double()
    shift = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)

    def draws(n, seed):
        torch.manual_seed(seed)
        z = prior.sample_components(n) + shift
        return MixturePosterior(torch.zeros(n, K, dtype=torch.float64), z, torch.ones_like(z), z)

    cross, unbiased = [], []
    for seed in range(200):
        divergence = IMQMMD(statistic="cross", queue=1)
        for one in (draws(8, seed), draws(8, seed + 1000)):
            divergence.update(one.detach(), prior)
        present = draws(8, seed + 1000)
        cross.append(torch.autograd.grad(divergence(present, prior), shift)[0])
        unbiased.append(torch.autograd.grad(IMQMMD()(draws(8, seed), prior), shift)[0])
    first, second = torch.stack(cross), torch.stack(unbiased)
    error = (first.var() / 200 + second.var() / 200).sqrt()
    assert abs(float(first.mean() - second.mean())) < 4 * float(error)
    assert float(first.mean()) > 10 * float(error)


def test_a_batch_cannot_make_it_small_by_itself():
    """Codes that repel each other within a batch lower the U-statistic, and not this one."""
    prior = GaussianMixture(K, D).double()
    torch.manual_seed(0)
    divergence = IMQMMD(statistic="cross", queue=4)
    for _ in range(4):
        z = prior.sample_components(N)
        divergence.update(MixturePosterior(z.new_zeros(N, K), z, z, z), prior)
    z = prior.sample_components(N).requires_grad_()
    optimizer = torch.optim.Adam([z], lr=0.05)
    for _ in range(150):  # as batch norm lets an encoder do
        optimizer.zero_grad()
        torch.autograd.backward(IMQMMD()(MixturePosterior(z.new_zeros(N, K), z, z, z), prior))
        optimizer.step()
    posterior = MixturePosterior(z.new_zeros(N, K), z, z, z).detach()
    divergence.update(posterior, prior)
    assert float(IMQMMD()(posterior, prior)) < -0.1
    assert float(divergence(posterior, prior)) > -0.1


@pytest.mark.parametrize("queue", [1, 3])
def test_the_queue_is_full_before_the_first_step(queue):
    seen = []

    class Watched(IMQMMD):
        def forward(self, posterior, prior):
            earlier = self.queue.earlier()
            seen.append(len(earlier[0]))
            return super().forward(posterior, prior)

    torch.manual_seed(0)
    model = LatentMixtureModel((1, 3, 3), {"name": "mlp", "hidden": [8]}, PRIOR)
    objective = objectives.build({"name": "wae", "divergence": "imq_mmd"})
    objective.divergence = Watched(statistic="cross", queue=queue)
    fit(model, objective, torch.rand(40, 9), steps=3, batch_size=10)
    assert seen == [10 * queue] * 3


def test_training_goes_on_to_the_bit(tmp_path):
    spec = {"name": "wae", "divergence": {"name": "imq_mmd", "statistic": "cross", "queue": 3}}
    x = torch.rand(64, 9, generator=torch.Generator().manual_seed(0))

    def train(name, stops=()):
        for stop in (*stops, None):
            torch.manual_seed(0)
            model = LatentMixtureModel((1, 3, 3), {"name": "mlp", "hidden": [8]}, PRIOR)
            answers = iter([step == stop for step in range(20)])
            checkpoints = Checkpoints(tmp_path / name, every_steps=1, stop=partial(next, answers))
            try:
                history = fit(model, spec, x, steps=9, batch_size=16, log_every=1,
                              checkpoints=checkpoints)  # fmt: skip
            except InterruptedTrainingError:
                continue
        return model.state_dict(), history.rows

    whole, rows = train("whole")
    parts, others = train("parts", stops=(2, 3))
    assert rows == others
    for name, value in whole.items():
        assert torch.equal(value, parts[name])


def test_it_is_the_u_statistic_without_earlier_batches():
    prior, present = GaussianMixture(K, D).double(), batch(0)
    fresh = divergences.build({"name": "imq_mmd", "statistic": "cross"})
    assert torch.equal(fresh(present, prior), IMQMMD()(present, prior))
    with pytest.raises(ValueError, match="queue must be positive"):
        IMQMMD(statistic="cross", queue=0)
