"""Reading MNIST's own file format, and telling what is wrong with a damaged file."""

import gzip
import math
import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from otlvm.data.errors import DataError, reason
from otlvm.data.paths import check_file


def read_idx(path: Path) -> NDArray[np.uint8]:
    """Read an IDX file of bytes, plain or gzipped.

    Raises:
        DataError: If the file is empty, cut short, too long or something else altogether, such as
            a folder or a pipe.
    """
    remedy = "delete it and put the original there, or set 'download: true'"
    check_file(path, path, remedy)
    try:
        data = path.read_bytes()
        if path.suffix == ".gz" and data:
            if data.lstrip()[:1] == b"<":
                raise DataError(
                    f"{path}: a web page, not a gzip file (a failed download?); {remedy}"
                )
            data = gzip.decompress(data)
    except (OSError, EOFError, zlib.error, MemoryError) as error:
        raise DataError(f"{path}: damaged or not readable ({reason(error)}); {remedy}") from error
    if not data:
        raise DataError(f"{path}: the file is empty; {remedy}")
    if data.lstrip()[:1] == b"<":
        raise DataError(f"{path}: a web page, not image data (a failed download?); {remedy}")
    # Two zero bytes, the type (8: unsigned byte), the number of dimensions, the big-endian sizes.
    if data[:3] != b"\0\0\x08" or len(data) < 4 or len(data) < 4 + 4 * data[3]:
        raise DataError(f"{path}: not an IDX file of bytes; {remedy}")
    start = 4 + 4 * data[3]
    shape = struct.unpack(f">{data[3]}I", data[4:start])
    expected = start + math.prod(shape)
    if len(data) != expected:
        raise DataError(f"{path}: {len(data)} bytes instead of {expected}, cut short?; {remedy}")
    return np.frombuffer(data, np.uint8, offset=start).reshape(shape)
