"""Nested configs: merging, setting fields, small helpers."""

from otlvm.harness.config import as_mapping, assignments, set_field, show_value


def test_set_field_changes_a_copy():
    config = {"a": {"b": {"c": 1}, "d": 2}, "e": "name"}
    assert set_field(config, "a.b.c", 5) == {"a": {"b": {"c": 5}, "d": 2}, "e": "name"}
    assert set_field(config, "e.f", 5)["e"] == {"name": "name", "f": 5}
    assert set_field(config, "new.field", 5)["new"] == {"field": 5}
    assert config == {"a": {"b": {"c": 1}, "d": 2}, "e": "name"}


def test_small_helpers():
    assert as_mapping("vae") == {"name": "vae"}
    assert as_mapping(["vae"]) == ["vae"]
    assert list(assignments({})) == [{}]
    shown = [1, 0.1, 1e-7, 20.0, True, [1], {"name": "imq_mmd", "scales": [1]}]
    assert [show_value(value) for value in shown] == [
        *("1", "0.1", "1e-07", "20", "True", "[1]", "imq_mmd")
    ]
