from otlvm.harness.speed.startup import measure_startup


def test_every_command_is_timed():
    found = measure_startup(repetitions=1).set_index("what")
    assert list(found.columns) == ["cpu_seconds", "aim"]
    assert (found["cpu_seconds"] > 0.01).all()
    # an unclosed bracket and a wrong key need no torch, which a dry run does
    mistakes = found.loc[["a YAML error", "a misspelt key"], "cpu_seconds"]
    assert (mistakes < found.loc["a dry run of quick", "cpu_seconds"]).all()
