"""Trackers that cannot be are refused before any training."""

ROW = "runs:\n  - label: row\n    objective: {name: wae, divergence: imq_mmd}\n"


def test_a_tracker_that_is_not_installed(refuse, write_suite, monkeypatch):
    monkeypatch.setattr("otlvm.harness.trackers.base.find_spec", lambda module: None)
    for name in ("mlflow", "tensorboard"):
        suite = write_suite(ROW + f"track: [{name}]\n")
        refuse(suite, "track[0]: ", "pip install 'otlvm[trackers]'", at="track")


def test_a_tracker_that_is_given_twice(refuse, write_suite, monkeypatch):
    monkeypatch.setattr("otlvm.harness.trackers.base.find_spec", lambda module: module)
    suite = write_suite(ROW + "track: [{name: mlflow, uri: 'http://a'}, mlflow, {name: mlflow}]\n")
    refuse(suite, "track[2]: ", "given twice", at="track")
