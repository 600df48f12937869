"""Likelihoods against torch.distributions, in double precision."""

import math

import pytest
import torch
from torch import distributions

from otlvm import LatentMixtureModel, fit, load
from otlvm.data import from_arrays
from otlvm.evaluation import curve_point, evaluate, evaluation_mode, reconstruction_errors
from otlvm.likelihoods import Bernoulli, ContinuousBernoulli, Gaussian, likelihoods
from otlvm.likelihoods.gaussian import FLOOR
from otlvm.objectives import VAE, WAE, objectives

PRIOR = {"name": "gaussian_mixture", "components": 3, "dim": 2}
GAUSSIAN = {"name": "gaussian", "sigma": 0.5, "learn": "each"}


def outputs_and_data():
    torch.manual_seed(0)
    return (4 * torch.randn(7, 3, 5)).double(), torch.rand(7, 1, 5).double()


def torchs(name, logits):
    """The same distribution, of torch's making; its continuous Bernoulli switches to a series."""
    return {
        "bernoulli": lambda: distributions.Bernoulli(logits=logits, validate_args=False),
        "continuous_bernoulli": lambda: distributions.ContinuousBernoulli(
            logits=logits, lims=(0.4999, 0.5001), validate_args=False
        ),
        "gaussian": lambda: distributions.Normal(logits, 0.7),
    }[name]()


def build(name, features=5):
    spec = {"name": name, **({"sigma": 0.7} if name == "gaussian" else {})}
    return likelihoods.build(spec, features=features).double()


def value_and_gradient(compute, logits):
    logits = logits.clone().requires_grad_()
    value = compute(logits)
    (gradient,) = torch.autograd.grad(value.sum(), logits)
    return value.detach(), gradient


@pytest.mark.parametrize("name", list(likelihoods))
def test_density_and_mean_are_those_of_torch_and_so_are_their_gradients(name):
    logits, x = outputs_and_data()
    likelihood = build(name)
    for ours, theirs in (
        (lambda it: likelihood.nll(it, x), lambda it: -torchs(name, it).log_prob(x).sum(-1)),
        (likelihood.mean, lambda it: torchs(name, it).mean),
    ):
        found, expected = value_and_gradient(ours, logits), value_and_gradient(theirs, logits)
        torch.testing.assert_close(found, expected, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize(
    "size", [0.0, 1e-12, 1e-5, 0.01, 0.3, 0.799999, 0.8, 0.800001, 1.0, 5.0, 40.0]
)
@pytest.mark.parametrize("sign", [-1, 1])
def test_the_continuous_bernoulli_is_exact_near_one_half_and_far_from_it(size, sign):
    """By its series in exact numbers, or by mpmath's fifty digits."""
    mpmath = pytest.importorskip("mpmath")
    mpmath.mp.dps = 50
    l = mpmath.mpf(sign * size)  # noqa: E741
    near = abs(l) < mpmath.mpf("1e-20")
    log_c = mpmath.log(2) if near else mpmath.log(l / mpmath.tanh(l / 2))
    mean = mpmath.mpf("0.5") if near else 1 / (1 - mpmath.exp(-l)) - 1 / l
    slope = mpmath.mpf(1) / 12 if near else 1 / l**2 - 1 / (4 * mpmath.sinh(l / 2) ** 2)
    x = 0.3
    nll = mpmath.log(1 + mpmath.exp(l)) - mpmath.mpf(x) * l - log_c
    logits, data = (
        torch.tensor([float(l)], dtype=torch.float64),
        torch.tensor([x], dtype=torch.float64),
    )
    likelihood = ContinuousBernoulli(1)
    found, gradient = value_and_gradient(lambda it: likelihood.nll(it, data), logits)
    assert float(found) == pytest.approx(float(nll), rel=1e-13, abs=1e-14)
    assert float(gradient) == pytest.approx(float(mean - mpmath.mpf(x)), rel=1e-12, abs=1e-14)
    found, gradient = value_and_gradient(likelihood.mean, logits)
    assert float(found) == pytest.approx(float(mean), rel=1e-13)
    assert float(gradient) == pytest.approx(float(slope), rel=1e-11)


def test_the_continuous_bernoulli_integrates_to_one():
    x = (torch.arange(100_000).double() + 0.5)[:, None] / 100_000
    for logit in (-6.0, -0.1, 0.0, 2.0):
        density = (-ContinuousBernoulli(1).nll(torch.full((1, 1), logit).double(), x)).exp()
        assert float(density.mean()) == pytest.approx(1, rel=1e-8)
        mean = ContinuousBernoulli(1).mean(torch.tensor(logit).double())
        assert float((x[:, 0] * density).mean()) == pytest.approx(float(mean), rel=1e-8)


@pytest.mark.parametrize(("learn", "count"), [("none", 0), ("one", 1), ("each", 5)])
def test_sigma_is_learned_for_all_features_for_each_or_not(learn, count):
    likelihood = Gaussian(5, 0.7, learn)
    assert sum(parameter.numel() for parameter in likelihood.parameters()) == count
    torch.testing.assert_close(likelihood.sigma.expand(5), torch.full((5,), 0.7))


@pytest.mark.parametrize("learn", ["one", "each"])
def test_a_learned_sigma_becomes_that_of_the_errors_and_never_less_than_its_floor(learn):
    torch.manual_seed(0)
    spread = torch.tensor([0.5, 2.0, 0.0])
    x = spread * torch.randn(4000, 3)
    likelihood = Gaussian(3, 1.0, learn)
    optimizer = torch.optim.Adam(likelihood.parameters(), lr=0.05)
    for _ in range(600):
        optimizer.zero_grad()
        likelihood.nll(torch.zeros(1, 3), x).mean().backward()
        optimizer.step()
    expected = spread if learn == "each" else spread.square().mean().sqrt().expand(1)
    found = likelihood.sigma.detach()
    torch.testing.assert_close(found[:2], expected[:2], rtol=0.05, atol=0)
    assert found.min() >= FLOOR


@pytest.mark.parametrize("learn", ["none", "one"])
@pytest.mark.parametrize("sigma", [0.0, -1.0, math.nan, math.inf])
def test_sigma_is_positive(sigma, learn):
    with pytest.raises(ValueError, match="sigma must be a number above"):
        Gaussian(3, sigma, learn)


@pytest.mark.parametrize("name", ["bernoulli", "continuous_bernoulli"])
@pytest.mark.parametrize(
    ("low", "high", "remedy"),
    [
        (-3.0, 2.0, "say 'likelihood: gaussian' in model:, or in data: 'scale: unit'"),
        (0.0, 255.0, "say .* in data: 'scale: unit', 'span: 255' if none can be larger"),
    ],
)
def test_data_beyond_0_and_1_are_refused_with_the_remedy(name, low, high, remedy):
    likelihood = likelihoods.build(name, features=4)
    likelihood.check_range(0.0, 1.0)
    Gaussian(4).check_range(low, high)
    with pytest.raises(ValueError, match=f"{name} is of values in .0, 1., .* span .*: {remedy}"):
        likelihood.check_range(low, high)


def make_model(likelihood, prior=PRIOR):
    torch.manual_seed(0)
    return LatentMixtureModel(
        (1, 4, 4), {"name": "mlp", "hidden": [8]}, prior, likelihood=likelihood
    )


def test_a_model_decodes_to_the_likelihood_s_mean():
    z = torch.randn(4, 2)
    for spec, kind in (
        ("bernoulli", Bernoulli),
        (GAUSSIAN, Gaussian),
        ("continuous_bernoulli", ContinuousBernoulli),
    ):
        model = make_model(spec).eval()
        assert isinstance(model.likelihood, kind)
        logits = model.network.decode(z)
        assert torch.equal(model.decode_logits(z), logits)
        assert torch.equal(model.decode(z), model.likelihood.mean(logits))
    assert torch.equal(
        make_model(GAUSSIAN).eval().decode(z), make_model("bernoulli").eval().decode_logits(z)
    )


@pytest.mark.parametrize("spec", [*likelihoods, GAUSSIAN], ids=str)
def test_a_saved_model_keeps_its_likelihood(spec, tmp_path):
    model = make_model(spec).eval()
    with torch.no_grad():
        for parameter in model.likelihood.parameters():
            parameter += 0.25
    model.save(tmp_path)
    restored = load(tmp_path)
    assert restored.config["likelihood"] == spec
    torch.testing.assert_close(restored.state_dict(), model.state_dict(), rtol=0, atol=0)


def test_a_model_saved_before_there_were_likelihoods_is_bernoulli_s(tmp_path):
    model = make_model("bernoulli").eval()
    del model.config["likelihood"]
    model.save(tmp_path)
    assert isinstance(load(tmp_path).likelihood, Bernoulli)


def expected_reconstruction(model, x, error):
    torch.manual_seed(5)
    posterior = model.encode(x)
    each = error(model.decode_logits(posterior.z), x[:, None])
    return (posterior.pi * each).sum(1).mean()


COSTS = {
    "squared": lambda model: lambda logits, x: (model.likelihood.mean(logits) - x).pow(2).sum(-1),
    "absolute": lambda model: lambda logits, x: (model.likelihood.mean(logits) - x).abs().sum(-1),
    "likelihood": lambda model: model.likelihood.nll,
}


@pytest.mark.parametrize("spec", [*likelihoods, GAUSSIAN], ids=str)
def test_objectives_reconstruct_by_the_likelihood(spec):
    model, x = make_model(spec).double().eval(), torch.rand(6, 16).double()
    for cost, error in COSTS.items():
        expected = expected_reconstruction(model, x, error(model))
        objective = objectives.build({"name": "wae", "divergence": "imq_mmd", "cost": cost})
        torch.manual_seed(5)
        torch.testing.assert_close(objective(model, x).reconstruction, expected)
    torch.manual_seed(5)
    torch.testing.assert_close(VAE()(model, x).reconstruction, expected)


def test_a_likelihood_that_learns_is_trained_or_refused():
    likelihood = Gaussian(16, 1.0, "one")
    wae = {"name": "wae", "divergence": "imq_mmd"}
    with pytest.raises(ValueError, match=r"squared does not train .*: say 'cost: likelihood'"):
        objectives.build(wae).check_likelihood(likelihood)
    objectives.build(wae).check_likelihood(Gaussian(16))
    for spec in ("vae", {**wae, "cost": "likelihood"}):
        objectives.build(spec).check_likelihood(likelihood)
        model = make_model({"name": "gaussian", "learn": "one"})
        before = float(model.likelihood.sigma.detach())
        fit(model, spec, 0.1 * torch.randn(32, 16), steps=5, batch_size=16)
        assert float(model.likelihood.sigma.detach()) < before
    with pytest.raises(ValueError, match="cost 'square' is not one: say squared or absolute or"):
        WAE(objectives.build(wae).divergence, cost="square")


@pytest.mark.parametrize("spec", [*likelihoods, GAUSSIAN], ids=str)
def test_nll_is_the_likelihood_s_and_bce_that_of_means_in_0_and_1(spec):
    model, x = make_model(spec).eval(), torch.rand(9, 16)
    with evaluation_mode(model):
        found = reconstruction_errors(model, x)
    with evaluation_mode(model):
        posterior = model.encode(x)
        logits, mean = model.decode_logits(posterior.z), model.decode(posterior.z)

        def average(errors):
            return float((posterior.pi * errors).sum(1).mean())

        assert found["nll"] == pytest.approx(
            average(model.likelihood.nll(logits, x[:, None])), rel=1e-5
        )
        squared = (mean - x[:, None]).square().sum(-1)
        assert found["squared_error"] == pytest.approx(average(squared), rel=1e-5)
        if isinstance(model.likelihood, Gaussian):
            assert "bce" not in found
        else:
            target = x[:, None].expand_as(mean)
            bce = torch.nn.functional.binary_cross_entropy(mean, target, reduction="none").sum(-1)
            assert found["bce"] == pytest.approx(average(bce), rel=1e-5)
    if isinstance(model.likelihood, Bernoulli):
        assert found["nll"] == found["bce"]


def test_curves_show_bce_or_where_there_is_none_nll():
    data = from_arrays("x", torch.rand(20, 16).numpy(), None, torch.rand(9, 16).numpy(), None)
    for spec, name, other in (("bernoulli", "bce", "nll"), ("gaussian", "nll", "bce")):
        point = curve_point(make_model(spec), data)
        assert name in point
        assert other not in point
        assert evaluate(make_model(spec), data)[name] == pytest.approx(point[name])


def test_logits_of_the_mean_keep_their_digits_however_large_they_are():
    """Against the mean, exactly, by fractions of decimals."""
    from decimal import Decimal, getcontext

    getcontext().prec = 60
    sizes = [0.3, 5.0, 39.0, 41.0, 1e3, 1e4, 1e6, 1e8]
    expected = []
    for size in map(Decimal, sizes):
        mean = 1 / (1 - (-size).exp()) - 1 / size
        expected.append(float((mean / (1 - mean)).ln()))
    likelihood = ContinuousBernoulli(features=len(sizes))
    for dtype, rtol in ((torch.float32, 1e-5), (torch.float64, 1e-13)):
        logits = torch.tensor(sizes, dtype=dtype)
        exact = torch.tensor(expected, dtype=dtype)
        for sign in (1, -1):
            found = likelihood.bernoulli_logits(sign * logits)
            torch.testing.assert_close(found, sign * exact, rtol=rtol, atol=0)
