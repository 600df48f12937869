"""What a record can hold: a config is written as JSON, and read back as it was."""

import math
from typing import Any

from otlvm.harness.messages import InputError, KeyPath
from otlvm.wording import shorten


def check_plain(value: Any, path: KeyPath) -> None:
    """Refuse values that JSON does not carry.

    Args:
        value: A config, or a part of one.
        path: Where it stands.

    Raises:
        InputError: If a number is not finite, a key no text, or a value of another kind.
    """
    if isinstance(value, dict):
        for key, inner in value.items():
            if not isinstance(key, str):
                raise InputError(f"a key must be a text, not {shorten(key)}", path)
            check_plain(inner, (*path, key))
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            check_plain(inner, (*path, index))
    elif isinstance(value, float) and not math.isfinite(value):
        raise InputError(f"{value} is not finite, and no number that a record can hold", path)
    elif not (value is None or isinstance(value, bool | int | float | str)):
        raise InputError(f"{shorten(value)} is no text, number, list or mapping", path)
