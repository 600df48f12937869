"""Features of images in which samples are compared: one map for all runs of a data set."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from otlvm.data import Dataset
from otlvm.metrics.samples import BATCH, part
from otlvm.seeding import seeded
from otlvm.sharing import shared

WIDTH = 64
STEPS, BATCH_SIZE, LEARNING_RATE = 500, 128, 1e-3
SEED = 0
IMAGES = 10_000
"""From how many training images principal components are found."""
FeatureMap = Callable[[Tensor], Tensor]


def feature_map(data: Dataset) -> FeatureMap:
    """Return a map from images ``[n, D]`` to features ``[n, f]``, f = 64 or fewer.

    The last hidden layer of a small classifier, which is trained on the labelled training images
    once for all runs of a data set, whatever their seeds; without labels of two classes, principal
    components of the training images.
    """
    if data.y_train is not None:
        known = data.y_train >= 0
        y = data.y_train[known]
        if bool((y != y[:1]).any()):
            return _classifier_features(data.x_train[known], y, data.image_shape)
    return _principal_components(part(data.x_train, IMAGES))


def _classifier_features(x: Tensor, y: Tensor, image_shape: tuple[int, int, int]) -> FeatureMap:
    with seeded(SEED, x.device):
        network = Classifier(image_shape, int(y.max()) + 1).to(x)

    def learn() -> Tensor:
        network.learn(x, y)
        return parameters_to_vector(network.parameters()).detach()

    weights = shared(learn, "classifier", image_shape, x.device.type, x, y)
    vector_to_parameters(weights.to(x.device), network.parameters())
    return network.features


class Classifier(nn.Module):
    """Two convolutions and a layer of features, small enough for seconds on a CPU.

    Args:
        image_shape: Channels, height and width.
        n_classes: How many classes.
    """

    def __init__(self, image_shape: tuple[int, int, int], n_classes: int) -> None:
        super().__init__()
        channels, height, width = image_shape
        self.trunk = nn.Sequential(
            nn.Unflatten(1, image_shape),
            nn.Conv2d(channels, 16, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(16, 32, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(32 * -(-height // 4) * -(-width // 4), WIDTH),
            nn.ReLU(),
        )
        self.head = nn.Linear(WIDTH, n_classes)

    def learn(self, x: Tensor, y: Tensor) -> None:
        """Train on images ``[n, D]`` and classes ``[n]``."""
        adam = torch.optim.Adam(self.parameters(), lr=LEARNING_RATE)
        with torch.enable_grad(), seeded(SEED, x.device):
            for _ in range(STEPS):
                chosen = torch.randint(len(x), (BATCH_SIZE,), device=x.device)
                adam.zero_grad()
                loss = cross_entropy(self.head(self.trunk(x[chosen])), y[chosen].long())
                loss.backward()  # type: ignore[no-untyped-call]
                adam.step()

    @torch.no_grad()
    def features(self, x: Tensor) -> Tensor:
        """Return the last hidden layer of images ``[n, D]``, with shape ``[n, 64]``."""
        return torch.cat([self.trunk(batch) for batch in torch.split(x, BATCH)])


def _principal_components(x: Tensor) -> FeatureMap:
    mean = x.double().mean(0)
    centred = x.double() - mean
    _, vectors = torch.linalg.eigh(centred.T @ centred)
    axes = vectors[:, -min(WIDTH, len(x) - 1, x.shape[1]) :]
    return lambda images: (images.double() - mean) @ axes
