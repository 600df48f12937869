"""`check_network` passes a network of one's own, and finds what is wrong with others."""

import numpy as np
import pytest
import torch
from torch import nn

from otlvm.networks import MLP, Network
from otlvm.networks.mlp import dense
from otlvm.testing import ConformanceError, check_network, network_outcomes


class Small(MLP):
    def __init__(self, image_shape, n_components, dim):
        super().__init__(image_shape, n_components, dim, hidden=[8], component_hidden=[8])


def test_a_good_network_passes_and_nothing_is_hidden():
    statuses = {outcome.check: outcome.status for outcome in network_outcomes(Small)}
    assert statuses.pop("CUDA") == ("passed" if torch.cuda.is_available() else "skipped")
    assert set(statuses.values()) == {"passed"}
    assert len(statuses) == 10


class Changed(nn.Module):
    """A part whose outputs are changed."""

    def __init__(self, part, change):
        super().__init__()
        self.part, self.change = part, change

    def forward(self, x):
        return self.change(self.part(x))


def components(change):
    """A network with other means and standard deviations."""

    class Other(Small):
        def __init__(self, image_shape, n_components, dim):
            super().__init__(image_shape, n_components, dim)
            self.components = Changed(self.components, lambda out: change(*out))

    return Other


class FixedK(Small):
    def __init__(self, image_shape, n_components, dim):
        super().__init__(image_shape, 10, dim)


class ForgetsK(Network):
    """One Gaussian an image: an ordinary autoencoder."""

    def __init__(self, image_shape, n_components, dim):
        pixels = image_shape[0] * image_shape[1] * image_shape[2]
        super().__init__(
            nn.Linear(pixels, n_components),
            Changed(nn.Linear(pixels, dim), lambda mean: (mean, mean.exp())),
            nn.Linear(dim, pixels),
        )


class FixedImages(Small):
    def __init__(self, image_shape, n_components, dim):
        super().__init__(image_shape, n_components, dim)
        self.decoder = dense((dim, 64), nn.BatchNorm1d)


class DropsAxes(Small):
    def decode(self, z):
        return self.decoder(z.flatten(0, -2))


class MixesCodes(Small):
    def decode(self, z):
        flat = z.transpose(0, 1) if z.ndim == 3 else z
        return self.decoder(flat.reshape(-1, z.shape[-1])).view(*z.shape[:-1], -1)


class Probabilities(Small):
    def encode(self, x):
        return torch.cat([*super().encode(x)[0:1], x[:, :1]], dim=1), *super().encode(x)[1:]


class Two(Small):
    def encode(self, x):
        return super().encode(x)[1:]


class Detached(Small):
    def decode(self, z):
        return super().decode(z.detach())


class Unused(Small):
    def __init__(self, image_shape, n_components, dim):
        super().__init__(image_shape, n_components, dim)
        self.spare = nn.Linear(2, 2)


class NoGraph(Small):
    @torch.no_grad()
    def encode(self, x):
        return super().encode(x)

    @torch.no_grad()
    def decode(self, z):
        return super().decode(z)


class Infinite(Small):
    def __init__(self, image_shape, n_components, dim):
        super().__init__(image_shape, n_components, dim)
        self.classifier = Changed(self.classifier, lambda out: (out - out.detach()).sqrt())


class OfTheBatch(Small):
    def encode(self, x):
        return super().encode(x - x.mean(0))


class Binarises(Small):
    def encode(self, x):
        return super().encode(x.round_())


class ScalesCodes(Small):
    def decode(self, z):
        return super().decode(z.mul_(2))


class OnlyFloat32(Small):
    def __init__(self, image_shape, n_components, dim):
        super().__init__(image_shape, n_components, dim)
        self.scale = torch.ones(n_components)

    def encode(self, x):
        logits, mean, std = super().encode(x)
        return (logits * self.scale).float(), mean, std


class Hidden(Small):
    """Keeps what it draws beside its state."""

    def __init__(self, image_shape, n_components, dim):
        super().__init__(image_shape, n_components, dim)
        self.shift = torch.randn(n_components)

    def encode(self, x):
        logits, mean, std = super().encode(x)
        return logits + self.shift.to(x), mean, std


class Reseeds(Small):
    def encode(self, x):
        torch.manual_seed(0)
        return super().encode(x)


class StaysInEval(Small):
    def encode(self, x):
        self.eval()
        return super().encode(x)


class FromNumPy(Small):
    def __init__(self, image_shape, n_components, dim):
        super().__init__(image_shape, n_components, dim)
        with torch.no_grad():
            self.classifier[-1].bias.add_(float(np.random.randn()))  # noqa: NPY002


class Noisy(Small):
    rng = torch.Generator()

    def encode(self, x):
        return super().encode(x + torch.rand(x.shape, generator=self.rng).to(x))


class NotOne(nn.Linear):
    def __init__(self, image_shape, n_components, dim):
        super().__init__(2, 2)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (components(lambda mean, std: (mean, -std)), r"go down to -.*random images.*softplus"),
        (components(lambda mean, std: (mean, torch.relu(mean))), "go down to 0 for"),
        (
            components(lambda mean, std: (mean, std / 0)),
            "standard deviations of encode.*not finite",
        ),
        (
            components(lambda mean, std: (mean[:, 0], std[:, 0])),
            r"means .*\(6, 2\), not \(6, 3, 2\)",
        ),
        (components(lambda mean, std: (mean, std[..., :1])), r"\(6, 3, 1\), not \(6, 3, 2\)"),
        (FixedK, r"logits of encode\(x\) has shape \(6, 10\), not \(6, 3\): \[n, K\]"),
        (ForgetsK, r"means of encode\(x\) has shape \(6, 2\), not \(6, 3, 2\): .*each component"),
        (FixedImages, r"not \(6, 4, 288\): \[..., D\]"),
        (DropsAxes, r"decode of codes \(6, 3, 2\) has shape \(18, 64\), not \(6, 3, 64\)"),
        (MixesCodes, "decoded to other images than the same codes"),
        (Probabilities, r"\(6, 4\), not \(6, 3\)"),
        (Two, "something else than logits, means and standard deviations"),
        (Detached, "no gradient reaches the codes"),
        (Unused, r"no gradient reaches spare\.weight"),
        (NoGraph, "its outputs are detached"),
        (Infinite, "the gradient of classifier.*is not finite"),
        (OfTheBatch, "depend on the images beside it"),
        (Binarises, "changes the images that it is given"),
        (ScalesCodes, "changes the codes that it is given"),
        (OnlyFloat32, "a torch.float64 network answers in torch.float32"),
        (Hidden, "state_dict does not restore it"),
        (Reseeds, "it sets torch's seed"),
        (StaysInEval, "leaves itself in eval mode"),
        (FromNumPy, "NumPy's global random state"),
        (Noisy, "two calls under the same seed differ"),
        (NotOne, "builds a NotOne, not a Network"),
    ],
)
def test_faulty_networks_are_caught(make, told):
    with pytest.raises(ConformanceError, match=told):
        check_network(make)
