"""``python -m benchmarks.run suite.yaml``: train a suite's runs and compare them."""

import argparse
import fnmatch
import sys
import textwrap
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from rich.console import Console

from benchmarks.execute import Result, execute, one_line
from benchmarks.listing import print_registries
from benchmarks.machine import environment
from benchmarks.prepare import Datasets, code_identity, data_key, prepare
from benchmarks.progress import SuiteProgress
from benchmarks.store import Record, Store
from benchmarks.suite import Run, Suite, load_suite
from benchmarks.table import show
from benchmarks.yaml_file import SuiteError, parse

ALL_DONE, SOME_FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    options = _parser().parse_args(arguments)
    console, errors = Console(), Console(stderr=True)
    if options.list:
        sys.path.insert(0, str(Path.cwd()))
        print_registries(console)
        return ALL_DONE
    if options.suite is None:
        errors.print("which suite? For example benchmarks/suites/quick.yaml")
        return BAD_INPUT
    try:
        device = _device(options.device)
        sys.path.insert(0, str(options.suite.resolve().parent))  # for plug-ins beside the suite
        suite = load_suite(options.suite, dict(_assignment(text) for text in options.set))
        chosen = _choose(suite, options.only)
        data = _prepare(suite, chosen)
        cells = _cells(suite, chosen, data)
        store = Store(options.out or Path("runs") / suite.name)
        if options.dry_run:
            _show_plan(cells, store, console)
            return ALL_DONE
        _open(store)
    except SuiteError as error:
        errors.print(error.message, style="red", markup=False, highlight=False)
        return BAD_INPUT
    except KeyboardInterrupt:
        errors.print("interrupted: nothing was trained")
        return INTERRUPTED
    store.write_manifest(suite.name, _manifest(suite, cells, store))
    try:
        failures = _train(cells, data, store, device, Console(stderr=True))
    except KeyboardInterrupt:
        done = sum(store.is_done(run_id) for run_id, _ in cells)
        errors.print(
            f"interrupted: {done} of {len(cells)} runs are finished and kept in {store.root}; "
            f"the same command goes on from there",
            markup=False,
            highlight=False,
        )
        return INTERRUPTED
    show(store, console)
    return SOME_FAILED if failures else ALL_DONE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    parser.add_argument("suite", type=Path, nargs="?", help="the suite's YAML file")
    parser.add_argument("--out", type=Path, metavar="DIR", help="default: runs/<suite's name>")
    parser.add_argument("--only", metavar="LABEL-GLOB", help="run the rows whose label matches")
    parser.add_argument(
        "--set",
        metavar="PATH=VALUE",
        action="append",
        default=[],
        help="set a field in every run, such as train.steps=100 or seeds=[0]; repeatable",
    )
    parser.add_argument("--dry-run", action="store_true", help="print the runs and stop")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument("--list", action="store_true", help="print every name a suite can use")
    return parser


def _device(name: str) -> torch.device:
    if name == "cuda" and not torch.cuda.is_available():
        raise SuiteError("--device cuda: no CUDA device is available; use --device cpu or auto")
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


def _assignment(text: str) -> tuple[str, Any]:
    path, equals, value = text.partition("=")
    if not equals or not path:
        raise SuiteError(f"--set {text}: expected PATH=VALUE, such as train.steps=100")
    try:
        return path, parse(value)
    except SuiteError as error:
        raise SuiteError(f"--set {text}: {error.message}") from error


def _choose(suite: Suite, pattern: str | None) -> list[Run]:
    chosen = [
        r for r in suite.runs if pattern in (None, r.label) or fnmatch.fnmatchcase(r.label, pattern)
    ]
    if not chosen:
        labels = textwrap.shorten(", ".join(dict.fromkeys(r.label for r in suite.runs)), 800)
        raise SuiteError(f"--only {pattern}: no row matches; there are: {labels}")
    return chosen


def _prepare(suite: Suite, runs: list[Run]) -> Datasets:
    try:
        return prepare(runs)
    except SuiteError as error:
        raise SuiteError(suite.locate(error)) from error


Cells = list[tuple[str, Run]]


def _cells(suite: Suite, runs: list[Run], data: Datasets) -> Cells:
    return [
        (run.identity(data[data_key(run.config)].checksum, code_identity(run.config)), run)
        for run in runs
    ]


def _manifest(suite: Suite, cells: Cells, store: Store) -> list[Record]:
    """The rows of this call, in the suite's order, and those that ``--only`` left out."""
    rows = {(run.label, run.seed): run_id for run_id, run in cells}
    try:
        before = {(row["label"], row["seed"]): row["id"] for row in store.manifest()["runs"]}
    except (FileNotFoundError, ValueError):
        before = {}
    known = {**before, **rows}
    order = [(run.label, run.seed) for run in suite.runs]
    return [
        {"label": label, "seed": seed, "id": known[label, seed]}
        for label, seed in order
        if (label, seed) in known
    ]


def _show_plan(cells: Cells, store: Store, console: Console) -> None:
    for run_id, run in cells:
        record = store.record(run_id)
        state = "run" if record is None else f"run again ({record['status']} before)"
        state = "keep (done)" if store.is_done(run_id) else state
        console.print(f"{state}  {run_id}  {run.label}, seed {run.seed}", markup=False)
        console.print(
            f"    {run.config}", style="dim", markup=False, highlight=False, soft_wrap=True
        )
    console.print(f"{len(cells)} runs, into {store.root}", markup=False, highlight=False)


def _open(store: Store) -> None:
    try:
        store.open_for_writing()
    except OSError as error:
        raise SuiteError(f"--out {store.root} cannot be written: {error}") from error


def _train(
    cells: Cells, data: Datasets, store: Store, device: torch.device, console: Console
) -> int:
    """Execute what is not done yet; returns how many runs failed."""
    failures = 0
    on_device: Datasets = {}
    with SuiteProgress(len(cells), console) as progress:
        for run_id, run in cells:
            title = f"{run.label}, seed {run.seed}"
            if store.is_done(run_id):
                progress.finish(f"{title}: done before, kept")
                continue
            key = data_key(run.config)
            if key not in on_device:
                on_device = {key: data[key].to(device)}
            progress.start(title, run.config.get("train", {}).get("steps", 1))
            started = datetime.now(UTC)
            result = execute(run, on_device[key], device, progress.row)
            _commit(store, run_id, run, result, started, data[key].checksum, device)
            failures += result.status != "done"
            progress.finish(f"{title}: {result.status}{_summary(result)}")
    return failures


def _summary(result: Result) -> str:
    if result.reason:
        return f" ({result.reason})"
    shown = {"accuracy": ".3f", "bce": ".1f", "fit_seconds": ".1f"}
    numbers = [
        f"{key} {result.metrics[key]:{f}}" for key, f in shown.items() if key in result.metrics
    ]
    return ", " + ", ".join(numbers)


def _commit(
    store: Store,
    run_id: str,
    run: Run,
    result: Result,
    started: datetime,
    checksum: str,
    device: torch.device,
) -> None:
    record = {
        "id": run_id,
        "label": run.label,
        "seed": run.seed,
        "status": result.status,
        "reason": result.reason,
        "details": result.details,
        "metrics": result.metrics if result.status == "done" else {},
        "config": run.config,
        "data_checksum": checksum,
        "started": started.isoformat(timespec="seconds"),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "environment": environment(device),
    }
    save = result.model.save if result.model is not None else None
    try:
        store.commit(record, result.curves, save)
    except OSError:
        raise
    except Exception as error:
        result.status, result.reason = "failed", one_line(error)
        failed = {"status": "failed", "reason": result.reason, "metrics": {}}
        store.commit({**record, **failed}, result.curves, None)


if __name__ == "__main__":
    raise SystemExit(main())
