"""Where results go: never over files of somebody else's, nor over another suite's tables."""

import pytest

ROW = "runs: [{label: VAE, objective: vae}]\ntable: {metrics: [bce]}\n"


def test_a_folder_with_other_files_is_refused(write_suite, run_main, tmp_path):
    suite, out = write_suite(ROW), tmp_path / "mine"
    out.mkdir()
    (out / "report.html").write_text("my own")
    code, _, errors = run_main(suite, "--out", out)
    assert code == 2
    assert "holds other files" in errors
    assert [path.name for path in out.iterdir()] == ["report.html"]
    assert run_main(suite, "--out", out, "--force")[0] == 0
    assert run_main(suite, "--out", out)[0] == 0  # a store by now


def test_a_stopped_first_call_leaves_a_store(write_suite, run_main, tmp_path):
    suite, out = write_suite(ROW), tmp_path / "out"
    assert run_main(suite, "--out", out)[0] == 0
    (out / "suite.json").unlink()
    assert run_main(suite, "--out", out)[0] == 0


def test_another_suite_s_results_are_refused_by_both_names(write_suite, run_main, tmp_path):
    suite, out = write_suite(ROW), tmp_path / "out"
    assert run_main(suite, "--out", out)[0] == 0
    before = (out / "table.md").read_bytes()
    suite.write_text(suite.read_text().replace("name: tiny", "name: other"))
    code, _, errors = run_main(suite, "--out", out)
    assert code == 2
    assert "suite 'tiny', and this is 'other'" in " ".join(errors.split())
    assert (out / "table.md").read_bytes() == before
    assert run_main(suite, "--out", out, "--force")[0] == 0


@pytest.mark.parametrize("name", ["..", ".", "..."])
def test_names_that_are_places_are_refused(refuse, write_suite, name):
    refuse(write_suite(ROW, **{"name: tiny": f"name: '{name}'"}), "name")


def test_a_field_is_set_once(refuse, write_suite):
    twice = ("--set", "train.steps=2", "--set", "train.steps=3")
    refuse(write_suite(ROW), "--set train.steps is given twice: 2 and 3", arguments=twice)
