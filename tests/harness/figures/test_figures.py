import itertools
import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.text import Text
from scipy import stats

from otlvm.harness.comparison.records import read_curves, read_records
from otlvm.harness.figures.curves import draw_curves, draw_time
from otlvm.harness.figures.matrices import draw_matrices, read_matrices
from otlvm.harness.figures.pareto import draw_pareto, pareto_front
from otlvm.harness.figures.ranks import draw_ranks
from otlvm.harness.figures.rows import choose_rows, classes_of_rows, note_of_choice
from otlvm.harness.figures.seeds import draw_seeds
from otlvm.harness.figures.style import looks, wrap, wrap_names
from otlvm.harness.figures.write import known_figures, write_figures
from otlvm.harness.metrics import METRICS
from otlvm.harness.store.store import Store
from tests.harness.figures.drawn import NAMES, all_text, check_print, texts_of

ACCURACY = next(metric for metric in METRICS if metric.key == "accuracy")
LONG = [
    f"wae imq_mmd on={'joint' if i % 2 else 'marginal'} statistic=unbiased weight={50 * i} "
    f"learning_rate=0.000{i} expectation=sum_and_sample"
    for i in range(12)
]
STRANGE = ["_a", "$5 or $6", r"$\x$", "100 %", "{b}", "λ=1, 数", ""]


# names and looks


def test_no_two_of_a_dozen_rows_look_the_same():
    found = list(looks(LONG).values())
    assert len({(to_hex(look.colour), str(look.dashes)) for look in found}) == 12
    assert len({(to_hex(look.colour), look.marker) for look in found}) == 12
    assert looks(["a", "b", "a"]).keys() == {"a", "b"}


def test_lines_break_at_spaces_then_at_marks_and_never_at_hyphens():
    assert wrap("GM-WAE of the IMQ", 10) == "GM-WAE of\nthe IMQ"
    assert wrap("beta-VAE weight=0.5", 12) == "beta-VAE\nweight=0.5"
    assert wrap("expectation=sum_and_sample", 12) == "expectation=\nsum_and_\nsample"
    assert max(map(len, wrap("x" * 95, 20).splitlines())) <= 20


def test_long_names_lose_their_middle_and_stay_different():
    first, second = wrap_names(["a " + "x " * 60 + "end", "b " + "x " * 60 + "end"], 20)
    assert first.startswith("a x")
    assert first.endswith("end")
    assert " … " in first.replace("\n", " ")
    assert first != second
    same = [f"{'x ' * 40}{middle} {'x ' * 40}".strip() for middle in "ab"]
    assert [name.replace("\n", " ") for name in wrap_names(same, 20)] == same
    assert wrap_names([""], 20) == [""]


# BCE against divergence


def test_the_front_is_that_of_brute_force():
    rng = np.random.default_rng(0)
    for size in (0, 1, 7, 40):
        costs = pd.DataFrame(rng.integers(0, 8, (size, 3)).astype(float), columns=list("xyz"))
        costs.iloc[: size // 7, 1] = np.nan
        points = [row for row in costs.itertuples(name=None) if not np.isnan(row[1:]).any()]

        def beats(one, two):
            pairs = list(zip(one[1:], two[1:], strict=True))
            return all(a <= b for a, b in pairs) and any(a < b for a, b in pairs)

        expected = {p[0] for p in points if not any(beats(q, p) for q in points)}
        front = pareto_front(costs)
        assert set(front.index) == expected
        assert front["x"].is_monotonic_increasing


def test_pareto_shows_runs_means_and_front(records):
    rows = {
        "near": {"latent_mmd": [-0.02, 0.04], "bce": [100.0, 110.0]},
        "far": {"latent_mmd": [0.4, 0.6], "bce": [80.0, 90.0]},
        "beaten": {"latent_mmd": [0.5, 0.9], "bce": [120.0, 130.0]},
        "no bce": {"latent_mmd": [0.5, 0.9]},
    }
    figure = draw_pareto(records(rows))
    front, *marks = figure.axes[0].lines
    np.testing.assert_allclose(front.get_xydata(), [[0.03, 105], [0.5, 85]])
    assert front.get_drawstyle() == "steps-post"
    np.testing.assert_allclose(marks[0].get_xydata(), [[0.02, 100], [0.04, 110]])
    np.testing.assert_allclose(marks[1].get_xydata(), [[0.03, 105]])
    np.testing.assert_allclose(marks[5].get_xydata(), [[0.7, 125]])
    assert len(marks) == 6
    assert figure.axes[0].get_xscale() == "log"
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert names == ["near", "far", "beaten", "front of the means", "one seed"]
    rows["near"]["latent_mmd"] = [0.0, 0.1]
    assert draw_pareto(records(rows)).axes[0].get_xscale() == "linear"
    assert draw_pareto(records({"near": rows["near"]})) is None


def test_each_data_set_and_prior_has_a_front_of_its_own(records):
    """The row with 5 components beats all others, which it does not compare with."""
    priors = {"best": 5, "a": 10, "b": 10, "c": 20, "d": 20, "e": 20}
    points = [(0.1, 10), (0.2, 90), (0.4, 80), (0.3, 70), (0.5, 60), (0.6, 65)]
    rows = {
        label: {"latent_mmd": [x], "bce": [float(y)]}
        for label, (x, y) in zip(priors, points, strict=True)
    }
    configs = {label: {"model": {"prior": {"components": k}}} for label, k in priors.items()}
    figure = draw_pareto(records(rows, configs=configs))
    first, second, *marks = figure.axes[0].lines
    np.testing.assert_allclose(first.get_xydata(), [[0.2, 90], [0.4, 80]])
    np.testing.assert_allclose(second.get_xydata(), [[0.3, 70], [0.5, 60]])
    assert first.get_linestyle() != second.get_linestyle()
    assert len(marks) == 12
    names = [" ".join(text.get_text().split()) for text in figure.legends[0].get_texts()]
    assert names[6:] == ["front of each prior", "one seed"]
    part = {label: rows[label] for label in ("best", "a", "b")}
    legend = draw_pareto(records(part, configs=configs)).legends[0]
    assert legend.get_texts()[3].get_text() == names[6]  # it leaves the best one out
    both = records({label: rows[label] for label in "cde"}, configs=configs)
    legend = draw_pareto(both.assign(data=["x", "x", "y"])).legends[0]
    assert " ".join(legend.get_texts()[3].get_text().split()) == "front of each data set and prior"
    alone = draw_pareto(records({label: rows[label] for label in ("best", "a")}, configs=configs))
    assert len(alone.axes[0].lines) == 4
    assert [text.get_text() for text in alone.legends[0].get_texts()] == ["best", "a", "one seed"]


# ranks


SCORES = pd.DataFrame(
    np.random.default_rng(0).random((6, 4)) / 10 + [0.9, 0.6, 0.3, 0.28],
    index=[f"set {i}" for i in range(6)],
    columns=["good", "fair", "poor", "poor too"],
)


def test_ranks_tells_means_test_and_groups():
    figure = draw_ranks(-SCORES, ACCURACY)
    means = stats.rankdata(-SCORES, axis=1).mean(axis=0)
    text = all_text(figure)
    for method, mean in zip(SCORES, means, strict=True):
        assert f"{method} ({mean:.2f})" in text
    p_value = stats.friedmanchisquare(*SCORES.to_numpy().T).pvalue
    assert f"Friedman: p = {p_value:.2g}, N = 6 data sets." in text
    assert "cannot be told apart (Nemenyi, 5 % level)" in text
    assert "left out" not in text
    # The critical difference of Demšar's table 5 for 4 methods: q = 2.569.
    difference = 2.569 * np.sqrt(4 * 5 / (6 * 6))
    bars = {tuple(sorted(line.get_xdata())) for line in figure.axes[0].lines if _flat(line)}
    spans = {(bar[0], bar[-1]) for bar in bars}
    assert spans
    assert all(high - low <= difference for low, high in spans)
    for one, two in itertools.combinations(sorted(means), 2):
        joined = any(low <= one and two <= high for low, high in spans)
        assert joined == (two - one <= difference)


def _flat(line):
    return len(set(line.get_ydata())) == 1 and line.get_ydata()[0] < 0


def test_ranks_are_tested_among_all_methods_though_the_best_are_drawn():
    rng = np.random.default_rng(0)
    names = [f"method {i}" for i in range(30)]
    scores = pd.DataFrame(rng.normal(size=(5, 30)) - 0.1 * np.arange(30), columns=names)
    text = all_text(draw_ranks(-scores, ACCURACY))
    p_value = stats.friedmanchisquare(*scores.to_numpy().T).pvalue
    assert f"Friedman: p = {p_value:.2g}, N = 5 data sets." in text
    assert "the 24 best of 30 methods: accuracy" in text
    means = pd.Series(stats.rankdata(-scores, axis=1).mean(axis=0), names).sort_values()
    for place, (method, mean) in enumerate(means.items()):
        assert (f"{method} ({mean:.2f})" in text) == (place < 24)


def test_ranks_leaves_incomplete_data_sets_out_and_says_so():
    scores = SCORES.copy()
    scores.iloc[0, 1] = np.nan
    text = all_text(draw_ranks(-scores, ACCURACY))
    assert "N = 5 data sets" in text
    assert "Data sets left out, since a method is missing: 1." in text


@pytest.mark.parametrize(
    "scores", [SCORES.iloc[:2], SCORES.iloc[:, :2], SCORES * 0, SCORES * np.nan, SCORES.iloc[:0]]
)
def test_no_ranks_of_too_few_or_of_ties(scores):
    assert draw_ranks(-scores, ACCURACY) is None


def test_equal_means_share_their_rank():
    """Sums of the same accuracies in another order differ in their last digits."""
    accuracies = {"a": (0.1, 0.2, 0.3), "b": (0.3, 0.2, 0.1), "c": (0.1, 0.1, 0.1)}
    means = {name: sum(values) / 3 for name, values in accuracies.items()}
    assert means["a"] != means["b"]
    scores = pd.DataFrame([means] * 5)
    text = all_text(draw_ranks(-scores, ACCURACY))
    assert "a (1.50)" in text
    assert "b (1.50)" in text
    assert "c (3.00)" in text


def test_no_ranks_of_rows_that_do_not_compare(commit):
    """As their table ranks none: MMD² of three priors."""
    rows, named = {}, {}
    for place, method in enumerate("abc"):
        for data in "xyz":
            rows[method + data] = [{"latent_mmd": place + 0.1}]
            named[method + data] = {"data": data, "method": method, "components": 10}
    table = {"metrics": ["latent_mmd"]}

    def drawn(**priors):
        for label, facts in named.items():
            facts["prior"] = priors.get(label[0], "gm()")
        store = commit(rows, named=named, table=table)
        records = read_records(store)
        figures = known_figures(store, records, [])
        return figures["ranks"]()

    assert "a (1.00)" in all_text(drawn())
    assert drawn(b="other()", c="third()") is None


# all of them


@pytest.mark.parametrize(
    ("labels", "classes"),
    [(LONG, LONG), (STRANGE + list("tuvwx"), STRANGE)],
    ids=["long", "strange"],
)
@pytest.mark.filterwarnings("ignore:Glyph")  # `write` does so itself
def test_every_figure_is_fit_for_print(all_figures, drawn, monkeypatch, labels, classes):
    store, frame = all_figures(labels, classes)
    assert write_figures(store, frame) == [store.root / name for name in NAMES]
    for few in (1, 2):
        first = frame[frame["label"].isin(labels[:few])]
        drawn[f"{few} matrices"] = draw_matrices(
            read_matrices(store, first), classes_of_rows(first)
        )
    for name, figure in drawn.items():
        check_print(figure, store.root / name, monkeypatch)


def test_labels_are_no_markup(all_figures, drawn):
    store, frame = all_figures(STRANGE + list("tuvwx"))
    write_figures(store, frame)
    for name in ("curves", "time", "pareto", "seeds", "matrices"):
        assert set(STRANGE) <= set(texts_of(drawn[name])), name
        labels = [t for t in drawn[name].findobj(Text) if t.get_text() in STRANGE[:4]]
        assert not any(label.get_parse_math() for label in labels)


def test_a_dozen_of_many_rows(all_figures, drawn):
    store, frame = all_figures([f"row {i}" for i in range(15)])
    write_figures(store, frame)
    for name in ("curves", "time", "pareto", "seeds", "matrices"):
        title = " ".join(drawn[name].get_suptitle().split())
        assert title == "the 12 most accurate of 15 rows, each data set by itself"
        assert len({text for text in texts_of(drawn[name]) if text.startswith("row ")}) == 12
    assert "row" not in drawn["heatmap"].get_suptitle()


def test_a_data_set_that_is_easy_does_not_push_the_others_out(records):
    rows = {f"easy {i}": {"accuracy": [0.9 + i / 1000]} for i in range(12)}
    rows |= {f"hard {i}": {"accuracy": [0.1 + i / 1000]} for i in range(8)}
    frame = records(rows)
    frame["data"] = frame["label"].str[:4]
    shown = choose_rows(frame)
    expected = [f"easy {i}" for i in range(6, 12)] + [f"hard {i}" for i in range(2, 8)]
    assert list(shown["label"]) == expected
    title = "the 12 most accurate of 20 rows, each data set by itself"
    assert note_of_choice(frame, shown) == title
    kept = list(choose_rows(frame, ["hard 0"])["label"])
    assert kept == [*expected[:6], "hard 0", *expected[7:]]


@pytest.mark.parametrize(("key", "best"), [("bce", "lowest in BCE"), ("nll", "lowest in NLL")])
def test_without_labels_the_note_says_what_chose(records, key, best):
    frame = records({f"row {i}": {key: [100.0 - i]} for i in range(15)})
    frame.loc[frame["label"].isin(["row 14", "row 13", "row 12", "row 11"]), "status"] = "failed"
    shown = choose_rows(frame)
    assert list(shown["label"]) == [f"row {i}" for i in range(11)]
    assert note_of_choice(frame, shown) == f"the 11 {best} of 15 rows"


def test_nothing_finished_no_figure(tmp_path, records):
    frame = records({"a": {"accuracy": [np.nan, np.nan]}}).assign(status="failed", accuracy=np.nan)
    cells = [{"label": "a", "seed": seed, "id": f"a-{seed}"} for seed in (0, 1)]
    Store(tmp_path).write_manifest("nothing", cells)
    assert write_figures(Store(tmp_path), frame.assign(data="", method="a")) == []
    assert [path.name for path in tmp_path.iterdir()] == ["suite.json"]
    nothing = read_curves(Store(tmp_path), frame)
    assert draw_curves(nothing, frame) is None
    assert draw_time(nothing, frame) is None
    assert draw_matrices({}, {}) is None
    assert draw_seeds(records({"a": {"accuracy": [0.5]}, "b": {"accuracy": [0.6]}})) is None


def test_figures_need_no_torch():
    code = "import sys, json, otlvm.harness.figures; print(json.dumps(sorted(sys.modules)))"
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert not {"torch", "sklearn", "scikit_posthocs", "umap"} & {*json.loads(process.stdout)}
