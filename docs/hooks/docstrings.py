"""Griffe extension: the docstrings' Sphinx mathematics, as the Markdown of the pages writes it."""

import re
from typing import Any

import griffe

BLOCK = re.compile(r"^\.\. math:: (.+(?:\n +.+)*)$", re.MULTILINE)
INLINE = re.compile(r":math:`([^`]+)`")


class SphinxMathematics(griffe.Extension):
    """Rewrites ``.. math::`` and ``:math:`` to dollars."""

    def on_object(self, *, obj: griffe.Object, **kwargs: Any) -> None:
        """Rewrite an object's docstring."""
        if obj.docstring:
            obj.docstring.value = INLINE.sub(r"$\1$", BLOCK.sub(_displayed, obj.docstring.value))


def _displayed(found: re.Match[str]) -> str:
    return f"$$\n{' '.join(found[1].split())}\n$$"
