"""What a model shows: images and codes as arrays, from which figures are drawn later."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from otlvm.data import Dataset
from otlvm.evaluation.clustering import class_component_matrix
from otlvm.evaluation.posterior import (
    component_probabilities,
    encode_batches,
    evaluation_mode,
)
from otlvm.evaluation.subset import spread_out
from otlvm.inputs import check_assignments, instance
from otlvm.networks import LatentMixtureModel

CLASSES, IMAGES_PER_CLASS = 10, 2
COMPONENTS, DRAWS = 20, 8
CODES, CODES_2D = 1000, 5000
NEAR = 0.6
STEPS = 10
CENTRE = 6
GRID, GRID_STDS = 20, 3.0
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
        - ``samples``, decoded draws of p(z|k), ``[K, 8, C, H, W]``, ``near_modes``, the same with
          3/5 of the standard deviation, and ``modes``, the components' decoded means,
          ``[K, C, H, W]``; all of the first 20 components at most;
        - ``interpolations`` between the codes of pairs of the originals, first with last,
          ``[pairs, 10, C, H, W]``, and ``interpolation_ends``, these originals,
          ``[pairs, 2, C, H, W]``;
        - ``mode_interpolations`` from the mean of component ``mode_start`` (6, or the last) to
          those of the others, ``[K - 1, 10, C, H, W]``;
        - if d = 2, ``latent_grid``, decoded codes of an even grid, ``[20, 20, C, H, W]``, from the
          top down (each with the k most responsible for it, if the decoder sees k), and
          ``latent_grid_extent``: least and largest z_1, least and largest z_2;
        - ``codes`` of 1,000 images that stand for all (5,000 if d = 2; `spread_out`), k ~ q(k|x)
          and z ~ q(z|k,x), ``[m, d]``, with ``code_labels`` and the likeliest component,
          ``code_components``, ``[m]``;
        - ``prior_codes``, draws of p(z, k), ``[1000, d]``, and ``prior_components``, ``[1000]``;
        - ``class_components``, mean q(k|x) of each class over all images, ``[classes, K]``;
        - ``shown_range``, the numbers that 0 and 255 stand for, ``[2]``, where data are not in
          [0, 1]: the least and the largest of all, in the units that they came in.

        Without labels the originals are 20 images that stand for all, and there are neither
        ``code_labels`` nor ``class_components``. Where only some images have labels,
        ``code_labels`` is -1 for those without. These are what Figures 2 to 7 of Gaujac, Feige
        and Barber (2021) show.

    Raises:
        ValueError: If the decoder's pixels are not finite.
    """
    instance("data", data, Dataset, "otlvm.data.from_arrays makes one")
    shape = data.image_shape
    with evaluation_mode(model):
        reach = _units_reach(model, data)
        originals = _originals(data)
        draws = model.prior.sample_components(DRAWS)[:, :COMPONENTS].transpose(0, 1)
        k = torch.arange(len(draws), device=draws.device)
        means, covariances = model.prior.moments()
        shown = means[:COMPONENTS]
        near = shown.unsqueeze(1).lerp(draws, NEAR)
        modes = model.codes(shown, k)
        centre = min(CENTRE, len(shown) - 1)
        others = torch.cat([modes[:centre], modes[centre + 1 :]])
        of_draws = k.unsqueeze(1).expand(draws.shape[:2])
        pairs = len(originals) // 2
        ends = originals[:pairs], originals.flip(0)[:pairs]
        from_code, to_code = (model.encode(part).likeliest() for part in ends)
        images = {
            "originals": originals,
            "reconstructions": model.reconstruct(originals),
            "samples": model.decode(model.codes(draws, of_draws)),
            "near_modes": model.decode(model.codes(near, of_draws)),
            "modes": model.decode(modes),
            "interpolations": model.interpolate(from_code, to_code, STEPS).transpose(0, 1),
            "interpolation_ends": torch.stack(ends, dim=1),
            "mode_interpolations": model.interpolate(
                modes[centre].expand_as(others), others, STEPS
            ).transpose(0, 1),
        }
        extent: Pictures = {}
        if model.prior.dim == 2:
            low, high = _reach(means, covariances)
            grid = _grid(low, high)
            nearest = model.prior.responsibilities(grid).argmax(-1)
            images["latent_grid"] = model.decode(model.codes(grid, nearest))
            box = torch.stack([low, high], dim=1).flatten()
            extent["latent_grid_extent"] = _numpy(box, torch.float32)
        chosen = spread_out(len(data.x_test), CODES_2D if model.prior.dim == 2 else CODES)
        encoded = [(p.pi, p.sample()) for _, p in encode_batches(model, data.x_test)]
        pi, codes = (torch.cat(parts) for parts in zip(*encoded, strict=True))
        prior_codes, prior_components = model.prior.sample_with_components(CODES)
    return {
        **{name: _bytes(model, image, shape, reach) for name, image in images.items()},
        **extent,
        **_shown_range(reach),
        "mode_start": np.array(centre, dtype=np.int16),
        "codes": _numpy(_choose(codes, chosen), torch.float32),
        **_labels(data, chosen),
        "code_components": _numpy(_choose(pi, chosen).argmax(dim=1), torch.int16),
        "prior_codes": _numpy(prior_codes, torch.float32),
        "prior_components": _numpy(prior_components, torch.int16),
        **show_assignments(pi, data),
    }


def show_snapshot(model: LatentMixtureModel, data: Dataset) -> Pictures:
    """Show a model under way: ``reconstructions`` and ``class_components`` of `show_model`.

    Raises:
        ValueError: If the decoder's pixels are not finite.
    """
    instance("data", data, Dataset, "otlvm.data.from_arrays makes one")
    with evaluation_mode(model):
        reconstructions = model.reconstruct(_originals(data))
        reach = _units_reach(model, data)
        pi = component_probabilities(model, data.x_test)
    return {
        "reconstructions": _bytes(model, reconstructions, data.image_shape, reach),
        **show_assignments(pi, data),
    }


def show_clustering(pi: Tensor, data: Dataset) -> Pictures:
    """Show what a baseline makes of held-out images: what `show_model` has without a latent space.

    Args:
        pi: Its assignments of all held-out images, with shape ``[m, K]``.
        data: The data.

    Returns:
        ``code_components`` of 1,000 images that stand for all and ``class_components``, as
        `show_model`.
    """
    chosen = _choose(pi, spread_out(len(pi), CODES))
    components = _numpy(chosen.argmax(dim=1), torch.int16)
    return {"code_components": components, **show_assignments(pi, data)}


def show_assignments(pi: Tensor, data: Dataset) -> Pictures:
    """Return the ``class_components`` of `show_model`, from q(k|x) of all held-out images."""
    check_assignments("pi", pi, len(data.x_test))
    if data.y_train is None or data.y_test is None:
        return {}
    n_classes = int(max(data.y_train.max(), data.y_test.max())) + 1
    if not n_classes:  # no image has a label
        return {}
    matrix = class_component_matrix(pi.cpu().numpy(), data.y_test.cpu().numpy(), n_classes)
    return {"class_components": matrix.astype(np.float32)}


def _choose(values: Tensor, chosen: Tensor) -> Tensor:
    return values[chosen.to(values.device)]


def _labels(data: Dataset, chosen: Tensor) -> Pictures:
    """The ``code_labels`` of `show_model`."""
    if data.y_test is None or bool((data.y_test < 0).all()):
        return {}
    return {"code_labels": _numpy(_choose(data.y_test, chosen), torch.int16)}


def _originals(data: Dataset) -> Tensor:
    """The held-out images that are shown, sorted by class if there are labels."""
    labels = data.y_test
    if labels is None or bool((labels < 0).all()):
        return _choose(data.x_test, spread_out(len(data.x_test), CLASSES * IMAGES_PER_CLASS))
    classes = torch.arange(int(labels.max()) + 1, device=labels.device)
    found = [(labels == label).nonzero()[:IMAGES_PER_CLASS, 0] for label in classes]
    return data.x_test[torch.cat([places for places in found if len(places)][:CLASSES])]


def _reach(means: Tensor, covariances: Tensor) -> tuple[Tensor, Tensor]:
    """The corners of a box around all components, both ``[d]``."""
    spread = GRID_STDS * covariances.diagonal(dim1=-2, dim2=-1).sqrt()
    return (means - spread).amin(0), (means + spread).amax(0)


def _grid(low: Tensor, high: Tensor) -> Tensor:
    """Codes of an even grid ``[20, 20, 2]`` over a box, the largest z_2 first."""
    shares = torch.linspace(0, 1, GRID, device=low.device)
    x, y = (low[axis].lerp(high[axis], shares) for axis in (0, 1))
    return torch.stack(torch.meshgrid(x, y.flip(0), indexing="xy"), dim=-1)


def _units_reach(model: LatentMixtureModel, data: Dataset) -> tuple[float, float]:
    """The numbers that are shown black and white: 0 and 1, or the least and largest of the data."""
    bounds = [bound for x in (data.x_train, data.x_test) for bound in model.in_units(x).aminmax()]
    low, high = float(min(bounds)), float(max(bounds))
    return (0.0, 1.0) if low >= 0 and high <= 1 else (low, high)


def _shown_range(reach: tuple[float, float]) -> Pictures:
    """The ``shown_range`` of `show_model`."""
    return {} if reach == (0.0, 1.0) else {"shown_range": np.array(reach, dtype=np.float32)}


def _bytes(
    model: LatentMixtureModel,
    images: Tensor,
    shape: tuple[int, int, int],
    reach: tuple[float, float],
) -> NDArray[Any]:
    """Turn pixels ``[..., D]`` into bytes ``[..., C, H, W]``, in the units that they came in."""
    if not torch.isfinite(images).all():  # as bytes they would look like any other
        raise ValueError("the decoder's pixels are not finite")
    low, high = reach
    units = (model.in_units(images) - low) / (high - low or 1.0)
    pixels = (255 * units.clamp(0, 1)).round()
    return _numpy(pixels.reshape(*images.shape[:-1], *shape), torch.uint8)


def _numpy(tensor: Tensor, dtype: torch.dtype) -> NDArray[Any]:
    array: NDArray[Any] = tensor.to("cpu", dtype).contiguous().numpy()
    return array
