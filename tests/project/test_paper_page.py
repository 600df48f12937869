"""What docs/paper.md says of a suite's settings is what the suite has."""

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
