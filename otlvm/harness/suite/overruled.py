"""A grid's values are trained, or refused: whatever overruled them would leave labels that lie."""

from collections.abc import Mapping, Sequence
from typing import Any

from otlvm.harness.config import get_field
from otlvm.harness.messages import InputError, KeyPath
from otlvm.harness.suite.source import write_option
from otlvm.wording import flow


def refuse_overruled(
    grid: Mapping[str, Sequence[Any]],
    places: Mapping[str, KeyPath],
    options: Mapping[str, Any],
) -> None:
    """Refuse what would replace a value that a grid gives.

    A field below a gridded one replaces nothing if no value of the grid says that field.

    Args:
        grid: An entry's grid, in the order in which it is set.
        places: Where each field of it is written.
        options: Values of ``--set`` by dotted path, set after the grid.

    Raises:
        InputError: If an option, or a later field of the grid, sets what the grid gives.
    """
    fields = list(grid)
    for index, field in enumerate(fields):
        for option, value in options.items():
            if _replaces(option, field, grid[field]):
                raise InputError(
                    f"{write_option(option, value)} would overrule this grid "
                    f"({field}: {flow(list(grid[field]), 200)}), and labels would name values that "
                    "are not trained: change the grid instead, or leave out the option",
                    places[field],
                )
        for later in fields[index + 1 :]:
            if _replaces(later, field, grid[field]):
                raise InputError(
                    f"the grid sets {later} after {field}, and replaces what that gives: labels "
                    "would name values that are not trained; keep one of the two",
                    places[later],
                )


def _replaces(setter: str, field: str, values: Sequence[Any]) -> bool:
    """Tell whether setting one field replaces what another, with these values, has been given."""
    if f"{field}.".startswith(f"{setter}."):
        return True
    below = setter.removeprefix(f"{field}.")
    return below != setter and any(get_field(value, below) is not None for value in values)
