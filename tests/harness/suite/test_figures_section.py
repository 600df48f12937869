"""The section figures: what can be wrong with it."""

import pytest

from otlvm.harness.messages import InputError

FIGURE_ROWS = (
    "runs:\n"
    "  - {label: row, objective: vae, train: {snapshots: [0]}}\n"
    "  - {label: 'WAE {weight}', objective: {name: wae, divergence: imq_mmd},\n"
    "     grid: {objective.weight: [1, 2, 3, 4, 5]}}\n"
    "baselines: [kmeans]\n"
)


@pytest.mark.parametrize(
    ("entry", "where", "problem"),
    [
        (
            "{name: image, rows: [row]}",
            "[0].name",
            "unknown figure 'image' (did you mean 'images'?)",
        ),
        ("{name: images, rows: [rwo]}", "[0].rows[0]", "no row is 'rwo' (did you mean 'row'?)"),
        ("{name: images, rows: []}", "[0].rows", "at least 1 item"),
        ("{name: images, rows: [row], line: [row]}", "[0].line", "did you mean 'lines'?"),
        ("{name: images, rows: [row], curves: [row]}", "[0].curves", "images has no curves"),
        ("{name: fidelity, rows: [row], lines: [K-means]}", "[0].lines[0]", "no row is 'K-means'"),
        ("{name: images, rows: ['WAE*']}", "[0].rows", "5 rows: WAE 1, WAE 2"),
        ("{name: images, rows: [kmeans]}", "[0].rows", "'kmeans' is a baseline"),
        ("{name: collapse, rows: [row]}", "[0].rows", "add an early step, such as 10, to its"),
        ("{name: deterioration, rows: [WAE 2]}", "[0].rows", "add 0, before the first step"),
        (
            "{name: images, rows: [row]}\n  - {name: images, rows: [WAE 1]}",
            "[1].name",
            "images is given twice",
        ),
    ],
)
def test_figures_that_cannot_be(load, entry, where, problem):
    with pytest.raises(InputError) as error:
        load(f"{FIGURE_ROWS}figures:\n  - {entry}\n")
    file, _, message = str(error.value).partition(": ")
    assert file.rpartition(":")[2].isdigit()
    assert message.startswith(f"figures{where}: ")
    assert problem in message


def test_figures_are_asked_for(load):
    entry = "{name: fidelity, rows: ['WAE [12]', row], lines: [kmeans]}"
    (figure,) = load(f"{FIGURE_ROWS}figures: [{entry}]\n").figures
    assert figure.model_dump(exclude_defaults=True) == {
        "name": "fidelity",
        "rows": ["WAE [12]", "row"],
        "lines": ["kmeans"],
    }
