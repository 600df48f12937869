"""Texts in HTML: templates escape whatever they are given."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from otlvm.wording import printable_lines


def templates_in(folder: Path) -> Environment:
    """Return the templates of a folder; they escape all texts, and show control codes as such."""
    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        finalize=_finalize,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _finalize(value: object) -> object:
    """Show what HTML may not hold, except in what is HTML already."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return printable_lines(value)
