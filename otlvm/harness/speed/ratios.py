"""Ratios of times: two ways to do the same, in turn."""

import contextlib
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pandas as pd
import torch
from rich.console import Console
from rich.table import Table

Call = Callable[[], object]


@dataclass(frozen=True)
class Case:
    """Two ways to do the same thing.

    Attributes:
        what: What is done.
        ours: How we do it.
        peer: Whom it is measured against.
        calls: Ours and the peer's.
        target: The ratio that the project aims at, if it states one.
    """

    what: str
    ours: str
    peer: str
    calls: tuple[Call, Call]
    target: float | None = None


def interleaved_medians(calls: tuple[Call, Call], repetitions: int) -> tuple[float, float]:
    """Median seconds of each call, taken in turn, so that a slow moment meets both."""
    seconds: tuple[list[float], list[float]] = ([], [])
    for call in calls:
        call()
    for _ in range(repetitions):
        for call, found in zip(calls, seconds, strict=True):
            started = time.perf_counter()
            call()
            found.append(time.perf_counter() - started)
    return statistics.median(seconds[0]), statistics.median(seconds[1])


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Have torch take one thread."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def measure(cases: list[Case], repetitions: int, console: Console) -> pd.DataFrame:
    """Time all cases.

    Returns:
        One row per case: ``what``, ``ours``, ``peer``, ``ours_ms``, ``peer_ms``, ``ratio`` (peer by
        ours: above 1 we are faster), ``target``, ``threads``.
    """
    rows = []
    for case in cases:
        with console.status(f"{case.what}, {case.ours}: {case.peer}"):
            ours, peer = interleaved_medians(case.calls, repetitions)
        rows.append(
            {
                "what": case.what,
                "ours": case.ours,
                "peer": case.peer,
                "ours_ms": 1000 * ours,
                "peer_ms": 1000 * peer,
                "ratio": peer / ours,
                "target": case.target,
                "threads": torch.get_num_threads(),
            }
        )
    return pd.DataFrame(rows)


def print_ratios(frame: pd.DataFrame, console: Console) -> None:
    """Print the table of ratios."""
    title = f"medians of interleaved repetitions, {frame['threads'].iloc[0]} threads"
    table = Table(title=title, title_justify="left")
    for heading in ("what", "ours", "against"):
        table.add_column(heading)
    for heading in ("ours ms", "theirs ms", "ratio", "target"):
        table.add_column(heading, justify="right")
    for row in frame.to_dict("records"):
        target = "" if pd.isna(row["target"]) else f"{row['target']:g}x"
        numbers = [f"{row[key]:.1f}" for key in ("ours_ms", "peer_ms")]
        table.add_row(
            row["what"], row["ours"], row["peer"], *numbers, f"{row['ratio']:.2f}x", target
        )
    console.print(table)
