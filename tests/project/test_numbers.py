"""Every row of a table in README and docs is a row of a table in results/."""

import csv
import itertools
import re
import statistics
from pathlib import Path

import pytest
from scipy.stats import rankdata, t

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FURTHER = ("agreed (no labels)", "agreed", "seeds", "fit s")
"""Columns of other files than tables, or rounded."""
TURNED = "Hungarian accuracy"
"""First heading of a table that has a column for each data set."""
WORDS = {"components used": "used"}
"""What a page calls a column otherwise."""
VALUE = re.compile(r"\d+\.\d+ ± \d+\.\d+")


def cells(line):
    plain = line.replace("\\", "").replace("*", "").strip().strip("|")
    return [cell.strip() for cell in plain.split("|")]


def tables(text):
    """Yield the heading and the rows of each table of a page."""
    for block in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        lines = [cells(line) for line in block.splitlines()]
        if len(lines) > 2:
            yield lines[0], lines[2:]


def known():
    """Return the columns of each row of each results table, by label."""
    found = {}
    for path in (ROOT / "results").glob("*/table.md"):
        for heading, rows in tables(path.read_text()):
            for row in rows:
                if len(row) == len(heading):
                    found.setdefault(row[0], []).append(dict(zip(heading, row, strict=True)))
    return found


def name_of(heading):
    name = re.sub(r" [↑↓]| →0", "", heading)
    return WORDS.get(name, name)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_rows_with_spreads_stand_in_results(page):
    results = known()
    for heading, rows in tables(page.read_text(encoding="utf-8")):
        for row in rows if heading[0] != TURNED else ():
            if not any(VALUE.fullmatch(cell) for cell in row):
                continue
            named = zip(heading[1:], row[1:], strict=True)  # the first is the row's label
            shown = {name_of(h): cell for h, cell in named if h not in FURTHER}
            match = [
                each
                for each in results.get(row[0], [])
                if all(
                    {name_of(h): c for h, c in each.items()}.get(k) == v for k, v in shown.items()
                )
            ]
            assert match, f"{page.name}: no table in results has {row}"


@pytest.mark.parametrize("page", ["README.md", "docs/field.md"])
def test_the_small_field_is_that_of_its_results(page):
    with (ROOT / "results/field_small/table_long.csv").open() as file:
        long = [row for row in csv.DictReader(file) if row["metric"] == "accuracy_hungarian"]
    means = {(row["method"], row["data"]): row for row in long}
    ((sets, rows),) = (
        (heading[1:-1], rows)
        for heading, rows in tables((ROOT / page).read_text())
        if heading[0] == TURNED
    )
    assert {(row[0], data) for row in rows for data in sets} == set(means)
    ranks = [
        rankdata([-float(means[row[0], data]["mean"]) for row in rows]).tolist() for data in sets
    ]
    for row, own in zip(rows, zip(*ranks, strict=True), strict=True):
        found = [means[row[0], data] for data in sets]
        assert {each["n"] for each in found} == {"3"}
        shown = [f"{float(each['mean']):.3f} ± {float(each['std']):.3f}" for each in found]
        assert row[1:] == [*shown, f"{statistics.mean(own):.1f}"]


@pytest.mark.parametrize(
    ("page", "folder", "first"),
    [
        ("field", "field", "MNIST, one seed"),
    ],
)
def test_one_seed_is_that_of_its_results(page, folder, first):
    ((columns, shown),) = (
        (list(map(name_of, heading[1:])), rows)
        for heading, rows in tables((ROOT / f"docs/{page}.md").read_text())
        if heading[0] == first
    )
    heading, rows = next(tables((ROOT / f"results/{folder}/table.md").read_text()))
    measured = [dict(zip(map(name_of, heading), row, strict=True)) for row in rows]
    done = [row for row in measured if row["n"] == "1"]
    assert shown == [[*row.values()][:1] + [row[name] for name in columns] for row in done]


SHU = "Shu's, with its first prior"


def collapse_runs():
    """Return the finished runs of `collapse` by row and seed; what was repeated is the same."""
    found = {}
    for folder in ("collapse_first", "collapse"):
        with (ROOT / "results" / folder / "runs.csv").open() as file:
            for run in csv.DictReader(file):
                seeds = found.setdefault(run["label"], {})
                if run["status"] == "done":
                    again = seeds.setdefault(run["seed"], run)
                    assert again["information"] == run["information"]
                    assert again["elbo"] == run["elbo"]
    return {label: dict(sorted(seeds.items())) for label, seeds in found.items() if seeds}


def test_the_rows_of_the_collapse_page_are_those_of_its_results():
    shown, _ = tables((ROOT / "docs/collapse.md").read_text())
    runs = collapse_runs()
    assert len(shown[1]) == len(runs) == 9
    for label, informed, *means in shown[1]:
        seeds = runs[label].values()
        assert informed == " / ".join(f"{float(run['information']):.2f}" for run in seeds)
        keys = ("components_used", "accuracy_majority", "nmi", "elbo", "nll")
        for key, digits, mean in zip(keys, (2, 3, 3, 1, 1), means, strict=True):
            value = statistics.mean(float(run[key]) for run in seeds)
            assert mean == f"{value:.{digits}f}", (label, key)


def welch(before, after):
    """Return the difference of two means, and half of its 95 % interval (Welch)."""
    gap = statistics.mean(after) - statistics.mean(before)
    parts = [(statistics.variance(each) / len(each), len(each) - 1) for each in (before, after)]
    error = sum(part for part, _ in parts)
    freedom = error**2 / sum(part**2 / degrees for part, degrees in parts)
    return gap, t.ppf(0.975, freedom) * error**0.5


def test_what_each_cause_changes_is_that_of_the_rows():
    _, shown = tables((ROOT / "docs/collapse.md").read_text())
    informed = {
        label: [float(run["information"]) for run in runs.values()]
        for label, runs in collapse_runs().items()
    }
    causes = {
        "a learned prior for a fixed one": ("fixed prior", "learned prior"),
        "one net for ten": ("separate nets", "shared net"),
        "no norm for batch norm": ("batch norm", "none"),
    }
    wanted = []
    for cause, (old, new) in causes.items():
        for row in (row for row in informed if old in row):
            pair = [informed[row], informed[row.replace(old, new)]]
            at = ", ".join(part for part in row.split(", ") if part != old)
            means = " → ".join(f"{statistics.mean(values):.2f}" for values in pair)
            gap, half = welch(*pair)
            shown_as = [
                re.sub("[+-]0.00", "0.00", f"{x:+.2f}") for x in (gap, gap - half, gap + half)
            ]
            wanted.append([cause, at, means, "{} [{}, {}]".format(*shown_as)])
    assert shown[1] == wanted
    text = " ".join((ROOT / "docs/collapse.md").read_text().split())
    batch = [value for row in informed if row.endswith("batch norm") for value in informed[row]]
    assert len(batch) == 8
    assert max(batch) < 1.005
    learned, fixed = (
        informed[f"{prior} prior, shared net, none"] for prior in ("learned", "fixed")
    )
    one, other, best = sorted(learned)
    assert f"to {other:.2f} and {best:.2f} in two seeds and to {one:.2f} in the third" in text
    assert f"keeps {fixed[learned.index(one)]:.2f} with the prior fixed" in text
    assert f"a gain from {fixed[0]:.2f} to {learned[0]:.2f}" in text
    ten = [max(informed[f"{prior} prior, separate nets, none"]) for prior in ("fixed", "learned")]
    assert f"at most {max(ten):.2f} components' worth with ten nets" in text
    assert f"{sorted([*learned, *fixed])[1]:.2f} or more in five of six runs with one" in text
    assert f"keeps {min(informed[SHU]):.2f} or more in all three seeds" in text


def test_what_the_small_field_says_of_a_weight_that_finds_itself():
    with (ROOT / "results/field_small/table_long.csv").open() as file:
        found = [
            float(row["mean"])
            for row in csv.DictReader(file)
            if row["metric"] == "information" and row["data"] in ("digits", "usps_2007")
            if row["method"].startswith("GM-WAE") and row["method"].endswith(("WAE", "ed", "prior"))
            if not row["method"].endswith("held")
        ]
    assert len(found) == 6
    text = " ".join((ROOT / "docs/field.md").read_text().split())
    assert f"(*informed* {min(found):.1f} to {max(found):.1f} of 10 on images)" in text


def test_what_the_small_field_says_of_likelihoods_and_cells():
    best = {}
    with (ROOT / "results/field_small/table_long.csv").open() as file:
        for row in csv.DictReader(file):
            if row["metric"] in ("nll", "accuracy_hungarian") and row["mean"]:
                sign = 1 if row["metric"] == "nll" else -1
                found = best.setdefault((row["metric"], row["data"]), [])
                found.append((sign * float(row["mean"]), row["method"]))
    lowest = {data: min(rows)[1] for (metric, data), rows in best.items() if metric == "nll"}
    assert lowest.pop("pbmc68k") != "Shu's GM-VAE"
    assert set(lowest.values()) == {"Shu's GM-VAE"}
    assert min(best["accuracy_hungarian", "pbmc68k"])[1] == "GM-WAE"
    text = " ".join((ROOT / "docs/field.md").read_text().split())
    assert "Shu's GM-VAE has the lowest NLL on every data set but pbmc68k" in text
    assert "rank low here, but on pbmc68k, where the plain one is first" in text


def test_each_folder_of_results_says_how_it_came_about():
    listed = re.findall(r"^\| `(\w+)/` \|", (ROOT / "results/README.md").read_text(), re.M)
    folders = [path.name for path in (ROOT / "results").iterdir() if path.is_dir()]
    assert sorted(listed) == sorted(folders)


def test_the_prices_of_expectations_are_those_measured():
    with (ROOT / "results/expectations/table.csv").open() as file:
        measured = {row["expectation"]: row for row in csv.DictReader(file)}
    (rows,) = (
        rows
        for heading, rows in tables((ROOT / "docs/expectations.md").read_text())
        if "bias in train mode" in heading
    )
    for name, *_, milliseconds, variance, bias in rows:
        row = measured[name.removesuffix(" (default)")]
        assert int(milliseconds) == round(float(row["step_ms"]))
        assert variance == f"{float(row['variance']):.2f}"
        assert bias == f"{float(row['bias']):.2f}"


def test_the_price_of_a_queue_is_that_measured():
    with (ROOT / "results/speed/queues.csv").open() as file:
        measured = list(csv.DictReader(file))
    (rows,) = (
        rows
        for heading, rows in tables((ROOT / "docs/honest-divergence.md").read_text())
        if "queue" in heading
    )
    assert len(rows) == len(measured)
    for (statistic, queue, spread, milliseconds), row in zip(rows, measured, strict=True):
        assert (statistic, queue) == (row["statistic"], row["queue"].removesuffix(".0") or "–")
        assert spread == f"{float(row['sd']):.3f}"
        assert milliseconds == f"{float(row['ms']):.1f}"


def test_what_training_sees_and_what_is_held_out_is_that_of_the_curves():
    with (ROOT / "results/honest_divergence/curves.csv").open() as file:
        curves = list(csv.DictReader(file))
    (rows,) = (
        rows
        for heading, rows in tables((ROOT / "docs/honest-divergence.md").read_text())
        if "held out" in heading
    )
    assert rows
    for statistic, norm, n, *shown in rows:
        label = f"{statistic}, {norm}"
        last = [row for row in curves if row["label"] == label and row["step"] == "3000"]
        assert int(n) == len(last)
        means = [
            sum(float(row[column]) for row in last) / len(last)
            for column in ("divergence", "latent_mmd", "components_used", "bce")
        ]
        assert shown == [f"{m:.{d}f}" for m, d in zip(means, (4, 4, 2, 1), strict=True)]


@pytest.mark.parametrize(
    ("text", "folder", "label", "column"),
    [
        ("9.33 ± 0.36", "paper_10d_cpu", "GM-WAE (IMQ)", "used"),
        ("3.99 ± 0.01", "paper_10d_cpu", "GM-VAE, beta=20", "used"),
        ("0.729 ± 0.056", "paper_10d_2018", "GM-VAE, beta=10", "accuracy"),
        ("143.9 ± 0.6", "paper_10d_2018", "GM-VAE, beta=10", "BCE"),
        ("0.244 ± 0.082", "paper_10d_2018", "GM-WAE, exact", "accuracy"),
        ("3.52 ± 0.79", "paper_10d_2018", "GM-WAE, exact", "used"),
        ("0.114 ± 0.000", "large_beta", "exact, beta=20", "accuracy"),
        ("202.9 ± 4.3", "precision", "float32", "BCE"),
        ("203.0 ± 4.7", "precision", "bfloat16", "BCE"),
        ("0.327 ± 0.084", "precision", "float32", "accuracy"),
        ("0.351 ± 0.057", "precision", "bfloat16", "accuracy"),
    ],
)
def test_numbers_in_sentences_stand_in_results(text, folder, label, column):
    pages = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    assert text in pages
    for heading, rows in tables((ROOT / "results" / folder / "table.md").read_text()):
        for row in rows:
            if row[0] == label:
                assert dict(zip(map(name_of, heading), row, strict=True))[column] == text
                return
    pytest.fail(f"{folder} has no {label}")


def test_the_row_without_a_teacher_is_that_of_its_results():
    with (ROOT / "results/gm_wae_cross/runs.csv").open() as file:
        runs = [row for row in csv.DictReader(file) if row["status"] == "done"]
    (rows,) = (
        rows
        for heading, rows in tables((ROOT / "docs/honest-divergence.md").read_text())
        if "informed" in heading
    )
    assert len(rows) == len(runs)
    columns = {
        "accuracy": 3,
        "nmi": 3,
        "components_used": 2,
        "information": 2,
        "bce": 1,
    }
    for (label, seed, *shown), run in zip(rows, runs, strict=True):
        assert (label, seed) == (run["label"], run["seed"])
        assert shown == [f"{float(run[key]):.{digits}f}" for key, digits in columns.items()]
    (told,) = re.findall(
        r"first seed has an accuracy of\s+([\d.]+)", (ROOT / "README.md").read_text()
    )
    assert told == rows[0][2]


INVARIANT = {
    "accuracy": 3,
    "accuracy_hungarian": 3,
    "nmi": 3,
    "components_used": 2,
    "information": 2,
    "bce": 1,
}


def test_the_invariant_rows_are_those_of_their_results():
    with (ROOT / "results/gm_wae_invariant/runs.csv").open() as file:
        runs = [
            row
            for row in csv.DictReader(file)
            if row["status"] == "done" and row["label"].startswith("GM-")
        ]
    (rows,) = (
        rows
        for heading, rows in tables((ROOT / "docs/beyond-the-paper.md").read_text())
        if "Hungarian" in heading
    )
    assert [tuple(row[:2]) for row in rows] == [(run["label"], run["seed"]) for run in runs]
    for (_, _, *shown), run in zip(rows, runs, strict=True):
        assert shown == [f"{float(run[key]):.{digits}f}" for key, digits in INVARIANT.items()]
    accuracies = sorted(float(run["accuracy"]) for run in runs if run["label"][:6] == "GM-WAE")
    told = re.findall(
        r"median accuracy is (\d\.\d+), the least (\d\.\d+) and the best (\d\.\d+)",
        (ROOT / "docs/beyond-the-paper.md").read_text(),
    )
    middle = f"{statistics.median(accuracies):.3f}"
    assert told == [(middle, f"{accuracies[0]:.3f}", f"{accuracies[-1]:.3f}")]
    for page, words in (("README.md", "median of"), ("docs/index.md", "median accuracy of")):
        assert re.findall(rf"{words}\s+(\d\.\d+)", (ROOT / page).read_text()) == [middle]


def test_what_an_invariant_k_does_elsewhere_is_that_of_its_results():
    with (ROOT / "results/invariant_elsewhere/table_long.csv").open() as file:
        means = {
            row["method"]: float(row["mean"])
            for row in csv.DictReader(file)
            if row["metric"] == "accuracy"
        }
    for data in ("", ", usps", ", pendigits"):
        ours, plain, kmeans = (
            means[f"{label}{data}"] for label in ("GM-WAE, invariant k", "GM-WAE", "kmeans")
        )
        assert plain < kmeans < ours
    table = (ROOT / "results/invariant_elsewhere/table.md").read_text()
    claims = [row for heading, rows in tables(table) if "outcome" in heading for row in rows]
    assert {row[1] for row in claims} == {"undecided"}
    assert sorted(row[2] for row in claims)[:: len(claims) - 1] == ["0.274", "0.338"]


def test_the_restarts_are_those_of_their_results():
    with (ROOT / "results/gm_wae_restarts/runs.csv").open() as file:
        runs = [row for row in csv.DictReader(file) if row["status"] == "done"]
    runs = [run for run in runs if run["label"].startswith("GM-")]
    (rows,) = (
        rows
        for heading, rows in tables((ROOT / "docs/beyond-the-paper.md").read_text())
        if heading[1:4] == ["seed", "accuracy", "NMI"]
    )
    columns = {key: digits for key, digits in INVARIANT.items() if key != "accuracy_hungarian"}
    for (label, seed, *shown), run in zip(rows, runs, strict=True):
        assert (label, seed) == (run["label"], run["seed"])
        assert shown == [f"{float(run[key]):.{digits}f}" for key, digits in columns.items()]


def test_what_restarts_would_give_is_counted():
    """Over all choices of five seeds, the accuracy of that with the lowest loss at step 4,000."""
    folder = ROOT / "results/gm_wae_invariant"
    with (folder / "curves.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["step"] == "4000"]
    loss = {row["seed"]: float(row["loss"]) for row in rows if row["label"][:6] == "GM-WAE"}
    with (folder / "runs.csv").open() as file:
        runs = {row["seed"]: row for row in csv.DictReader(file) if row["label"][:6] == "GM-WAE"}
    best = [min(five, key=loss.__getitem__) for five in itertools.combinations(loss, 5)]
    accuracies = [float(runs[seed]["accuracy"]) for seed in best]
    (told,) = re.findall(
        r"a median accuracy of ([\d.]+) over all (\d+) choices of five, at least 0.9 in (\d+) % of "
        r"them, and ([\d.]+) in the worst",
        " ".join((ROOT / "docs/beyond-the-paper.md").read_text().split()),
    )
    high = sum(accuracy >= 0.9 for accuracy in accuracies) / len(accuracies)
    assert told == (
        f"{statistics.median(accuracies):.3f}",
        str(len(accuracies)),
        f"{100 * high:.0f}",
        f"{min(accuracies):.3f}",
    )


def test_what_was_tried_without_a_teacher_is_that_of_the_pilots():
    with (ROOT / "results/gm_wae_invariant/pilots.csv").open() as file:
        pilots = list(csv.DictReader(file))
    (rows,) = (
        rows
        for heading, rows in tables((ROOT / "docs/beyond-the-paper.md").read_text())
        if "accuracy of each seed" in heading
    )
    assert {row[0] for row in rows} == {pilot["tried"] for pilot in pilots}
    for tried, seeds, agreement, informed, bce, accuracies, nmi in rows:
        of = [pilot for pilot in pilots if pilot["tried"] == tried]

        def mean(column, of=of):
            return sum(float(pilot[column]) for pilot in of) / len(of)

        assert int(seeds) == len(of)
        assert agreement == (f"{mean('agreement'):.2f}" if of[0]["agreement"] else "–")
        assert (informed, bce) == (f"{mean('information'):.1f}", f"{mean('bce'):.0f}")
        assert accuracies == ", ".join(f"{float(pilot['accuracy']):.3f}" for pilot in of)
        assert nmi == f"{mean('nmi'):.2f}"


def test_the_reproductions_are_those_of_their_results():
    """And lie where docs/field.md says that their sources' do."""
    heading, rows = next(tables((ROOT / "results/reproductions/table.md").read_text()))
    measured = {row[0]: dict(zip(map(name_of, heading), row, strict=True)) for row in rows}
    done = {label: row for label, row in measured.items() if row["n"]}
    ((columns, shown),) = (
        (list(map(name_of, heading[1:])), rows)
        for heading, rows in tables((ROOT / "docs/field.md").read_text())
        if heading[0] == "MNIST, own settings"
    )
    assert shown == [[label, *(row[name] for name in columns)] for label, row in done.items()]
    text = " ".join((ROOT / "docs/field.md").read_text().split())
    shu, m2, vade, start, dec, idec, kmeans = (
        done[label]
        for label in ("Shu's GM-VAE", "M2, unsupervised", "VaDE", "VaDE's start", "DEC", "IDEC",
                      "K-means on codes")
    )  # fmt: skip
    claims = (ROOT / "results/reproductions/table.md").read_text()
    (early,) = re.findall(r"at step 500 >= 0.38 \|.*?\| – \| ([\d.]+) \|", claims)
    assert f"Here {shu['purity']}, {shu['-ELBO']}, and {early} at step 500." in text
    assert f"Here {m2['purity']}, {m2['informed']} and {m2['used']}." in text
    assert f"Here {vade['Hungarian']} and {vade['used']}; {start['Hungarian']} at the" in text
    assert f"Here {dec['Hungarian']} and {idec['Hungarian']} against {kmeans['Hungarian']}." in text

    def mean(row, name):
        return float(row[name].split()[0])

    assert 0.58 <= mean(shu, "purity") <= 0.75
    assert 95.5 <= mean(shu, "-ELBO") <= 98.5
    assert 0.112 <= mean(m2, "purity") <= 0.116
    assert 0.65 <= mean(vade, "Hungarian") <= 0.85
    assert mean(vade, "used") >= 8
    assert mean(vade, "Hungarian") > mean(start, "Hungarian")
    for row in (dec, idec):
        assert 0.75 <= mean(row, "Hungarian") <= 0.97
        assert 0.01 <= mean(row, "Hungarian") - mean(kmeans, "Hungarian") <= 0.06
