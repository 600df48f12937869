"""Texts on a terminal: no markup of rich's, no emoji, and no control codes but rich's own."""

from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from otlvm.wording import printable_lines


class PlainConsole(Console):
    """A console that shows texts as they are and their control codes as such, whoever prints them.

    What is laid out by its width is to be made printable before: a code is wider than nothing.

    Args:
        options: As of rich's console.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(markup=False, emoji=False, **options)

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """Render an object into segments whose texts hold no control codes."""
        for segment in super().render(renderable, options):
            if segment.control:
                yield segment
            else:
                yield Segment(printable_lines(segment.text), segment.style)
