"""Arrays of .npz files in a suite: the numbers count, and the file does not."""

import numpy as np
import pytest

from otlvm.harness.messages import InputError
from otlvm.harness.planning.jobs import resolve
from otlvm.harness.planning.read import read_suite
from otlvm.priors import priors

MEANS = np.array([[0.0, 1.0], [2.0, 3.5], [4.0, 5.0]])
WEIGHTS = np.array([0.5, 0.25, 0.25], dtype=np.float32)
RUNS = "runs: [{{label: VAE, objective: vae, model: {{prior: {}}}}}]"


def prior_of(means, weights):
    return f"{{name: mixture, means: {means}, covariances: [0.5, 1.0, 2.0], weights: {weights}}}"


IN_FILE = prior_of(
    "{npz: folder/prior.npz, array: means}", "{npz: folder/prior.npz, array: weights}"
)


@pytest.fixture
def write(tmp_path):
    (tmp_path / "folder").mkdir()

    def write(**arrays):
        np.savez(tmp_path / "folder" / "prior.npz", **arrays)

    write(means=MEANS, weights=WEIGHTS)
    return write


def ids(path):
    suite = read_suite(path)
    return [job.id for job in resolve(suite, suite.runs)]


def test_it_is_the_run_of_the_lists(write, write_suite):
    lists = prior_of(MEANS.tolist(), WEIGHTS.tolist())
    of_lists = ids(write_suite(RUNS.format(lists)))
    path = write_suite(RUNS.format(IN_FILE))
    assert ids(path) == of_lists
    spec = read_suite(path).runs[0].config["model"]["prior"]
    assert priors.build(spec).means.tolist() == MEANS.tolist()


def test_another_content_is_another_run(write, write_suite):
    path = write_suite(RUNS.format(IN_FILE))
    before = ids(path)
    write(means=MEANS + 1, weights=WEIGHTS)
    assert ids(path) != before


@pytest.mark.parametrize(
    ("arrays", "told"),
    [
        ({"mean": MEANS, "weights": WEIGHTS}, "no array 'means' (did you mean 'mean'?)"),
        ({"means": np.array(["a", "b"]), "weights": WEIGHTS}, "not made of finite numbers"),
        ({"means": MEANS * np.nan, "weights": WEIGHTS}, "not made of finite numbers"),
        ({"means": np.zeros((400, 300)), "weights": WEIGHTS}, "100000 at most"),
        ({"means": np.array([{}]), "weights": WEIGHTS}, "not a whole .npz file"),
        (None, "folder/prior.npz is missing"),
    ],
)
def test_what_is_wrong_is_told(arrays, told, write, write_suite, tmp_path):
    path = write_suite(RUNS.format(IN_FILE))
    if arrays is None:
        (tmp_path / "folder" / "prior.npz").unlink()
    else:
        write(**arrays)
    with pytest.raises(InputError) as refused:
        read_suite(path)
    assert told in str(refused.value)
    assert f"{path}:" in str(refused.value)
