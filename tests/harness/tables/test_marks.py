"""What a table says of cells that no yardstick ranks."""

import pytest

from otlvm.harness.comparison.records import read_records
from otlvm.harness.tables.write import views_of

UNLIKE = "†: fewer than two such rows with 3 seeds, so not ranked."
TOO_FEW = "Nothing is bold: telling rows apart needs 3 seeds or more."


def seeds(count=3, **means):
    return [{key: mean + e for key, mean in means.items()} for e in (0.0, 0.01, -0.01)[:count]]


@pytest.fixture
def shown(commit):
    """The cells of a metric by row, and the note, of rows ``label: (K, seeds)``."""

    def show(rows, metrics, **shown):
        configs = {
            label: {"model": {"prior": {"name": "gaussian_mixture", "components": k}}}
            for label, (k, _) in rows.items()
        }
        runs = {label: results for label, (_, results) in rows.items()}
        store = commit(runs, configs=configs, table={"metrics": metrics, **shown})
        view = views_of(store, read_records(store))[0][0]
        return {row[0].text: row[2:] for group in view.groups for row in group.rows}, view.note

    return show


@pytest.mark.parametrize("form", ["wide", "long"])
def test_a_row_that_is_alone_with_its_k_is_marked_though_it_is_best(shown, form):
    rows = {
        "five": (5, seeds(purity=0.9)),
        "ten": (10, seeds(purity=0.2)),
        "ten too": (10, seeds(purity=0.7)),
    }
    cells, note = shown(rows, ["purity"], form=form)
    place = 0 if form == "wide" else 1  # behind the metric's name and n
    found = {label: (row[place].text[-1:], row[place].bold) for label, row in cells.items()}
    assert found["five"] == ("†", False)
    assert "†" not in found["ten"][0] + found["ten too"][0]
    assert [label for label, (_, bold) in found.items() if bold] == ["ten too"]
    assert "Ranked only among rows of one number of components: purity." in note
    assert UNLIKE in note


def test_the_note_says_what_each_yardstick_parts(shown):
    means = {"purity": 0.5, "latent_mmd": 0.1, "latent_w2": 1.0, "accuracy": 0.5}
    rows = {f"{k} {i}": (k, seeds(**means)) for k in (5, 10) for i in "ab"}
    _, note = shown(rows, [*means])
    scope = "Ranked only among rows of one number of components: purity; of one prior: MMD², W2."
    assert scope in note
    assert "†" not in note  # each has another row to be ranked with
    _, note = shown({label: (5, seeds(**means)) for label in "ab"}, [*means])
    assert "Ranked only" not in note


def test_seeds_are_not_blamed_for_what_the_yardsticks_part(shown):
    rows = {"five": (5, seeds(purity=0.9)), "ten": (10, seeds(purity=0.2))}
    cells, note = shown(rows, ["purity"])
    assert [row[0].text[-1] for row in cells.values()] == ["†", "†"]
    assert TOO_FEW not in note
    assert UNLIKE in note
    few = {label: (k, results[:2]) for label, (k, results) in rows.items()}
    cells, note = shown(few, ["purity"])
    assert not any("†" in row[0].text for row in cells.values())  # nothing at all is ranked
    assert TOO_FEW not in note
    few["five too"] = (5, seeds(2, purity=0.8))
    assert TOO_FEW in shown(few, ["purity"])[1]


def test_what_is_not_ranked_is_not_marked(shown):
    rows = {
        "five": (5, seeds(purity=0.9)),
        "ten": (10, seeds(purity=0.2)),
        "failed": (10, [("failed", "x")] * 3),
    }
    cells, note = shown(rows, [{"name": "purity", "best": "none"}])
    assert not any("†" in row[0].text for row in cells.values())
    assert "Ranked" not in note
