"""Which code is part of a run's id."""

import importlib
import sys

import pytest

from otlvm.harness.code import decides as code
from otlvm.harness.code.decides import DECIDES, LIBRARY, code_identities
from otlvm.harness.code.plugins import plugin_files

DIVERGENCE = """\
from otlvm.divergences import SampleDivergence
{imports}

class Mine(SampleDivergence):
    def between(self, x, a, y, b):
        {inside}
        return {scale} * (a @ x - b @ y).square().sum()
"""
MINE = {"objective": {"divergence": {"name": "mine:Mine"}}}
LATE = "import importlib; SCALE = importlib.import_module('helper').SCALE"
TRIED = "try:\n    from helper import SCALE\nexcept ImportError:\n    SCALE = 2"
RELATIVE = "from .scales import SCALE\nfrom . import other\n"


@pytest.fixture
def folder(tmp_path, monkeypatch, plugins):
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def identity(config=MINE):
    importlib.invalidate_caches()
    (found,) = code_identities([config])
    return found


@pytest.mark.parametrize(
    ("imports", "inside", "scale", "helper"),
    [
        ("from helper import SCALE", "", "SCALE", "helper.py"),
        ("import helper", "", "helper.SCALE", "helper.py"),
        ("", "from helper import SCALE", "SCALE", "helper.py"),
        ("", LATE, "SCALE", "helper.py"),
        ("from between import SCALE", "", "SCALE", "helper.py"),
        ("from tools.scales import SCALE", "", "SCALE", "tools/scales.py"),
        ("from tools import scales", "", "scales.SCALE", "tools/scales.py"),
        ("from tools.relative import SCALE", "", "SCALE", "tools/scales.py"),
        ("import tools.relative as r", "", "r.SCALE", "tools/__init__.py"),
        (TRIED, "", "SCALE", "helper.py"),
    ],
)  # fmt: skip
def test_what_a_plug_in_imports_is_part_of_the_id(folder, imports, inside, scale, helper):
    (folder / "tools").mkdir()
    (folder / "between.py").write_text("from helper import SCALE\n")
    (folder / "tools" / "__init__.py").write_text("SCALE = 1\n")
    (folder / "tools" / "relative.py").write_text(
        "from .scales import SCALE\nfrom . import other\n"
    )
    (folder / "tools" / "other.py").write_text("from .. import nothing\n")
    for path in ("helper.py", "tools/scales.py"):
        (folder / path).write_text("SCALE = 1\n")
    text = DIVERGENCE.format(imports=imports, inside=inside or "pass", scale=scale)
    (folder / "mine.py").write_text(text)
    before = identity()
    assert identity() == before
    (folder / "unrelated.py").write_text("SCALE = 1000\n")
    assert identity() == before
    (folder / helper).write_text("SCALE = 1000\n")
    changed = identity()
    assert changed != before
    (folder / helper).write_text("SCALE = 1\n")
    assert identity() == before


def test_circles_of_imports_end_and_names_in_lists_count(folder):
    text = DIVERGENCE.format(imports="import helper", inside="pass", scale=1)
    (folder / "mine.py").write_text(text)
    (folder / "helper.py").write_text("import mine\n")
    config = {"objective": {"parts": [{"divergence": "mine:Mine"}]}}
    before = identity(config)
    assert before != identity({})
    (folder / "helper.py").write_text("import mine\nA = 1\n")
    assert identity(config) != before


def test_what_is_imported_late_is_read_and_not_run(folder):
    """A helper that is imported inside a function may be slow, or broken, until it is used."""
    inside = "import heavy, broken, package.part"
    text = DIVERGENCE.format(imports="", inside=inside, scale=1)
    (folder / "mine.py").write_text(text)
    (folder / "heavy.py").write_text("raise SystemExit('imported')\n")
    (folder / "broken.py").write_text("def (:\n")
    (folder / "package").mkdir()
    (folder / "package" / "__init__.py").write_text("raise RuntimeError('imported')\n")
    (folder / "package" / "part.py").write_text("A = 1\n")
    before = identity()
    for name in ("heavy.py", "broken.py", "package/__init__.py", "package/part.py"):
        content = (folder / name).read_text()
        (folder / name).write_text(content + "# changed\n")
        assert identity() != before
        (folder / name).write_text(content)
    assert identity() == before
    assert not {"heavy", "broken", "package"} & set(sys.modules)


def test_an_installed_plug_in_counts_with_version_and_files():
    version, files = plugin_files("sklearn.cluster")
    assert version.startswith("scikit-learn ")
    assert "sklearn/cluster/_kmeans.py" in dict(files)
    assert plugin_files("json.decoder") == ("", [])


def test_the_label_s_colon_is_no_module():
    assert identity({"note": "a label: with a colon", "uri": "http://host:80"}) == identity({})


def test_drawing_and_comparing_decide_no_result_and_what_does_is_named():
    assert all((LIBRARY / name).exists() for name in DECIDES)
    packages = {path.name for path in LIBRARY.iterdir() if (path / "__init__.py").is_file()}
    others = packages - set(DECIDES)
    assert others == {"harness", "plots", "sklearn", "testing"}  # a new package: does it decide?
    modules = {path.name for path in LIBRARY.glob("*.py")} - set(DECIDES)
    known = {"__init__.py", "__main__.py", "expected.py", "numbers.py", "plugins.py", "wording.py"}
    assert modules == known


def test_an_edit_of_what_decides_changes_the_hash(tmp_path, monkeypatch):
    place = tmp_path / "otlvm"
    for name in DECIDES:
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith(".py"):
            path.write_text("")
        else:
            path.mkdir()
            (path / "a.py").write_text("")
    monkeypatch.setattr(code, "LIBRARY", place)

    def now():
        code.library_hash.cache_clear()
        return code.library_hash()

    before = now()
    (place / "plots").mkdir()
    (place / "plots" / "drawing.py").write_text("colour = 'red'")
    assert now() == before
    (place / "priors" / "new.py").write_text("")
    added = now()
    assert added != before
    (place / "priors" / "new.py").rename(place / "priors" / "newer.py")
    assert now() not in (before, added)
    code.library_hash.cache_clear()
    assert "otlvm" in sys.modules
