"""What a checkpoint holds is read on the CPU: each part takes it to where training is.

Without a GPU, torch's fake tensors refuse what a GPU would: operations on two devices.
"""

from copy import deepcopy

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from otlvm.divergences import IMQMMD, RBFMMD, Adversarial, Balanced, CramerWold
from otlvm.latents import MixturePosterior
from otlvm.priors import GaussianMixture
from otlvm.training.batches import BatchSampler
from otlvm.training.meter import Meter

GPU = torch.device("cuda")
PRIOR = GaussianMixture(components=3, dim=2)


@pytest.fixture(autouse=True)
def fake():
    with FakeTensorMode(allow_non_fake_inputs=True):
        yield


def on_the_cpu(state):
    """Return a state as `Checkpoints.load` does."""
    if isinstance(state, torch.Tensor):
        return state.cpu()
    if isinstance(state, dict):
        return {name: on_the_cpu(value) for name, value in state.items()}
    if isinstance(state, list | tuple):
        return type(state)(map(on_the_cpu, state))
    return state


def test_the_meter_goes_on_adding():
    first, second = Meter(GPU), Meter(GPU)
    first.add(1, {"loss": torch.ones((), device=GPU)})
    second.load_state_dict(on_the_cpu(first.state_dict()))
    second.add(2, {"loss": torch.ones((), device=GPU)})
    found = {
        value.device.type for value in second.state_dict().values() if hasattr(value, "device")
    }
    assert found == {"cuda"}


def test_batches_go_on():
    x = torch.rand(8, 3, device=GPU)
    first, second = BatchSampler(x, 4), BatchSampler(x, 4)
    first.draw()
    second.load_state_dict(on_the_cpu(first.state_dict()))
    assert second.draw().device.type == "cuda"


def posterior():
    logits, z = torch.randn(4, 3, device=GPU), torch.randn(4, 3, 2, device=GPU)
    return MixturePosterior(logits, z, torch.ones_like(z), z)


@pytest.mark.parametrize(
    "divergence",
    [
        *(kind(statistic="cross", queue=3) for kind in (IMQMMD, RBFMMD, CramerWold)),
        Balanced(IMQMMD(statistic="cross", queue=2), queue=3),
    ],
    ids=repr,
)
def test_a_queue_goes_on(divergence):
    first, second = deepcopy(divergence), deepcopy(divergence)
    for _ in range(3):
        first.update(posterior(), PRIOR)
    second.load_state_dict(on_the_cpu(first.state_dict()))
    for _ in range(3):
        second.update(posterior(), PRIOR)
        queues = [part for part in second.modules() if hasattr(part, "earlier")]
        assert queues
        for queue in queues:
            assert {part.device.type for part in queue.earlier()} == {"cuda"}


def test_what_a_critic_says_moves_with_it():
    assert Adversarial().to(GPU).terms()["critic"].device.type == "cuda"
