"""Data sets. To add one, write a function that returns a `Dataset` and import it here."""

from otlvm.data.arrays import from_arrays, split
from otlvm.data.base import DataError, Dataset, datasets
from otlvm.data.folder import image_folder
from otlvm.data.huggingface import hf_disk
from otlvm.data.mnist import fashion_mnist, kmnist, mnist
from otlvm.data.npz import npz
from otlvm.data.offline import digits, mnist_5k
from otlvm.data.openml import openml
from otlvm.data.paths import locate, relative_to

__all__ = [
    "DataError",
    "Dataset",
    "datasets",
    "digits",
    "fashion_mnist",
    "from_arrays",
    "hf_disk",
    "image_folder",
    "kmnist",
    "locate",
    "mnist",
    "mnist_5k",
    "npz",
    "openml",
    "relative_to",
    "split",
]
