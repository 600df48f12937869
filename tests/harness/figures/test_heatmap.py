import numpy as np

from otlvm.harness.config import tell_apart
from otlvm.harness.figures.heatmap import draw_heatmap
from tests.harness.figures.drawn import all_text, config_of


def test_specs_are_named_by_what_differs():
    specs = [
        {"name": "imq_mmd", "on": "joint", "statistic": "u"},
        {"name": "imq_mmd", "on": "marginal", "statistic": "u"},
        {"name": "sinkhorn", "blur": 0.50},
        {"name": "energy"},
        {"name": "energy", "power": 1.0},
    ]
    names = ["imq_mmd on=joint", "imq_mmd on=marginal", "sinkhorn", "energy", "energy power=1"]
    assert tell_apart(specs) == names


def test_heatmap_shows_mean_and_number_and_leaves_blanks(records):
    configs = {
        "a": config_of({"name": "imq_mmd", "on": "joint"}, {"name": "mixture"}, weight=1),
        "b": config_of({"name": "imq_mmd", "on": "joint"}, {"name": "mixture"}, weight=2),
        "c": config_of("energy", "mixture", weight=1),
        "d": config_of("energy", "normal", weight=1),
        "vae": {"model": {"prior": "normal"}, "objective": {"name": "vae"}},
        "kmeans": {"model": {"prior": "normal"}, "baseline": {"name": "kmeans"}},
        "none": None,
    }
    accuracy = {label: [0.1 * place, 0.3] for place, label in enumerate(configs)}
    frame = records({label: {"accuracy": a} for label, a in accuracy.items()}, configs=configs)
    figure = draw_heatmap(frame)
    axis = figure.axes[0]
    joint = np.mean([accuracy["a"], accuracy["b"]])
    expected = [[joint, np.nan], [np.mean(accuracy["c"]), np.mean(accuracy["d"])]]
    np.testing.assert_allclose(np.ma.filled(axis.images[0].get_array(), np.nan), expected)
    cells = {text.get_position(): text.get_text() for text in axis.texts}
    assert cells == {
        (0, 0): f"{joint:.3f}\nn=4",
        (0, 1): f"{expected[1][0]:.3f}\nn=2",
        (1, 1): f"{expected[1][1]:.3f}\nn=2",
    }
    assert [label.get_text() for label in axis.get_xticklabels()] == ["mixture", "normal"]
    assert [label.get_text() for label in axis.get_yticklabels()] == ["imq_mmd", "energy"]
    title = " ".join(figure.get_suptitle().split())
    assert title == "mean accuracy (held-out), over seeds and objective.weight"
    assert draw_heatmap(frame[frame["label"] != "d"]) is None  # one prior
    assert draw_heatmap(frame[frame["label"].isin(["c", "d"])]) is None  # one divergence
    frame.loc[frame["label"] == "d", "status"] = "failed"
    assert draw_heatmap(frame) is None


def test_heatmap_shows_a_dozen_and_says_so(records):
    configs = {
        f"{i} {prior}": config_of({"name": "imq_mmd", "scale": i}, prior)
        for i in range(20)
        for prior in ("mixture", "normal")
    }
    rows = {label: {"accuracy": [int(label.split()[0]) / 100]} for label in configs}
    figure = draw_heatmap(records(rows, configs=configs))
    shown = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert shown == [f"imq_mmd scale={i}" for i in range(8, 20)]
    assert "the 12 best of 20 divergences" in all_text(figure)
