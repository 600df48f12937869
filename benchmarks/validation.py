"""Reading plain values by a schema, with errors that name the key and the remedy."""

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from benchmarks.yaml_file import KeyPath, SuiteError
from otlvm.registry import did_you_mean, shorten

M = TypeVar("M", bound=BaseModel)


def validated(schema: type[M], content: Any, path: KeyPath = ()) -> M:
    """Read content by a schema.

    Raises:
        SuiteError: At the first problem, with its key path below ``path``.
    """
    if not isinstance(content, dict):
        raise SuiteError(f"expected keys and values, got {shorten(content)}", path)
    try:
        return schema.model_validate(content)
    except ValidationError as error:
        problem = error.errors()[0]
        # A field of type `str | dict` names the branch that failed; no such key is in the file.
        branches = ("str", "dict[str,any]", "constrained-int", "constrained-str")
        where = tuple(key for key in problem["loc"] if key not in branches)
        message = f"{problem['msg']}, got {shorten(problem['input'])}"
        if where[-1:] == ("timeout",) or where[-1:] == ("checkpoint_every",):
            steps = "a number of steps, or " if where[-1] == "checkpoint_every" else ""
            got = shorten(problem["input"])
            message = f"expected {steps}a duration such as '90 s', '5 min' or '2 h', got {got}"
        if problem["type"] == "extra_forbidden":
            known = _known_keys(schema, where[:-1])
            hint = did_you_mean(str(where[-1]), known)
            message = f"unknown key{hint}; known: {', '.join(known)}"
        elif problem["type"] == "missing":
            message = "this key is needed"
        raise SuiteError(message, (*path, *where)) from error


def _known_keys(schema: type[BaseModel], path: KeyPath) -> list[str]:
    for key in path:
        if isinstance(key, str):
            annotation = schema.model_fields[key].annotation
            inner = [annotation, *getattr(annotation, "__args__", ())]
            schema = next(t for t in inner if isinstance(t, type) and issubclass(t, BaseModel))
    return list(schema.model_fields)
