import itertools

import pytest

from otlvm.harness.config import as_mapping, assignments, merge, set_field, show_value
from otlvm.harness.job import Limits
from otlvm.harness.messages import InputError, show_path
from otlvm.harness.planning.code import code_identities
from otlvm.harness.planning.parts import prepare
from otlvm.harness.store.record import run_id
from otlvm.harness.suite.load import load_suite
from otlvm.harness.suite.yaml import YamlFile, parse

WAE = "runs:\n  - {label: row, objective: {name: wae, divergence: imq_mmd}}\n"


@pytest.fixture
def load(write_suite):
    def load(added, overrides=None, **changes):
        return load_suite(write_suite(added, **changes), overrides)

    return load


def get(run, path):
    value = run.config
    for key in path.split("."):
        value = value[key]
    return value


# expansion


def test_the_suite_s_sections_reach_every_run(load):
    suite = load(WAE + "baselines: [kmeans]\nseeds: [3, 1]\n")
    assert suite.name == "tiny"
    assert [(run.label, run.seed) for run in suite.runs] == [
        *(("row", 3), ("row", 1)),
        *(("kmeans", 3), ("kmeans", 1)),
    ]
    trained, *_, clustered = suite.runs
    assert trained.config == {
        "data": {"name": "digits"},
        "model": {
            "network": {"name": "mlp", "hidden": [16], "component_hidden": [8]},
            "prior": {"name": "gaussian_mixture", "components": 3, "dim": 2},
        },
        "objective": {"name": "wae", "divergence": "imq_mmd"},
        "train": {
            "steps": 4,
            "batch_size": 32,
            "learning_rate": 5e-4,
            "eval_every": 2,
            "eval_at": [],
            "snapshots": [],
            "compile": False,
            "start": {"name": "moments", "steps": 2},
        },
    }
    assert clustered.config == {
        "data": trained.config["data"],
        "model": trained.config["model"],
        "baseline": {"name": "kmeans"},
    }


def test_name_of_the_file(load):
    assert load(WAE, **{"name: tiny\n": ""}).name == "suite"
    assert load(WAE, {"name": "other"}).name == "other"


def test_grid_order_and_values(load):
    suite = load(
        "runs:\n"
        "  - label: first\n"
        "    objective: vae\n"
        "  - label: '{weight} {steps}'\n"
        "    objective: {name: wae, divergence: imq_mmd}\n"
        "    grid: {objective.weight: [10, 1.5, 1e-3], train.steps: [5, 6]}\n"
        "seeds: [0, 1]\n"
    )
    rows = suite.runs[2:]
    assert [(run.label, run.seed) for run in rows] == [
        (f"{weight} {steps}", seed)
        for weight, steps, seed in itertools.product(["10", "1.5", "0.001"], [5, 6], [0, 1])
    ]
    assert [(get(run, "objective.weight"), get(run, "train.steps")) for run in rows[::2]] == [
        *((10, 5), (10, 6), (1.5, 5), (1.5, 6), (1e-3, 5), (1e-3, 6))
    ]
    assert {run.config["objective"]["name"] for run in suite.runs[:2]} == {"vae"}


@pytest.mark.parametrize(
    ("label", "shown"),
    [
        ("'{blur}'", "0.5"),
        ("'{objective.divergence.blur}'", "0.5"),
        ("'{start.steps}'", None),
        ("'{train.start.steps} of {train.steps}'", "2 of 3"),
        ("'blur={blur}, again {blur}'", "blur=0.5, again 0.5"),
        ("null", "wae sinkhorn blur=0.5 steps=3 steps=2"),
    ],
)
def test_labels(load, label, shown):
    added = (
        f"runs:\n  - label: {label}\n    objective: {{name: wae, divergence: sinkhorn}}\n"
        "    grid:\n"
        "      objective.divergence: [{name: sinkhorn}]\n"
        "      objective.divergence.blur: [0.5]\n"
        "      train.steps: [3]\n"
        "      train.start.steps: [2]\n"
    )
    if shown is None:
        with pytest.raises(InputError, match="unknown field"):
            load(added)
    else:
        run = load(added).runs[0]
        assert run.label.replace("divergence=sinkhorn ", "") == shown


def test_label_of_a_field_that_is_a_spec(load):
    suite = load(
        "runs:\n  - label: '{divergence}, {network}'\n    objective: wae\n    grid:\n"
        "      objective.divergence: [imq_mmd, {name: sinkhorn, blur: 1.0}]\n"
        "      model.network: [{name: mlp, hidden: [8]}]\n"
    )
    assert [run.label for run in suite.runs] == ["imq_mmd, mlp", "sinkhorn, mlp"]
    assert get(suite.runs[1], "objective.divergence") == {"name": "sinkhorn", "blur": 1.0}
    assert {str(get(run, "model.network.hidden")) for run in suite.runs} == {"[8]"}


def test_grid_over_whole_sections(load):
    suite = load(
        "runs:\n  - grid: {objective: [vae, {name: wae, divergence: imq_mmd}], data: [mnist_5k]}\n"
    )
    assert [run.config["objective"] for run in suite.runs] == [
        {"name": "vae"},
        {"name": "wae", "divergence": "imq_mmd"},
    ]
    assert suite.runs[0].config["data"] == {"name": "mnist_5k"}


def test_suite_grid_and_entry_grid(load):
    suite = load(
        "grid: {train.steps: [5, 6], model.prior.dim: [2]}\n"
        "runs:\n"
        "  - {label: 'a {steps}', objective: vae}\n"
        "  - {label: 'b {steps} {beta}', objective: vae, "
        "grid: {train.steps: [7], objective.beta: [1, 2]}}\n"
    )
    assert [run.label for run in suite.runs] == ["a 5", "a 6", "b 7 1", "b 7 2"]
    assert [get(run, "train.steps") for run in suite.runs] == [5, 6, 7, 7]


# merging


def test_an_entry_changes_single_fields(load):
    suite = load(
        "objective: {name: wae, weight: 7, divergence: {name: sinkhorn, blur: 0.3}}\n"
        "runs:\n"
        "  - {label: a, objective: {weight: 8}}\n"
        "  - {label: b, objective: {divergence: {blur: 0.4}}, train: {start: {steps: 9}}}\n"
        "  - {label: c, objective: {divergence: imq_mmd}, model: {prior: {components: 2}}}\n"
        "  - {label: d, objective: {name: wae, divergence: {name: rbf_mmd}}}\n"
        "  - {label: e, objective: {name: vae}, model: {prior: standard_normal}}\n"
        "  - {label: f}\n",
    )
    a, b, c, d, e, f = suite.runs
    sinkhorn = {"name": "sinkhorn", "blur": 0.3}
    assert a.config["objective"] == {"name": "wae", "weight": 8, "divergence": sinkhorn}
    assert b.config["objective"]["divergence"] == {"name": "sinkhorn", "blur": 0.4}
    assert b.config["train"]["start"] == {"name": "moments", "steps": 9}
    assert b.config["train"]["batch_size"] == 32
    assert c.config["objective"] == {"name": "wae", "weight": 7, "divergence": "imq_mmd"}
    assert get(c, "model.prior") == {"name": "gaussian_mixture", "components": 2, "dim": 2}
    assert d.config["objective"] == {
        "name": "wae",
        "weight": 7,
        "divergence": {"name": "rbf_mmd"},
    }
    assert e.config["objective"] == {"name": "vae"}
    assert get(e, "model.prior") == {"name": "standard_normal"}
    assert get(e, "model.network.hidden") == [16]
    assert f.config["objective"]["divergence"] == sinkhorn


@pytest.mark.parametrize(
    ("base", "change", "merged"),
    [
        ("imq_mmd", {"scales": [1]}, {"name": "imq_mmd", "scales": [1]}),
        ("imq_mmd", {"name": "imq_mmd", "base": "prior"}, {"name": "imq_mmd", "base": "prior"}),
        ("imq_mmd", {"name": "sinkhorn"}, {"name": "sinkhorn"}),
        ({"name": "a", "x": 1}, {"name": "a", "y": 2}, {"name": "a", "x": 1, "y": 2}),
        ({"name": "a", "x": 1}, {"name": "b", "y": 2}, {"name": "b", "y": 2}),
        ({"name": "a", "x": 1}, {"x": None}, {"name": "a", "x": None}),
        ({"x": {"y": 1, "z": 2}}, {"x": {"y": 3}}, {"x": {"y": 3, "z": 2}}),
        ({"x": [1, 2]}, {"x": [3]}, {"x": [3]}),
        ({"name": "a", "x": 1}, "a", "a"),
        (None, {"x": 1}, {"x": 1}),
    ],
)
def test_merge(base, change, merged):
    before = repr(base), repr(change)
    assert merge(base, change) == merged
    assert (repr(base), repr(change)) == before


def test_set_field_changes_a_copy():
    config = {"a": {"b": {"c": 1}, "d": 2}, "e": "name"}
    assert set_field(config, "a.b.c", 5) == {"a": {"b": {"c": 5}, "d": 2}, "e": "name"}
    assert set_field(config, "e.f", 5)["e"] == {"name": "name", "f": 5}
    assert set_field(config, "new.field", 5)["new"] == {"field": 5}
    assert config == {"a": {"b": {"c": 1}, "d": 2}, "e": "name"}


def test_small_helpers():
    assert as_mapping("vae") == {"name": "vae"}
    assert as_mapping(["vae"]) == ["vae"]
    assert list(assignments({})) == [{}]
    shown = [1, 0.1, 1e-7, 20.0, True, [1], {"name": "imq_mmd", "scales": [1]}]
    assert [show_value(value) for value in shown] == [
        *("1", "0.1", "1e-07", "20", "True", "[1]", "imq_mmd")
    ]


# --set and seeds


def test_set_has_the_last_word(load):
    suite = load(
        "runs:\n  - {label: a, objective: vae, train: {steps: 7}}\n"
        "  - {label: 'b {steps}', objective: vae, grid: {train.steps: [8]}}\n"
        "baselines: [kmeans]\n",
        {"train.steps": 9, "model.prior.components": 2, "data": "mnist_5k"},
    )
    assert [get(run, "train.steps") for run in suite.runs[:2]] == [9, 9]
    assert [get(run, "model.prior.components") for run in suite.runs] == [2, 2, 2]
    assert [run.config["data"] for run in suite.runs] == [{"name": "mnist_5k"}] * 3


@pytest.mark.parametrize(
    ("field", "value", "path", "result"),
    [
        ("model.prior", "standard_normal", "model.prior", {"name": "standard_normal"}),
        ("model", {"prior": "standard_normal"}, "model.network", {"name": "mlp"}),
        ("data", {"name": "digits", "split_seed": 3}, "data.split_seed", 3),
        ("data.split_seed", 3, "data", {"name": "digits", "split_seed": 3}),
    ],
)
def test_set_reaches_baselines_as_it_reaches_runs(load, field, value, path, result):
    suite = load(WAE + "baselines: [kmeans]\n", {field: value})
    assert [get(run, path) for run in suite.runs] == [result, result]


def test_seeds_of_an_entry(load):
    added = (
        "runs:\n  - {label: a, objective: vae, seeds: [5]}\n  - {label: b, objective: vae}\n"
        "seeds: [0, 1]\n"
    )
    assert [(run.label, run.seed) for run in load(added).runs] == [("a", 5), ("b", 0), ("b", 1)]


def test_set_seeds_has_the_last_word(load):
    added = (
        "runs:\n  - {label: a, objective: vae, seeds: [5]}\n  - {label: b, objective: vae}\n"
        "seeds: [0, 1]\nbaselines: [kmeans]\n"
    )
    suite = load(added, {"seeds": [2]})
    assert [(run.label, run.seed) for run in suite.runs] == [("a", 2), ("b", 2), ("kmeans", 2)]


@pytest.mark.parametrize(
    ("text", "seconds"), [("90 s", 90), ("5min", 300), ("1.5 h", 5400), ("0.5 s", 0.5)]
)
def test_durations(load, text, seconds):
    suite = load(WAE + f"execution: {{timeout: {text}, checkpoint_every: {text}}}\n")
    assert suite.limits.timeout == suite.limits.checkpoint_seconds == seconds


def test_limits_decide_no_result(load):
    plain = load(WAE)
    limited = load(WAE, {"execution.checkpoint_every": 7, "execution.memory_mb": 4000})
    assert plain.limits == Limits(None, None, None, 60.0)
    assert limited.limits == Limits(None, 4000, 7, None)
    assert identities(plain) == identities(limited)


@pytest.mark.parametrize(
    "section", ["{timeout: 5}", "{timeout: 5 days}", "{checkpoint_every: 0}", "{timout: 5 s}"]
)
def test_wrong_limits(load, section):
    with pytest.raises(InputError, match=r"suite\.yaml:\d+: execution\."):
        load(WAE + f"execution: {section}\n")


# identity


def identity(run, data="data", code="code"):
    return run_id({"config": run.config, "seed": run.seed, "data_checksum": data, "code": code})


def identities(suite):
    codes = code_identities(run.config for run in suite.runs)
    pairs = zip(suite.runs, codes, strict=True)
    return {(run.label, run.seed): identity(run, code=code) for run, code in pairs}


ROWS = [
    "  - {label: a, objective: {name: wae, weight: 1, divergence: imq_mmd}}\n",
    "  - {label: b, objective: {name: vae, beta: 2}}\n",
]


def test_identity_ignores_order_and_labels(load):
    one = identities(load("runs:\n" + "".join(ROWS) + "seeds: [0, 1]\n"))
    assert len(set(one.values())) == 4
    assert identities(load("seeds: [1, 0]\nruns:\n" + "".join(ROWS[::-1]))) == one
    relabelled = identities(
        load(
            "runs:\n  - {label: x, objective: {beta: 2, name: vae}}\n"
            "  - {label: y, grid: {objective.weight: [1]}, "
            "objective: {divergence: imq_mmd, name: wae}}\n",
            **{"name: tiny": "name: other", "data: digits": "data: {name: digits}"},
        )
    )
    assert relabelled == {("x", 0): one["b", 0], ("y", 0): one["a", 0]}


@pytest.mark.parametrize(
    "changes",
    [
        {"imq_mmd": "sinkhorn"},
        {"imq_mmd}": "imq_mmd, weight: 1}"},
        {"imq_mmd": "{name: imq_mmd, base: prior}"},
        {"{steps: 4": "{steps: 5"},
        {"moments, steps: 2": "moments, steps: 3"},
        {"eval_every: 2": "eval_every: 2, learning_rate: 0.001"},
        {"hidden: [16]": "hidden: [17]"},
        {"components: 3": "components: 2"},
        {"data: digits": "data: {name: digits, split_seed: 1}"},
        {"name: mlp": "name: paper_conv", "hidden: [16], ": ""},
        {"label: row": "label: row, seeds: [1]"},
    ],
    ids=str,
)
def test_identity_depends_on_every_field(load, changes):
    (one,) = identities(load(WAE)).values()
    (two,) = identities(load(WAE, **changes)).values()
    assert one != two


def test_identity_depends_on_data_and_code(load):
    (run,) = load(WAE).runs
    assert len({identity(run, "a", "b"), identity(run, "a", "c"), identity(run, "b", "b")}) == 3


@pytest.mark.parametrize(
    "divergence", ["own_gap:make", "{name: 'own_gap:make'}"], ids=["name", "mapping"]
)
def test_identity_depends_on_the_code_of_plugins(load, tmp_path, plugins, monkeypatch, divergence):
    monkeypatch.syspath_prepend(tmp_path)
    module = tmp_path / "own_gap.py"
    module.write_text("from otlvm.divergences import Sinkhorn as make\n")
    suite = load(WAE, imq_mmd=divergence)
    prepare(suite.runs)
    before = identities(suite)
    assert identities(suite) == before
    module.write_text(module.read_text() + "# another version\n")
    assert identities(suite) != before


def test_identity_ignores_the_code_of_other_plugins(load, tmp_path, plugins, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    before = identities(load(WAE))
    (tmp_path / "own_gap.py").write_text("from otlvm.divergences import Sinkhorn as make\n")
    assert identities(load(WAE)) == before


# lines


TEXT = """\
# a comment
data: digits
runs:
  - label: a
    objective: {name: wae,
      divergence: {name: imq_mmd}}

  - label: b
    grid: {objective.beta: [1,
      2]}
"""


@pytest.mark.parametrize(
    ("path", "found", "line"),
    [
        (("data",), ("data",), 2),
        (("runs",), ("runs",), 3),
        (("runs", 0), ("runs", 0), 4),
        (("runs", 0, "objective", "name"), ("runs", 0, "objective", "name"), 5),
        (
            ("runs", 0, "objective", "divergence", "scales"),
            ("runs", 0, "objective", "divergence"),
            6,
        ),
        (("runs", 1), ("runs", 1), 8),
        (("runs", 1, "grid", "objective.beta", 1), ("runs", 1, "grid", "objective.beta", 1), 10),
        (("runs", 2, "label"), ("runs",), 3),
        (("data", "name"), ("data",), 2),
    ],
)
def test_lines_of_keys(tmp_path, path, found, line):
    (tmp_path / "a.yaml").write_text(TEXT)
    assert YamlFile(tmp_path / "a.yaml").find(path) == (found, line)


@pytest.mark.parametrize("path", [(), ("train",), (0,)])
def test_no_line(tmp_path, path):
    (tmp_path / "a.yaml").write_text(TEXT)
    assert YamlFile(tmp_path / "a.yaml").find(path) is None


def test_show_path():
    assert show_path(("runs", 1, "objective", "beta")) == "runs[1].objective.beta"
    assert show_path(()) == ""


@pytest.mark.parametrize("word", ["on", "off", "yes", "no", "y"])
def test_only_true_and_false_are_truth_values(word):
    assert parse(f"{word}: {word}") == {word: word}
    assert parse("a: true\nb: False") == {"a": True, "b": False}


def test_baselines_are_told_apart_by_their_parameters(load):
    suite = load("baselines: [kmeans, {name: kmeans, n_init: 3}]\n")
    assert [run.label for run in suite.runs] == ["kmeans", "kmeans n_init=3"]


def test_one_label_stands_for_several_data_sets(load):
    suite = load(
        "grid: {data: [digits, {name: npz, path: a.npz}, {name: npz, path: b.npz}]}\n"
        "seeds: [0, 1]\n" + WAE + "baselines: [kmeans]\n"
    )
    assert len(suite.runs) == 12
    by_label = {run.label: (run.method, run.data) for run in suite.runs}
    assert by_label == {
        f"{method}, {data}": (method, data)
        for method in ("row", "kmeans")
        for data in ("digits", "npz path=a.npz", "npz path=b.npz")
    }
    assert {run.config["data"]["name"] for run in suite.runs} == {"digits", "npz"}


def test_a_label_of_one_data_set_stays_as_it_is(load):
    runs = load(WAE + "  - {label: other, data: mnist_5k, objective: vae}\n").runs
    assert [(run.label, run.method, run.data) for run in runs] == [
        ("row", "row", "digits"),
        ("other", "other", "mnist_5k"),
    ]


def test_an_entry_may_be_a_baseline(load):
    entry = "runs:\n  - {label: pixels, baseline: kmeans, data: mnist_5k, seeds: [4]}\n"
    (run,) = load(entry).runs
    assert (run.label, run.seed, run.config["baseline"]) == ("pixels", 4, {"name": "kmeans"})
    assert run.config["data"] == {"name": "mnist_5k"}
    assert "objective" not in run.config
    with pytest.raises(InputError, match=r"runs\[0\].train: a baseline has no 'train'"):
        load("runs:\n  - {baseline: kmeans, train: {steps: 3}}\n")


def test_a_label_stands_for_one_config(load):
    entry = "  - {label: row, objective: vae, seeds: [1]}\n"
    with pytest.raises(InputError, match=r"label 'row' is also that of runs\[0\], whose config"):
        load("seeds: [0]\n" + WAE + entry)
    same = "  - {label: row, objective: {name: wae, divergence: imq_mmd}, seeds: [1]}\n"
    assert [run.seed for run in load("seeds: [0]\n" + WAE + same).runs] == [0, 1]


# figures


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
