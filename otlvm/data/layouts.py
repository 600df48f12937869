"""How arrays hold images: vectors, grey images, channels first or last."""

from typing import Any, Literal, get_args

from numpy.typing import NDArray

from otlvm.data.errors import DataError

Layout = Literal["channels_first", "channels_last"]
USUAL, UNUSUAL = (1, 3, 4), (2,)
"""How many channels an image may have: grey, colours, colours with transparency; two."""


def images_first(name: str, x: NDArray[Any], layout: Layout | None) -> NDArray[Any]:
    """View an array as images ``[n, C, H, W]``.

    Vectors ``[n, D]`` are square and grey if D is a square, else one row; ``[n, H, W]`` are grey.
    Of four axes the one is taken for channels that can be: 1, 3 or 4 (else 2) of them, of images
    with more than one row and column.

    Args:
        name: Whose they are, for messages.
        x: The array.
        layout: Where channels are; None if their number tells.

    Raises:
        DataError: If the array has other axes, or its channels may be first or last; if there is
            no such layout.
    """
    if layout is not None and layout not in get_args(Layout):
        known = " or ".join(get_args(Layout))
        raise DataError(f"{name}: 'layout: {layout}' is not a layout: say {known}")
    if not 2 <= x.ndim <= 4:
        raise DataError(
            f"{name}: arrays {x.shape} are no images: expected [n, H, W], [n, C, H, W], "
            f"[n, H, W, C] or vectors [n, D]; x.reshape(len(x), -1) makes vectors"
        )
    if 0 in x.shape[1:]:
        raise DataError(f"{name}: images {x.shape[1:]} have no pixels")
    if x.ndim < 4 and layout is not None:
        raise DataError(f"{name}: arrays {x.shape} have no axis of channels: leave 'layout:' out")
    if x.ndim == 2:
        return x.reshape(len(x), *vector_shape(x.shape[1]))
    if x.ndim == 3:
        return x[:, None]
    layout = layout or _layout_of(name, (x.shape[1], x.shape[2], x.shape[3]))
    return x if layout == "channels_first" else x.transpose(0, 3, 1, 2)


def vector_shape(pixels: int) -> tuple[int, int, int]:
    """Return channels, height and width of a vector: a square if it can be one, else one row."""
    side = round(pixels**0.5)
    return (1, side, side) if side * side == pixels else (1, 1, pixels)


def _layout_of(name: str, shape: tuple[int, int, int]) -> Layout:
    """Tell from the number of channels where they are, or refuse."""
    first, last = shape[0], shape[2]
    if shape == (1, 1, 1):
        return "channels_first"
    readings: list[tuple[Layout, int, tuple[int, int]]] = [
        ("channels_first", first, (shape[1], shape[2])),
        ("channels_last", last, (shape[0], shape[1])),
    ]
    for counts in (USUAL, UNUSUAL):
        possible = [(layout, sides) for layout, count, sides in readings if count in counts]
        wide = [(layout, sides) for layout, sides in possible if min(sides) > 1]
        for found in (wide, possible):
            if len(found) == 1:
                return found[0][0]
        if possible:
            break
    one, other = (
        f"'layout: {layout}' if they are {sides[0]} x {sides[1]} pixels with {count} channels"
        for layout, count, sides in readings
    )
    raise DataError(f"{name}: images {shape} can be read in two ways: say {one}, or {other}")
