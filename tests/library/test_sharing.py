"""Clusterings and features are the same for equal spec, data and seed, and learnt once."""

import random
import threading
import time

import numpy as np
import pytest
import torch

from otlvm.baselines import Baseline, baselines
from otlvm.features import Features, features
from otlvm.seeding import afresh
from otlvm.sharing import Shelf, shared_on


@pytest.fixture
def x():
    return torch.rand(90, 16, generator=torch.Generator().manual_seed(0))


class Memory(Shelf):
    def __init__(self):
        self.kept = {}

    def once(self, key, compute):
        if key not in self.kept:
            self.kept[key] = compute()
        return self.kept[key]


class Drawn(Features):
    """Random projections, from each of the three generators."""

    learnt = 0

    def fit_transform(self, x):
        Drawn.learnt += 1
        noise = torch.rand(()) + random.random() + np.random.rand()  # noqa: NPY002
        self.projection = torch.randn(x.shape[1], 3) + noise
        return self.transform(x)

    def transform(self, x):
        return x @ self.projection


AUTOENCODER = {"name": "autoencoder", "dim": 3, "hidden": [8], "steps": 5, "batch_size": 30}


@pytest.mark.parametrize("spec", [AUTOENCODER, f"{__name__}:Drawn"])
def test_features_do_not_depend_on_what_was_drawn_before(x, spec):
    torch.manual_seed(3)
    first = features.build(spec).fit_transform(x)
    torch.randn(100), random.random(), np.random.rand()  # noqa: NPY002
    assert torch.equal(features.build(spec).fit_transform(x), first)
    torch.manual_seed(4)
    assert not torch.equal(features.build(spec).fit_transform(x), first)


def test_features_inside_a_clustering_are_those_outside(x):
    torch.manual_seed(3)
    codes = features.build(AUTOENCODER).fit_transform(x)
    inside = baselines.build({"name": "kmeans", "features": AUTOENCODER}).fit(x, 4)
    torch.rand(7)

    class Given(Features):
        def fit_transform(self, x):
            return codes

        def transform(self, x):
            return codes

    outside = baselines.build("kmeans")
    outside.features = Given()
    assert torch.equal(outside.fit(x, 4), inside)


def test_learning_leaves_the_random_states_alone(x):
    torch.manual_seed(3)
    states = torch.get_rng_state(), random.getstate(), np.random.get_state()  # noqa: NPY002
    features.build(f"{__name__}:Drawn").fit_transform(x)
    assert torch.equal(torch.get_rng_state(), states[0])
    assert random.getstate() == states[1]
    np.testing.assert_equal(np.random.get_state(), states[2])  # noqa: NPY002


def test_afresh_starts_from_the_seed_again():
    torch.manual_seed(5)
    first = torch.rand(3)
    with afresh(torch.device("cpu")):
        assert torch.equal(torch.rand(3), first)
        assert torch.initial_seed() == 5


def test_a_shelf_gives_what_was_learnt_once(x):
    torch.manual_seed(3)
    Drawn.learnt = 0
    with shared_on(Memory()):
        first = features.build(f"{__name__}:Drawn")
        codes, others = first.fit_transform(x[:60]), first.transform(x[60:])
        second = features.build(f"{__name__}:Drawn")
        assert torch.equal(second.fit_transform(x[:60]), codes)
        assert torch.equal(second.transform(x[60:]), others)
        assert Drawn.learnt == 1
        # What nobody has asked for yet is computed as if nothing had been on the shelf.
        assert torch.equal(second.transform(x[70:80]), others[10:20])
        assert Drawn.learnt == 2
        second.transform(x[80:])
        assert Drawn.learnt == 2


ROWS = [
    {"name": name, "features": AUTOENCODER, **how}
    for name, how in (
        ("kmeans", {}),
        ("dec", {"steps": 4, "batch_size": 30}),
        ("idec", {"steps": 4, "batch_size": 30}),
        ("gmm", {"n_init": 1}),
    )
]


@pytest.mark.parametrize("rows", [ROWS, ROWS[::-1]], ids=["in order", "reversed"])
def test_who_shares_an_autoencoder_finds_what_it_finds_alone(rows, x):
    def found(spec):
        torch.manual_seed(3)
        baseline = baselines.build(spec)
        return baseline.fit(x[:60], 3), baseline.assign(x[60:])

    with shared_on(Memory()):
        shared = [found(spec) for spec in rows]
    for spec, (fitted, assigned) in zip(rows, shared, strict=True):
        alone = found(spec)
        assert torch.equal(fitted, alone[0]), spec["name"]
        assert torch.equal(assigned, alone[1]), spec["name"]


def test_what_a_learner_says_of_itself_was_learnt(x):
    codes = torch.zeros(0)
    with shared_on(Memory()):
        for _ in range(2):  # the second takes its codes from the shelf
            torch.manual_seed(3)
            learner = features.build(AUTOENCODER)
            codes = learner.fit_transform(x)
            learner.transform(x[:1])
            torch.testing.assert_close(learner.encoder(x), codes)
            assert learner.decoder(codes).shape == x.shape


class Slow(Features):
    def fit_transform(self, x):
        threading.Event().wait(0.2)
        return x

    def transform(self, x):
        return x


def test_learning_again_what_came_from_a_shelf_costs_no_second_time(x):
    memory = Memory()
    with shared_on(memory):
        for _ in range(2):
            slow = features.build(f"{__name__}:Slow")
            started = time.perf_counter()
            slow.fit_transform(x)
            slow.catch_up()
        passed = time.perf_counter() - started
    assert passed > 0.2
    assert passed + memory.saved_seconds < passed / 2  # what it once cost, the shelf says


def test_a_shelf_tells_specs_seeds_data_and_k_apart(x):
    memory = Memory()
    torch.manual_seed(3)
    with shared_on(memory):
        kept = baselines.build("kmeans").fit(x, 3)
        assert torch.equal(baselines.build({"name": "kmeans", "n_init": 10}).fit(x, 3), kept)
        assert len(memory.kept) == 1
        for spec, data, k in (
            ({"name": "kmeans", "n_init": 2}, x, 3),
            ("kmeans", x.flip(0), 3),
            ("kmeans", x, 4),
            ({"name": "gmm", "covariance": "diag"}, x, 3),
        ):
            before = len(memory.kept)
            baselines.build(spec).fit(data, k)
            assert len(memory.kept) == before + 1
        changed = x.clone()
        baselines.build("kmeans").fit(changed, 3)
        before = len(memory.kept)
        changed.mul_(0.5)
        baselines.build("kmeans").fit(changed, 3)
        torch.manual_seed(4)
        baselines.build("kmeans").fit(x, 3)
        assert len(memory.kept) == before + 2


def test_what_another_number_of_threads_learnt_is_learnt_again(x):
    """It rounds otherwise: an encoder that is learnt again would not be that of the codes."""
    memory, spec = Memory(), {"name": "autoencoder", "hidden": [8], "steps": 3}
    threads = torch.get_num_threads()
    torch.manual_seed(3)
    try:
        with shared_on(memory):
            features.build(spec).fit_transform(x)
            starts = len(memory.kept)
            features.build(spec).fit_transform(x)
            assert len(memory.kept) == starts
            torch.set_num_threads(threads + 1)
            features.build(spec).fit_transform(x)
            assert len(memory.kept) == 2 * starts
    finally:
        torch.set_num_threads(threads)


def test_what_was_built_without_a_spec_is_not_shared(x):
    memory = Memory()
    with shared_on(memory):
        Drawn().fit_transform(x)
    assert not memory.kept


def test_a_base_class_learns_once_within_its_subclass(x):
    class Base(Baseline):
        def fit(self, x, n_components):
            self.noise = torch.rand(len(x), n_components).softmax(1)
            return self.noise

        def assign(self, x):
            return self.noise[: len(x)]

    class Derived(Base):
        def fit(self, x, n_components):
            return super().fit(x, n_components).flip(0)

    torch.manual_seed(0)
    base, derived = Base().fit(x, 3), Derived().fit(x, 3)
    assert torch.equal(derived, base.flip(0))


def test_a_learner_that_returns_itself_is_told_what_is_wanted():
    class Own(Baseline):
        def fit(self, x, n_components):
            return self

        def assign(self, x):
            return torch.zeros(len(x), 2)

    own = Own()
    own._spec = "own"
    told = r"what Own.fit returns is an Own, a Tensor is wanted"
    with shared_on(Memory()), pytest.raises(TypeError, match=told):
        own.fit(torch.rand(4, 3), 2)
