import math
import shutil

import pytest
import torch
from torch.distributions import MultivariateNormal

from otlvm import LatentMixtureModel, fit, pretrain_moments
from otlvm.data import Dataset
from otlvm.networks import ComponentLinear, load
from otlvm.objectives import VAE, Losses, MonteCarlo, Objective, objectives
from otlvm.registry import RegistryError
from otlvm.training import DivergedError, batches, moment_loss

PRIOR = {"name": "gaussian_mixture", "components": 3, "dim": 2}


@pytest.fixture
def model():
    torch.manual_seed(0)
    return LatentMixtureModel((1, 4, 4), {"name": "mlp", "hidden": [8]}, PRIOR)


@pytest.fixture
def x():
    return torch.rand(64, 16, generator=torch.Generator().manual_seed(0))


def test_batches_are_permutations():
    torch.manual_seed(0)
    x = torch.arange(10).float()[:, None]
    found = list(batches(x, batch_size=3, steps=7))
    assert [tuple(batch.shape) for batch in found] == [(3, 1)] * 7
    for epoch in (found[:3], found[3:6]):
        assert len(torch.cat(epoch).unique()) == 9
    assert not torch.equal(torch.cat(found[:3]), torch.cat(found[3:6]))
    with pytest.raises(ValueError, match="larger than the data"):
        next(batches(x, batch_size=11, steps=1))


def test_component_linear_is_k_linear_layers():
    layer = ComponentLinear(3, 4, 5)
    shared, own = torch.randn(6, 4), torch.randn(6, 3, 4)
    for k in range(3):
        expected = shared @ layer.weight[k] + layer.bias[k]
        torch.testing.assert_close(layer(shared)[:, k], expected)
        expected = own[:, k] @ layer.weight[k] + layer.bias[k]
        torch.testing.assert_close(layer(own)[:, k], expected)


def test_moment_loss_is_zero_at_the_moments_of_samples():
    """Moments by sampling q(z|k) = E_x N(mu(x), sigma(x)^2) are those that the loss takes."""
    torch.manual_seed(0)
    mean, std = torch.randn(5, 2, 3).double(), 0.1 + torch.rand(5, 2, 3).double()
    z = MultivariateNormal(mean, torch.diag_embed(std**2)).sample((40_000,)).flatten(0, 1)
    target = z.mean(0), torch.stack([z[:, k].T.cov() for k in range(2)])
    assert moment_loss(mean, std, target) < 1e-2
    assert moment_loss(mean + 0.5, std, target) == pytest.approx(2 * 3 * 0.25, rel=0.1)


def test_diagonal_moments_leave_covariances_alone():
    torch.manual_seed(0)
    noise = torch.randn(5000, 1)
    mean = torch.stack([noise, noise], dim=-1)  # variances 1, covariance 1
    std = torch.full_like(mean, 1e-4)
    target = torch.zeros(1, 2), torch.eye(2).unsqueeze(0)
    assert moment_loss(mean, std, target, diagonal=True) < 1e-2
    assert moment_loss(mean, std, target) == pytest.approx(2, rel=0.1)


def test_pretraining_matches_the_prior_and_touches_nothing_else(model, x):
    others = {
        name: tensor.clone()
        for name, tensor in model.state_dict().items()
        if "components" not in name
    }
    pretrain_moments(model, x, steps=400, batch_size=32, learning_rate=1e-2)
    with torch.no_grad():
        posterior = model.eval().encode(x)
    target = model.prior.moments()
    assert moment_loss(posterior.mean, posterior.std, target) < 2.0  # 3 x (2 + 4) numbers
    torch.testing.assert_close(posterior.mean.mean(0), target[0], atol=0.3, rtol=0)
    state = model.state_dict()
    assert all(torch.equal(state[name], tensor) for name, tensor in others.items())


def test_fit_lowers_the_loss_and_logs_means(model, x):
    rows = []
    objective = objectives.build("vae")
    history = fit(
        model, objective, x, steps=50, batch_size=16, log_every=20, learning_rate=1e-2,
        evaluate=lambda trained: {"training": float(trained.training)}, on_row=rows.append,
    )  # fmt: skip
    assert [row["step"] for row in history.rows] == [20, 40, 50]
    assert history.rows == rows
    assert history.rows[-1]["loss"] < history.rows[0]["loss"]
    for row in history.rows:
        assert row["loss"] == pytest.approx(row["reconstruction"] + row["regularizer"], rel=1e-5)
        assert row["training"] == 0.0
    assert not model.training
    assert history.steps == 50
    assert history.seconds > 0


def test_logging_more_often_changes_nothing(x):
    states = []
    for log_every in (3, 10):
        torch.manual_seed(0)
        model = LatentMixtureModel((1, 4, 4), {"name": "mlp", "hidden": [8]}, PRIOR)
        fit(model, objectives.build("vae"), x, steps=10, batch_size=16, log_every=log_every)
        states.append(model.state_dict())
    assert all(torch.equal(states[0][key], states[1][key]) for key in states[0])


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_divergence_of_training_names_term_and_step(model, x, value):
    class Breaks(Objective):
        def __init__(self):
            super().__init__()
            self.calls = 0

        def forward(self, model, x):
            self.calls += 1
            loss = model.encode(x).z.square().mean()
            term = loss * (value if self.calls == 7 else 1.0)
            return Losses(loss + term, loss, term, {"strange": term})

    with pytest.raises(DivergedError, match=r"strange is (nan|inf) at step 7"):
        fit(model, Breaks(), x, steps=20, batch_size=16, log_every=5)


def test_an_objectives_own_parameters_are_trained(model, x):
    class Learned(Objective):
        def __init__(self):
            super().__init__()
            self.scale = torch.nn.Parameter(torch.ones(()))

        def forward(self, model, x):
            loss = (self.scale * model.encode(x).z).square().mean()
            return Losses(loss, loss, torch.zeros(()))

    objective = Learned()
    fit(model, objective, x, steps=3, batch_size=16)
    assert objective.scale != 1.0


def test_loading_tells_what_is_wrong(model, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"config\.json is missing"):
        load(tmp_path)
    model.save(tmp_path)
    weights = tmp_path / "model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match="damaged model"):
        load(tmp_path)
    weights.write_bytes(whole)
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(ValueError, match="damaged model"):
        load(tmp_path)


def test_a_model_of_instances_cannot_be_saved(model, tmp_path):
    other = LatentMixtureModel((1, 4, 4), model.network, model.prior)
    with pytest.raises(ValueError, match="pass specs"):
        other.save(tmp_path)


@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler")
@pytest.mark.filterwarnings("ignore")  # the compiler's own
def test_compiled_training_is_eager_training(x):
    rows = []
    for compiled in (False, True):
        torch.manual_seed(0)
        model = LatentMixtureModel((1, 4, 4), {"name": "mlp", "hidden": [8]}, PRIOR)
        objective = objectives.build({"name": "vae", "beta": 0.0})
        # Without noise both see the same codes: compiled code draws differently.
        model.network.components.register_forward_hook(
            lambda _m, _i, out: (out[0], 0 * out[1] + 1e-6)
        )
        history = fit(model, objective, x, steps=4, batch_size=16, log_every=2, compiled=compiled)
        rows.append(history.rows)
        assert set(model.state_dict()) == set(load_names(model))
    for eager, fast in zip(*rows, strict=True):
        assert fast["loss"] == pytest.approx(eager["loss"], rel=1e-4)


@pytest.mark.parametrize("spec", ["vae", {"name": "wae", "divergence": "energy"}], ids=str)
def test_an_objective_is_compiled_whole(model, x, spec):
    torch.compile(objectives.build(spec), backend="eager", fullgraph=True)(model, x[:16])


def load_names(model):
    """Names as an uncompiled model has them."""
    return [name for name in model.state_dict() if "_orig_mod" not in name]


# in a notebook


def test_a_data_set_and_a_spec_are_enough(x):
    def train(objective, data):
        torch.manual_seed(0)
        model = LatentMixtureModel((1, 4, 4), "mlp", PRIOR)
        return fit(model, objective, data, steps=2, batch_size=32, log_every=1).rows

    labels = torch.zeros(len(x), dtype=torch.long)
    data = Dataset("noise", (1, 4, 4), x, labels, x, labels)
    assert train({"name": "vae", "beta": 2.0}, data) == train(VAE(beta=2.0), x)
    with pytest.raises(RegistryError, match="did you mean 'vae'"):
        train("vaee", data)


def test_a_progress_bar_shows_steps_and_losses(x, capsys):
    model = LatentMixtureModel((1, 4, 4), "mlp", PRIOR)
    history = fit(model, VAE(), x, steps=3, batch_size=32, log_every=1, progress=True)
    shown = capsys.readouterr().out
    assert "3/3" in shown
    assert f"loss {history.rows[-1]['loss']:.4g}" in shown
    fit(model, VAE(), x, steps=3, batch_size=32)
    assert capsys.readouterr().out == ""


def test_what_a_notebook_prints_is_short_and_says_something(model, x):
    history = fit(model, VAE(), x, steps=4, batch_size=32, log_every=2)
    assert repr(history).startswith("History(4 steps in ")
    assert f"loss {history.rows[-1]['loss']:.4g}" in repr(history)
    assert repr(type(history)()) == "History(0 steps in 0.0 s: no row yet)"
    assert list(history.frame().index) == [2, 4]
    assert history.frame().loc[4, "kl_k"] == history.rows[1]["kl_k"]
    posterior = model.encode(x)
    share = ", ".join(f"{value:.2f}" for value in posterior.pi.mean(0))
    assert repr(posterior) == f"MixturePosterior(n=64, K=3, d=2, mean q(k|x) = [{share}])"
    losses = VAE()(model, x)
    assert repr(losses).startswith(f"Losses(total={float(losses.total.detach()):.4g}, ")
    count = sum(p.numel() for p in model.parameters())
    assert f"image_shape=(1, 4, 4), parameters={count}" in repr(model)


def test_moment_pretraining_leaves_a_learned_prior_alone(x):
    model = LatentMixtureModel((1, 4, 4), "mlp", {**PRIOR, "learn": True})
    before = {name: value.clone() for name, value in model.prior.state_dict().items()}
    pretrain_moments(model, x, steps=3, batch_size=32)  # its scales are computed anew each time
    for name, value in model.prior.state_dict().items():
        assert torch.equal(value, before[name])


@pytest.mark.parametrize("of", [lambda noted: noted, lambda noted: MonteCarlo(noted, 2)])
def test_an_objective_goes_where_the_images_are(of):
    class Noted(VAE):
        moved = ()

        def _apply(self, fn, recurse=True):
            Noted.moved += (fn(torch.zeros(())).device,)
            return super()._apply(fn, recurse)

    prior = {"name": "gaussian_mixture", "components": 3, "dim": 2}
    model = LatentMixtureModel((1, 3, 3), {"name": "mlp", "hidden": [4]}, prior)
    fit(model, of(Noted()), torch.rand(16, 9), steps=1, batch_size=8)
    assert Noted.moved == (torch.device("cpu"),)
