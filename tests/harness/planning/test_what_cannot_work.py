"""Parts that do not go together are refused before any training."""

import pytest

PLUGINS = '''
import torch
from otlvm.baselines import Baseline
from otlvm.features import Features
from otlvm.objectives import Objective
from otlvm.priors import Prior
from otlvm.starts import Start

class Uniform(Prior):
    """Uniform on the unit square around each of K points."""

    def __init__(self, components: int = 3, dim: int = 2) -> None:
        super().__init__(components, dim)
        self.register_buffer("means", torch.arange(components * dim).float().view(components, dim))

    def sample_components(self, n):
        return self.means + torch.rand(n, *self.means.shape)

    def component_log_prob(self, z):
        inside = (z.unsqueeze(-2) - self.means).abs().amax(-1) < 1
        return torch.where(inside, 0.0, -torch.inf)

    def moments(self):
        return self.means + 0.5, torch.eye(self.dim).expand(self.n_components, -1, -1) / 12

class Sphere(Uniform):
    has_density = False

class Any(Objective):
    def __init__(self, p: object): super().__init__()
    def forward(self, model, x): ...

class Pairs(Start):
    def prepare(self, model, x, batch_size): ...
    def check(self, n_images, n_components):
        if n_components % 2:
            raise ValueError(f"an even K is needed, not {n_components}")

class Broken(Start):
    def prepare(self, model, x, batch_size): ...
    def check(self, n_images, n_components):
        raise RuntimeError("no licence")
'''

WAE = "{name: wae, divergence: energy}"
EXPECTED = "{name: responsibilities, of: expectation}"
NO_DENSITY = "model: {prior: 'mine:Sphere'}"
OTHER_PRIOR = "model: {prior: 'mine:Uniform'}"


@pytest.mark.parametrize(
    ("row", "path", "told"),
    [
        (f"objective: vae, {NO_DENSITY}", "objective", "a density, which Sphere has not"),
        (
            "objective: {name: wae, divergence: {name: imq_mmd, prior: closed_form}}, "
            + OTHER_PRIOR,
            "objective",
            "'closed_form' needs a GaussianPrior, not Uniform; use 'sampled'",
        ),
        (
            "baseline: kmeans, model: {prior: {name: rotated_2d, components: 2000}}",
            "baseline",
            "cannot make 2000 components",
        ),
        (
            "baseline: {name: gmm, features: {name: umap, neighbors: 1500}}",
            "baseline",
            "umap with 1500 neighbors and dim 10 needs 1501 training images or more",
        ),
        (
            f"objective: {WAE}, train: {{start: {{name: distill, clustering: "
            "{name: kmeans, features: {name: umap, of: {name: umap, neighbors: 3000}}}}}",
            "train.start",
            "umap with 3000 neighbors",
        ),
        (f"objective: {WAE}, train: {{start: 'mine:Pairs'}}", "train.start", "even K is needed"),
        (f"objective: {WAE}, train: {{start: 'mine:Broken'}}", "train.start", "no licence"),
        (
            f"objective: {WAE}, model: {{prior: 'mine:Uniform', inference: {EXPECTED}}}",
            "model.inference",
            "need a GaussianPrior, not Uniform; use of: sample",
        ),
        (
            f"objective: {WAE}, model: {{inference: responsibilities}}, train: {{start: prior}}",
            "train.start",
            "the start 'prior' needs a classifier",
        ),
        (
            f"objective: {WAE}, model: {{inference: responsibilities}}, train: {{start: "
            "{name: distill, clustering: kmeans}}",
            "train.start",
            "'distill' teaches a classifier, which this inference has not",
        ),
    ],
)
def test_parts_that_do_not_go_together(refuse, write_suite, tmp_path, row, path, told):
    (tmp_path / "mine.py").write_text(PLUGINS)
    suite = write_suite(f"runs:\n  - {{label: row, {row}}}\n")
    refuse(suite, f"runs[0]{'.' * bool(path)}{path}: ", told)


@pytest.mark.parametrize(
    ("model", "told"),
    [
        ("network: {hidden: [0]}", "a layer has 1 to"),
        ("network: {component_hidden: [0]}", "a layer has 1 to"),
        ("network: {name: stacked, hidden: [1000000000000]}", "a layer has 1 to"),
        ("prior: {distance: 1.0e+30}", "smaller than"),
    ],
)
def test_models_out_of_range(refuse, write_suite, model, told):
    row = f"{{label: row, objective: {WAE}, model: {{{model}}}}}"
    refuse(write_suite(f"runs:\n  - {row}\n"), "runs[0]", told)


@pytest.mark.parametrize(
    "value", [".nan", ".inf", "[1, {a: [-.inf]}]"], ids=["nan", "inf", "nested"]
)
def test_parameters_that_no_record_can_hold(refuse, write_suite, tmp_path, value):
    (tmp_path / "mine.py").write_text(PLUGINS)
    objective = f"{{name: 'mine:Any', p: {value}}}"
    suite = write_suite(f"runs:\n  - {{label: row, objective: {objective}}}\n")
    refuse(suite, "runs[0].objective.p", "no number that a record can hold")


@pytest.mark.parametrize(
    "spec", ["data: 'builtins:exit'", "objective: 'mine:Exits'", "objective: 'exits:Any'"]
)
def test_what_ends_the_interpreter_ends_nothing(refuse, write_suite, tmp_path, spec):
    (tmp_path / "mine.py").write_text("class Exits:\n    def __init__(self): raise SystemExit(0)\n")
    (tmp_path / "exits.py").write_text("import sys\nsys.exit(0)\n")
    rest = "" if spec.startswith("objective") else ", objective: vae"
    refuse(write_suite(f"runs:\n  - {{label: row, {spec}{rest}}}\n"), "runs[0]")


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ("{name: gmm, regularization: -1}", "regularization must be positive"),
        ("{name: gmm, regularization: 0}", "regularization must be positive"),
        ("{name: kmeans, features: {name: umap, neighbors: 1}}", "neighbors must be at least 2"),
        ("{name: kmeans, features: {name: umap, dim: 0}}", "dim must be positive"),
        ("{name: kmeans, features: {name: umap, min_distance: 2}}", "between 0 and 1"),
        ("{name: kmeans, features: {name: autoencoder, hidden: [0]}}", "hidden"),
    ],
)
def test_parameters_out_of_range(refuse, write_suite, spec, told):
    refuse(write_suite(f"runs:\n  - {{label: row, baseline: {spec}}}\n"), "runs[0]", told)
