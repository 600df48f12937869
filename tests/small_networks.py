"""Networks that are built in no time, and images for them."""

import torch

from otlvm.networks import networks

SHAPE = (1, 6, 6)
K, DIM = 3, 2
PRIOR = {"name": "gaussian_mixture", "components": K, "dim": DIM}
SMALL = {
    "mlp": {"name": "mlp", "hidden": [7, 5], "component_hidden": [4]},
    "conv_mlp": {"name": "conv_mlp", "encoder_filters": 4, "hidden": [5], "component_hidden": [4]},
    "paper_conv": {"name": "paper_conv", "encoder_filters": 4, "decoder_filters": 2,
                   "component_hidden": [4]},
    "shared": {"name": "shared", "hidden": [7, 5], "component_hidden": [4, 5]},
    "stacked": {"name": "stacked", "hidden": [7, 5]},
}  # fmt: skip


def build(name, **parameters):
    torch.manual_seed(0)
    context = {"image_shape": SHAPE, "n_components": K, "dim": DIM}
    return networks.build({**SMALL[name], **parameters}, **context)


def images(n=20, dtype=torch.float32):
    return torch.rand(n, 36, generator=torch.Generator().manual_seed(1)).to(dtype)
