"""Nested configs: merging, setting fields, small helpers."""

from otlvm.harness.config import (
    as_mapping,
    assignments,
    beyond,
    common,
    data_names,
    set_field,
    show_value,
    tell_apart,
    tell_values_apart,
)


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
        *("1", "0.1", "1e-07", "20", "true", "[1]", "imq_mmd(scales=[1])")
    ]
    named = {"name": "wae", "divergence": {"name": "imq_mmd"}, "weight": 500.0, "on": None}
    assert show_value(named) == "wae(divergence=imq_mmd, weight=500, on=null)"
    assert show_value({"steps": 5, "at": [1, "a"]}) == "(steps=5, at=[1, a])"


def test_specs_are_told_apart_by_what_differs():
    specs = [
        {"name": "npz", "path": "a", "layout": "nhwc"},
        {"name": "npz", "path": "b", "layout": "nhwc"},
        {"name": "digits"},
    ]
    assert tell_apart(specs) == ["npz path=a", "npz path=b", "digits"]
    grid = ["imq_mmd", {"name": "sinkhorn", "blur": 1, "on": "joint"}, {"name": "sinkhorn"}, 0.5]
    assert tell_values_apart(grid) == ["imq_mmd", "sinkhorn(blur=1, on=joint)", "sinkhorn", "0.5"]
    assert tell_values_apart(["a", {"name": "b", "c": 1}, {"steps": 5}]) == ["a", "b", "(steps=5)"]


def test_data_from_files_are_named_by_the_file():
    def names(*paths, **options):
        return data_names([{"name": "npz", "path": path, **options} for path in paths])

    assert names("pendigits.npz") == ["pendigits"]
    assert names("a/usps.npz", "~/b/cells.tar.npz") == ["usps", "cells.tar"]
    assert names("a/one.npz", "b/one.npz") == ["one path=a/one.npz", "one path=b/one.npz"]
    assert names("/") == names("") == ["npz"]
    folder = {"name": "image_folder", "path": "digits"}
    assert data_names([{"name": "digits"}, folder]) == [
        "digits",
        "digits kind=image_folder path=digits",
    ]
    scaled = {"name": "npz", "path": "a.npz", "scale": "standard"}
    assert data_names([{"name": "npz", "path": "a.npz"}, scaled]) == ["a", "a scale=standard"]
    assert data_names([{"name": "mnist", "root": "a"}]) == ["mnist"]
    assert len(names("x" * 5000)[0]) <= 200


def test_what_configs_share_and_what_is_their_own():
    one = {"data": {"name": "a"}, "train": {"steps": 5, "start": {"name": "moments", "steps": 1}}}
    two = {"data": {"name": "b"}, "train": {"steps": 5, "start": {"name": "moments", "steps": 2}}}
    baseline = {"data": {"name": "a"}, "baseline": {"name": "kmeans"}}
    shared = common([one, two, baseline])
    assert shared == {
        "train": {"steps": 5, "start": {"name": "moments"}},
        "baseline": {"name": "kmeans"},
    }
    assert beyond(two, shared) == {"data": {"name": "b"}, "train": {"start": {"steps": 2}}}
    assert beyond(baseline, shared) == {"data": {"name": "a"}}
    assert common([one, one]) == one
    assert beyond(one, one) == common([]) == {}


def test_what_aliases_multiply_is_cut_before_it_is_written():
    laughs = ["lol"]
    for _ in range(60):
        laughs = [laughs] * 10
    assert len(show_value({"name": "a", "b": laughs})) == 200
    assert tell_apart([{"name": "a", "b": laughs}, {"name": "a", "b": laughs}]) == ["a", "a"]
    assert len(tell_apart([{"name": "a", "b": laughs}, {"name": "a", "b": 1}])[0]) < 250
