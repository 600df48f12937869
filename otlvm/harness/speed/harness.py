"""The harness itself: how long 10,000 runs take to plan, and their table to draw."""

import tempfile
import time
from pathlib import Path

import pandas as pd
from rich.console import Console

from otlvm.harness.job import Job
from otlvm.harness.planning.plan import make_plan
from otlvm.harness.report.outputs import read_content, write_outputs, write_page
from otlvm.harness.store.record import new_record
from otlvm.harness.store.result import write_result
from otlvm.harness.store.store import Store
from otlvm.harness.suite.load import load_suite

SUITE = """\
name: many
data: digits
model: {{prior: {{name: gaussian_mixture, components: 3, dim: 2}}}}
seeds: {seeds}
runs:
  - label: "weight {{weight}}"
    objective: {{name: wae, divergence: imq_mmd}}
    grid: {{objective.weight: {weights}}}
"""
CURVE = [{"step": float(step), "bce": 100.0 / step, "accuracy": 0.5} for step in range(1, 31)]


def measure_harness(console: Console, rows: int = 1000, seeds: int = 10) -> pd.DataFrame:
    """Plan a suite of ``rows`` times ``seeds`` runs, first without results, then with all of them.

    Returns:
        Columns ``what``, ``runs`` and ``seconds``.
    """
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        suite = root / "many.yaml"
        weights = [float(weight) for weight in range(1, rows + 1)]
        suite.write_text(SUITE.format(seeds=list(range(seeds)), weights=weights))
        store = Store(root / "out")
        measured = {}
        started = time.perf_counter()
        jobs = plan_all(suite, store)
        measured["plan, nothing done"] = time.perf_counter() - started
        with console.status(f"writing {len(jobs)} records"):
            write_all(jobs, store)
        started = time.perf_counter()
        plan_all(suite, store)
        measured["plan, all done"] = time.perf_counter() - started
        started = time.perf_counter()
        write_outputs(store, read_content(store))
        measured["tables and figures"] = time.perf_counter() - started
        started = time.perf_counter()
        write_page(store, read_content(store))
        measured["report"] = time.perf_counter() - started
    rows_of = [{"what": k, "runs": len(jobs), "seconds": v} for k, v in measured.items()]
    return pd.DataFrame(rows_of)


def plan_all(path: Path, store: Store) -> list[Job]:
    """Do what a dry run does, printing left out."""
    return make_plan(load_suite(path), store).mine


def write_all(jobs: list[Job], store: Store) -> None:
    """Write a result for each job."""
    store.open_for_writing()
    for job in jobs:
        metrics = {"accuracy": 0.5, "bce": 100.0 + job.seed, "fit_seconds": 1.0}
        identity = job.identity()
        record = new_record(identity, job.label, "done", metrics=metrics, wall_seconds=1.0)
        write_result(store.runs / job.id, record, CURVE, None)
    cells = [{"label": job.label, "seed": job.seed, "id": job.id} for job in jobs]
    store.write_manifest("many", cells)
