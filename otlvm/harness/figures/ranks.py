"""Mean ranks of methods across data sets, as a critical-difference diagram."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import MultipleLocator
from scipy import stats

from otlvm.harness.comparison.seed_tests import LEVEL
from otlvm.harness.figures.style import PAGE, height, style, wrap, wrap_names
from otlvm.harness.metrics import Metric

FEWEST = 3  # methods, and data sets: Friedman's test needs as many
MOST = 24  # methods that are drawn; ranks and tests are of all


def _rounded(cost: float) -> float:
    """Without the last digits: sums of the same numbers in another order differ in them."""
    return float(f"{cost:.12g}")


@style()
def draw_ranks(costs: pd.DataFrame, metric: Metric) -> Figure | None:
    """Mean ranks of methods; a bar joins those that Nemenyi's test cannot tell apart.

    The tests are of all methods, also where only the best are drawn: those of methods that were
    chosen by their ranks would mean nothing. Demšar, *Statistical comparisons of classifiers over
    multiple data sets* (2006).

    Args:
        costs: Mean costs ``[data sets x methods]``, as `Metric.costs` has them; data sets on which
            a method is missing are left out.
        metric: Of what.

    Returns:
        The figure; None with fewer than three methods or data sets, or if all of them tie.
    """
    whole = costs.dropna()
    ranks = whole.map(_rounded).rank(axis=1)  # ties share their mean rank
    if min(whole.shape) < FEWEST or (ranks.max(axis=1) == ranks.min(axis=1)).all():
        return None
    from scikit_posthocs import (  # seconds, which other figures save
        critical_difference_diagram,
        posthoc_nemenyi_friedman,
    )

    p_value = stats.friedmanchisquare(*ranks.to_numpy().T).pvalue
    methods = [str(method) for method in ranks.columns]
    apart = posthoc_nemenyi_friedman(pd.DataFrame(ranks.to_numpy(), columns=methods))
    means = pd.Series(ranks.mean().to_numpy(), methods)
    shown = means.nsmallest(MOST)
    figure = Figure((PAGE, 1), layout=ConstrainedLayoutEngine(w_pad=0.06))  # room for long names
    axis = figure.subplots()
    drawn = critical_difference_diagram(
        shown,
        apart.loc[shown.index, shown.index],  # judged at the 5 % level, which is ours
        ax=axis,
        label_fmt_left="{label}",
        label_fmt_right="{label}",
        marker_props={"color": "0.2", "s": 12, "clip_on": False},
        elbow_props={"color": "0.5", "linewidth": 0.8, "clip_on": False},
        crossbar_props={"clip_on": False},
        text_h_margin=0.05,
    )
    drawn_names = list(shown.index)
    names = dict(zip(drawn_names, wrap_names(drawn_names, 28, 2), strict=True))
    for text in drawn["labels"]:
        label = text.get_text()
        name = f" {names[label]} ({means[label]:.2f}) ".replace("\n", " \n ")  # off the lines
        text.set(text=name, color="0.1")
    axis.grid(visible=False)
    axis.set_xlim(1, len(methods))
    axis.xaxis.set_major_locator(MultipleLocator(1))
    axis.xaxis.set_label_position("top")
    axis.set_xlabel(f"mean rank of {metric.title} over data sets (1 is best)")
    if len(shown) < len(means):
        figure.suptitle(f"the {MOST} best of {len(means)} methods: {metric.title}")
    left_out = len(costs) - len(whole)
    told = (
        f"Friedman: p = {p_value:.2g}, N = {len(whole)} data sets. "
        f"A bar joins methods that cannot be told apart (Nemenyi, {LEVEL * 100:.0f} % level)."
    )
    told += f" Data sets left out, since a method is missing: {left_out}." if left_out else ""
    figure.supxlabel(wrap(told, 120), fontsize=7)
    row = 0.08 + max(height([text.get_text()]) for text in drawn["labels"])
    low, _ = axis.get_ylim()
    figure.set_figheight(0.9 - low * row)
    return figure
