"""The suites that ship, and data of other shapes than MNIST's."""

import numpy as np
import pytest
from sklearn.datasets import load_sample_images, load_wine

from otlvm.harness.planning.columns import check_columns
from otlvm.harness.suite.load import SUITES, load_suite

FOLDER = SUITES
SUITES = sorted(FOLDER.rglob("*.yaml"))
PAPER = {"name": "gaussian_mixture", "components": 10, "dim": 10}


@pytest.mark.parametrize("path", SUITES, ids=[path.stem for path in SUITES])
def test_shipped_suites_are_whole(path):
    """Rows, claims, figures and starts fit; data and networks are checked by each run."""
    suite = load_suite(path)
    check_columns(suite, suite.runs)
    assert suite.name == path.stem
    assert len({run.label for run in suite.runs}) > 1


@pytest.mark.parametrize("name", ["paper_10d", "paper_10d_cpu", "paper_2d", "paper_2d_cpu"])
def test_the_papers_suites_compare_what_the_paper_compares(name):
    suite = load_suite(FOLDER / f"{name}.yaml")
    betas = {
        run.config["objective"].get("beta", 1)
        for run in suite.runs
        if run.config.get("objective", {}).get("name") == "vae"
    }
    assert betas == {1, 5, 10, 20, 50}
    wae = [run for run in suite.runs if run.label == "GM-WAE (IMQ)"]
    assert [run.seed for run in wae] == [0, 1, 2]
    assert wae[0].config["objective"]["divergence"] == {"name": "imq_mmd"}  # on the marginal
    prior = wae[0].config["model"]["prior"]
    assert prior == ({"name": "rotated_2d", "components": 10} if "2d" in name else PAPER)
    assert len(suite.claims) >= 9


def patches():
    """Colour patches of a flower and of a roof, and which of the two."""
    flower_and_roof = load_sample_images().images
    tiles = [
        image[top : top + 90 : 10, left : left + 70 : 10]
        for image in flower_and_roof
        for top in range(0, 320, 32)
        for left in range(0, 560, 40)
    ]
    x = np.stack(tiles).transpose(0, 3, 1, 2)
    return {"x": x, "y": np.repeat([0, 1], len(x) // 2)}


def wine():
    """Measurements of wines, scaled to [0, 1]: vectors, not images."""
    x, y = load_wine(return_X_y=True)
    return {"x": (x - x.min(0)) / np.ptp(x, axis=0), "y": y}


SMALL = """\
model:
  prior: {name: gaussian_mixture, components: 3, dim: 4}
train: {steps: 30, batch_size: 32, eval_every: 15, start: {name: moments, steps: 10}}
objective: {name: wae, divergence: imq_mmd}
runs:
  - label: the paper's
    model: {network: {name: paper_conv, encoder_filters: 4, decoder_filters: 2}}
  - label: distilled
    model: {network: {name: conv_mlp, encoder_filters: 4, hidden: [32]}}
    train:
      start:
        name: distill
        steps: 100
        clustering:
          name: gmm
          features: {name: autoencoder, dim: 4, hidden: [32], steps: 300}
"""


@pytest.mark.parametrize(("arrays", "shape"), [(patches, (3, 9, 7)), (wine, (1, 1, 13))])
def test_nothing_assumes_28_by_28(run_main, tmp_path, arrays, shape):
    """Real colour images of odd sizes and vectors, by the paper's method and the best one."""
    from otlvm.harness.comparison.records import read_records
    from otlvm.harness.store.store import Store

    np.savez(tmp_path / "own.npz", **arrays())
    data = f"data: {{name: npz, path: {tmp_path / 'own.npz'}}}"
    (tmp_path / "own.yaml").write_text(f"{data}\n{SMALL}")
    code, _, errors = run_main("own.yaml", "--out", "out", "--threads", "1")
    assert code == 0, errors
    store = Store(tmp_path / "out")
    records = read_records(store).set_index("label")
    for run_id in records["id"]:
        assert store.pictures(run_id)["interpolations"].shape[2:] == shape
    assert (tmp_path / "out" / "report.html").stat().st_size > 10_000
    assert records.loc["distilled", "accuracy_hungarian"] > 0.6  # roofs and flowers, or cultivars
