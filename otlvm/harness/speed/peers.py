"""What our speed is measured against: the paper's algorithm written plainly, and other toolkits."""

import math
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from otlvm.divergences import PAPER_SCALES
from otlvm.networks import LatentMixtureModel
from otlvm.networks.components import ComponentLinear
from otlvm.networks.paper_conv import ToImages
from otlvm.networks.products import Linear

M = TypeVar("M", bound=nn.Module)


def plain_imq_mmd(z: Tensor, pi: Tensor, y: Tensor) -> Tensor:
    """The paper's U-statistic by broadcasting: every pair, every scale, left to autograd.

    Args:
        z: Codes, with shape ``[n, K, d]``.
        pi: q(k|x), with shape ``[n, K]``.
        y: Samples of every component of the prior, with shape ``[n, K, d]``.
    """
    n, n_components, _ = z.shape

    def kernel(p: Tensor, q: Tensor) -> Tensor:
        squared = (p[:, :, None, None] - q[None, None]).square().sum(-1)  # [n, K, n, K]
        return sum((c / (c + squared) for c in PAPER_SCALES), torch.zeros_like(squared))

    others = 1 - torch.eye(n, dtype=z.dtype, device=z.device)
    uniform = torch.full_like(pi, 1 / n_components)

    def mean(p: Tensor, v: Tensor, q: Tensor, w: Tensor, pairs: Tensor) -> Tensor:
        blocks = torch.einsum("ik,ikjl,jl->ij", v, kernel(p, q), w)
        return (blocks * pairs).sum() / pairs.sum()

    within = mean(z, pi, z, pi, others) + mean(y, uniform, y, uniform, others)
    return within - 2 * mean(z, pi, y, uniform, torch.ones_like(others))


def plain_wae_loss(model: LatentMixtureModel, x: Tensor, weight: float) -> Tensor:
    """The paper's objective with the plain MMD and all components decoded."""
    posterior = model.encode(x)
    errors = (model.decode(posterior.z) - x.unsqueeze(1)).square().sum(-1)
    y = model.prior.sample_components(len(x))
    divergence = plain_imq_mmd(posterior.z, posterior.pi, y)
    return (posterior.pi * errors).sum(1).mean() + weight * divergence


def pythae_kernel(dim: int) -> Callable[[Tensor, Tensor], Tensor]:
    """Pythae's own IMQ kernel matrix, with the paper's scales.

    Raises:
        ImportError: If pythae is not installed (the ``peers`` extra).
    """
    from pythae.models import WAE_MMD

    base = 2.0 * dim
    holder = SimpleNamespace(
        model_config=SimpleNamespace(latent_dim=dim, kernel_bandwidth=1.0),
        scales=[c / base for c in PAPER_SCALES],
    )
    return lambda p, q: WAE_MMD.imq_kernel(holder, p, q)


def pythae_mmd(
    kernel: Callable[[Tensor, Tensor], Tensor], x: Tensor, a: Tensor, y: Tensor
) -> Tensor:
    """A weighted MMD on flattened points with pythae's kernel matrices."""
    b = torch.full_like(y[:, 0], 1 / len(y))
    return a @ kernel(x, x) @ a + b @ kernel(y, y) @ b - 2 * (a @ kernel(x, y) @ b)


def pythae_wae(model: LatentMixtureModel, weight: float) -> Any:
    """Pythae's ``WAE_MMD`` of a one-component model's networks.

    Args:
        model: Gives the networks, the prior's dimension and the number of pixels.
        weight: Weight of the MMD.

    Raises:
        ImportError: If pythae is not installed (the ``peers`` extra).
    """
    from pythae.models import WAE_MMD, WAE_MMD_Config

    dim = model.prior.dim
    config = WAE_MMD_Config(
        input_dim=(math.prod(model.image_shape),),
        latent_dim=dim,
        reg_weight=weight,
        scales=[c / (2.0 * dim) for c in PAPER_SCALES],
    )

    def codes(mean: Tensor, std: Tensor) -> dict[str, Tensor]:
        return {"embedding": mean + std * torch.randn_like(std)}

    return WAE_MMD(config, *_pythae_networks(model, codes))


def pythae_vae(model: LatentMixtureModel) -> Any:
    """Pythae's ``VAE`` of a one-component model's networks, with the cross-entropy of pixels.

    Args:
        model: Gives the networks, the prior's dimension and the number of pixels.

    Raises:
        ImportError: If pythae is not installed (the ``peers`` extra).
    """
    from pythae.models import VAE, VAEConfig

    pixels = math.prod(model.image_shape)
    config = VAEConfig(input_dim=(pixels,), latent_dim=model.prior.dim, reconstruction_loss="bce")

    def codes(mean: Tensor, std: Tensor) -> dict[str, Tensor]:
        return {"embedding": mean, "log_covariance": 2 * std.log()}

    return VAE(config, *_pythae_networks(model, codes))


def _pythae_networks(
    model: LatentMixtureModel, codes: Callable[[Tensor, Tensor], dict[str, Tensor]]
) -> tuple[Any, Any]:
    """Return encoder and decoder as pythae has them; ``codes`` is what the encoder tells."""
    from pythae.models.base.base_utils import ModelOutput
    from pythae.models.nn import BaseDecoder, BaseEncoder

    network = as_torchs(model.network)

    class Encoder(BaseEncoder):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, x: Tensor) -> Any:
            _, mean, std = self.network.encode(x)
            return ModelOutput(**codes(mean.squeeze(1), std.squeeze(1)))

    class Decoder(BaseDecoder):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.decoder = network.decoder

        def forward(self, z: Tensor) -> Any:
            return ModelOutput(reconstruction=torch.sigmoid(self.decoder(z)))

    return Encoder(), Decoder()


def pythae_trainer(model: Any, images: Tensor, batch_size: int, folder: str) -> Any:
    """Pythae's own trainer of one of its models, prepared.

    Args:
        model: One of pythae's.
        images: Training images, with shape ``[n, D]``.
        batch_size: Images per step.
        folder: Where pythae writes its logs.
    """
    from pythae.data.datasets import BaseDataset
    from pythae.trainers import BaseTrainer, BaseTrainerConfig

    training = BaseTrainerConfig(
        output_dir=folder, per_device_train_batch_size=batch_size, learning_rate=5e-4
    )
    data = BaseDataset(images, torch.zeros(len(images)))
    trainer = BaseTrainer(model, data, None, training)
    trainer.prepare_training()
    return trainer


def as_torchs(network: M) -> M:
    """Undo our memory layout and our products: they are ours, not the architecture's."""
    for name, child in network.named_children():
        if isinstance(child, ToImages):
            setattr(network, name, nn.Unflatten(1, child.shape))
        elif isinstance(child, Linear):
            setattr(network, name, _with_parameters(nn.Linear, child))
        elif isinstance(child, ComponentLinear):
            setattr(network, name, _with_parameters(BatchedLinear, child))
        else:
            as_torchs(child)
    return network.to(memory_format=torch.contiguous_format)


class BatchedLinear(nn.Module):
    """K linear layers as one batched product of torch's, one component or many."""

    weight: nn.Parameter
    bias: nn.Parameter

    def forward(self, h: Tensor) -> Tensor:
        """Map ``[n, in]`` or ``[n, K, in]`` to ``[n, K, out]``."""
        h = h.expand(len(self.weight), *h.shape) if h.dim() == 2 else h.transpose(0, 1)
        return torch.baddbmm(self.bias.unsqueeze(1), h, self.weight).transpose(0, 1)


def _with_parameters(kind: type[nn.Module], layer: nn.Module) -> nn.Module:
    """Return a layer of another class that has the parameters of one."""
    other = kind.__new__(kind)
    nn.Module.__init__(other)
    other._parameters = layer._parameters
    return other
