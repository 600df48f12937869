"""Claims about steps: the columns that they name are checked before training."""

import pytest

from otlvm.harness.messages import InputError
from otlvm.harness.planning.columns import columns
from otlvm.harness.planning.jobs import resolve

ROWS = """
runs:
  - {label: VAE, objective: vae, train: {stop: {share: 0.2}}}
  - {label: WAE, objective: {name: wae, divergence: imq_mmd}}
  - {label: mine, objective: "my_objectives:More"}
  - {label: copies, objective: {name: invariant, of: vae}}
baselines: [kmeans]
"""
MORE = """
from otlvm.objectives import VAE, Losses


class More(VAE):
    def forward(self, model, x):
        its = super().forward(model, x)
        return Losses(its.total, its.reconstruction, its.regularizer, {"more": its.total})
"""


@pytest.fixture
def mine(tmp_path, plugins, monkeypatch):
    (tmp_path / "my_objectives.py").write_text(MORE)
    monkeypatch.syspath_prepend(tmp_path)


@pytest.mark.parametrize(
    ("claim", "told"),
    [
        ("klz of VAE at step 2 > 0", "'VAE' logs no 'klz' (did you mean 'kl_z'?); its learning"),
        ("kl_z of ?AE at step 2 > 0", "'WAE' logs no 'kl_z'; its learning curve has: step, loss, "),
        ("loss of WAE at step 2 > validation of WAE at step 2", "'WAE' logs no 'validation'"),
        ("nmi of VAE at step 2 > 0", "'VAE' logs no 'nmi'"),
        ("seed of VAE at step 2 > 0", "'VAE' logs no 'seed'"),
        ("divergence of WAE at step 2 > 3 * validation of VAE at step 2", None),
        ("nmi of VAE > accuracy of VAE at step 4", None),
        ("more of mine at step 2 > 0", None),  # nobody knows its terms
        ("shared of copies at step 2 > 0", "'copies' logs no 'shared' (did you mean 'shared_"),
        ("shared_information of copies at step 2 > kl_k of copies at step 2", None),
    ],
)
def test_columns_are_checked_before_training(load, mine, claim, told):
    suite = load(f"{ROWS}claims: ['loss of VAE at step 2 > 0', '{claim}']\n")
    if told is None:
        assert len(resolve(suite, suite.runs)) == 5
        return
    with pytest.raises(InputError) as error:
        resolve(suite, suite.runs)
    assert "suite.yaml:" in error.value.message
    assert f"claims[1]: {told}" in error.value.message


def test_rows_that_this_call_leaves_out_are_not_asked(load):
    """Their parts may not be there."""
    rows = ROWS.replace("my_objectives:More", "not_there:More")
    suite = load(f"{rows}claims: ['more of mine at step 2 > 0']\n")
    assert len(resolve(suite, [run for run in suite.runs if run.label == "VAE"])) == 1


def test_a_curve_has_the_columns_that_are_told(load, run_main, tmp_path):
    suite = load(ROWS.replace('  - {label: mine, objective: "my_objectives:More"}\n', ""))
    assert run_main(suite.file.path, "--out", tmp_path / "out")[0] == 0
    configs = {run.label: run.config for run in suite.runs}
    for path in (tmp_path / "out").glob("runs/*/curves.csv"):
        heading = path.read_text().partition("\n")[0].split(",")
        names = {"shared_information": "copies", "kl_z": "VAE", "divergence": "WAE"}
        label = next(label for term, label in names.items() if term in heading)
        assert set(columns(configs[label])) == {*heading, "nll"}  # its likelihood has a BCE
