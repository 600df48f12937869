"""What a value should have been: pydantic's problems with it in one message."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from otlvm.wording import did_you_mean, shorten

SHOULD = "Input should be "
QUOTED = re.compile(r"'([^']*)'")
Problem = Mapping[str, Any]


def meant(problems: Sequence[Problem]) -> tuple[tuple[int, ...], str]:
    """Return the place in a value that fits none of several types, and what would fit there.

    Each type has problems of its own; that whose problem lies deepest was meant.

    Args:
        problems: What ``ValidationError.errors()`` returns.
    """
    places = [tuple(key for key in each["loc"] if isinstance(key, int)) for each in problems]
    where = max(places, key=len)
    there = [each for each, place in zip(problems, places, strict=True) if place == where]
    told = [_told(each) for each in there]
    wanted = " or ".join(dict.fromkeys(text.removeprefix(SHOULD) for text in told))
    start = SHOULD if all(text.startswith(SHOULD) for text in told) else ""
    got = there[0]["input"]
    words = [word for each in there for word in QUOTED.findall(_expected(each))]
    hint = did_you_mean(got, words) if isinstance(got, str) else ""
    return where, f"{start}{wanted}, got {shorten(got)}{hint}"


def _told(problem: Problem) -> str:
    """Write what one type wants, a sequence as those write it who give one."""
    of_class = problem.get("ctx", {}).get("class")
    if problem["type"] == "sequence_str" or of_class == "Sequence":
        return f"{SHOULD}a list"
    return str(problem["msg"])


def _expected(problem: Problem) -> str:
    return str(problem.get("ctx", {}).get("expected", ""))
