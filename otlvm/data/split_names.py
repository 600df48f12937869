"""Names that mean a part of a split: train, Testing, val_set ..."""

import re
from collections.abc import Iterable, Sequence
from typing import Literal

Part = Literal["train", "validation", "test"]

WORDS: dict[str, Part] = {
    **dict.fromkeys(("train", "training", "trainings", "trn"), "train"),
    **dict.fromkeys(("val", "vali", "valid", "validate", "validation", "validating"), "validation"),
    **dict.fromkeys(("dev", "devel", "develop", "development"), "validation"),
    **dict.fromkeys(("eval", "evaluate", "evaluation"), "validation"),
    **dict.fromkeys(("test", "tests", "testing", "tst", "holdout", "heldout"), "test"),
}
AROUND = (
    *("datasets", "dataset", "data", "subset", "sets", "set", "splits", "split", "parts", "part"),
    *("images", "image", "imgs", "img", "pictures", "pics", "photos", "samples", "files", "x"),
)
"""Words that change nothing: ``train_images`` is ``train``. Longer ones first."""


def part_of(name: str) -> Part | None:
    """Return the part of a split that a name means, in any spelling; None if it means none."""
    words = [word for word in _words(name) if word not in AROUND]
    joined = "".join(words)
    if joined in WORDS:
        return WORDS[joined]
    for around in AROUND:  # testset, imgtrain
        for rest in (joined.removesuffix(around), joined.removeprefix(around)):
            if rest in WORDS:
                return WORDS[rest]
    return None


def only_parts(names: Sequence[str]) -> bool:
    """Tell whether all names speak of parts, and not of one alone.

    ``train-clean`` and ``test-clean`` do, ``trainA`` and ``testA``, ``train_cats`` and
    ``val_cats``.
    """
    parts = [{WORDS[word] for word in _words(_spaced(name)) if word in WORDS} for name in names]
    return all(parts) and len(set().union(*parts)) > 1


def choose_pair(names: Iterable[str]) -> tuple[str, str] | None:
    """Choose the training and the held-out part, which is the validation if there is no test.

    Returns:
        Their names; None if they are not there, or there are two of one kind.
    """
    of_part: dict[Part | None, list[str]] = {}
    for name in names:
        of_part.setdefault(part_of(name), []).append(name)
    train = of_part.get("train", [])
    held_out = of_part.get("test") or of_part.get("validation", [])
    return (train[0], held_out[0]) if len(train) == len(held_out) == 1 else None


def _words(name: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", name.lower())


def _spaced(name: str) -> str:
    """Put a blank where a capital begins a word: ``trainA`` becomes ``train A``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
