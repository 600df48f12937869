"""What a trained model shows: images and codes as arrays, from which figures are drawn later."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from otlvm.data import Dataset
from otlvm.evaluation.clustering import class_component_matrix
from otlvm.evaluation.posterior import encode_batches, evaluation_mode
from otlvm.networks import LatentMixtureModel

CLASSES, IMAGES_PER_CLASS = 10, 2
COMPONENTS, DRAWS = 20, 8
CODES = 1000
Pictures = dict[str, NDArray[Any]]


def show_model(model: LatentMixtureModel, data: Dataset) -> Pictures:
    """Show what a model makes of held-out images, and what its components decode to, in eval mode.

    Args:
        model: The model, on the data's device.
        data: The data; labels choose and name what is shown.

    Returns:
        Images as bytes, codes in float32, and labels and components in int16:

        - ``originals``, the first two images of each of the first ten classes, sorted by class,
          and ``reconstructions``, both ``[n, C, H, W]`` with n up to 20;
        - ``samples``, decoded draws of p(z|k), ``[K, 8, C, H, W]``, and ``modes``, the components'
          decoded means, ``[K, C, H, W]``; both of the first 20 components at most;
        - ``codes`` of the first 1,000 images, z of the likeliest component, ``[m, d]``, with
          ``code_labels`` and ``code_components``, ``[m]``;
        - ``prior_codes``, draws of p(z, k), ``[1000, d]``, and ``prior_components``, ``[1000]``;
        - ``class_components``, mean q(k|x) of each class over all images, ``[classes, K]``.

    Raises:
        ValueError: If the decoder's pixels are not finite.
    """
    shape = data.image_shape
    with evaluation_mode(model):
        originals = data.x_test[_first_of_each_class(data.y_test)]
        draws = model.prior.sample_components(DRAWS)[:, :COMPONENTS]
        means = model.prior.moments()[0][:COMPONENTS]
        images = {
            "originals": originals,
            "reconstructions": model.reconstruct(originals),
            "samples": model.decode(draws.transpose(0, 1)),
            "modes": model.decode(means),
        }
        encoded = [(p.pi, p.likeliest()) for _, p in encode_batches(model, data.x_test)]
        pi, codes = (torch.cat(parts) for parts in zip(*encoded, strict=True))
        of_each = model.prior.sample_components(CODES)
        k = torch.randint(model.prior.n_components, (CODES,), device=of_each.device)
        prior_codes = of_each[torch.arange(CODES, device=of_each.device), k]
    return {
        **{name: _bytes(image, shape) for name, image in images.items()},
        "codes": _numpy(codes[:CODES], torch.float32),
        "code_labels": _numpy(data.y_test[:CODES], torch.int16),
        "code_components": _numpy(pi[:CODES].argmax(dim=1), torch.int16),
        "prior_codes": _numpy(prior_codes, torch.float32),
        "prior_components": _numpy(k, torch.int16),
        **show_assignments(pi, data),
    }


def show_assignments(pi: Tensor, data: Dataset) -> Pictures:
    """Return the ``class_components`` of `show_model`, from q(k|x) of all held-out images."""
    n_classes = int(max(data.y_train.max(), data.y_test.max())) + 1
    matrix = class_component_matrix(pi.cpu().numpy(), data.y_test.cpu().numpy(), n_classes)
    return {"class_components": matrix.astype(np.float32)}


def _first_of_each_class(labels: Tensor) -> Tensor:
    """Positions of the images that are shown, sorted by class."""
    classes = torch.arange(int(labels.max()) + 1, device=labels.device)
    found = [(labels == label).nonzero()[:IMAGES_PER_CLASS, 0] for label in classes]
    return torch.cat([places for places in found if len(places)][:CLASSES])


def _bytes(images: Tensor, shape: tuple[int, int, int]) -> NDArray[Any]:
    """Turn pixels in [0, 1], ``[..., D]``, into bytes, ``[..., C, H, W]``."""
    if not torch.isfinite(images).all():  # as bytes they would look like any other
        raise ValueError("the decoder's pixels are not finite")
    pixels = (255 * images.clamp(0, 1)).round()
    return _numpy(pixels.reshape(*images.shape[:-1], *shape), torch.uint8)


def _numpy(tensor: Tensor, dtype: torch.dtype) -> NDArray[Any]:
    array: NDArray[Any] = tensor.to("cpu", dtype).contiguous().numpy()
    return array
