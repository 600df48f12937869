"""Mean accuracy of each divergence with each prior."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from seaborn.utils import relative_luminance

from otlvm.harness.config import as_mapping, fields_of, get_field, tell_apart
from otlvm.harness.figures.rows import MOST_ROWS, finished
from otlvm.harness.figures.style import COLUMN, LETTER, PAGE, height, style, wrap, wrap_names

TITLE_LETTER = 0.068  # inches
AXES = ["divergence", "prior"]
Spec = dict[str, Any]
DARK = 0.18  # colours darker than this take white numbers


def cross(records: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Tell each finished run's divergence and prior.

    Returns:
        The runs that have both, with columns ``divergence`` and ``prior``; and the dotted paths
        of the other fields that differ between runs of the same two.
    """
    done = finished(records, ["accuracy"])
    specs = [_specs(config) for config in done["config"]]
    runs = done[[all(pair) for pair in specs]]
    for column, found in zip(AXES, zip(*filter(all, specs), strict=True), strict=False):
        keys = [json.dumps(spec, sort_keys=True) for spec in found]
        known = dict(zip(keys, found, strict=True))
        names = dict(zip(known, tell_apart(list(known.values())), strict=True))
        runs = runs.assign(**{column: [names[key] for key in keys]})
    varied: dict[str, None] = {}
    for _, cell in runs.groupby(AXES) if _crosses(runs) else ():
        varied |= dict.fromkeys(_varied(cell["config"]))
    return runs, list(varied)


@style()
def draw_heatmap(records: pd.DataFrame) -> Figure | None:
    """Mean accuracy and number of runs of each divergence with each prior.

    Returns:
        The figure; None with fewer than two divergences or two priors.
    """
    runs, varied = cross(records)
    if not _crosses(runs):
        return None
    title = "mean accuracy (held-out), over seeds"
    title += f" and {', '.join(varied)}" if varied else ""
    for column in AXES:
        best = runs.groupby(column)["accuracy"].mean().nlargest(MOST_ROWS).index
        if runs[column].nunique() > MOST_ROWS:
            title += f"; the {MOST_ROWS} best of {runs[column].nunique()} {column}s"
            runs = runs[runs[column].isin(best)]
    divergences, priors = (list(dict.fromkeys(runs[column])) for column in AXES)
    means, counts = (
        runs.pivot_table(index=AXES[0], columns=AXES[1], values="accuracy", aggfunc=how)
        .reindex(index=divergences, columns=priors)
        .to_numpy(float)
        for how in ("mean", "count")
    )
    width = PAGE if means.shape[1] > 4 else COLUMN
    room = (width - 1.9) / means.shape[1]
    figure = Figure((width, 1), layout="constrained")
    axis = figure.subplots()
    image = axis.imshow(means, cmap="cividis", aspect="auto")
    for (row, column), mean in np.ndenumerate(means):
        if not np.isnan(mean):
            dark = relative_luminance(image.to_rgba(mean)[:3]) < DARK
            text = f"{mean:.3f}\nn={counts[row, column]:.0f}"
            axis.text(
                column, row, text, ha="center", va="center", color="white" if dark else "black"
            )
    axis.grid(visible=False)
    upright = max(map(len, priors)) > room / LETTER
    below = wrap_names(priors, 24)
    axis.set_xticks(range(len(below)), below, rotation=90 if upright else 0)
    axis.set_yticks(range(len(means)), wrap_names(divergences, 20, 2))
    axis.set(xlabel="prior", ylabel="divergence")
    figure.suptitle(wrap(title, int(width / TITLE_LETTER)))
    longest = LETTER * max(len(line) for name in below for line in name.splitlines())
    texts = (longest if upright else height(below)) + height([figure.get_suptitle()])
    figure.set_figheight(1.0 + 0.36 * len(means) + texts)
    figure.colorbar(image, ax=axis, label="accuracy")
    return figure


def _crosses(runs: pd.DataFrame) -> bool:
    return not runs.empty and all(len(set(runs[column])) > 1 for column in AXES)


def _specs(config: Any) -> tuple[Spec, Spec]:
    """Divergence and prior of a config; what it lacks is empty."""
    parts = config if isinstance(config, Mapping) else {}
    objective, model = (as_mapping(parts.get(key)) or {} for key in ("objective", "model"))
    return as_mapping(objective.get("divergence")) or {}, as_mapping(model.get("prior")) or {}


def _varied(configs: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    known = [dict(config) for config in configs]
    for path in dict.fromkeys(path for config in known for path in fields_of(config)):
        crossed = path.startswith(("objective.divergence", "model.prior"))
        if not crossed and len({str(get_field(config, path)) for config in known}) > 1:
            yield path
