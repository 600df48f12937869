"""Rows of every inference, from the suite file to records and pictures."""

from tests.support import records

RUNS = """\
runs:
  - label: "{inference} {objective}"
    grid:
      model.inference: [mirror, {name: responsibilities, of: expectation}, independent, m2]
      objective: [vae, {name: wae, divergence: {name: imq_mmd, on: joint}}]
  - {label: of the sample, model: {inference: {of: sample}}, objective: vae}
"""


def test_every_inference_is_trained_measured_and_shown(run_main, write_suite, tmp_path):
    suite = write_suite(RUNS, **{"model:\n": "model:\n  inference: responsibilities\n"})
    code, output, errors = run_main(suite, "--out", tmp_path / "out", "--threads", "1")
    assert code == 0, output + errors
    found = records(tmp_path / "out")
    assert {label for label, _ in found} == {
        *(
            f"{inference} {objective}"
            for inference in ("mirror", "responsibilities", "independent", "m2")
            for objective in ("vae", "wae")
        ),
        "of the sample",
    }
    for record in found.values():
        assert record["status"] == "done", record["reason"]
        assert {"bce", "accuracy", "latent_w2"} <= set(record["metrics"])
        assert "pictures_failed" not in record or record["pictures_failed"] is None
    mirror = found["mirror vae", 0]
    assert mirror["config"]["model"]["inference"] == {"name": "mirror"}
    changed = found["of the sample", 0]["config"]["model"]["inference"]
    assert changed == {"name": "responsibilities", "of": "sample"}
