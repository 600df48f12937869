"""A latent mixture model: a network and a prior, and what can be done with the two."""

import copy
import errno
import json
import math
import re
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Self

import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file, load_model, save_model
from torch import Tensor, nn

from otlvm.data.checks import check_image_shape
from otlvm.inference import Inference, inferences
from otlvm.inputs import as_codes, as_images, component, count
from otlvm.latents import Draw, MixturePosterior, at_mean, reparameterised
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
        inference: Spec or instance of what q(z, k | x) is made of. An instance cannot be saved with
            the model; a network that is an instance has to have the sizes that it asks for.
        likelihood: Spec or instance of p(x|z). An instance cannot be saved with the model.
        scaling: That of the data (``data.scaling``): a copy is kept and saved with the model, and
            undone in samples. None takes the data for unscaled; a name only makes room for one.

    Attributes:
        copies: How many rows of a batch that follow each other are of one image: 1, but for
            objectives that draw several samples, and see a model like this one with more.

    Raises:
        TypeError: If the inference cannot do with the prior.
        RegistryError: If a spec does not fit the registered constructors.
        ValueError: If ``image_shape`` is not three positive whole numbers.

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
        inference: Spec | Inference = "mirror",
        likelihood: Spec | Likelihood = "bernoulli",
        scaling: Scaling | str | None = None,
    ) -> None:
        super().__init__()
        check_image_shape("the model", image_shape)
        self.image_shape = (int(image_shape[0]), int(image_shape[1]), int(image_shape[2]))
        self.prior = prior if isinstance(prior, Prior) else priors.build(prior)
        self.inference = (
            inference if isinstance(inference, Inference) else inferences.build(inference)
        )
        self.inference.check(self.prior)
        point = torch.zeros(1, self.prior.dim), torch.zeros(1, dtype=torch.long)
        self.code_dim = self.inference.codes(self.prior, *point).shape[-1]
        self.likelihood = (
            likelihood
            if isinstance(likelihood, Likelihood)
            else likelihoods.build(likelihood, features=math.prod(self.image_shape))
        )
        if isinstance(scaling, str):
            scaling = Scaling(scaling, math.prod(self.image_shape))
        self.scaling = copy.deepcopy(scaling)
        self.copies = 1
        self.config: dict[str, Any] | None = None
        specs = {
            "network": network,
            "prior": prior,
            "inference": inference,
            "likelihood": likelihood,
        }
        if not any(isinstance(spec, nn.Module | Inference) for spec in specs.values()):
            self.config = {"image_shape": list(self.image_shape), **specs}
            if self.scaling is not None:
                self.config["scaling"] = self.scaling.kind
        self.network = (
            network
            if isinstance(network, Network)
            else self.inference.network(
                partial(networks.build, network, image_shape=self.image_shape),
                self.prior.n_components,
                self.prior.dim,
            )
        )

    def train(self, mode: bool = True) -> Self:
        """Set train or eval mode; parts that are held (`otlvm.networks.hold`) stay in eval mode."""
        held = list(held_parts(self))
        super().train(mode and self not in held)
        for part in held:
            if part is not self:
                part.eval()
        return self

    def extra_repr(self) -> str:
        """Show the images' shape and the number of trained parameters in ``repr``."""
        count = sum(p.numel() for p in self.parameters() if p.requires_grad)
        return f"image_shape={self.image_shape}, parameters={count}"

    def notes(self) -> list[str]:
        """Return what a reader of a table has to know of the model, beside its row's label."""
        return [self.prior.note] if self.prior.note else []

    def images(self, x: Tensor | NDArray[Any]) -> Tensor:
        """Return images as `encode` takes them: ``[n, D]``, in the model's precision.

        Args:
            x: Floats in [0, 1], a tensor on the model's device or an array, with shape ``[n, D]``
                or ``[n, C, H, W]``; of one channel ``[n, H, W]`` or ``[n, H, W, 1]`` too.

        Raises:
            TypeError: If it is something else, or holds bytes or other whole numbers.
            ValueError: If it has another shape, or is on another device.
        """
        return as_images(x, self.image_shape, self.network)

    def encode(self, x: Tensor | NDArray[Any]) -> MixturePosterior:
        """Return q(z, k | x) of `images`, with one sample of each component."""
        return self._infer(x, reparameterised)

    def encode_means(self, x: Tensor | NDArray[Any]) -> MixturePosterior:
        """Return q(z, k | x) with every z at its mean: the same every time in eval mode."""
        return self._infer(x, at_mean)

    def _infer(self, x: Tensor | NDArray[Any], draw: Draw) -> MixturePosterior:
        x = self.images(x)
        posterior = self.inference.posterior(self.network, self.prior, x, draw)
        return posterior if self.copies == 1 else replace(posterior, copies=self.copies)

    def codes(self, z: Tensor, k: Tensor) -> Tensor:
        """Turn z ``[..., d]`` and k ``[...]`` into codes ``[..., c]``, which the decoder is given.

        The code is z itself (c = d), unless the inference has the decoder see k too.
        """
        return self.inference.codes(self.prior, z, k)

    def decode_logits(self, codes: Tensor | NDArray[Any]) -> Tensor:
        """Map codes ``[..., c]`` to what the network says of the likelihood, ``[..., D]``.

        These are the logits of the pixels, or the means where the likelihood is Gaussian.

        Raises:
            TypeError: If they are something else than codes, or whole numbers.
            ValueError: If they have another dimension, or are on another device.
        """
        return self.network.decode(as_codes(codes, self.code_dim, self.network))

    def decode(self, codes: Tensor | NDArray[Any]) -> Tensor:
        """Map codes ``[..., c]`` to the likelihood's mean, ``[..., D]``: images in [0, 1].

        Where the likelihood is Gaussian they are numbers of any size. See `decode_logits`.
        """
        return self.likelihood.mean(self.decode_logits(codes))

    @torch.no_grad()
    def reconstruct(self, x: Tensor | NDArray[Any]) -> Tensor:
        """Encode and decode `images`, to ``[n, D]``: the likeliest k, then a sample of its z."""
        return self.decode(self.encode(x).likeliest())

    def in_units(self, x: Tensor) -> Tensor:
        """Take data as the model sees them, ``[..., D]``, to the units that they came in."""
        return x if self.scaling is None else self.scaling.undo(x)

    @torch.no_grad()
    def sample(self, n: int) -> Tensor:
        """Decode ``n`` draws of the prior, to ``[n, D]`` in the units that data came in.

        See `Prior.sample`.
        """
        codes = self.codes(*self.prior.sample_with_components(count("n", n)))
        return self.in_units(self.decode(codes))

    @torch.no_grad()
    def sample_component(self, k: int, n: int, scale: float = 1.0) -> Tensor:
        """Decode ``n`` draws of p(z|k), to ``[n, D]`` in the units that data came in.

        Args:
            k: The component.
            n: How many.
            scale: Factor on the distance from the mean; 3/5 gives samples near the mode (Fig. 4c
                of Gaujac, Feige and Barber, 2021).

        Raises:
            TypeError: If ``k`` or ``n`` is not a whole number.
            ValueError: If there is no such component, or ``n`` is not positive.
        """
        k, n = component(k, self.prior.n_components), count("n", n)
        mean = self.prior.moments()[0][k]
        z = mean + scale * (self.prior.sample_components(n)[:, k] - mean)
        codes = self.codes(z, torch.full((n,), k, device=z.device))
        return self.in_units(self.decode(codes))

    @torch.no_grad()
    def interpolate(
        self, start: Tensor | NDArray[Any], end: Tensor | NDArray[Any], steps: int = 10
    ) -> Tensor:
        """Decode evenly spaced codes from ``start`` to ``end``, both ``[..., c]``.

        Returns:
            Images with shape ``[steps, ..., D]``, the ends included.

        Raises:
            TypeError: If the ends are no `codes`, or ``steps`` is not a whole number.
            ValueError: If one is no code of this model or their shapes differ, or there are fewer
                steps than ends.
        """
        start, end = (
            as_codes(start, self.code_dim, self.network),
            as_codes(end, self.code_dim, self.network),
        )
        if start.shape != end.shape:
            raise ValueError(
                f"start has shape {list(start.shape)}, end {list(end.shape)}: give as many of both"
            )
        steps = count("steps", steps, least=2)
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
            told = re.search(r"os error (\d+)", str(error))
            number = int(told[1]) if told else errno.EIO
            raise OSError(
                number, f"could not be written: {error}", directory / WEIGHTS_FILE
            ) from error
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
    except (OSError, MemoryError):
        raise
    except Exception as error:  # JSON and arrays of anybody's may raise anything
        raise ValueError(f"{directory} holds a damaged model: {error}") from error
    return model.eval()
