"""What classes are called in a drawing, where there is little room."""

from collections.abc import Callable, Sequence

from matplotlib.axis import Axis

LONGEST = 16
"""Letters of a name beside an Axes."""
MOST_NAMES = 12
"""More names than these cannot stand beside a drawing."""
ELLIPSIS = "…"


def class_names(count: int, names: Sequence[str] | None, most: int = LONGEST) -> list[str]:
    """Name the classes: by their names, shortened so that no two read the same, else by numbers.

    Args:
        count: How many classes there are.
        names: Their names; those that are missing are numbers.
        most: How many letters a name may have.
    """
    known = list(names or ())[:count]
    whole = [*known, *map(str, range(len(known), count))]
    ways: tuple[Callable[[str], str], ...] = (
        lambda name: name[: most - 1].rstrip() + ELLIPSIS,
        lambda name: name[: most - most // 2 - 1] + ELLIPSIS + name[-(most // 2) :],
    )
    for cut in ways:
        shown = [cut(name) if len(name) > most else name for name in whole]
        if len(set(shown)) == len(set(whole)):
            return shown
    return [
        f"{number} {name}"[: most - 1] + ELLIPSIS if len(name) > most else name
        for number, name in enumerate(whole)
    ]


def chosen(count: int) -> range:
    """Return the classes that are named where there is no room for all: each second, fifth ...."""
    step, factors = 1, (2, 2.5, 2)
    for place in range(count):
        if count <= MOST_NAMES * step:
            break
        step = int(step * factors[place % len(factors)])
    return range(0, count, step)


def set_names(axis: Axis, names: Sequence[str]) -> None:
    """Name the classes, which stand at 0, 1, 2 ..., beside an axis."""
    places = chosen(len(names))
    axis.set_ticks(places, [names[place] for place in places], parse_math=False)
