"""What baselines cluster. To add one, write a `Features` in a file of its own, import it here."""

from otlvm.features.autoencoder import AUTOENCODER, Autoencoder
from otlvm.features.base import Features, features
from otlvm.features.pixels import PIXELS, Pixels
from otlvm.features.umap import UMAP

__all__ = ["AUTOENCODER", "PIXELS", "UMAP", "Autoencoder", "Features", "Pixels", "features"]
