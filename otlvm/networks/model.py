"""A latent mixture model: a network and a prior, and what can be done with the two."""

import copy
import json
import math
from pathlib import Path
from typing import Any, Self

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, load_model, save_model
from torch import Tensor, nn

from otlvm.latents import MixturePosterior
from otlvm.likelihoods import Likelihood, likelihoods
from otlvm.networks.base import Network, networks
from otlvm.networks.held import held_parts
from otlvm.priors import Prior, priors
from otlvm.registry import RegistryError, Spec
from otlvm.scaling import Scaling

CONFIG_FILE = "config.json"
WEIGHTS_FILE = "model.safetensors"


class LatentMixtureModel(nn.Module):
    """An autoencoder of images ``[n, D]`` with codes (k, z).

    Args:
        image_shape: Channels, height and width; D is their product.
        network: Spec or instance of the three maps. An instance cannot be saved with the model.
        prior: Spec or instance of p(z, k). An instance cannot be saved with the model.
        likelihood: Spec or instance of p(x|z). An instance cannot be saved with the model.
        scaling: That of the data (``data.scaling``): a copy is kept and saved with the model, and
            undone in samples. None takes the data for unscaled; a name only makes room for one.

    Raises:
        RegistryError: If a spec does not fit the registered constructors.

    Example:
        >>> prior = {"name": "gaussian_mixture", "components": 4, "dim": 3}
        >>> model = LatentMixtureModel((1, 8, 8), network="mlp", prior=prior)
        >>> model.sample(2).shape
        torch.Size([2, 64])
    """

    def __init__(
        self,
        image_shape: tuple[int, int, int],
        network: Spec | Network,
        prior: Spec | Prior,
        likelihood: Spec | Likelihood = "bernoulli",
        scaling: Scaling | str | None = None,
    ) -> None:
        super().__init__()
        self.image_shape = (image_shape[0], image_shape[1], image_shape[2])
        self.prior = prior if isinstance(prior, Prior) else priors.build(prior)
        self.likelihood = (
            likelihood
            if isinstance(likelihood, Likelihood)
            else likelihoods.build(likelihood, features=math.prod(self.image_shape))
        )
        if isinstance(scaling, str):
            scaling = Scaling(scaling, math.prod(self.image_shape))
        self.scaling = copy.deepcopy(scaling)
        self.config: dict[str, Any] | None = None
        specs = {"network": network, "prior": prior, "likelihood": likelihood}
        if not any(isinstance(spec, nn.Module) for spec in specs.values()):
            self.config = {"image_shape": list(image_shape), **specs}
            if self.scaling is not None:
                self.config["scaling"] = self.scaling.kind
        self.network = (
            network
            if isinstance(network, Network)
            else networks.build(
                network,
                image_shape=self.image_shape,
                n_components=self.prior.n_components,
                dim=self.prior.dim,
            )
        )

    def train(self, mode: bool = True) -> Self:
        """Set train or eval mode; parts that are held (`otlvm.networks.hold`) stay in eval mode."""
        super().train(mode)
        for part in held_parts(self):
            part.eval()
        return self

    def extra_repr(self) -> str:
        """Show the images' shape and the number of trained parameters in ``repr``."""
        count = sum(p.numel() for p in self.parameters() if p.requires_grad)
        return f"image_shape={self.image_shape}, parameters={count}"

    def encode(self, x: Tensor) -> MixturePosterior:
        """Return q(z, k | x) of images ``[n, D]``, with one sample of each component."""
        return MixturePosterior.draw(*self.network.encode(x))

    def decode_logits(self, z: Tensor) -> Tensor:
        """Map codes ``[..., d]`` to what the network says of the likelihood, ``[..., D]``.

        These are the logits of the pixels, or the means where the likelihood is Gaussian.
        """
        return self.network.decode(z)

    def decode(self, z: Tensor) -> Tensor:
        """Map codes ``[..., d]`` to the likelihood's mean, ``[..., D]``: images in [0, 1].

        Where the likelihood is Gaussian they are numbers of any size.
        """
        return self.likelihood.mean(self.decode_logits(z))

    @torch.no_grad()
    def reconstruct(self, x: Tensor) -> Tensor:
        """Encode and decode ``[n, D]``: the likeliest component, then a sample of its z."""
        return self.decode(self.encode(x).likeliest())

    def in_units(self, x: Tensor) -> Tensor:
        """Take data as the model sees them, ``[..., D]``, to the units that they came in."""
        return x if self.scaling is None else self.scaling.undo(x)

    @torch.no_grad()
    def sample(self, n: int) -> Tensor:
        """Decode ``n`` draws of the prior, to ``[n, D]`` in the units that data came in."""
        return self.in_units(self.decode(self.prior.sample(n)))

    @torch.no_grad()
    def sample_component(self, k: int, n: int, scale: float = 1.0) -> Tensor:
        """Decode ``n`` draws of p(z|k), to ``[n, D]`` in the units that data came in.

        Args:
            k: The component.
            n: How many.
            scale: Factor on the distance from the mean; 3/5 gives samples near the mode (Fig. 4c
                of Gaujac, Feige and Barber, 2021).
        """
        mean = self.prior.moments()[0][k]
        draws = self.prior.sample_components(n)[:, k]
        return self.in_units(self.decode(mean + scale * (draws - mean)))

    @torch.no_grad()
    def interpolate(self, start: Tensor, end: Tensor, steps: int = 10) -> Tensor:
        """Decode evenly spaced codes from ``start`` to ``end``, both ``[..., d]``.

        Returns:
            Images with shape ``[steps, ..., D]``, the ends included.
        """
        weights = torch.linspace(0, 1, steps, dtype=start.dtype, device=start.device)
        return self.decode(torch.stack([start.lerp(end, w) for w in weights]))

    def save(self, directory: str | Path) -> None:
        """Write the weights (safetensors) and the config (JSON) that `otlvm.load` restores.

        Raises:
            ValueError: If the model was built from instances instead of specs.
            OSError: If the files cannot be written.
        """
        if self.config is None:
            raise ValueError(
                "a model built from instances cannot be restored by name: "
                "pass specs such as prior={'name': 'gaussian_mixture'} to save it"
            )
        directory = Path(directory)
        directory.mkdir(parents=True, exist_ok=True)
        try:
            save_model(self, str(directory / WEIGHTS_FILE))
        except SafetensorError as error:  # a full disk, for example
            raise OSError(f"{directory / WEIGHTS_FILE} could not be written: {error}") from error
        (directory / CONFIG_FILE).write_text(json.dumps(self.config, indent=2) + "\n")


def load(directory: str | Path) -> LatentMixtureModel:
    """Restore a model that `LatentMixtureModel.save` wrote, on the CPU, in eval mode.

    A plug-in named in the config is imported, so load only directories that you trust.

    Raises:
        FileNotFoundError: If the directory holds no saved model.
        ValueError: If a file is damaged or does not fit the other.
    """
    directory = Path(directory)
    for name in (CONFIG_FILE, WEIGHTS_FILE):
        if not (directory / name).is_file():
            raise FileNotFoundError(f"{directory} holds no saved model: {name} is missing")
    try:
        config = json.loads((directory / CONFIG_FILE).read_text())
        weights = load_file(directory / WEIGHTS_FILE)
        model = LatentMixtureModel(**config)
        model.to(next(t.dtype for t in weights.values() if t.is_floating_point()))
        load_model(model, directory / WEIGHTS_FILE)
    except RegistryError:
        raise
    except (json.JSONDecodeError, SafetensorError, TypeError, RuntimeError) as error:
        raise ValueError(f"{directory} holds a damaged model: {error}") from error
    return model.eval()
