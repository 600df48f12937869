"""Bad input of a suite file is refused with file, key and remedy."""

import pytest

from otlvm.harness.suite.load import load_suite

ROW = "runs:\n  - label: row\n    objective: {name: wae, divergence: imq_mmd}\n"
DIVERGENCE = "runs:\n  - label: row\n    objective:\n      name: wae\n      divergence: "
LAUGHS = "&a0 [lol], " + ", ".join(
    f"&a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 10)
)
"""A few lines whose aliases stand for millions of values."""


@pytest.mark.parametrize(
    ("added", "changes", "at", "path", "remedy"),
    [
        (ROW + "sedes: [0]\n", {}, "sedes", "sedes: ", "did you mean 'seeds'?"),
        (ROW, {"train: {steps": "train: {stpes"}, "train:", "train.stpes: ", "'steps'?"),
        (ROW, {"moments, steps": "moments, step"}, "train:", "train.start.step: ", "steps"),
        (ROW, {"  prior": "  pior"}, "  pior", "model.pior: ", "did you mean 'prior'?"),
        (ROW, {"label: row": "lable: row"}, "lable", "runs[0].lable: ", "did you mean 'label'?"),
        (
            ROW + "    train: {step: 5}\n",
            {},
            "train: {step: 5",
            "runs[0].train.step: ",
            "did you mean 'steps'?",
        ),
        (
            ROW + "    grid: {objective.wieght: [1]}\n",
            {},
            "grid",
            "runs[0].grid.objective.wieght: ",
            "did you mean 'weight'?",
        ),
        (
            ROW + "    grid: {trian.steps: [1]}\n",
            {},
            "  - label",
            "trian",
            "did you mean 'train'?",
        ),
    ],
    ids=["suite", "train", "start", "model", "entry", "entry's train", "grid", "grid's root"],
)
def test_unknown_keys(refuse, write_suite, added, changes, at, path, remedy):
    refuse(write_suite(added, **changes), path, remedy, at=at)


@pytest.mark.parametrize(
    ("added", "at", "path", "remedy"),
    [
        ("    grid: {objective.wieght: [1, 2]}\n", "    grid", "runs[0].grid.objective.wieght: ",
         "'weight'?"),
        ("    grid: {objective.divergence.scls: [[1], [2]]}\n", "    grid",
         "runs[0].grid.objective.divergence.scls: ", "'scales'?"),
        ("    grid:\n      objective.divergence: [{name: energy, onn: joint}, energy]\n",
         "      objective.div", "runs[0].grid.objective.divergence.onn: ", "'on'?"),
        ("grid: {model.prior.dmi: [2, 3]}\n", "grid", "grid.model.prior.dmi: ", "'dim'?"),
        ("grid: {data: [digits, {name: digits, split_sed: 1}]}\n", "grid",
         "grid.data.split_sed: ", "'split_seed'?"),
        ("  - {label: row, objective: {name: wae, divergence: imq_mmd, wieght: 2}}\n",
         "  - {label: row", "runs[1].objective.wieght: ", "'weight'?"),
    ],
)  # fmt: skip
def test_a_mistyped_field_is_told_before_the_labels_that_it_repeats(
    refuse, write_suite, added, at, path, remedy
):
    refuse(write_suite(ROW + added), path, f"did you mean {remedy}", at=at)


@pytest.mark.parametrize(
    ("added", "path", "form"),
    [
        ("baselines: [{name: gmm, label: X}]\n", "baselines[0].label",
         "runs: [{label: X, baseline: gmm}]"),
        ("baselines: [{name: kmeans, n_init: 2, seed: 3}]\n", "baselines[0].seed",
         "runs: [{seeds: [3], baseline: {name: kmeans, n_init: 2}}]"),
        ("runs: [{baseline: {name: gmm, label: X}}]\n", "runs[0].baseline.label",
         "runs: [{label: X, baseline: ...}]"),
        ("runs: [{objective: {name: vae, seeds: [1]}}]\n", "runs[0].objective.seeds",
         "runs: [{seeds: [1], objective: ...}]"),
        (DIVERGENCE + "{name: energy, label: X}\n", "runs[0].objective.divergence.label",
         "runs: [{label: X, objective: ...}]"),
        ("runs: [{objective: vae, train: {seed: 3}}]\n", "runs[0].train.seed",
         "runs: [{seeds: [3], train: ...}]"),
        ("runs: [{objective: vae, model: {label: X}}]\n", "runs[0].model.label",
         "runs: [{label: X, model: ...}]"),
        ("runs: [{objective: vae, data: {seed: 3}}]\n", "runs[0].data.seed",
         "runs: [{seeds: [3], data: ...}]"),
        ("label: X\nruns: [{objective: vae}]\n", "label",
         "runs: [{label: X, objective: ...}]"),
    ],
)  # fmt: skip
def test_keys_of_a_row_in_a_spec(refuse, write_suite, added, path, form):
    refuse(write_suite(added), f"{path}: ", "unknown", form)


@pytest.mark.parametrize(
    ("added", "changes", "at", "path", "remedy"),
    [
        (
            ROW,
            {"imq_mmd}": 'imq_mmd, weight: "abc"}'},
            "    objective",
            "runs[0].objective.weight: ",
            "unknown weight 'abc'",
        ),
        (ROW, {"{steps: 4": "{steps: 1.5"}, "train:", "train.steps: ", "valid integer"),
        (ROW, {"{steps: 4": "{steps: true"}, "train:", "train.steps: ", "valid integer, got true"),
        (ROW, {"{steps: 4": "{steps: 0"}, "train:", "train.steps: ", "greater than 0, got 0"),
        (ROW + "seeds: 3\n", {}, "seeds", "seeds: ", "valid list, got 3"),
        (ROW + "seeds: []\n", {}, "seeds", "seeds: ", "at least 1 item"),
        (ROW + "seeds: [1, -1]\n", {}, "seeds", "seeds[1]: ", "greater than or equal to 0"),
        (ROW, {"label: row": "label: 5"}, "label", "runs[0].label: ", "valid string, got 5"),
        (ROW, {"components: 3": "components: [3]"}, "  prior", "model.prior.components: ", "[3]"),
        (ROW, {"hidden: [16]": "hidden: [a]"}, "  network", "model.network.hidden[0]: ", "'a'"),
        (ROW + "    objective.beta: 1\n", {}, "    objective.", "runs[0].", "unknown key"),
        ("runs: {label: row, objective: vae}\n", {}, "runs", "runs: ", "valid list"),
        ("runs: []\n", {}, None, "suite.yaml: ", "give 'runs:' or 'baselines:'"),
        ("runs: [{label: row}]\n", {}, "runs: [", "runs[0]: ", "no 'objective:'"),
        (ROW, {"data: digits": "# none"}, None, "data: ", "this key is needed"),
        (ROW, {"name: tiny": "name: a/b"}, "name", "name: ", "pattern"),
    ],
    ids=lambda value: value.strip(" :") if isinstance(value, str) and value[-2:] == ": " else "",
)
def test_wrong_types(refuse, write_suite, added, changes, at, path, remedy):
    refuse(write_suite(added, **changes), path, remedy, at=at)


@pytest.mark.parametrize(
    ("added", "changes", "at", "path", "remedy"),
    [
        (ROW, {"gaussian_mixture": "gausian_mixture"}, "  prior", "model.prior: ", "gaussian"),
        (ROW, {"imq_mmd": "imq_mdm"}, "    obj", "runs[0].objective.divergence: ", "imq_mmd"),
        (ROW, {"name: wae": "name: wea"}, "    obj", "runs[0].objective: ", "wae"),
        (ROW, {"name: mlp": "name: mpl"}, "  network", "model.network: ", "mlp"),
        (ROW, {"digits": "digit"}, "data", "data: ", "digits"),
        ("baselines: [kmean]\n", {}, "baselines", "baselines[0]: ", "kmeans"),
    ],
    ids=["prior", "divergence", "objective", "network", "dataset", "baseline"],
)
def test_unknown_names(refuse, write_suite, added, changes, at, path, remedy):
    refuse(write_suite(added, **changes), path, f"did you mean '{remedy}", "my_module:", at=at)


@pytest.mark.parametrize(
    ("divergence", "path", "remedy"),
    [
        ("{name: imq_mmd, scles: [1]}", "divergence.scles", "(did you mean 'scales'?)"),
        ("{name: imq_mmd, scales: [0]}", "divergence", "positive numbers"),
        ("{name: imq_mmd, scales: 1}", "divergence.scales", "a list, got 1"),
        ("{name: imq_mmd, base: abs}", "divergence.base", "'absolute' or 'prior'"),
        ("{name: imq_mmd, on: 2}", "divergence.on", "'marginal' or 'joint', got 2"),
        ("{scales: [1]}", "divergence", "'name'"),
        ("[imq_mmd]", "divergence", "'name'"),
        ("null", "divergence", "'name'"),
    ],
)
def test_nested_parameters(refuse, write_suite, divergence, path, remedy):
    at = "      divergence" if path == "divergence" else None
    refuse(write_suite(f"{DIVERGENCE}{divergence}\n"), f"runs[0].objective.{path}", remedy, at=at)


@pytest.mark.parametrize("number", [".nan", ".inf"])
def test_numbers_that_are_not_finite(refuse, write_suite, number):
    suite = write_suite(ROW, imq_mmd=f"imq_mmd, weight: {number}")
    refuse(suite, "runs[0].objective.weight", "finite", at="    objective")


def test_needed_parameter(refuse, write_suite):
    suite = write_suite("runs: [{label: row, objective: wae}]\n")
    refuse(suite, "runs[0].objective.divergence: ", "needs divergence", at="runs")


def test_seed_too_large(refuse, write_suite):
    refuse(write_suite(ROW + f"seeds: [{10**20}]\n"), "seeds[0]: ", at="seeds")


def test_too_few_components(refuse, write_suite):
    suite = write_suite(ROW, **{"components: 3": "components: 0"})
    refuse(suite, "model.prior: ", "components, dim, distance and sigma must be", at="  prior")


def test_duplicate_keys(refuse, write_suite):
    suite = write_suite(ROW + "data: digits\n")
    refuse(suite, "suite.yaml", "line 10: key 'data' is already on line 2")


def test_duplicate_labels(refuse, write_suite):
    suite = write_suite(ROW + "  - {label: row, objective: vae}\n")
    refuse(suite, "runs[1]: ", "'row'", "runs[0]", "name the grid's fields", at="  - {label")


def test_duplicate_labels_of_a_grid(refuse, write_suite):
    suite = write_suite(ROW + "    grid: {objective.weight: [1, 2]}\n")
    refuse(suite, "runs[0]: ", "'row'", "beta={beta}", at="  - label")


def test_a_value_is_shown_as_the_file_has_it(refuse, write_suite):
    suite = write_suite(ROW, **{"steps: 4": "steps: {name: wae, weight: [1, null]}"})
    refuse(suite, "train.steps: ", "got {name: wae, weight: [1, null]}", at="train:")
    refuse(write_suite(ROW, **{"eval_every: 2": "eval_at: [9]"}), "train: eval_at [9] lie beyond")


def test_duplicate_seeds(refuse, write_suite):
    refuse(write_suite(ROW + "seeds: [1, 1]\n"), "'row', seed 1", "give each seed once")


@pytest.mark.parametrize(("text", "value"), [("1e-3", 1e-3), ("1E3", 1e3), ("-2.e+1", -20.0)])
def test_exponents_are_numbers(write_suite, text, value):
    suite = write_suite(ROW, imq_mmd=f"imq_mmd, weight: {text}")
    assert load_suite(suite).runs[0].config["objective"]["weight"] == value


def test_batch_larger_than_the_data(refuse, write_suite):
    suite = write_suite(ROW, **{"batch_size: 32": "batch_size: 1438"})
    refuse(suite, "train.batch_size: ", "1438 is larger", "1437 images", at="train")


@pytest.mark.parametrize("label", ['"row {weigth}"', '"{row"'])
def test_unknown_field_of_a_label(refuse, write_suite, label):
    suite = write_suite(ROW + "    grid: {objective.weight: [1]}\n", row=label)
    refuse(suite, "runs[0].label: ", "known: {weight}", at="label")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("runs: [\n", "line 2"),
        ("a: 1\n b: 2\n", "line 2"),
        ("", "expected keys and values"),
        ("- 1\n", "expected keys and values"),
        ("a: 1\n---\nb: 2\n", "line 2"),
        ("a: \0\n", "suite.yaml"),
        ("data: !!python/object/apply:os.system [touch owned]\n", "line 1: only plain YAML"),
        ("data: !!python/name:os.system\n", "line 1: only plain YAML"),
        ("data: *nowhere\n", "line 1"),
        ("data: digits\nlabel: {{beta}}\n", "line 2"),
        ("? [a, b]\n: 1\n", "line 1"),
        ("data: &d {name: *d}\n", "line 1: *d stands inside &d"),
        ("data: digits\n1: a\n", "line 2: a key must be a text, not 1"),
        ("data: " + "[" * 600 + "]" * 600, "line 1: nested more than 100 deep"),
        (f"data: [{LAUGHS}]\n", "more than 2,000,000 values"),
        ("steps: 1" + "0" * 5000, "line 1: 1000"),
        ("%YAML 1.1\n---\ndata: digits\n", "line 1: %YAML 1.1"),
    ],
)
def test_bad_yaml(refuse, tmp_path, text, told):
    suite = tmp_path / "suite.yaml"
    suite.write_text(text)
    refuse(suite, str(suite), told)
    assert not (tmp_path / "owned").exists()


def test_suite_that_is_no_text(refuse, tmp_path):
    suite = tmp_path / "suite.yaml"
    suite.write_bytes(b"\xff\xfe\x80")
    refuse(suite, str(suite), "cannot be read")


def test_missing_suite(refuse, tmp_path):
    refuse(tmp_path / "suit.yaml", str(tmp_path / "suit.yaml"), "No such file")


def test_folder_as_suite(refuse, tmp_path):
    refuse(tmp_path, str(tmp_path), "cannot be read")


def test_long_messages_are_cut(refuse, write_suite):
    row = "  row{}: {{label: a row with a long label, objective: {{name: wae, divergence: imq}}}}\n"
    suite = write_suite("runs:\n" + "".join(row.format(i) for i in range(50)))
    refuse(suite, "runs: ", "valid list", at="runs:")


@pytest.mark.parametrize(
    ("changes", "added", "at", "path", "told"),
    [
        ({"digits": "npz"}, ROW, "data:", "data.path: ", "needs path"),
        ({"data: digits": "objective: {name: wae, weight: 5}\ndata: digits"},
         "runs:\n  - {label: a}\n", "objective:", "objective.divergence: ", "needs divergence"),
        ({"data: digits": "objective: {name: wae, weight: 5}\ndata: digits"},
         "runs:\n  - {label: a, objective: {cost: squared}}\n", "  - {label: a",
         "runs[0].objective.divergence: ", "needs divergence"),
        ({"start: {name: moments, steps: 2}": "start: distill"}, ROW, "train:",
         "train.start.clustering: ", "needs clustering"),
        ({}, "runs:\n  - {label: a, objective: wae}\n", "  - {label: a",
         "runs[0].objective.divergence: ", "needs divergence"),
    ],
)  # fmt: skip
def test_what_the_suite_says_for_all_is_told_where_it_stands(
    refuse, write_suite, changes, added, at, path, told
):
    refuse(write_suite(added, **changes), path, told, at=at)


TWICE = "  - {label: row, objective: vae, grid: {objective.beta: [1, 1]}}\n"
BETAS = "  - {label: row, objective: vae, grid: {objective.beta: [1, 2]}}\n"


@pytest.mark.parametrize(
    ("added", "at", "path", "told"),
    [
        (ROW + "seeds: [1, 1]\n", "seeds", "seeds: ", "seed 1 is there twice: give each seed once"),
        (ROW + "baselines: [kmeans, kmeans]\n", "baselines", "baselines[1]: ",
         "'kmeans', seed 0 is also that of baselines[0]: give one of the two another label"),
        ("runs:\n  - {label: kmeans, objective: vae}\nbaselines: [kmeans]\n", "baselines",
         "baselines[0]: ", "also that of runs[0]: give one of the two another label"),
        ("runs:\n" + TWICE, "  - {label", "runs[0]: ", "give each value of the grid once"),
        ("runs:\n" + BETAS, "  - {label", "runs[0]: ", "also that of runs[0]: name the grid's"),
    ],
)  # fmt: skip
def test_the_remedy_for_a_label_that_is_there_twice(refuse, write_suite, added, at, path, told):
    refuse(write_suite(added), path, told, at=at)


def test_a_seed_that_an_option_gives_twice_is_the_option_s(refuse, write_suite):
    refuse(write_suite(ROW), "--set seeds=[0, 0]: ", "give each seed once",
           arguments=("--set", "seeds=[0, 0]"))  # fmt: skip
