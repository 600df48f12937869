"""Logarithmic axes whose ticks are plain numbers, however narrow or wide the range is."""

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, Locator, LogLocator, MaxNLocator, NullFormatter


def log_x(axis: Axes, low: float, high: float) -> None:
    """Make the x axis logarithmic, with ticks that fit values from low to high, both positive."""
    axis.set_xscale("log")
    axis.xaxis.set_major_locator(_locator(high / low))
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.xaxis.set_minor_formatter(NullFormatter())


def _locator(ratio: float) -> Locator:
    if ratio < 4:  # there may be no power of ten between them, nor its double
        return MaxNLocator(4)
    if ratio < 12:
        return LogLocator(subs=(1.0, 2.0, 5.0))
    return LogLocator(subs=(1.0, 3.0) if ratio < 200 else (1.0,), numticks=6)
