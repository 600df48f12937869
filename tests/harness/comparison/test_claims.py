import pandas as pd
import pytest
from scipy import stats

from otlvm.harness.comparison.claims import check_claim
from otlvm.harness.comparison.records import read_records
from otlvm.harness.messages import InputError
from otlvm.harness.suite.claims_section import parse_claim
from otlvm.harness.suite.load import load_suite
from otlvm.harness.tables.layout import lay_out_claims
from otlvm.harness.tables.write import views_of

NOISE = (0.0, 0.02, -0.01, 0.01)


def row(mean, bce=100.0, seeds=4):
    """Seeds around a mean."""
    return [{"accuracy": mean + e, "bce": bce + 20 * e} for e in NOISE[:seeds]]


@pytest.fixture
def outcome(commit):
    def check(text, rows):
        return check_claim(parse_claim(text), read_records(commit(rows)))

    return check


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("accuracy of a >= 0.65", "holds"),
        ("accuracy of a > 0.65", "holds"),
        ("accuracy of a < 0.65", "fails"),
        ("accuracy of a < 0.71", "undecided"),
        ("accuracy of a > 0.71", "undecided"),
        ("accuracy of a > accuracy of b", "holds"),
        ("accuracy of a <= accuracy of b", "fails"),
        ("bce of a < bce of b", "holds"),
        ("accuracy of b, beta=1 < accuracy of a", "holds"),
    ],
)
def test_verdicts(outcome, text, verdict):
    rows = {"a": row(0.7, 80), "b": row(0.5, 90), "b, beta=1": row(0.2)}
    assert outcome(text, rows).verdict == verdict


def test_the_test_is_that_of_scipy(outcome):
    found = outcome("accuracy of a > 0.69", {"a": row(0.7)})
    p_value = stats.ttest_1samp([0.7 + e for e in NOISE], 0.69).pvalue
    assert p_value > 0.05
    assert found.verdict == "undecided"
    assert (found.n, found.left) == (4, pytest.approx(0.705))


def test_pairs_are_compared_seed_by_seed(outcome):
    one = [{"accuracy": a} for a in (0.1, 0.5, 0.9)]
    two = [{"accuracy": a} for a in (0.12, 0.521, 0.92)]
    assert stats.ttest_ind([0.1, 0.5, 0.9], [0.12, 0.521, 0.92]).pvalue > 0.9
    assert outcome("accuracy of b > accuracy of a", {"a": one, "b": two}).verdict == "holds"


def test_only_shared_and_finished_seeds_count(outcome):
    one = [{"accuracy": 0.5}, ("failed", "x"), {"accuracy": 0.6}]
    two = [{"accuracy": 0.4}, {"accuracy": 0.9}]
    found = outcome("accuracy of a > accuracy of b", {"a": one, "b": two})
    assert (found.verdict, found.n, found.left, found.right) == ("holds", 1, 0.5, 0.4)


def test_with_few_seeds_the_means_decide(outcome):
    assert outcome("accuracy of a > 0.69", {"a": row(0.7, seeds=2)}).verdict == "holds"
    assert outcome("accuracy of a > 0.72", {"a": row(0.7, seeds=2)}).verdict == "fails"


def test_a_pattern_stands_for_all_rows_that_match(outcome):
    rows = {"beta=1": row(0.1), "beta=2": row(0.3), "other": row(0.9)}
    assert outcome("accuracy of beta=* < 0.4", rows).verdict == "holds"
    worst = outcome("accuracy of beta=* < 0.2", rows)
    assert (worst.verdict, worst.rows) == ("fails", "beta=2")
    for text, rows_shown in (
        ("accuracy of * < 0.05", "other"),  # all fail, by more and more
        ("accuracy of * > 0.95", "beta=1"),
        ("accuracy of * > 0.05", "beta=1"),  # all hold, this one just so
        ("accuracy of * < 0.99", "other"),
    ):
        assert outcome(text, rows).rows == rows_shown, text
    assert outcome("accuracy of a* > 0.5", {"a": [None], "ab": row(0.6)}).rows == "a"
    assert outcome("accuracy of other > accuracy of *", rows).verdict == "holds"  # not with itself


@pytest.mark.parametrize(
    ("text", "verdict"), [("nmi of a >= 1", "holds"), ("nmi of a > 1", "fails")]
)
def test_equal_values_are_told(outcome, text, verdict):
    assert outcome(text, {"a": [{"nmi": 1.0}] * 3}).verdict == verdict


def test_what_was_not_measured_is_undecided(outcome):
    found = outcome("bce of a < 3", {"a": [{"accuracy": 0.5}], "b": [None]})
    assert (found.verdict, found.n) == ("undecided", 0)
    assert outcome("accuracy of b > accuracy of a", {"a": row(0.1), "b": [None]}).n == 0


def test_rows_are_compared_within_a_data_set(commit):
    rows = {"a, x": row(0.7), "b, x": row(0.6), "a, y": row(0.3), "b, y": row(0.2)}
    named = {label: {"method": label[0], "data": label[3]} for label in rows}
    records = read_records(commit(rows, named=named))
    assert check_claim(parse_claim("accuracy of a > accuracy of b"), records).verdict == "holds"
    found = check_claim(parse_claim("accuracy of a > 0.5"), records)
    assert (found.verdict, found.rows) == ("fails", "a, y")


CURVES = pd.DataFrame(
    {
        "label": ["a"] * 6 + ["b"] * 2,
        "seed": [0, 0, 1, 1, 2, 2, 0, 1],
        "step": [1, 10, 1, 10, 1, 10, 10, 10],
        "kl_z": [1.0, 50.0, 1.1, 55.0, 1.2, 60.0, 1.0, 2.0],
        "reconstruction": [0.1, 0.2, 0.1, 0.2, 0.1, 0.21, 0.3, 0.3],
    }
)


@pytest.mark.parametrize(
    ("text", "verdict", "left", "right"),
    [
        ("kl_z of a at step 10 > 20", "holds", 55, 20),
        ("kl_z of a at step 10 > kl_z of a at step 1", "holds", 55, 1.1),
        ("kl_z of a at step 10 > 100 * reconstruction of a at step 10", "holds", 55, 61 / 3),
        ("kl_z of a at step 10 < 1e2 * reconstruction of a at step 10", "fails", 55, 61 / 3),
        ("kl_z of b at step 10 < kl_z of a at step 10", "holds", 1.5, 52.5),
        ("kl_z of * at step 10 > 1.4", "holds", 1.5, 1.4),
    ],
)
def test_claims_about_steps(commit, text, verdict, left, right):
    records = read_records(commit({"a": row(0.7, seeds=3), "b": row(0.5, seeds=2)}))
    found = check_claim(parse_claim(text), records, CURVES)
    assert found.verdict == verdict
    assert (found.left, found.right) == (pytest.approx(left), pytest.approx(right))


@pytest.mark.parametrize("text", ["kl_z of a at step 3 > 1", "kl_x of a at step 1 > 1"])
def test_what_no_curve_has_is_undecided(commit, text):
    found = check_claim(parse_claim(text), read_records(commit({"a": row(0.7)})), CURVES)
    assert (found.verdict, found.n) == ("undecided", 0)


def test_curves_of_runs_that_failed_do_not_count(commit):
    rows = {"a": [{"accuracy": 0.5}, ("failed", "x"), {"accuracy": 0.5}]}
    found = check_claim(parse_claim("kl_z of a at step 10 > 0"), read_records(commit(rows)), CURVES)
    assert (found.n, found.left) == (2, 55)


def test_claims_about_steps_read_the_curves_of_a_suite(run_main, write_suite, tmp_path):
    steps = "kl_k of vae at step 1 < 3, loss of vae at step 4 < 0.5 * loss of vae at step 1"
    runs = "runs: [{objective: vae, train: {eval_at: [1]}}]"
    suite = write_suite(f"{runs}\nclaims: [{steps}]\n")
    assert run_main(suite, "--out", tmp_path)[0] == 0
    curves = pd.read_csv(next(tmp_path.glob("runs/*/curves.csv")), index_col="step")
    text = (tmp_path / "table.md").read_text()
    assert f"| holds | {curves.loc[1, 'kl_k']:.4g} | 3 | 1 | vae |" in text
    assert curves.loc[4, "loss"] > 0.5 * curves.loc[1, "loss"]
    half = 0.5 * curves.loc[1, "loss"]
    assert f"| fails | {curves.loc[4, 'loss']:.4g} | {half:.4g} | 1 | vae |" in text


@pytest.mark.parametrize("text", ["accuracy of a", "a < 3", "accuracy of a = 3", "accuracy a < 3"])
def test_what_is_no_claim(text):
    with pytest.raises(ValueError, match="expected '<metric> of <label>"):
        parse_claim(text)


BAD = [
    ("[accuracy of kmeans < x]", "expected '<metric> of"),
    ("[acuracy of kmeans < 3]", "did you mean 'accuracy'"),
    ("[accuracy of kmean < 3]", "did you mean 'kmeans'"),
    ("[accuracy of kmeans < bce of nobody]", "no row is 'nobody'"),
    ("[accuracy of kmeans at step 2 < 3]", "'kmeans' is a baseline: it has no learning curve"),
    ("[kl_z of vae at step 3 < 3]", "logs no step 3: name a multiple of 2 up to 4, or add it to"),
    ("[kl_z of vae at step 6 < 3]", "logs no step 6"),
]


@pytest.mark.parametrize(("claims", "told"), BAD)
def test_mistakes_are_told_before_any_training(write_suite, claims, told):
    with pytest.raises(InputError) as error:
        load_suite(write_suite(f"runs: [objective: vae]\nbaselines: [kmeans]\nclaims: {claims}\n"))
    assert "suite.yaml:9: claims[0]: " in error.value.message
    assert told in error.value.message


def test_claims_reach_the_tables(commit):
    claims = ["accuracy of a > 0.65", "bce of a < bce of b"]
    store = commit({"a": row(0.7, 80), "b": row(0.5, 70)}, claims=claims)
    view = views_of(store, read_records(store))[0][1]
    assert view == lay_out_claims(claims, read_records(store))
    shown = [[cell.text for cell in line] for line in view.groups[0].rows]
    assert shown == [
        ["accuracy of a > 0.65", "holds", "0.705", "0.65", "4", "a"],
        ["bce of a < bce of b", "fails", "80.1", "70.1", "4", "a and b"],
    ]
