"""What is imported when: each in a process of its own, since this one has everything."""

import pkgutil
import re
import subprocess
import sys

import pytest

import otlvm
from otlvm.harness.processes import PRELOADED

HEAVY = ("torchvision", "ot", "geomloss", "scipy", "sklearn", "pandas", "matplotlib", "seaborn")


def python(code):
    process = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert process.returncode == 0, process.stderr
    return process.stdout.split()


def loaded(code, names):
    return python(f"import sys\n{code}\nprint(*(set({names!r}) & set(sys.modules)))")


def test_import_otlvm_needs_no_torch_and_no_time():
    assert loaded("import otlvm, otlvm.registry; dir(otlvm)", ("torch", *HEAVY)) == []
    (seconds,) = python("import time; import otlvm; print(time.process_time())")
    assert float(seconds) < 1  # of this process, however busy the machine is


def test_torch_comes_with_what_needs_it_and_the_heavy_ones_when_they_are_used():
    library = "import otlvm; otlvm.fit, otlvm.load, otlvm.data, otlvm.testing, otlvm.divergences"
    assert loaded(library, ("torch", *HEAVY)) == ["torch"]
    built = "from otlvm.divergences import divergences; divergences.build('sinkhorn')"
    assert loaded(built, HEAVY) == ["geomloss"]


def test_runs_import_what_they_use_before_anything_is_timed():
    names = ("ot", "geomloss", "sklearn.metrics", "scipy.optimize", "torch._dynamo")
    imports = "\n".join(f"import {module}" for module in PRELOADED)
    assert set(loaded(imports, names)) == set(names)
    assert (
        loaded("import otlvm.harness.commands.run", ("ot", "geomloss", "sklearn", "torch._dynamo"))
        == []
    )


def test_every_module_is_an_attribute_and_in_dir():
    modules = {m.name for m in pkgutil.iter_modules(otlvm.__path__)}
    # What other tests import is in dir by itself.
    modules -= {"__main__", "harness", "wording", "expected"}
    names = modules | {"fit", "load", "LatentMixtureModel", "pretrain_moments"}
    assert names <= {*otlvm.__all__} <= {*dir(otlvm)}
    for name in otlvm.__all__:
        assert getattr(otlvm, name) is getattr(otlvm, name)
    assert otlvm.fit is otlvm.training.fit
    assert otlvm.load is otlvm.networks.load


@pytest.mark.parametrize(("name", "hint"), [("lod", " (did you mean 'load'?)"), ("xyzzy", "")])
def test_a_wrong_name_gets_a_hint(name, hint):
    message = f"module 'otlvm' has no attribute {name!r}{hint}"
    with pytest.raises(AttributeError, match=f"^{re.escape(message)}$"):
        getattr(otlvm, name)
    with pytest.raises(ImportError, match="cannot import name"):
        exec(f"from otlvm import {name}")
