"""Options that make no sense are refused."""

import pytest
import torch

from otlvm.harness.commands.main import main
from otlvm.harness.messages import MOST_CHARACTERS, MOST_LINES

ROW = "runs:\n  - label: row\n    objective: {name: wae, divergence: imq_mmd}\n"
LAUGHS = "&a0 [lol], " + ", ".join(
    f"&a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 10)
)
"""A few lines whose aliases stand for millions of values."""


def test_no_suite(run_main):
    code, _, errors = run_main()
    assert code == 2
    assert "which suite? A file, or one that ships: quick" in errors


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--only", "colum*"], ["--only colum*", "there are: row"]),
        (["--only", "row", "--only", "colum*"], ["--only colum*", "there are: row"]),
        (["--set", "train.steps"], ["--set train.steps", "PATH=VALUE"]),
        (["--set", "=5"], ["--set =5", "PATH=VALUE"]),
        (["--set", "trian.steps=5"], ["--set trian.steps", "did you mean 'train'?"]),
        (["--set", "train.stpes=5"], ["train.stpes", "did you mean 'steps'?"]),
        (["--set", "train.steps=abc"], ["train.steps", "valid integer, got 'abc'"]),
        (["--set", "train.steps=[1"], ["--set train.steps", "not valid YAML"]),
        (["--set", "objective.divergence.scles=[1]"], ["objective.divergence.scles", "'scales'"]),
        (["--set", "train.steps=1_0"], ["train.steps", "valid integer, got '1_0'"]),
        (["--set", f"train.steps=[{LAUGHS}]"], ["--set train.steps", "more than 2,000,000 values"]),
        (["--set", "train.steps=" + "[" * 600], ["--set train.steps", "nested more than 100 deep"]),
        (["--set", "x" * 5000], ["--set xxx", "PATH=VALUE"]),
        (["--set", "seeds=0"], ["seeds", "valid list, got 0"]),
        (["--threads", "1000000"], ["--threads 1000000: expected 1 to 1024"]),
        (["--jobs", "1000000000"], ["--jobs 1000000000: expected 1 to 1000"]),
        (["--set", "execution.timeout=0 s"], ["execution.timeout", "more than nothing"]),
        (["--set", f"execution.timeout={10**24} h"], ["less than thirty years"]),
        (["--set", f"execution.memory_mb={10**24}"], ["execution.memory_mb", "less than"]),
        (["--set", "execution.memory_mb=0"], ["execution.memory_mb", "greater than 0"]),
    ],
)
def test_bad_options(refuse, write_suite, arguments, told):
    refuse(write_suite(ROW), *told, arguments=arguments)


def test_a_folder_of_too_long_a_name(run_main, write_suite):
    code, _, errors = run_main(write_suite(ROW), "--out", "x" * 5000)
    assert code == 2
    assert "File name too long" in errors


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["run", "quick", "--out", "a", "--out", "b"], "--out: given twice: a and b"),
        (["run", "quick", "--rerun", "A", "--rerun", "B"], "--rerun: given twice: A and B"),
        (["run", "quick", "--jobs", "1", "--jobs=2"], "--jobs: given twice: 1 and 2"),
        (["run", "quick", "--shard", "1/2", "--shard", "2/2"], "--shard: given twice"),
        (["verify", "runs/quick", "--seed", "1", "--seed", "2"], "--seed: given twice: 1 and 2"),
        (["verify", "runs/quick", "--seed", "0", "--seed", "2"], "--seed: given twice: 0 and 2"),
        (["run", "quick", "--device", "auto", "--device", "cpu"], "given twice: auto and cpu"),
        (["compare", "a", "b", "--csv", "c", "--csv", "d"], "--csv: given twice: c and d"),
    ],
)
def test_no_value_is_dropped(arguments, told, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("train.steps=abc", "Input should be a valid integer, got 'abc'"),
        ("train={steps: abc}", "train.steps: Input should be a valid integer, got 'abc'"),
        ("train.start.step=3", "unknown parameter of start 'moments' (did you mean 'steps'?)"),
        ("train.eval_at=[100]", "train: eval_at [100] lie beyond the 4 steps"),
        ("train.batch_size=100000", "batch_size 100000 is larger"),
        ("objective.wieght=3", "unknown parameter of objective 'wae' (did you mean 'weight'?)"),
        ("objective.divergence.scales=[0]", "objective.divergence: divergence 'imq_mmd': scales"),
        ("data=digts", "unknown dataset 'digts' (did you mean 'digits'?)"),
        ("model.prior={name: gaussian_mixture, dmi: 3}", "model.prior.dmi: unknown parameter"),
        ("seeds=[-1]", "seeds[0]: Input should be greater than or equal to 0"),
        ("execution.timeot=3 s", "unknown key (did you mean 'timeout'?)"),
        ("name=a/b", "String should match pattern"),
        ("track=[tensorbord]", "unknown tracker 'tensorbord' (did you mean 'tensorboard'?)"),
        ("trian.steps=5", "unknown field (did you mean 'train'?)"),
    ],
)
def test_what_is_wrong_with_an_option_is_told_of_the_option(run_main, write_suite, given, told):
    suite = write_suite(ROW)
    code, _, errors = run_main(suite, "--set", given)
    assert code == 2
    assert errors.startswith(f"--set {given}: ")
    assert told in errors
    assert suite.name not in errors


def test_an_option_is_not_blamed_for_the_file(refuse, write_suite):
    suite = write_suite(ROW, **{"imq_mmd": "imq_mdm"})
    for given in ("train.steps=5", "model.prior.dim=3", "objective.weight=2"):
        refuse(
            suite, "runs[0].objective.divergence", arguments=["--set", given], at="    objective"
        )
    refuse(write_suite("runs: [{label: row}]\n"), "runs[0]: no 'objective:'",
           arguments=["--set", "train.steps=5"], at="runs")  # fmt: skip


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_no_cuda(refuse, write_suite):
    refuse(write_suite(ROW), "no CUDA device", "--device cpu", arguments=["--device", "cuda"])


@pytest.mark.parametrize("out", ["taken", "taken/below"])
def test_out_that_cannot_be_written(refuse, write_suite, tmp_path, out):
    (tmp_path / "taken").write_text("a file")
    refuse(write_suite(ROW), f"--out {tmp_path / out} cannot be written", out=out)
    assert (tmp_path / "taken").read_text() == "a file"


def test_long_lists_of_labels_are_cut(refuse, write_suite):
    grid = f"    grid: {{objective.weight: {list(range(200))}}}\n"
    suite = write_suite(ROW + grid, **{"label: row": 'label: "a row, weight={weight}"'})
    refuse(suite, "--only nothing", "a row, weight=0", arguments=["--only", "nothing"])


@pytest.mark.parametrize(
    "words",
    [
        ["x" * 50_000],
        ["run", "--" + "x" * 50_000],
        ["run", "quick", "--device", "x" * 50_000],
        ["run", "quick", "--threads", "9" * 5_000],
        ["run", "quick", "--shard", "1/" + "9" * 5_000],
        ["status", "x" * 50_000],
        ["compare", "x" * 50_000, "y"],
    ],
)
def test_long_words_are_refused_on_one_screen(words, capsys):
    try:
        code = main(words)
    except SystemExit as error:
        code = error.code
    told = capsys.readouterr().err
    assert code == 2
    assert 0 < len(told) < MOST_CHARACTERS + 800  # with the usage
    assert len(told.splitlines()) <= MOST_LINES
