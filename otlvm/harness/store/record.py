"""What a record says of a run, and the id that follows from what decides its result."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, TypedDict, Unpack

from otlvm.harness.config import Config, without_places
from otlvm.wording import encodable

SCHEMA = 2
PICTURES = "pictures.npz"
MOST_TEXT = 20_000
"""Characters of a traceback, message or note that a record keeps: its end, which says what."""
IDENTITY = ("config", "seed", "data_checksum", "code")
"""The fields of a record that decide its result; the id is their hash."""
Row = dict[str, Any]
"""A row of a learning curve, or of a manifest."""


class Identity(TypedDict):
    """What decides a result.

    Attributes:
        config: The run's config.
        seed: Its seed.
        data_checksum: What its data is.
        code: Hash of the code that decides its result.
    """

    config: Config
    seed: int
    data_checksum: str
    code: str


class Facts(TypedDict, total=False):
    """What became of a run, as far as it is known.

    Attributes:
        reason: Why it is not done; one line.
        details: The traceback, or the end of its log.
        diverged: Term, value and step, if a number stopped being finite.
        metrics: The numbers of the tables, by name.
        metrics_failed: Why metrics that were asked for have no numbers, by their names; one line.
        pictures_failed: Why it has no pictures; one line.
        side_by_side: The most runs that ever shared its machine, itself included.
        started: When it began.
        finished: When it ended.
        wall_seconds: How long it took.
        environment: Versions, revision and machine.
        unlabelled: How many training and held-out images have no label, where others have one.
        notes: What a reader of a table has to know of the model.
        class_names: What the classes are called; None if 0, 1, 2 ..., and in older records.
    """

    reason: str | None
    details: str | None
    diverged: dict[str, Any] | None
    metrics: dict[str, float]
    metrics_failed: dict[str, str]
    pictures_failed: str | None
    side_by_side: int
    started: str | None
    finished: str | None
    wall_seconds: float | None
    environment: dict[str, Any]
    unlabelled: list[int] | None
    notes: list[str]
    class_names: list[str] | None


class Record(Identity, Facts):
    """A result.

    Attributes:
        id: Content hash of its identity.
        label: The row that it was computed for.
        status: ``done``, ``failed``, ``diverged``, ``timeout`` or ``memory``.
        schema: Version of this form.
        files: Size, time and hash of each of its files.
        digest: Hash of all the rest.
    """

    id: str
    label: str
    status: str
    schema: int
    files: dict[str, Any]
    digest: str


def new_record(identity: Mapping[str, Any], label: str, status: str, **facts: Unpack[Facts]) -> Row:
    """Build a record, as far as it is known before its files are written.

    Args:
        identity: The fields of `IDENTITY`; others are left out.
        label: The row that it was computed for.
        status: What became of it.
        facts: What else is known; the rest stands for a run that left nothing.
    """
    unknown: Facts = {
        "reason": None,
        "details": None,
        "diverged": None,
        "metrics": {},
        "metrics_failed": {},
        "pictures_failed": None,
        "side_by_side": 1,
        "started": None,
        "finished": None,
        "wall_seconds": None,
        "environment": {},
        "unlabelled": None,
        "notes": [],
        "class_names": None,
    }
    decided = {key: identity[key] for key in IDENTITY}
    return {**decided, "label": label, "status": status, **unknown, **_as_text(facts)}


def _as_text(value: Any) -> Any:
    """Return what others say as text that any file can hold, and no more of it than is read."""
    if isinstance(value, str):
        return encodable(value if len(value) <= MOST_TEXT else f"... {value[-MOST_TEXT:]}")
    if isinstance(value, Mapping):
        return {_as_text(key): _as_text(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_as_text(inner) for inner in value]
    return value


class DamagedResultError(ValueError):
    """A result that is truncated, empty or garbage: worth nothing but keeping aside."""


class ForeignResultError(ValueError):
    """A whole result that is not what its place says."""


def run_id(identity: Mapping[str, Any]) -> str:
    """Content hash of all that decides a result; label and data's places do not."""
    content = [without_places(identity[key]) for key in IDENTITY]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]
