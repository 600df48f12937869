"""A learned prior gets the right gradient through every objective and divergence."""

import pytest
import torch

from otlvm import LatentMixtureModel, fit
from otlvm.divergences import divergences
from otlvm.latents import MixturePosterior
from otlvm.objectives import objectives
from otlvm.priors import GaussianMixture, priors

SMALL_STEP = 1e-5
FULL = {
    "name": "mixture",
    "means": [[0.0, 1.0], [4.0, 0.0], [-1.0, -3.0]],
    "covariances": [[[1.0, 0.3], [0.3, 0.5]], [[2.0, 0.0], [0.0, 1.0]], [[1.0, -0.2], [-0.2, 1.0]]],
    "weights": [0.5, 0.2, 0.3],
    "learn": True,
}
DIAGONAL = {"name": "gaussian_mixture", "components": 3, "dim": 2, "learn": True}
KERNELS = [
    {"name": name, "on": on, "statistic": statistic, "prior": by}
    for name in ("imq_mmd", "rbf_mmd")
    for on in ("marginal", "joint")
    for statistic, by in (("u", "auto"), ("v", "auto"), ("cross", "auto"), ("u", "sampled"))
]
CLOUDS = ["energy", {"name": "energy", "on": "joint"}, "sliced_wasserstein", "max_sliced",
          "exact_ot", "sinkhorn", {"name": "sinkhorn", "on": "joint"}, "gmm_w2"]  # fmt: skip
SAMPLED = 8


def small_model(prior):
    torch.manual_seed(0)
    network = {"name": "mlp", "hidden": [8], "component_hidden": [4]}
    return LatentMixtureModel((1, 3, 3), network, prior).double()


def check_gradient(model, value, rtol=1e-4, atol=1e-7):
    """Compare the gradient of each of the prior's parameters with central differences."""
    torch.autograd.backward(value())
    for name, parameter in model.prior.named_parameters():
        grad = parameter.grad
        assert grad is not None, name
        assert grad.any(), name
        free = parameter.data.view(-1)
        index = int(grad.abs().argmax())
        differences = []
        for place in {index, 0}:
            kept = float(free[place])
            with torch.no_grad():
                free[place] = kept + SMALL_STEP
                above = float(value())
                free[place] = kept - SMALL_STEP
                below = float(value())
                free[place] = kept
            differences.append((above - below) / (2 * SMALL_STEP))
            found = float(grad.view(-1)[place])
            assert found == pytest.approx(differences[-1], rel=rtol, abs=atol), (name, place)


@pytest.mark.parametrize("prior", [FULL, DIAGONAL], ids=["full", "diagonal"])
@pytest.mark.parametrize("spec", [*KERNELS, *CLOUDS], ids=str)
def test_gradients_of_divergences(spec, prior):
    if isinstance(spec, dict) and spec["name"] == "rbf_mmd":
        spec = {**spec, "bandwidths": [1.0, 3.0]}  # the median follows the prior, without gradient
    model = small_model(prior)
    unit = model.prior.spread().detach()  # that of the joint form, which follows alike
    model.prior.spread = lambda: unit
    divergence = divergences.build(spec)
    divergence.check(model.prior)
    torch.manual_seed(1)
    x = torch.rand(12, 9, dtype=torch.float64)
    posterior = model.encode(x).detach()
    divergence.update(posterior, model.prior)
    divergence.update(posterior, model.prior)

    def value():
        torch.manual_seed(2)
        return divergence(posterior, model.prior)

    # Solvers that stop early, and sampled weights, are right to a few digits only.
    loose = "sinkhorn" in str(spec)
    if loose:
        divergence = divergences.build(
            {**(spec if isinstance(spec, dict) else {"name": spec}), "scaling": 0.995}
        )
    check_gradient(model, value, *((0.05, 1e-3) if loose else ()))


@pytest.mark.parametrize("prior", [FULL, DIAGONAL], ids=["full", "diagonal"])
@pytest.mark.parametrize(
    "spec", ["vae", {"name": "vae", "beta": 2.0}, {"name": "wae", "divergence": "imq_mmd"}], ids=str
)
def test_gradients_of_objectives(spec, prior):
    model = small_model(prior).eval()
    objective = objectives.build(spec)
    torch.manual_seed(1)
    x = torch.rand(12, 9, dtype=torch.float64)

    def value():
        torch.manual_seed(2)
        return objective(model, x).total

    check_gradient(model, value)


@pytest.mark.parametrize("name", ["energy", "sinkhorn", "exact_ot"])
def test_training_does_not_shrink_the_unit_in_which_a_wrong_component_counts(name):
    """The joint form's unit follows the prior, without a gradient: as if it were a number."""
    torch.manual_seed(0)
    logits = 20 * torch.eye(3, dtype=torch.float64).repeat(4, 1)
    z = torch.randn(12, 3, 2, dtype=torch.float64)
    posterior = MixturePosterior(logits, z, torch.ones_like(z), z)

    def gradient(spread):
        prior = GaussianMixture(components=3, dim=2, learn=["means"]).double()
        if spread:
            prior.spread = lambda: torch.tensor(spread, dtype=torch.float64)
        torch.manual_seed(1)
        divergence = divergences.build({"name": name, "on": "joint", "penalty": 5.0})
        divergence(posterior, prior).backward()
        return prior.means.grad

    spread = float(GaussianMixture(components=3, dim=2).double().spread())
    torch.testing.assert_close(gradient(None), gradient(spread), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("learn", [["mean"], ["means", "scale"], "means"])
def test_parts_that_a_prior_does_not_have_are_refused(learn):
    with pytest.raises((ValueError, TypeError), match=r"did you mean|say True, False or a list"):
        GaussianMixture(components=3, dim=2, learn=learn)


def test_a_divergence_without_a_gradient_says_so():
    with pytest.raises(TypeError, match="no gradient to a prior that is learned"):
        divergences.build("adversarial").check(priors.build(DIAGONAL))


@pytest.mark.parametrize("learn", [["means"], ["scales"], ["weights"], ["scales", "means"]])
def test_only_what_is_named_is_trained(learn):
    model = small_model({**FULL, "learn": learn}).float()
    before = {name: value.clone() for name, value in model.prior.state_dict().items()}
    fixed = model.prior.weights().clone()
    x = torch.rand(64, 9)
    fit(model, {"name": "wae", "divergence": "imq_mmd"}, x, steps=3, batch_size=32)
    moved = {name for name, value in before.items()
             if not torch.equal(value, model.prior.state_dict()[name])}  # fmt: skip
    names = {"means": {"means"}, "scales": {"scales.log_diagonal", "scales.lower"},
             "weights": {"weight_logits"}}  # fmt: skip
    assert moved == set().union(*(names[part] for part in learn))
    assert torch.equal(fixed, model.prior.weights()) == ("weights" not in learn)


def test_diagonal_scales_stay_diagonal():
    prior = priors.build(DIAGONAL)
    assert [name for name, _ in prior.named_parameters()] == [
        "weight_logits",
        "means",
        "scales.log_diagonal",
    ]


def test_a_learned_prior_is_saved(tmp_path):
    model = small_model(FULL)
    with torch.no_grad():
        for parameter in model.prior.parameters():
            parameter.add_(0.1)
    model.save(tmp_path)
    from otlvm import load

    for name, value in load(tmp_path).prior.state_dict().items():
        assert torch.equal(value, model.prior.state_dict()[name])
