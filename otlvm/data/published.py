"""Checksums of the published files: a flipped bit in a data set is no result."""

import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from otlvm.data.errors import DataError

SHAPES = {(60000, 28, 28), (60000,), (10000, 28, 28), (10000,)}

# Of the unpacked files, measured on those that torchvision's checksums vouch for.
SHA256 = {
    ("MNIST", "train-images-idx3-ubyte"): "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    ("MNIST", "train-labels-idx1-ubyte"): "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    ("MNIST", "t10k-images-idx3-ubyte"): "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    ("MNIST", "t10k-labels-idx1-ubyte"): "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}  # fmt: skip

# Of the files as published, from the data sets' own pages; torchvision uses the same.
MD5_GZ = {
    ("FashionMNIST", "train-images-idx3-ubyte"): "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    ("FashionMNIST", "train-labels-idx1-ubyte"): "25c81989df183df01b3e8a0aad5dffbe",
    ("FashionMNIST", "t10k-images-idx3-ubyte"): "bef4ecab320f06d8554ea6380940ec79",
    ("FashionMNIST", "t10k-labels-idx1-ubyte"): "bb300cfdad3c16e7a12a480ee83cd310",
    ("KMNIST", "train-images-idx3-ubyte"): "bdb82020997e1d708af4cf47b453dcf7",
    ("KMNIST", "train-labels-idx1-ubyte"): "e144d726b3acfaa3e44228e80efcd344",
    ("KMNIST", "t10k-images-idx3-ubyte"): "5c965bf0a639b31b8f53240b1b52f4d7",
    ("KMNIST", "t10k-labels-idx1-ubyte"): "7320c461ea6c1c855c0b718fb2a4b134",
}


def check_published(name: str, path: Path, array: NDArray[np.uint8]) -> None:
    """Compare a file that has the published size with the published file.

    Files of another size are somebody's own data and pass.

    Args:
        name: Folder name of the data set, such as ``MNIST``.
        path: The file that was read.
        array: What was in it.

    Raises:
        DataError: If it differs.
    """
    if array.shape not in SHAPES:
        return
    stem = path.name.removesuffix(".gz")
    if (name, stem) in SHA256:
        header = bytes((0, 0, 8, array.ndim)) + np.array(array.shape, dtype=">u4").tobytes()
        digest = hashlib.sha256(header)
        digest.update(array.tobytes())
        found, expected = digest.hexdigest(), SHA256[name, stem]
    elif path.suffix == ".gz" and (name, stem) in MD5_GZ:
        found = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
        expected = MD5_GZ[name, stem]
    else:
        return
    if found != expected:
        raise DataError(
            f"{path} is not the published file: its checksum is {found}, {expected} is expected; "
            f"delete it and put the original there, or set 'download: true'. Your own images of "
            f"this size go into an npz file"
        )
