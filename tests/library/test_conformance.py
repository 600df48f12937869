import os
import subprocess
import sys
from functools import partial

import numpy as np
import pytest
import torch

from otlvm.divergences import SampleDivergence, divergences
from otlvm.expectations import expectations
from otlvm.likelihoods import likelihoods
from otlvm.networks import ComponentLinear, TruncatedNormal, inits
from otlvm.objectives import VAE, Losses, Objective, objectives
from otlvm.priors import GaussianMixture, priors
from otlvm.testing import (
    ConformanceError,
    check_divergence,
    check_init,
    check_likelihood,
    check_objective,
    check_prior,
    divergence_outcomes,
)

JOINT = ["imq_mmd", "rbf_mmd", "sinkhorn", "energy", "exact_ot"]
DIVERGENCES = [
    *list(divergences),
    *({"name": name, "on": "joint"} for name in JOINT),
    {"name": "imq_mmd", "prior": "sampled"},
    {"name": "imq_mmd", "statistic": "v"},
]


@pytest.mark.parametrize("spec", DIVERGENCES, ids=str)
def test_our_divergences_conform(spec):
    check_divergence(partial(divergences.build, spec))


NEEDED = {"mixture": {"means": [[0.0, 1.0], [3.0, 0.0]], "weights": [0.2, 0.8]}}


@pytest.mark.parametrize("learn", [False, True])
@pytest.mark.parametrize("name", list(priors))
def test_our_priors_conform(name, learn):
    spec = {"name": name, "learn": learn, **NEEDED.get(name, {})}
    check_prior(partial(priors.build, spec))


@pytest.mark.parametrize("expectation", list(expectations))
@pytest.mark.parametrize("name", list(objectives))
def test_our_objectives_conform(name, expectation):
    spec = {"name": name, "expectation": expectation}
    if name == "wae":
        spec["divergence"] = "imq_mmd"
    if name in ("invariant", "monte_carlo"):
        spec = {"name": name, "of": {"name": "vae", "expectation": expectation}}
    check_objective(partial(objectives.build, spec))


@pytest.mark.parametrize("spec", [*inits, {"name": "truncated_normal", "std": 1.0}], ids=str)
def test_our_inits_conform(spec):
    check_init(partial(inits.build, spec))


@pytest.mark.parametrize(
    "spec",
    [*likelihoods, *({"name": "gaussian", "sigma": 0.5, "learn": x} for x in ("one", "each"))],
    ids=str,
)
def test_our_likelihoods_conform(spec):
    check_likelihood(partial(likelihoods.build, spec))


class Good(SampleDivergence):
    def between(self, x, a, y, b):
        return (a @ x - b @ y).square().sum() + (a @ x.square() - b @ y.square()).square().sum()


def test_a_good_divergence_passes_and_nothing_is_hidden():
    outcomes = divergence_outcomes(Good)
    statuses = {outcome.check: outcome.status for outcome in outcomes}
    assert statuses.pop("CUDA") == ("passed" if torch.cuda.is_available() else "skipped")
    assert set(statuses.values()) == {"passed"}
    assert len(statuses) == 11


class Detached(Good):
    def between(self, x, a, y, b):
        return super().between(x.detach(), a.detach(), y, b)


class IgnoresWeights(Good):
    def between(self, x, a, y, b):
        return super().between(x, torch.full_like(a, 1 / len(a)), y, b)


class Vector(Good):
    def between(self, x, a, y, b):
        return (a @ x - b @ y).square()


class Number(Good):
    def between(self, x, a, y, b):
        return float(super().between(x, a, y, b).detach())


class Nan(Good):
    def between(self, x, a, y, b):
        return super().between(x, a, y, b) * float("nan")


class FlipsGradMode(Good):
    def between(self, x, a, y, b):
        value = super().between(x, a, y, b)
        torch.set_grad_enabled(True)
        return value


class SetsDefaultDtype(Good):
    def between(self, x, a, y, b):
        torch.set_default_dtype(torch.float64)
        return super().between(x, a, y, b)


class Reseeds(Good):
    def between(self, x, a, y, b):
        torch.manual_seed(0)
        return super().between(x, a, y, b)


class DrawsFromNumPy(Good):
    def between(self, x, a, y, b):
        u = torch.from_numpy(np.random.randn(x.shape[1])).to(x)  # noqa: NPY002
        return super().between(x * u.abs(), a, y * u.abs(), b)


class Constant(Good):
    def between(self, x, a, y, b):
        return 0 * super().between(x, a, y, b) + 1


class Offset(Good):
    def between(self, x, a, y, b):
        return super().between(x, a, y, b) + 1e4


class Shrinks(Good):
    def between(self, x, a, y, b):
        gap = super().between(x, a, y, b)
        return gap * torch.exp(-gap)


class Root(SampleDivergence):
    """The square root of a squared distance: its gradient is infinite at 0."""

    def between(self, x, a, y, b):
        def mean(p, v, q, w):
            return v @ (p[:, None] - q).square().sum(-1).sqrt() @ w

        return 2 * mean(x, a, y, b) - mean(x, a, x, a) - mean(y, b, y, b)


class FirstHalf(Good):
    def between(self, x, a, y, b):
        half = len(x) // 2
        return super().between(x[:half], 2 * a[:half], y, b)


class OnlyFloat64(Good):
    def between(self, x, a, y, b):
        return super().between(x.double(), a.double(), y.double(), b.double())


class Raises(Good):
    def between(self, x, a, y, b):
        raise ArithmeticError("no such thing")


@pytest.mark.parametrize(
    ("cls", "told"),
    [
        (Detached, "detached from the posterior"),
        (IgnoresWeights, "logits of q"),
        (IgnoresWeights, "weight 0 is appended"),
        (IgnoresWeights, "split into two of half its weight"),
        (Vector, "shape \\(2,\\), not a scalar"),
        (Number, "returns a float, not a tensor"),
        (Nan, "returns nan"),
        (FlipsGradMode, "leaves the grad mode at True, not False"),
        (SetsDefaultDtype, "leaves the default dtype at torch.float64"),
        (Reseeds, "it sets torch's seed"),
        (DrawsFromNumPy, "NumPy's global random state"),
        (DrawsFromNumPy, "two calls under the same seed differ"),
        (Constant, "zero everywhere"),
        (Constant, "which does not grow"),
        (Offset, "when q = p"),
        (Shrinks, "which does not grow"),
        (Root, "not finite where codes coincide|gradient of the codes z is not finite"),
        (FirstHalf, "depends on the order"),
        (OnlyFloat64, "torch.float32 give a value in torch.float64"),
        (Raises, "it raises ArithmeticError: no such thing"),
    ],
)
def test_faulty_divergences_are_caught(cls, told):
    before = torch.is_grad_enabled(), torch.get_default_dtype(), torch.get_rng_state().tolist()
    with pytest.raises(ConformanceError, match=told):
        check_divergence(cls)
    after = torch.is_grad_enabled(), torch.get_default_dtype(), torch.get_rng_state().tolist()
    assert after == before


class WrongMoments(GaussianMixture):
    def moments(self):
        means, covariances = super().moments()
        return means, 2 * covariances


class Unnormalised(GaussianMixture):
    def component_log_prob(self, z):
        return super().component_log_prob(z) + 0.5


class OneComponent(GaussianMixture):
    def sample(self, n):
        return self.sample_components(n)[:, 0]


class Flat(GaussianMixture):
    def sample_components(self, n):
        return super().sample_components(n)[:, 0]


@pytest.mark.parametrize(
    ("cls", "told"),
    [
        (WrongMoments, "do not have the covariance"),
        (Unnormalised, "component 0 integrates to 1.6"),
        (OneComponent, "as often as their weights"),
        (Flat, "sample_components\\(5\\) has shape"),
    ],
)
def test_faulty_priors_are_caught(cls, told):
    with pytest.raises(ConformanceError, match=told):
        check_prior(partial(cls, components=3, dim=2))


class Unsummed(VAE):
    def forward(self, model, x):
        losses = super().forward(model, x)
        return Losses(losses.total + 1, losses.reconstruction, losses.regularizer)


class Blind(Objective):
    """Never decodes."""

    def forward(self, model, x):
        loss = model.encode(x).z.square().mean()
        return Losses(loss, loss, torch.zeros(()))


class Unnamed(VAE):
    TERMS = ("kl", "kl_k")

    def forward(self, model, x):
        return super().forward(model, x)


class Tuple(VAE):
    def forward(self, model, x):
        return (super().forward(model, x).total,)


@pytest.mark.parametrize(
    ("cls", "told"),
    [
        (Unsummed, "not reconstruction \\+ regularizer"),
        (Blind, "no gradient reaches network.classifier"),
        (Unnamed, "TERMS names kl, kl_k; its losses have kl_z, kl_k"),
        (Tuple, "returns a tuple, not Losses"),
    ],
)
def test_faulty_objectives_are_caught(cls, told):
    with pytest.raises(ConformanceError, match=told):
        check_objective(cls)


def command(*arguments, folder):
    return subprocess.run(
        [sys.executable, "-m", "otlvm.testing", *arguments],
        cwd=folder,
        env={**os.environ, "COLUMNS": "200"},
        capture_output=True,
        text=True,
    )


def test_command_line(tmp_path):
    source = "from otlvm.divergences import Energy\nclass Bad(Energy):\n"
    source += "    def between(self, x, a, y, b):\n        return super().between(x, a, y, b) * x\n"
    (tmp_path / "mine.py").write_text(source)
    good = command("energy", folder=tmp_path)
    assert good.returncode == 0
    assert "passed  finite scalar" in good.stdout
    assert "failed" not in good.stdout
    bad = command("mine:Bad", folder=tmp_path)
    assert bad.returncode == 1
    assert "failed  finite scalar" in bad.stdout
    assert "not a scalar: sum or average it" in bad.stdout
    unknown = command("energi", folder=tmp_path)
    assert unknown.returncode == 2
    assert "did you mean 'energy'" in unknown.stderr


class FillsEverything(TruncatedNormal):
    def apply(self, network):
        for parameter in network.parameters():
            self.fill(parameter.data)


class FillsOneValue(TruncatedNormal):
    def fill(self, weight):
        weight.fill_(0.5)


class FillsSinglePrecision(TruncatedNormal):
    def apply(self, network):
        super().apply(network.float())


class FillsNan(TruncatedNormal):
    def fill(self, weight):
        weight.fill_(float("nan"))


class FillsFromNumPy(TruncatedNormal):
    def fill(self, weight):
        weight.copy_(torch.from_numpy(np.random.randn(*weight.shape)))  # noqa: NPY002


class FillsByOneSeed(TruncatedNormal):
    def fill(self, weight):
        torch.manual_seed(0)
        super().fill(weight)


class FillsAnotherTensor(TruncatedNormal):
    def apply(self, network):
        for layer in network.modules():
            if isinstance(layer, ComponentLinear):
                layer.weight = torch.nn.Parameter(torch.randn(2, 2), requires_grad=False)


@pytest.mark.parametrize(
    ("cls", "told"),
    [
        (FillsEverything, "it changes a LayerNorm"),
        (FillsOneValue, "all weights of classifier.0.weight are equal"),
        (FillsSinglePrecision, "becomes a .* of torch.float32"),
        (FillsNan, "is not finite"),
        (FillsFromNumPy, "NumPy's global random state"),
        (FillsFromNumPy, "two inits under the same seed differ"),
        (FillsByOneSeed, "it sets torch's seed"),
        (FillsAnotherTensor, "components.layers.0.weight becomes a \\(2, 2\\)"),
    ],
)
def test_faulty_inits_are_caught(cls, told):
    with pytest.raises(ConformanceError, match=told):
        check_init(cls)
