"""What docs/paper.md says of a suite's settings is what the suite has."""

import csv
from pathlib import Path

import pytest

from otlvm.harness.suite.load import load_suite
from tests.project.test_numbers import tables

ROOT = Path(__file__).parents[2]


def config_of(name):
    runs = load_suite(ROOT / "benchmarks/suites" / f"{name}.yaml").runs
    return next(run.config for run in runs if run.label.startswith("GM-WAE"))


def settings(config):
    """The rows of the page that are numbers of a suite, as the page writes them."""
    prior, train = config["model"]["prior"], config["train"]
    divergence = config["objective"]["divergence"]
    scales = range(15) if isinstance(divergence, str) else divergence.get("scales", range(15))
    return {
        "steps x images": f"{train['steps']:,} x {train['batch_size']}",
        "dimensions of z": f"{prior['dim']}",
        "sigma of a component": f"{prior.get('sigma', 1)}",
        "distance of the means, in sigma": f"{prior.get('distance', 4)}",
        "weight of the divergence": f"{config['objective']['weight']}",
        "kernels of the MMD": f"{len(scales)}",
        "learning rate, beta1": ", ".join(
            (f"{train['learning_rate']}", f"{train['optimizer'].get('betas', [0.9])[0]}")
        ),
    }


@pytest.mark.parametrize("column", [1, 2, 3, 4])
def test_a_column_is_its_suite_s(column):
    (rows,) = (
        rows
        for heading, rows in tables((ROOT / "docs/paper.md").read_text())
        if heading[1] == "text"
    )
    page = {row[0]: row[column] for row in rows}
    for name, value in settings(config_of(page["suite"].strip("`"))).items():
        told = page[name].removeprefix("not said: ")
        if "not said" not in told:
            assert told == value, name


def test_the_steps_to_collapse_are_those_of_the_curves():
    with (ROOT / "results/shut_off/curves.csv").open() as file:
        curves = list(csv.DictReader(file))
    (rows,) = (
        rows
        for heading, rows in tables((ROOT / "docs/paper.md").read_text())
        if heading[1] == "KL of k, step 10"
    )
    assert [row[0] for row in rows] == list(dict.fromkeys(row["label"] for row in curves))
    for label, *shown in rows:

        def mean(column, step, label=label):
            values = [
                float(row[column])
                for row in curves
                if (row["label"], row["step"]) == (label, str(step))
            ]
            assert len(values) == 3
            return f"{sum(values) / 3:.2f}"

        informed = [mean("kl_k", step) for step in (10, 20, 50)]
        assert shown == informed + [mean("components_used", step) for step in (10, 20, 50, 300)]


def test_the_account_in_the_readme_is_that_of_results():
    text = " ".join((ROOT / "README.md").read_text().split())
    with (ROOT / "results/paper_10d_2018/runs.csv").open() as file:
        runs = [row for row in csv.DictReader(file) if row["status"] == "done"]
    seeds = [f"{float(row['accuracy']):.3f}"[1:] for row in runs if row["label"] == "GM-WAE"]
    table = (ROOT / "results/paper_10d_2018/table.md").read_text().replace("*", "")
    rows = {row[0]: row for _, rows in tables(table) for row in rows if len(row) > 9}
    accuracy, used, wae, vae = (*(rows["GM-WAE"][i] for i in (2, 5, 7)), rows["GM-VAE"][7])
    assert f"ours has {accuracy}, and" in text
    assert f"(the five are {', '.join(seeds[:-1])} and {seeds[-1]})" in text
    assert f"more than nine components in use ({used})" in text
    assert f"({wae} against {vae})" in text
    worse = "| bce of GM-VAE from GM-WAE, beta=10 > bce of GM-VAE from GM-WAE, beta=10 at step 1 |"
    after, before = next(line.split("|")[4:6] for line in table.splitlines() if worse in line)
    assert f"(its BCE goes from {before.strip()} to {after.strip()})" in text
    large = (ROOT / "results/large_beta/table.md").read_text().replace("*", "")
    (exact,) = (row[2] for _, rows in tables(large) for row in rows if row[0] == "exact")
    assert f"(beta = 10, all ten: {exact} after 2,000 steps" in text
    ten, whole = rows["GM-VAE, beta=10"], rows["GM-WAE, exact"]
    assert f"three: {ten[2]} after 18,000, more than the WAE's, with {ten[5]} in use" in text
    assert f"and a BCE of {ten[7]})" in text
    assert f"end with {whole[5]} components in use and an accuracy of {whole[2]};" in text
    (twenty,) = (row[2] for _, rows in tables(large) for row in rows if row[0] == "exact, beta=20")
    assert f"a VAE with beta = 20 is at .30 ({twenty} after 2,000 steps)" in text
    collapse = {
        row[0]: row
        for heading, rows in tables((ROOT / "docs/paper.md").read_text())
        if heading[1] == "KL of k, step 10"
        for row in rows
    }
    (_, glorot, _, _, lags, *_), ours = (
        collapse["exact, Glorot's weights"],
        collapse["GM-VAE of 2018"][1],
    )
    page = " ".join((ROOT / "docs/paper.md").read_text().split())
    assert f"KL is at {glorot} of 2.30 by then. In eval mode {lags} are still used." in page
    assert f"whose batch norm lags behind, {lags} are still used" in text
    assert f"is at {glorot} of 2.30 nats by then in train mode, with three" in text
    assert f"those of 2018 at {ours.removeprefix('0')}, so each image is sure" in text
    invariant = (ROOT / "results/gm_wae_invariant/table.md").read_text().replace("*", "")
    (better,) = (
        dict(zip(heading, row, strict=True))["accuracy ↑"]
        for heading, rows in tables(invariant)
        for row in rows
        if row[0] == "GM-WAE, invariant k" and len(row) == len(heading) and "accuracy ↑" in heading
    )
    assert f"{accuracy}, and {better} with an objective that knows" in text
    with (ROOT / "results/gm_wae_invariant/runs.csv").open() as file:
        ten = sorted(
            row["accuracy"] for row in csv.DictReader(file) if row["label"][:6] == "GM-WAE"
        )
    least, best = (f"{float(value):.3f}"[1:] for value in (ten[0], ten[-1]))
    assert f"the least {least} and the best {best}" in text
