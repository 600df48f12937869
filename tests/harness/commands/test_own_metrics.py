"""Metrics of a suite's own, from the run to tables, claims, report and comparisons."""

import json
import re
import shutil
import subprocess
import sys

import pandas as pd
import pytest

from otlvm.harness.commands import compare, table, verify
from otlvm.harness.comparison.records import read_records
from otlvm.harness.store.store import Store
from tests.support import records

MINE = """\
from otlvm.metrics import AssignmentMetric, Metric, Number


class Coverage(Metric):
    '''How much of the held-out data is covered.

    Args:
        factor: A factor.
    '''

    numbers = (Number("coverage", "covered", "high", 2, "of a kind"),)

    def __init__(self, factor: float = 1.0) -> None:
        self.factor = factor

    def compute(self, model, data):
        return {"coverage": self.factor * float(data.x_test.mean())}


class Sure(AssignmentMetric):
    '''How sure assignments are.'''

    numbers = (Number("sure", "sure", "high", 2),)

    def score(self, pi_train, pi_test, data):
        return {"sure": float(pi_test.max(1).values.mean())}


class Broken(Metric):
    '''Raises.'''

    numbers = (Number("broken", "broken", "low", 2),)

    def compute(self, model, data):
        raise RuntimeError("it broke")


class Thief(Metric):
    '''Takes another's name.'''

    numbers = (Number("accuracy", "mine", "low", 2),)

    def compute(self, model, data):
        return {"accuracy": 1.0}
"""

MINE += """

class Numberless(Coverage):
    numbers = None


class Comma(Coverage):
    numbers = (Number("comma", "comma", "high", 2))


class Texts(Coverage):
    numbers = ("covered",)
"""

ASKED = """\
seeds: [0, 1]
runs: [{label: VAE, objective: vae}]
baselines: [kmeans]
metrics: [{name: "mine:Coverage", factor: 2}, "mine:Sure", "mine:Broken"]
table: {metrics: [accuracy, coverage, sure, broken, flops], order: sure}
claims: [coverage of VAE > 0.1]
"""


@pytest.fixture
def suite(write_suite, tmp_path):
    (tmp_path / "mine.py").write_text(MINE)
    return write_suite(ASKED)


def test_own_metrics_are_measured_shown_and_compared(suite, run_main, tmp_path, capsys):
    out = tmp_path / "out"
    code, output, errors = run_main(suite, "--out", out, "--threads", "1")
    assert code == 0, errors
    found = records(out)
    vae, kmeans = found["VAE", 0], found["kmeans", 0]
    assert {"coverage", "sure", "flops"} <= set(vae["metrics"])
    assert vae["metrics_failed"] == {"mine:Broken": "RuntimeError: it broke"}
    assert vae["status"] == "done"
    assert "sure" in kmeans["metrics"]
    assert not {"coverage", "flops"} & set(kmeans["metrics"])
    assert kmeans["metrics_failed"] == {}  # it needs a model: not asked
    assert [each["name"] for each in vae["config"]["metrics"]] == [
        *("mine:Coverage", "mine:Sure", "mine:Broken", "flops")
    ]
    assert "seed 0 has no mine:Broken: RuntimeError: it broke" in output
    written = {path.name: path.read_bytes() for path in out.glob("table*")}
    for text in ("covered ↑", "of a kind", "sure ↑", "FLOP", "holds|undecided"):
        assert any(each in written["table.md"].decode() for each in text.split("|")), text
    page = (out / "report.html").read_text()
    assert "No mine:Broken: RuntimeError: it broke" in page
    assert "covered ↑" in page

    (tmp_path / "mine.py").unlink()  # what shows results needs no plug-in, and no torch
    sys.modules.pop("mine", None)
    assert table.main([str(out)]) == 0
    assert {path.name: path.read_bytes() for path in out.glob("table*")} == written
    capsys.readouterr()
    assert compare.main([str(out), str(out), "--csv", str(tmp_path / "both.csv")]) == 0
    assert {"covered", "sure", "FLOP"} <= set(pd.read_csv(tmp_path / "both.csv")["metric"])
    code = "import sys, otlvm.harness.commands.table as t; t.main([sys.argv[1]]); "
    code += "assert not {'torch', 'mine'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code, out], check=True, capture_output=True)


def test_verify_compares_own_metrics_and_the_lock_asks_for_them(suite, run_main, tmp_path, capsys):
    out = tmp_path / "out"
    assert run_main(suite, "--out", out, "--threads", "1")[0] == 0
    ids = {record["id"] for record in records(out).values()}
    locked = run_main(out / "suite.lock.yaml", "--out", tmp_path / "again", "--dry-run")
    (tmp_path / "out" / "mine.py").write_text(MINE)
    locked = run_main(out / "suite.lock.yaml", "--out", tmp_path / "again", "--dry-run")
    assert locked[0] == 0, locked
    assert all(each in locked[1] for each in ids)
    runs = pd.read_csv(out / "runs.csv")
    runs["coverage"] += 1
    runs.to_csv(out / "runs.csv", index=False)
    capsys.readouterr()
    verify.main([str(out), "--all"])
    assert "covered: 1" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("sure, broken, flops", "sure, cover, flops", "unknown metric 'cover'"),
        ("order: sure", "order: shure", "did you mean 'sure'"),
        ("coverage of VAE", "covreage of VAE", "did you mean 'coverage'"),
        ("factor: 2", "faktor: 2", "unknown parameter of metric 'mine:Coverage'"),
        ("mine:Sure", "mine:Shure", "has no 'Shure'"),
        ("mine:Sure", "mine:Thief", r"number accuracy \(mine\) has the name of another"),
        ("mine:Sure", "mine:Numberless", "its class needs `numbers`, a tuple of otlvm.metrics"),
        ("mine:Sure", "mine:Comma", "its class needs `numbers`, a tuple of otlvm.metrics"),
        ("mine:Sure", "mine:Texts", "its class needs `numbers`, a tuple of otlvm.metrics"),
    ],
)
def test_what_is_wrong_with_own_metrics_is_told_before_training(
    suite, run_main, tmp_path, old, new, message
):
    text = suite.read_text()
    assert old in text
    suite.write_text(text.replace(old, new, 1))
    code, _, errors = run_main(suite, "--out", tmp_path / "out")
    assert code == 2
    assert not (tmp_path / "out").exists()
    flat = " ".join(errors.split())
    assert re.search(message, flat), errors
    assert f"suite.yaml:{text[: text.index(old)].count(chr(10)) + 1}:" in flat.replace(" ", "")


def test_what_is_asked_later_is_told_and_trains_nothing_until_it_shall(suite, run_main, tmp_path):
    out = tmp_path / "out"

    def ask():
        sys.modules.pop("mine", None)
        _, output, errors = run_main(suite, "--out", out, "--dry-run")
        return "0 to compute" in output, " ".join(errors.split())

    assert run_main(suite, "--out", out, "--threads", "1")[0] == 0
    assert ask() == (True, "")
    text = suite.read_text()
    suite.write_text(text.replace(", flops]", "]"))  # less
    assert ask() == (True, "")
    for old, new, told in (
        ("flops]", "flops, recall]", "recall was not measured of VAE, or"),
        ("factor: 2", "factor: 3", "mine:Coverage was not measured of VAE, or by other"),
    ):
        suite.write_text(text.replace(old, new))
        done, errors = ask()
        assert done
        assert told in errors
        assert "--rerun all" in errors
        assert "mine:Sure" not in errors
    suite.write_text(text)
    (tmp_path / "mine.py").write_text(MINE + "\nA = 1\n")
    done, errors = ask()
    assert done
    assert "mine:Coverage was not measured of VAE, or" in errors
    assert "mine:Sure was not measured of VAE, kmeans, or" in errors
    assert "flops" not in errors
    sys.modules.pop("mine", None)
    assert run_main(suite, "--out", out, "--threads", "1", "--rerun", "VAE")[0] == 0
    assert "VAE" not in ask()[1].replace("suite.yaml", "")
    ids = {record["id"] for record in records(out).values()}
    assert len(ids) == len(list((out / "runs").iterdir())) == 4


def test_old_manifests_and_records_lack_what_metrics_say(suite, run_main, tmp_path):
    out = tmp_path / "out"
    assert run_main(suite, "--out", out, "--threads", "1")[0] == 0
    manifest = json.loads((out / "suite.json").read_text())
    del manifest["numbers"], manifest["table"], manifest["claims"]
    (out / "suite.json").write_text(json.dumps(manifest))
    assert table.main([str(out)]) == 0
    assert "covered" not in (out / "table.md").read_text()


def test_no_mean_is_of_two_metrics_of_one_name(suite, run_main, tmp_path, capsys):
    out, changed = tmp_path / "out", tmp_path / "changed"
    assert run_main(suite, "--out", out, "--threads", "1")[0] == 0
    before = read_records(Store(out))
    text = suite.read_text().replace("factor: 2", "factor: 3")
    suite.write_text(text.replace("seeds: [0, 1]", "seeds: [0, 1, 2]"))
    shutil.copytree(out, changed)
    sys.modules.pop("mine", None)
    code, output, errors = run_main(suite, "--out", changed, "--threads", "1", "--only", "VAE")
    assert code == 0, errors
    after = read_records(Store(changed))
    vae = after[after["label"] == "VAE"].set_index("seed")
    assert vae["coverage"].isna().tolist() == [True, True, False]
    assert vae["sure"].notna().all()
    assert "seed 0 has no mine:Coverage: it was measured by other code or with other" in output
    kept = before.loc[before["label"] == "VAE", "coverage"].mean()
    assert vae["coverage"][2] == pytest.approx(1.5 * kept)

    again = tmp_path / "again"
    assert run_main(suite, "--out", again, "--threads", "1")[0] == 0
    capsys.readouterr()
    assert compare.main([str(out), str(again), "--csv", str(tmp_path / "both.csv")]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "VAE: measured by other code or with other parameters in each, so not compared: " in told
    both = pd.read_csv(tmp_path / "both.csv")
    assert "sure" in set(both["metric"])
    assert both.loc[both["metric"] == "covered", "before"].isna().all()
