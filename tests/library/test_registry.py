import sys
from collections.abc import Sequence
from typing import Annotated, Literal

import pytest
import torch

from otlvm.divergences import divergences
from otlvm.objectives import objectives
from otlvm.registry import Registry, RegistryError


class Shape:
    pass


@pytest.fixture
def shapes():
    registry = Registry("shape", Shape, context=("colour",))

    @registry.register("square")
    class Square(Shape):
        """A square.

        Args:
            colour: Filled in by the library.
            side: Its length.
        """

        def __init__(
            self,
            colour: str,
            side: float = 1.0,
            kind: Literal["thin", "thick"] = "thin",
            marks: Sequence[int] = (),
        ) -> None:
            if side <= 0:
                raise ValueError("side must be positive")
            self.values = (colour, side, kind, marks)

    @registry.register("frame")
    def frame(inner: Shape, colour: str) -> Shape:
        """A frame around another shape."""
        shape = Shape()
        shape.inner = inner
        return shape

    return registry


def test_build_by_name_and_by_mapping(shapes):
    assert shapes.build("square", colour="red").values == ("red", 1.0, "thin", ())
    spec = {"name": "square", "side": 2, "marks": [1, 2]}
    assert shapes.build(spec, colour="red").values == ("red", 2.0, "thin", [1, 2])
    assert spec == {"name": "square", "side": 2, "marks": [1, 2]}


def test_names_parameters_and_summary(shapes):
    assert list(shapes) == ["frame", "square"]
    assert list(shapes.parameters("square")) == ["side", "kind", "marks"]
    assert shapes.summary("square") == "A square."


def test_a_class_without_a_constructor_has_no_parameters(shapes):
    class Plain(torch.nn.Module):
        """Inherits a constructor that takes anything."""

    registry = Registry("plain", torch.nn.Module)
    registry.register("plain")(Plain)
    assert isinstance(registry.build("plain"), Plain)
    with pytest.raises(RegistryError, match="it takes: no parameters"):
        registry.build({"name": "plain", "size": 3})


def test_duplicates_are_refused(shapes):
    with pytest.raises(RegistryError, match="'square' is registered twice"):
        shapes.register("square")(Shape)


@pytest.mark.parametrize(
    ("spec", "path", "message"),
    [
        ("squre", (), "did you mean 'square'"),
        ({"name": "square", "sid": 1}, ("sid",), "did you mean 'side'"),
        ({"name": "square", "sid": 1}, ("sid",), "side: float = 1.0"),
        ({"name": "square", "side": "2"}, ("side",), "valid number"),
        ({"name": "square", "side": True}, ("side",), "valid number"),
        ({"name": "square", "side": -1.0}, (), "side must be positive"),
        ({"name": "square", "kind": "fat"}, ("kind",), "'thin' or 'thick'"),
        ({"name": "square", "marks": [1, "x"]}, ("marks", 1), "valid integer"),
        ({"name": "square", "colour": "blue"}, ("colour",), "unknown parameter"),
        ({"name": "frame"}, ("inner",), "needs inner"),
        ({"side": 2}, (), "a mapping with a 'name'"),
        (3, (), "expected a name"),
        ("no_such_module:Class", (), "cannot import 'no_such_module'"),
        ("math:Class", (), "has no 'Class'"),
        ("collections:OrderedDict", (), "subclass Shape"),
        ("math:pi", (), "not a class or function"),
        ("math:isqrt", ("n",), "needs n"),
    ],
)
def test_errors_name_the_parameter_and_the_remedy(shapes, spec, path, message):
    with pytest.raises(RegistryError, match=message) as caught:
        shapes.build(spec, colour="red")
    assert caught.value.path == path


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (KeyError("klass"), "'broken': KeyError: 'klass'"),
        (FileNotFoundError("photos.zip"), "'broken': FileNotFoundError: photos.zip"),
        (RuntimeError("no"), "'broken': RuntimeError: no"),
        (RuntimeError(), "'broken': RuntimeError$"),
        (SystemExit(3), "'broken': SystemExit: 3"),
        (ValueError("no such thing"), "'broken': no such thing"),
        (ValueError(), "'broken': ValueError$"),
        (ImportError("pip install it"), "'broken': pip install it"),
    ],
)
def test_an_error_of_a_constructor_keeps_its_type_where_its_text_says_little(shapes, error, told):
    @shapes.register("broken")
    class Broken(Shape):
        def __init__(self):
            raise error

    with pytest.raises(RegistryError, match=told):
        shapes.build("broken")


def test_nested_specs_are_built_and_their_errors_located():
    objective = objectives.build(
        {"name": "wae", "weight": 3, "divergence": {"name": "imq_mmd", "scales": [2.0]}}
    )
    assert objective.divergence.scales == (2.0,)
    assert objective.weight.value == 3
    instance = divergences.build("sinkhorn")
    assert objectives.build({"name": "wae", "divergence": instance}).divergence is instance
    with pytest.raises(RegistryError, match="did you mean 'scales'") as caught:
        objectives.build({"name": "wae", "divergence": {"name": "imq_mmd", "scles": [2.0]}})
    assert caught.value.path == ("divergence", "scles")


def test_a_class_from_a_file(tmp_path, monkeypatch):
    source = "import tests_shape_base as base\nclass Mine(base.Shape):\n    'Mine.'\n"
    (tmp_path / "my_shapes.py").write_text(source)
    module = type(sys)("tests_shape_base")
    module.Shape = Shape
    monkeypatch.setitem(sys.modules, "tests_shape_base", module)
    monkeypatch.syspath_prepend(tmp_path)
    registry = Registry("shape", Shape)
    assert type(registry.build("my_shapes:Mine")).__name__ == "Mine"


def test_parameters_of_a_plugin_that_changes_are_read_anew(monkeypatch):
    module = type(sys)("tests_shapes")
    monkeypatch.setitem(sys.modules, "tests_shapes", module)
    registry = Registry("shape", Shape)
    for annotation in (int, str):

        class Mine(Shape):
            def __init__(self, size: annotation) -> None:
                self.size = size

        module.Mine = Mine
        spec = {"name": "tests_shapes:Mine", "size": annotation(5)}
        assert registry.build(spec).size == annotation(5)


def test_an_annotation_may_hold_what_cannot_be_looked_up(shapes):
    @shapes.register("noted")
    class Noted(Shape):
        def __init__(self, size: Annotated[int, {"unit": "cm"}]) -> None:
            self.size = size

    assert shapes.build({"name": "noted", "size": 5}).size == 5
    with pytest.raises(RegistryError, match="valid integer"):
        shapes.build({"name": "noted", "size": "five"})


def test_a_broken_module_is_an_error_not_a_crash(tmp_path, monkeypatch):
    (tmp_path / "broken_shapes.py").write_text("1 / 0\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(RegistryError, match="ZeroDivisionError"):
        Registry("shape", Shape).build("broken_shapes:Mine")


def test_kinds_have_their_article():
    with pytest.raises(RegistryError, match="is not an objective: subclass Objective"):
        objectives.get("pathlib:Path")
    with pytest.raises(RegistryError, match="parameters have names, and 1 is not one"):
        objectives.build({"name": "vae", 1: 2})


def test_messages_name_defaults_as_suites_write_them():
    from otlvm.baselines import baselines

    with pytest.raises(RegistryError, match=r"it takes: .*features: feature = pixels") as error:
        baselines.build({"name": "kmeans", "feature": "pixels"})
    assert " object at 0x" not in str(error.value)
