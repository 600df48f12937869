import numpy as np
import pandas as pd
import pytest
from scipy import stats

from otlvm.harness.comparison.claims import check_claims
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


def check(text, records, *curves):
    return check_claims([parse_claim(text)], records, *curves)[0]


@pytest.fixture
def outcome(commit):
    return lambda text, rows: check(text, read_records(commit(rows)))


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
    assert outcome(text, rows).outcome == verdict


def test_the_test_of_one_row_is_that_of_scipy(outcome):
    found = outcome("accuracy of a > 0.69", {"a": row(0.7)})
    expected = stats.ttest_1samp([0.7 + e for e in NOISE], 0.69, alternative="greater").pvalue
    assert found.p == pytest.approx(expected)
    assert expected > 0.05
    assert found.outcome == "undecided"
    assert (found.shown.n, found.shown.left) == (4, pytest.approx(0.705))
    assert outcome("accuracy of a < 0.69", {"a": row(0.7)}).p == pytest.approx(expected)


def test_the_test_of_two_rows_is_welchs(outcome):
    """Rows that share seeds share no luck: that one row always wins tells no more."""
    one, two = (0.1, 0.5, 0.9), (0.12, 0.521, 0.92)
    rows = {"a": [{"accuracy": a} for a in one], "b": [{"accuracy": a} for a in two]}
    found = outcome("accuracy of b > accuracy of a", rows)
    expected = stats.ttest_ind(two, one, equal_var=False, alternative="greater").pvalue
    assert found.p == pytest.approx(expected)
    assert found.outcome == "undecided"


def test_rows_are_paired_where_a_claim_says_so(outcome):
    """One starts from what the other is: each seed's gain counts, of the seeds that both have."""
    one, two = (0.1, 0.5, 0.9, 0.4), (0.12, 0.521, 0.92)
    rows = {"a": [{"accuracy": a} for a in one], "b": [{"accuracy": a} for a in two]}
    found = outcome("accuracy of b > accuracy of a, seed by seed", rows)
    expected = stats.ttest_rel(two, one[:3], alternative="greater").pvalue
    assert found.p == pytest.approx(expected)
    assert (found.outcome, found.shown.n, found.shown.rows) == ("holds", 3, "b and a")


def test_rows_need_not_share_seeds(outcome):
    rows = {"a": [*row(0.7, seeds=3), *[None] * 4], "b": [*[None] * 3, *row(0.3)]}
    found = outcome("accuracy of a > accuracy of b", rows)
    assert (found.outcome, found.shown.n) == ("holds", 3)


def test_a_row_is_compared_with_itself_seed_by_seed(outcome):
    """Two quantities of the same runs."""
    rows = {
        "a": [{"accuracy": a, "nmi": a + e} for a, e in ((0.1, 0.02), (0.5, 0.021), (0.9, 0.02))]
    }
    assert outcome("nmi of a > accuracy of a", rows).outcome == "holds"


def test_only_finished_seeds_count(outcome):
    one = [*row(0.7, seeds=3), ("failed", "x")]
    found = outcome("accuracy of a > 0.5", {"a": one})
    assert (found.outcome, found.shown.n) == ("holds", 3)


@pytest.mark.parametrize("n", [1, 2])
def test_few_seeds_decide_nothing(outcome, n):
    for text in ("accuracy of a > 0.69", "accuracy of a > 0.1", "accuracy of a > accuracy of b"):
        found = outcome(text, {"a": row(0.7, seeds=n), "b": row(0.2)})
        assert found.text == f"undecided (n = {n})"
    assert (
        outcome("accuracy of b < accuracy of a", {"a": row(0.7, seeds=n), "b": row(0.2)}).outcome
        == "undecided"
    )


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("accuracy of a > 0.4", "holds"),
        ("accuracy of a > 0.5", "fails"),
        ("accuracy of a >= 0.5", "holds"),
        ("accuracy of a < accuracy of b", "holds"),
        ("accuracy of a >= accuracy of b", "fails"),
        ("accuracy of a <= 5 * accuracy of c", "holds"),  # .1 + .1 + .1 + .1 + .1, rounded
        ("accuracy of once > 0.4", "undecided"),  # one seed cannot show that none differs
        ("accuracy of a < accuracy of noisy", "undecided"),
    ],
)
def test_where_no_seed_differs_the_values_tell(outcome, text, verdict):
    values = {"a": [0.5] * 2, "b": [0.6] * 3, "c": [0.1] * 2, "once": [0.5], "noisy": [0.9, 0.91]}
    rows = {label: [{"accuracy": a} for a in seeds] for label, seeds in values.items()}
    found = outcome(text, rows)
    assert found.outcome == verdict
    assert np.isnan(found.p)


def test_claims_are_corrected_for_their_number(commit):
    """One that holds by itself, among many, is undecided; that it holds clearly, it stays."""
    records = read_records(commit({"a": row(0.7), "b": row(0.2)}))
    claim, clear = parse_claim("accuracy of a > 0.68"), parse_claim("accuracy of b < 0.5")
    alone = check_claims([claim], records)[0]
    assert alone.outcome == "holds"
    many = check_claims([claim] * 20 + [clear], records)
    assert [verdict.outcome for verdict in many] == ["undecided"] * 20 + ["holds"]
    assert many[0].p == pytest.approx(min(1, 20 * alone.p))
    untested = parse_claim("accuracy of nobody > 1")
    assert check_claims([claim, untested], records)[0] == alone  # what was not tested counts not


def test_a_claim_about_several_rows_holds_only_if_it_does_for_each(outcome):
    """The weakest is not corrected; that it fails was searched for among all."""
    rows = {"x1": row(0.7), "x2": row(0.8), "x3": row(0.9)}
    holds = outcome("accuracy of x* > 0.68", rows)
    assert holds.p == pytest.approx(outcome("accuracy of x1 > 0.68", rows).p)
    fails = outcome("accuracy of x* > 0.93", rows)
    assert (fails.outcome, fails.shown.rows) == ("fails", "x1")
    border = outcome("accuracy of x* > 0.72", rows)
    alone = outcome("accuracy of x1 > 0.72", rows)
    assert alone.p < 0.5
    assert border.p == pytest.approx(min(1, 3 * alone.p))


def test_one_row_with_too_few_seeds_keeps_a_claim_from_holding_not_from_failing(outcome):
    rows = {"x1": row(0.7), "x2": row(0.8, seeds=2)}
    assert outcome("accuracy of x* > 0.1", rows).text == "undecided (n = 2)"
    assert outcome("accuracy of x* > 0.9", rows).outcome == "fails"


UNLIKE = {
    "prior": ("latent_mmd of a < latent_mmd of b", {"model": {"prior": {"dim": 2}}}),
    "number of components": (
        "components_used of a < components_used of b",
        {"model": {"prior": {"components": 20}}},
    ),
}


@pytest.mark.parametrize("what", UNLIKE)
def test_rows_measured_by_unlike_yardsticks_are_not_compared(commit, what):
    text, config = UNLIKE[what]
    values = [{"latent_mmd": e, "components_used": e} for e in (0.1, 0.11, 0.12)]
    more = [{key: 9 * value for key, value in metrics.items()} for metrics in values]
    alike = {"model": {"prior": {"dim": 3, "components": 5}}}
    records = read_records(commit({"a": values, "b": more}, configs={"a": alike, "b": alike}))
    assert check(text, records).outcome == "holds"
    records = read_records(commit({"a": values, "b": more}, configs={"a": alike, "b": config}))
    assert check(text, records).text == f"undecided (another {what})"


def test_times_of_runs_side_by_side_are_not_compared(commit):
    rows = {
        "a": [{"step_ms": t} for t in (1, 1.1, 0.9)],
        "b": [{"step_ms": t} for t in (9, 9.1, 8)],
    }
    text = "step_ms of a < step_ms of b"
    assert check(text, read_records(commit(rows))).outcome == "holds"
    records = read_records(commit(rows, side_by_side=2))
    assert check(text, records).text == "undecided (side by side)"


def test_a_pattern_stands_for_all_rows_that_match(outcome):
    rows = {"beta=1": row(0.1), "beta=2": row(0.3), "other": row(0.9)}
    assert outcome("accuracy of beta=* < 0.4", rows).outcome == "holds"
    worst = outcome("accuracy of beta=* < 0.2", rows)
    assert (worst.outcome, worst.shown.rows) == ("fails", "beta=2")
    for text, rows_shown in (
        ("accuracy of * < 0.05", "other"),  # all fail, by more and more
        ("accuracy of * > 0.95", "beta=1"),
        ("accuracy of * > 0.05", "beta=1"),  # all hold, this one just so
        ("accuracy of * < 0.99", "other"),
    ):
        assert outcome(text, rows).shown.rows == rows_shown, text
    assert outcome("accuracy of a* > 0.5", {"a": [None], "ab": row(0.6)}).shown.rows == "a"
    assert outcome("accuracy of other > accuracy of *", rows).outcome == "holds"  # not with itself


@pytest.mark.parametrize(
    ("text", "verdict"), [("nmi of a >= 1", "holds"), ("nmi of a > 1", "fails")]
)
def test_equal_values_are_told(outcome, text, verdict):
    assert outcome(text, {"a": [{"nmi": 1.0}] * 3}).outcome == verdict


def test_what_was_not_measured_is_undecided(outcome):
    found = outcome("bce of a < 3", {"a": [{"accuracy": 0.5}], "b": [None]})
    assert (found.text, found.shown.n) == ("undecided (not measured)", 0)
    assert outcome("accuracy of b > accuracy of a", {"a": row(0.1), "b": [None]}).shown.n == 0


def test_rows_are_compared_within_a_data_set(commit):
    rows = {"a, x": row(0.7), "b, x": row(0.6), "a, y": row(0.3), "b, y": row(0.2)}
    named = {label: {"method": label[0], "data": label[3]} for label in rows}
    records = read_records(commit(rows, named=named))
    assert check("accuracy of a > accuracy of b", records).outcome == "holds"
    found = check("accuracy of a > 0.5", records)
    assert (found.outcome, found.shown.rows) == ("fails", "a, y")


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
        ("kl_z of b at step 10 < kl_z of a at step 10", "undecided", 1.5, 55),
        ("kl_z of * at step 10 > 1.4", "undecided", 1.5, 1.4),
    ],
)
def test_claims_about_steps(commit, text, verdict, left, right):
    records = read_records(commit({"a": row(0.7, seeds=3), "b": row(0.5, seeds=2)}))
    found = check(text, records, CURVES)
    assert found.outcome == verdict
    assert (found.shown.left, found.shown.right) == (pytest.approx(left), pytest.approx(right))


@pytest.mark.parametrize(
    "text",
    [
        *("kl_z of a at step 3 > 1", "kl_x of a at step 1 > 1", "seed of a at step 1 > 0"),
        *("label of a at step 1 > 0", "kl_z of a at step 1 > seed of a at step 1", "seed of a > 0"),
        *("kl_x of a > 1", "label of a > 0"),  # of a suite of another version
    ],
)
def test_what_no_curve_has_is_undecided(commit, text):
    found = check(text, read_records(commit({"a": row(0.7)})), CURVES)
    assert (found.text, found.shown.n) == ("undecided (not measured)", 0)


def test_curves_of_runs_that_failed_do_not_count(commit):
    rows = {"a": [{"accuracy": 0.5}, ("failed", "x"), {"accuracy": 0.5}]}
    found = check("kl_z of a at step 10 > 0", read_records(commit(rows)), CURVES)
    assert (found.shown.n, found.shown.left) == (2, 55)


def test_claims_about_steps_read_the_curves_of_a_suite(run_main, write_suite, tmp_path):
    steps = "kl_k of vae at step 1 < 3, loss of vae at step 4 < 0.5 * loss of vae at step 1"
    runs = "runs: [{objective: vae, train: {eval_at: [1]}}]"
    suite = write_suite(f"{runs}\nclaims: [{steps}]\n")
    out = tmp_path / "out"
    assert run_main(suite, "--out", out)[0] == 0
    curves = pd.read_csv(next(out.glob("runs/*/curves.csv")), index_col="step")
    text = (out / "table.md").read_text()
    undecided = "| undecided (n = 1) | – |"
    assert f"{undecided} {curves.loc[1, 'kl_k']:.4g} | 3 | 1 | vae |" in text
    assert curves.loc[4, "loss"] > 0.5 * curves.loc[1, "loss"]
    half = 0.5 * curves.loc[1, "loss"]
    assert f"{undecided} {curves.loc[4, 'loss']:.4g} | {half:.4g} | 1 | vae |" in text


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
        ["accuracy of a > 0.65", "holds", "0.002", "0.705", "0.65", "4", "a"],
        ["bce of a < bce of b", "fails", "< 0.001", "80.1", "70.1", "4", "a and b"],
    ]
