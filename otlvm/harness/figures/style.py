"""What all figures share: sizes, fonts, and how rows look and are named."""

import math
import re
import textwrap
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

import matplotlib as mpl
import seaborn as sns
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.legend import Legend

from otlvm.harness.figures.dark import FOLDER, darken
from otlvm.harness.store.files import replacing

COLUMN, PAGE = 3.4, 7.0  # inches: one column of a paper, and two
LINE = 0.125  # inches from one line of text to the next
LETTER = 0.057  # inches, of an average letter
DPI = 200
STYLE = {
    **sns.axes_style("whitegrid"),
    "axes.edgecolor": "0.4",
    "axes.labelsize": 8,
    "axes.linewidth": 0.6,
    "axes.titlesize": 8,
    "figure.dpi": DPI,  # letters are a little wider at fewer dots: lay out as it is written
    "figure.titlesize": 8,
    "font.size": 7,
    "grid.color": "0.88",
    "grid.linewidth": 0.5,
    "legend.fontsize": 7,
    "legend.frameon": False,
    "lines.linewidth": 1.2,
    "lines.markersize": 4,
    "pdf.fonttype": 42,  # letters stay letters: journals ask for it
    "text.parse_math": False,  # a label's $ is a dollar
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
}
MARK = "\u200b"  # has no width; where a long word may break
MARKERS = "os^DvPX<>phd"
DASHES: list[Any] = [
    "-",
    (0, (4, 1.5)),
    (0, (1, 1)),
    (0, (3, 1, 1.5, 1)),
    (0, (7, 1.5, 1, 1.5)),
    (0, (1, 2.5)),
]


@dataclass(frozen=True)
class Look:
    """How a row looks in all figures; no two of a dozen share colour, marker and dashes."""

    colour: tuple[float, float, float]
    marker: str
    dashes: Any


@contextmanager
def style() -> Iterator[None]:
    """Fonts and lines for paper, while a figure is drawn and while it is written."""
    with mpl.rc_context(STYLE):
        yield


def looks(labels: Iterable[str]) -> dict[str, Look]:
    """Give each label a look, in the colour-blind-safe palette."""
    names = list(dict.fromkeys(labels))
    palette = sns.color_palette("colorblind")
    parts = zip(names, cycle(palette), cycle(MARKERS), cycle(DASHES), strict=False)
    return {name: Look(colour, marker, dashes) for name, colour, marker, dashes in parts}


class _Wrapper(textwrap.TextWrapper):
    """Breaks at spaces and at marks, never at hyphens: GM-WAE is a name."""

    wordsep_re = re.compile(f"(\\s+|(?<={MARK}))")


def wrap(text: str, width: int) -> str:
    """Break a text into lines at spaces, and words longer than a line at ``_`` and ``=``."""
    long = re.compile(rf"\S{{{width + 1},}}")
    marked = long.sub(lambda word: re.sub("([_=])", rf"\1{MARK}", word[0]), text)
    return _Wrapper(width).fill(marked).replace(MARK, "")


def wrap_names(labels: Iterable[str], width: int, lines: int = 3) -> list[str]:
    """Break labels into lines; the middle of long ones goes, unless two would read the same."""
    whole = [" ".join(str(label).split()) for label in labels]
    kept = width * lines - width // 2  # lines are rarely full
    short = [_shorten(text, kept // 2) if len(text) > kept else text for text in whole]
    return [wrap(text, width) for text in (short if len({*short}) == len({*whole}) else whole)]


def _shorten(text: str, half: int) -> str:
    """Leave whole words of both ends, where rows differ."""
    head, tail = text[:half], text[-half:]
    return f"{head.rpartition(' ')[0] or head} … {tail.partition(' ')[2] or tail}"


def height(texts: Iterable[str]) -> float:
    """Inches that the tallest of some texts needs."""
    return LINE * max(text.count("\n") + 1 for text in texts)


def add_legend(figure: Figure, handles: Sequence[Artist], labels: Sequence[str]) -> Legend:
    """Put a legend below the axes, and add its height to the figure's."""
    texts = wrap_names(labels, 46)
    longest = max(len(line) for text in texts for line in text.splitlines() or [""])
    entry = LETTER * longest + 0.5
    columns = min(len(texts), max(1, int(figure.get_figwidth() / entry)))
    rows = math.ceil(len(texts) / columns)
    columns = math.ceil(len(texts) / rows)
    figure.set_figheight(figure.get_figheight() + rows * (height(texts) + 0.04) + 0.1)
    return figure.legend(
        handles, texts, loc="outside lower center", ncols=columns, handlelength=3, columnspacing=1.5
    )


def write(figure: Figure, stem: Path) -> list[Path]:
    """Write a figure as PNG and PDF, and a PNG for dark pages in a folder beside them.

    Returns:
        The first two paths.
    """
    paths = [stem.with_name(f"{stem.name}.{suffix}") for suffix in ("png", "pdf")]
    on_dark = stem.parent / FOLDER / f"{stem.name}.png"
    with style(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")  # a box stands for the letter
        figure.draw_without_rendering()
        figure.set_layout_engine("none")  # found once, for both files
        for path in paths:
            with replacing(path) as aside:
                figure.savefig(aside, dpi=DPI)
        darken(figure)
        on_dark.parent.mkdir(exist_ok=True)
        with replacing(on_dark) as aside:
            figure.savefig(aside, dpi=DPI)
    return paths
