"""What rows are called: a template filled in, or what was chosen."""

import re
from collections.abc import Mapping

from otlvm.harness.config import Config, name_of, show_value
from otlvm.harness.messages import InputError, KeyPath
from otlvm.harness.suite.runs import BRACES

FIELD = re.compile(r"\{\{|\}\}|\{([^{}]*)\}?")
"""A brace that stands for itself, or a field of a label; without its end it is unknown too."""


def write_label(
    template: str | None, config: Config, chosen: Mapping[str, str], origin: KeyPath
) -> str:
    """Write a row's label.

    Args:
        template: The entry's ``label:``; None builds one from what is chosen.
        config: The row's config.
        chosen: What a grid chose by dotted path, written.
        origin: Key path of the entry.

    Raises:
        InputError: If the template names a field that the grid does not have.
    """
    if template is None:
        return " ".join(part for part in _default(config, chosen) if part)
    short = {path.rpartition(".")[2]: text for path, text in chosen.items()}
    known = {**short, **chosen}

    def fill(found: re.Match[str]) -> str:
        if found[0] in BRACES:
            return BRACES[found[0]]
        if found[1] in known:
            return known[found[1]]
        fields = ", ".join("{" + key + "}" for key in short) or "none: the entry has no grid"
        raise InputError(
            f"unknown field in {template!r}; known: {fields}; {{{{ and }}}} stand for braces",
            (*origin, "label"),
        )

    return FIELD.sub(fill, template)


def _default(config: Config, chosen: Mapping[str, str]) -> list[str]:
    """Say objective, divergence and what else a grid chose; a baseline with its parameters."""
    if "baseline" in config:
        options = {key: v for key, v in config["baseline"].items() if key != "name"}
        parts = [f"{key}={show_value(value)}" for key, value in options.items()]
        parts = [name_of(config["baseline"]), *parts]
    else:
        objective = name_of(config["objective"])
        divergence = name_of(config["objective"].get("divergence", ""))
        parts = [objective, chosen.get("objective.divergence", divergence)]
        whole = chosen.get("objective", objective)
        parts = parts if whole == objective else [whole]
    return parts + [
        f"{path.rpartition('.')[2]}={text}"
        for path, text in chosen.items()
        if path not in ("objective", "objective.divergence")  # already said, or said for all
        and path.partition(".")[0] not in ("data", "baseline")
    ]
