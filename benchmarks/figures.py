"""Records -> figures. Never imports torch."""

from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from benchmarks.store import Store

MOST_ROWS = 12  # more lines, and their names, cannot be told apart
PANELS = {"accuracy": "accuracy (held-out)", "bce": "BCE (nats per image)"}


def read_curves(store: Store, records: pd.DataFrame) -> pd.DataFrame:
    """Read the learning curves of all runs that have some, as tidy data.

    Returns:
        Columns ``label``, ``seed``, ``step`` and one a measured quantity.
    """
    parts = []
    for run_id, label, seed in records[["id", "label", "seed"]].to_numpy():
        path = store.runs / run_id / "curves.csv"
        if path.is_file():
            parts.append(pd.read_csv(path).assign(label=label, seed=seed))
    return pd.concat(parts) if parts else pd.DataFrame()


def draw_curves(curves: pd.DataFrame, records: pd.DataFrame) -> Figure:
    """Accuracy and BCE of every row against steps, the baselines' accuracy as lines."""
    labels = list(dict.fromkeys(curves["label"]))
    colours = dict(zip(labels, sns.color_palette("colorblind", len(labels)), strict=True))
    with sns.axes_style("whitegrid"), sns.plotting_context("paper"):
        figure, axes = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
        for axis, (key, title) in zip(axes, PANELS.items(), strict=True):
            sns.lineplot(
                curves,
                x="step",
                y=key,
                hue="label",
                style="label",
                palette=colours,
                errorbar="sd",
                dashes=True,
                ax=axis,
                legend=False if key == "accuracy" else "full",
            )
            axis.set(xlabel="training steps", ylabel=title, xlim=(0, curves["step"].max()))
        baselines = records[~records["label"].isin(labels) & records["accuracy"].notna()]
        for label, group in baselines.groupby("label", sort=False):
            level = group["accuracy"].astype(float).mean()
            axes[0].axhline(level, color="0.3", linestyle=":", linewidth=1.4, label=str(label))
        axes[0].set_ylim(bottom=0)  # after the lines: it ends the search for a top that shows all
        curve_lines, curve_names = axes[1].get_legend_handles_labels()
        level_lines, level_names = axes[0].get_legend_handles_labels()
        axes[1].get_legend().remove()
        legend = figure.legend(
            curve_lines + level_lines,
            curve_names + level_names,
            loc="outside lower center",
            ncols=min(4, len(curve_names + level_names)),
        )
        for text in legend.get_texts():
            text.set_parse_math(False)  # a label's $ is a dollar
    return figure


def choose_rows(records: pd.DataFrame) -> pd.DataFrame:
    """Leave the runs of the dozen rows with the best mean accuracy, in their order."""
    best = records.groupby("label")["accuracy"].mean().nlargest(MOST_ROWS, keep="all").index
    if records["label"].nunique() <= MOST_ROWS:
        return records
    return records[records["label"].isin(best[:MOST_ROWS])]


def write_figures(store: Store, records: pd.DataFrame) -> list[Path]:
    """Write ``curves.png`` and ``curves.pdf``; nothing where no run has a curve."""
    matplotlib.use("Agg")
    shown = choose_rows(records)
    curves = read_curves(store, shown)
    if curves.empty:
        return []
    figure = draw_curves(curves, shown)
    if len(shown) < len(records):
        count = records["label"].nunique()
        figure.suptitle(f"the {shown['label'].nunique()} most accurate of {count} rows", fontsize=9)
    paths = [store.root / "curves.png", store.root / "curves.pdf"]
    for path in paths:
        figure.savefig(path, dpi=200)
    plt.close(figure)
    return paths
