import pytest
from scipy import stats

from benchmarks.claims import check_claim, lay_out_claims, parse_claim
from benchmarks.suite import load_suite
from benchmarks.table import views_of
from benchmarks.tables import read_records
from benchmarks.yaml_file import SuiteError

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


@pytest.mark.parametrize("text", ["accuracy of a", "a < 3", "accuracy of a = 3", "accuracy a < 3"])
def test_what_is_no_claim(text):
    with pytest.raises(ValueError, match="expected '<metric> of <label>"):
        parse_claim(text)


BAD = [
    ("[accuracy of kmeans < x]", "expected '<metric> of"),
    ("[acuracy of kmeans < 3]", "did you mean 'accuracy'"),
    ("[accuracy of kmean < 3]", "did you mean 'kmeans'"),
    ("[accuracy of kmeans < bce of nobody]", "no row is 'nobody'"),
]


@pytest.mark.parametrize(("claims", "told"), BAD)
def test_mistakes_are_told_before_any_training(write_suite, claims, told):
    with pytest.raises(SuiteError) as error:
        load_suite(write_suite(f"baselines: [kmeans]\nclaims: {claims}\n"))
    assert "suite.yaml:8: claims[0]: " in error.value.message
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
