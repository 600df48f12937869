"""Records -> DataFrame -> comparison tables. Never imports torch."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from benchmarks.metrics import METRICS, Metric
from benchmarks.record import Record
from benchmarks.statistics import RULE, TOO_FEW, describe, tied_with_best
from benchmarks.store import CHECKPOINT, Store

NOTE = (
    "Mean ± standard deviation over seeds (n), held-out data, eval mode. "
    "accuracy: the paper's map, fitted on training labels. used: exp entropy of the mean q(k|x); "
    "least: its smallest entry. BCE in nats per image. MMD² (IMQ) and W2: 2,000 codes against "
    "the prior. fit s: pretraining and training, without evaluation."
)
SHARED = " ∥"
SHARED_NOTE = "∥: other runs shared the machine; times do not compare."
BLOCKS = (METRICS[:4], METRICS[4:8], METRICS[8:])  # each fits 80 columns


def read_records(store: Store) -> pd.DataFrame:
    """Read a store as tidy data: one row a run, in the suite's order.

    Returns:
        Columns ``label``, ``method``, ``data``, ``seed``, ``status``, ``reason``, ``short``,
        ``side_by_side``, ``id``, ``config`` (a mapping; None without a record) and one a metric. A
        run without a usable record has the status ``interrupted`` if it left a checkpoint, else
        ``missing``.
    """
    rows = []
    for cell in store.manifest()["runs"]:
        record = store.record_or_none(cell["id"])
        if record is None:
            begun = (store.work / cell["id"] / CHECKPOINT).exists()
            record = {"status": "interrupted" if begun else "missing"}
        if (record.get("side_by_side") or 1) > 1:
            record = _with_times_alone(record, store)
        facts = {key: record.get(key) for key in ("status", "reason", "side_by_side", "config")}
        names = {"label": cell["label"], "method": cell["label"], "data": "", **cell}
        rows.append({**names, **facts, "short": _short(record), **record.get("metrics", {})})
    frame = pd.DataFrame(rows)
    return frame.reindex(columns=[*frame.columns.union([m.key for m in METRICS], sort=False)])


def _with_times_alone(record: Record, store: Store) -> Record:
    """Take the times of a repetition without other runs beside it, if there is one."""
    alone = store.timings().record_or_none(record["id"])
    if alone is None or alone["status"] != "done" or alone["side_by_side"] > 1:
        return record
    times = {
        m.key: alone["metrics"][m.key] for m in METRICS if m.timing and m.key in alone["metrics"]
    }
    return {**record, "metrics": {**record["metrics"], **times}, "side_by_side": 1}


def _short(record: Record) -> str:
    """What a cell shows instead of a number, for example ``nan @ 412``."""
    diverged = record.get("diverged")
    return f"{diverged['value']} @ {diverged['step']}" if diverged else str(record["status"])


def summarize(records: pd.DataFrame) -> pd.DataFrame:
    """Average the finished runs of each label.

    Returns:
        One row a label, in order: ``n``, ``runs``, ``problems``, ``short`` (what became of the
        other runs), ``side_by_side`` (whether others shared the machine), what `describe` gives,
        and ``<metric>_best``, whether the row cannot be told from the best.
    """
    keys = [metric.key for metric in METRICS]
    done = records[records["status"] == "done"].astype(dict.fromkeys(keys, float))
    labels = pd.Index(records["label"].unique(), name="label")
    by_label = done.groupby("label", sort=False)
    described = describe(done, keys)
    others = records[~records["status"].isin(["done", "missing"])]
    problems = others.groupby("label", sort=False)[["seed", "status", "reason"]].apply(_problems)
    short = others.groupby("label", sort=False)["short"].agg(lambda x: ", ".join(dict.fromkeys(x)))
    shared = by_label["side_by_side"].max().astype(float) > 1
    columns: dict[str, object] = {
        "n": by_label.size().reindex(labels, fill_value=0),
        "runs": records.groupby("label", sort=False).size(),
        "problems": problems.reindex(labels, fill_value="") if len(others) else "",
        "short": short.reindex(labels, fill_value=""),
        "side_by_side": shared.reindex(labels, fill_value=False),
    }
    columns |= {str(name): column for name, column in described.items()}
    for metric in METRICS:
        columns[f"{metric.key}_best"] = labels.isin(list(tied_with_best(done, metric)))
    return pd.DataFrame(columns, index=labels)


def _problems(others: pd.DataFrame) -> str:
    lines = [
        f"seed {seed} {status}" + (f": {reason}" if reason else "")
        for seed, status, reason in others.itertuples(index=False)
    ]
    return "; ".join(lines)


def cells(
    summary: pd.DataFrame, metrics: Sequence[Metric]
) -> Iterator[tuple[str, str, list[tuple[str, bool]]]]:
    """Yield label, n, and for each metric its text and whether it is the best."""
    for label, row in summary.iterrows():
        texts = []
        for metric in metrics:
            mean, std = row[f"{metric.key}_mean"], row[f"{metric.key}_std"]
            text = f"{mean:.{metric.digits}f}" if not np.isnan(mean) else "–"
            text = row["short"] if row["n"] == 0 and row["short"] else text
            text += "" if np.isnan(std) else f" ± {std:.{metric.digits}f}"
            text += SHARED if metric.timing and row["side_by_side"] and not np.isnan(mean) else ""
            texts.append((text, bool(row[f"{metric.key}_best"])))
        n = f"{row['n']}" if row["n"] == row["runs"] else f"{row['n']} of {row['runs']}"
        yield str(label), n, texts


def note(summary: pd.DataFrame) -> str:
    """What a reader has to know."""
    marked = summary.filter(regex="_best$").any(axis=None)
    rule = RULE if marked else TOO_FEW if len(summary) > 1 else ""
    shared = SHARED_NOTE if summary["side_by_side"].any() else ""
    return " ".join(part for part in (NOTE, rule, shared) if part)


def problems(summary: pd.DataFrame) -> list[str]:
    """One line for each label with failed runs."""
    failed = summary["problems"][summary["problems"] != ""]
    return [f"{label}: {problem}" for label, problem in failed.items()]


def present(summary: pd.DataFrame, metrics: Sequence[Metric]) -> list[Metric]:
    """The metrics that any row has."""
    return [metric for metric in metrics if summary[f"{metric.key}_mean"].notna().any()]


def print_tables(summary: pd.DataFrame, title: str, console: Console) -> None:
    """Print the comparison in blocks that fit a terminal."""
    for block in BLOCKS:
        table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
        table.add_column("", overflow="fold")
        table.add_column("n", justify="right")
        metrics = present(summary, block)
        for metric in metrics:
            table.add_column(metric.heading, justify="right")
        for label, n, texts in cells(summary, metrics):
            marked = [Text(text, style="bold green" if best else "") for text, best in texts]
            table.add_row(Text(label), n, *marked)
        if metrics:
            console.print(table)
    for line in problems(summary):
        console.print(line, style="red", markup=False)
    console.print(note(summary), style="dim", markup=False)


MARKDOWN_ESCAPES = str.maketrans({char: "\\" + char for char in "\\|*`<_"})


def to_markdown(summary: pd.DataFrame, title: str) -> str:
    """Write the comparison as a Markdown table."""
    metrics = present(summary, METRICS)
    lines = [f"## {title}", ""]
    lines.append("| | n | " + " | ".join(metric.heading for metric in metrics) + " |")
    lines.append("|---|---|" + "---|" * len(metrics))
    for label, n, texts in cells(summary, metrics):
        row = " | ".join(f"**{text}**" if best else text for text, best in texts)
        lines.append(f"| {label.translate(MARKDOWN_ESCAPES)} | {n} | {row} |")
    lines += ["", *(f"- {line}" for line in problems(summary)), "", note(summary), ""]
    return "\n".join(lines).replace("\n\n\n", "\n\n")


LATEX_ESCAPES = str.maketrans(
    {
        **{char: "\\" + char for char in "&%$#_{}"},
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "\\": r"\textbackslash{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "|": r"\textbar{}",
        "±": r"$\pm$",
        "²": r"$^2$",
        "↑": r"$\uparrow$",
        "↓": r"$\downarrow$",
        "→": r"$\to$",
        "–": "--",
        "∥": r"$\parallel$",
        "β": r"$\beta$",
        "λ": r"$\lambda$",
    }
)


def to_latex(summary: pd.DataFrame, title: str) -> str:
    """Write the comparison as a booktabs table, one metric a column."""
    metrics = present(summary, METRICS)
    caption = f"{title}. {note(summary)}".translate(LATEX_ESCAPES)
    lines = [
        "% needs \\usepackage{booktabs} and \\usepackage{graphicx}",
        "\\begin{table}",
        f"  \\caption{{{caption}}}",
        "  \\resizebox{\\linewidth}{!}{%",
        "  \\begin{tabular}{lr" + "r" * len(metrics) + "}",
        "    \\toprule",
        "     & n & " + " & ".join(m.heading.translate(LATEX_ESCAPES) for m in metrics) + r" \\",
        "    \\midrule",
    ]
    for label, n, texts in cells(summary, metrics):
        shown = [(text.translate(LATEX_ESCAPES), best) for text, best in texts]
        row = " & ".join(f"\\textbf{{{text}}}" if best else text for text, best in shown)
        lines.append(f"    {label.translate(LATEX_ESCAPES)} & {n} & {row} \\\\")
    lines += ["    \\bottomrule", "  \\end{tabular}}", "\\end{table}", ""]
    return "\n".join(lines)


def write_tables(
    records: pd.DataFrame, summary: pd.DataFrame, title: str, folder: Path
) -> list[str]:
    """Write ``runs.csv`` (a row a run), ``table.csv`` (a row a label), Markdown and LaTeX.

    Returns:
        The files' names.
    """
    records.drop(columns=["short", "config"]).to_csv(folder / "runs.csv", index=False)
    summary.to_csv(folder / "table.csv")
    (folder / "table.md").write_text(to_markdown(summary, title), encoding="utf-8")
    (folder / "table.tex").write_text(to_latex(summary, title), encoding="utf-8")
    return ["runs.csv", "table.csv", "table.md", "table.tex"]
