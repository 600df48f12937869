"""Labels of any kind as classes 0, 1, 2 ..., and what stands for no label."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from otlvm.data.errors import DataError, listed, printable

Values = NDArray[Any]
Codes = NDArray[np.int64]

KINDS = {
    "U": "texts",
    "m": "durations",
    "M": "dates",
    **dict.fromkeys("bfiu", "numbers"),
}
"""NumPy's kinds of values that may be labels."""

NO_LABEL = -1
"""The field's mark for an image without a label, in data as in what is made of them."""

MISSING_TEXTS = {
    *("", "-1", "-1.0", "--", "?", "nan", "NaN", "NAN", "-nan", "-NaN", "NaT", "None", "null"),
    *("NULL", "NA", "N/A", "n/a", "<NA>", "#N/A", "#NA", "#N/A N/A"),
}
"""What programs write where there is none (pandas, NumPy, R, Weka, databases, spreadsheets); upper
and lower case matter: ``na`` and ``none`` are names of classes."""
UNLABELLED_TEXTS = {
    *("unlabelled", "unlabeled", "not labelled", "not labeled", "no label", "nolabel"),
}
"""What people write, in lower case, with a blank for ``_`` and ``-``."""


@dataclass(frozen=True)
class Labels:
    """Labels of the parts of a data set.

    Attributes:
        codes: For each part, each image's class, 0, 1, 2 ..., or -1 if it has none; ``[n]``.
        names: The classes' names; None if they are called 0, 1, 2 ... themselves.
        values: The classes as they were given, sorted, with shape ``[classes]``.
    """

    codes: tuple[Codes, ...]
    names: tuple[str, ...] | None
    values: Values

    def shown(self, codes: Codes) -> str:
        """Write some classes for a message."""
        names = self.names or tuple(map(str, range(len(self.values))))
        return listed([names[code] for code in codes])


def read_labels(
    name: str, labels: Sequence[Any], class_names: Sequence[str] | None = None
) -> Labels | None:
    """Read the labels of all parts.

    No label is: what is missing (NaN, None, NaT, masked), -1, an empty text, and what programs
    write for these (``MISSING_TEXTS``, ``UNLABELLED_TEXTS``).

    Args:
        name: The data set's name, for messages.
        labels: For each part its labels: numbers, texts or dates.
        class_names: Names of the classes 0, 1, 2 ..., where labels are such numbers.

    Returns:
        The labels; None if no image has one.

    Raises:
        DataError: If labels are of no such kind, of different kinds, or if -1 may be a class.
    """
    read = [_values_and_gaps(name, part) for part in labels]
    filled = [values[~gaps] for values, gaps in read if not gaps.all()]
    if not filled:
        return None
    kinds = [KINDS[values.dtype.kind] for values in filled]
    if len(set(kinds)) > 1:
        raise DataError(f"{name}: labels are {' and '.join(kinds)}: give one kind in both parts")
    every = np.concatenate(filled)
    if every.dtype.kind == "f" and all(values.dtype.kind in "iu" for values in filled):
        types = listed(dict.fromkeys(str(values.dtype) for values in filled))
        raise DataError(f"{name}: labels are {types}, which no one type holds: give one type")
    if class_names is None and any(_has_minus_one(*part) for part in read):
        _refuse_doubtful(name, every)
    names: tuple[str, ...] | None
    values = np.unique(every)
    if class_names is None:
        names = _names(values)
    else:
        _check_named(name, values, class_names)
        values = np.array([v for v in values if not is_no_label(class_names[int(v)])])
        names = tuple(printable(class_names[int(value)]) for value in values)
    codes = tuple(_codes(part, gaps, values) for part, gaps in read)
    return Labels(codes, names, values) if len(values) else None


def refuse_disjoint(name: str, labels: Labels) -> None:
    """Refuse parts that have no class in common: no map of training labels fits the held-out.

    Args:
        name: The data set's name.
        labels: Its labels.

    Raises:
        DataError: If both parts have labels and share no class.
    """
    parts = [np.unique(codes[codes != NO_LABEL]) for codes in labels.codes]
    known = [part for part in parts if len(part)]
    if len(known) == 2 and not np.isin(known[0], known[1]).any():
        train, test = (labels.shown(part) for part in known)
        raise DataError(
            f"{name}: the two parts share no class: training has {train}, held-out {test}"
        )


def is_no_label(text: str) -> bool:
    """Tell whether a label's text means that there is none."""
    stripped = text.strip()
    words = stripped.lower().replace("_", " ").replace("-", " ")
    return stripped in MISSING_TEXTS or words in UNLABELLED_TEXTS


def refuse_measurements(name: str, labels: Labels, remedy: str = "") -> None:
    """Refuse numbers that are no classes.

    These are fractions, and so many that more than half of the images (or more than 100) have one
    of their own.

    Args:
        name: The data set's name.
        labels: Its labels.
        remedy: What else can be done about it.

    Raises:
        DataError: If labels are such numbers.
    """
    if labels.values.dtype.kind != "f":
        return
    count = sum(int((codes >= 0).sum()) for codes in labels.codes)
    fractions = labels.values[labels.values % 1 != 0]
    if len(fractions) and len(labels.values) > min(count / 2, 100):
        raise DataError(
            f"{name}: labels are continuous, {len(labels.values):,} different numbers for "
            f"{count:,} images ({listed(fractions.tolist(), 3)}); scores need classes: leave the "
            f"labels out, or group them{remedy}"
        )


def _values_and_gaps(name: str, labels: Any) -> tuple[Values, NDArray[np.bool_]]:
    """Labels as numbers, texts or dates, and where there are none."""
    values = np.ma.getdata(labels) if np.ma.isMaskedArray(labels) else np.asarray(labels)
    gaps = np.array(np.ma.getmaskarray(labels) if np.ma.isMaskedArray(labels) else _none(values))
    if values.dtype.kind in "OT":  # Python's objects, and NumPy's texts of any length
        values = values.astype(object)
        gaps |= [_is_missing(value) for value in values]
        values = _of_objects(name, values, gaps)
    if values.dtype.kind == "S":
        try:
            values = np.char.decode(values, "utf-8")
        except UnicodeDecodeError as error:
            raise DataError(f"{name}: labels are no text in UTF-8 ({error})") from error
    kind = values.dtype.kind
    if kind == "U":
        texts, where = np.unique(values, return_inverse=True)
        gaps |= np.array([is_no_label(str(text)) for text in texts], dtype=bool)[where.ravel()]
        # Systems write the same letters in two ways (NFC, NFD), and programs pad texts.
        same = [unicodedata.normalize("NFC", str(text)).strip() for text in texts]
        values = np.array(same, dtype=np.str_)[where].reshape(values.shape)
    elif kind in "fiu":
        gaps |= (values != values) | (values == NO_LABEL)  # NaN alone differs from itself
        if kind == "f" and np.isinf(values[~gaps]).any():
            raise DataError(f"{name}: labels are infinite: give NaN where there is none")
    elif kind in "mM":
        gaps |= np.isnat(values)
    elif kind not in KINDS:
        raise DataError(f"{name}: labels are {values.dtype}: give whole numbers or texts")
    return values, gaps


def _none(values: Values) -> NDArray[np.bool_]:
    return np.zeros(values.shape, dtype=bool)


def _is_missing(value: object) -> bool:
    try:
        return value is None or bool(value != value)
    except TypeError:  # pandas' NA has no truth
        return True
    except ValueError:  # an array, which is no label either
        return False


def _of_objects(name: str, values: Values, gaps: NDArray[np.bool_]) -> Values:
    """Turn Python's objects into numbers or texts; what stands in the gaps means nothing."""
    try:
        present = np.array(values[~gaps].tolist())
    except (ValueError, OverflowError) as error:  # lists of different lengths, numbers too large
        raise DataError(f"{name}: labels are lists: give one number or text an image") from error
    if present.ndim != 1 or present.dtype.kind == "O":
        kinds = listed(sorted({type(value).__name__ for value in values[~gaps]}))
        raise DataError(f"{name}: labels are {kinds}: give one number or text an image")
    filled = np.zeros(values.shape, dtype=present.dtype)
    filled[~gaps] = present
    return filled


def _has_minus_one(values: Values, gaps: NDArray[np.bool_]) -> bool:
    marks = ("-1", "-1.0") if values.dtype.kind == "U" else (NO_LABEL,)
    return values.dtype.kind in "Uif" and bool(np.isin(values[gaps], marks).any())


def _refuse_doubtful(name: str, present: Values) -> None:
    """Refuse labels beside which -1 may be a class."""
    classes = {str(value).lstrip("+") for value in np.unique(present)[:3]}
    below = present.dtype.kind in "if" and bool((present < 0).any())
    if below or classes in ({"1"}, {"1.0"}):
        others = "negative numbers" if below else "1 only"
        raise DataError(
            f"{name}: labels are -1 and {others}: -1 stands for 'no label'; write 0, 1, 2 ... or "
            f"names for classes, and -1 for images that have none"
        )


def _check_named(name: str, values: Values, class_names: Sequence[str]) -> None:
    fit = values.dtype.kind in "iu" and int(values[0]) >= 0 and int(values[-1]) < len(class_names)
    if not fit:
        raise DataError(
            f"{name}: labels ({listed(values)}) are not the numbers of {len(class_names)} classes, "
            f"0 to {len(class_names) - 1}"
        )


def _names(values: Values) -> tuple[str, ...] | None:
    if values.dtype.kind not in "fiu":
        return tuple(printable(str(value)) for value in values)
    if np.array_equal(values, np.arange(len(values))):
        return None
    whole = bool((values % 1 == 0).all())
    return tuple(str(int(value)) if whole else str(value) for value in values)


def _codes(part: Values, gaps: NDArray[np.bool_], classes: Values) -> Codes:
    """Each image's class; -1 where there is a gap, or what is not a class."""
    codes = np.full(part.shape, NO_LABEL, dtype=np.int64)
    present = part[~gaps]
    if len(present) and len(classes):
        places = np.searchsorted(classes, present).clip(max=len(classes) - 1)
        codes[~gaps] = np.where(classes[places] == present, places, NO_LABEL)
    return codes
