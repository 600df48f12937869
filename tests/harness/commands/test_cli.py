"""The command ``otlvm``, its completion, and suites by their bare names."""

import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

import otlvm
from otlvm.harness.commands import main as cli
from otlvm.harness.messages import InputError
from otlvm.harness.suite.load import SUITES, find_suite, shipped_suites


def test_a_shipped_suite_goes_by_its_name(run_main, tmp_path):
    code, output, _ = run_main("quick", "--dry-run", "--set", "data=digits", "--only", "GM-*")
    assert code == 0
    assert f"6 runs, 6 to compute, into {Path('runs', 'quick')}" in output
    (tmp_path / "quick").mkdir()  # results, say
    assert find_suite(Path("quick")) == SUITES / "quick.yaml"
    assert find_suite(Path("methods/vade")) == SUITES / "methods" / "vade.yaml"
    assert "methods/vade" in shipped_suites()


def test_a_file_of_ones_own_goes_first(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("quick").write_text("name: mine")
    assert find_suite(Path("quick")) == Path("quick")
    assert find_suite(Path("quick.yaml")) == Path("quick.yaml")  # whose absence is an error
    assert find_suite(Path("folder/quick")) == Path("folder/quick")


def test_an_unknown_suite_gets_a_hint(run_main):
    code, _, errors = run_main("quik", "--dry-run")
    assert code == 2
    assert "quik: no such file, and no suite of that name ships (did you mean 'quick'?)" in errors
    assert f"these do: {', '.join(shipped_suites())}" in errors
    with pytest.raises(InputError, match="ships; these do"):
        find_suite(Path("xyzzy"))
    with pytest.raises(InputError, match="did you mean 'methods/vade'"):
        find_suite(Path("methods/vad"))


def test_commands_are_those_of_the_modules(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("sys.path", list(sys.path))
    assert cli.main(["status", str(tmp_path)]) == 2
    assert "holds no results" in capsys.readouterr().err
    with pytest.raises(SystemExit, match=r"^0$"):
        cli.main(["--version"])
    assert capsys.readouterr().out == f"otlvm {otlvm.__version__}\n"
    with pytest.raises(SystemExit, match=r"^0$"):
        cli.main(["--help"])
    output = capsys.readouterr().out
    assert all(re.search(rf"^ +{name}\b", output, re.M) for name in cli.COMMANDS)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["rum"], "unknown command 'rum' (did you mean 'run'?); known: run, status,"),
        (["--jobs", "rum"], "unknown command 'rum'"),
        ([], "which command? otlvm --help lists them"),
    ],
)
def test_wrong_commands_are_refused(given, message, capsys):
    with pytest.raises(SystemExit, match=r"^2$"):
        cli.main(given)
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "command", "message"),
    [
        (["run", "quick", "--bogus"], "run", "unrecognized arguments: --bogus\n"),
        (
            ["run", "--jobs", "many"],
            "run",
            "argument --jobs: expected auto or a number, got 'many'",
        ),
        (["table"], "table", "the following arguments are required: directory"),
        (["table", "here", "there"], "table", "unrecognized arguments: there\n"),
        (["--only", "run", "quick"], "run", "--only; options go behind the command"),
    ],
)
def test_usage_names_the_command_that_was_typed(given, command, message, capsys):
    with pytest.raises(SystemExit, match=r"^2$"):
        cli.main(given)
    errors = capsys.readouterr().err
    assert errors.startswith(f"usage: otlvm {command} ")
    assert f"otlvm {command}: error: " in errors
    assert message in errors


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_has_a_parser_a_front_and_no_need_of_torch_for_its_help(name, capsys):
    with pytest.raises(SystemExit, match=r"^0$"):
        cli.main([name, "--help"])
    assert capsys.readouterr().out.startswith(f"usage: otlvm {name} ")
    front = importlib.import_module(f"otlvm.harness.commands.{name}")
    if hasattr(front, "main"):  # what python -m benchmarks.NAME calls
        with pytest.raises(SystemExit, match=r"^0$"):
            front.main(["--help"])
        assert capsys.readouterr().out.startswith(f"usage: python -m benchmarks.{name} ")
        assert (SUITES.parent / f"{name}.py").is_file()
    heavy = ("torch", "pandas", "matplotlib", "scipy", "sklearn")
    code = f"import sys, {front.__name__}; print(*({set(heavy)!r} & set(sys.modules)))"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.split() == []


def test_the_list_of_commands_needs_the_standard_library_alone():
    code = (
        "import sys; before = {*sys.modules}\n"
        "from otlvm.harness.commands.main import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "new = {name.partition('.')[0] for name in {*sys.modules} - before}\n"
        "print(*(new - {*sys.stdlib_module_names, 'otlvm'}), file=sys.stderr)"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stderr.split() == []


BASH = """
source "$1"
shift
while read -ra COMP_WORDS; do
  [[ ${COMP_WORDS[-1]} == "''" ]] && COMP_WORDS[-1]=
  COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
  _shtab_otlvm otlvm "${COMP_WORDS[-1]}" "${COMP_WORDS[-2]}"
  echo "${COMPREPLY[*]}"
done
"""
COMPLETED = {
    "otlvm r": "run report",
    "otlvm run --de": "--device",
    "otlvm run q": "quick",
    "otlvm run my": "my_suite.yaml",
    "otlvm run ''": f"my_suite.yaml results {' '.join(shipped_suites())}",
    "otlvm run quick --device c": "cpu cuda",
    "otlvm run quick --jobs ''": "auto",
    "otlvm run quick --out ''": "results",
    "otlvm table ''": "results",
    "otlvm figures ''": "results",
    "otlvm schema --m": "--markdown",
    "otlvm compare results --csv m": "my_suite.yaml",
    "otlvm completion ''": "bash zsh",
    "otlvm verify --no": "",
}


def test_bash_completes_commands_options_and_suites(tmp_path, capsys):
    assert cli.main(["completion", "bash"]) == 0
    (tmp_path / "otlvm.bash").write_text(capsys.readouterr().out)
    folder = tmp_path / "here"
    (folder / "results").mkdir(parents=True)
    (folder / "my_suite.yaml").touch()
    process = subprocess.run(
        ["bash", "--norc", "-c", BASH, "bash", tmp_path / "otlvm.bash"],
        input="\n".join(COMPLETED) + "\n",
        capture_output=True,
        text=True,
        check=True,
        cwd=folder,
        timeout=60,
    )
    found = {
        line: sorted(words.split())
        for line, words in zip(COMPLETED, process.stdout.splitlines(), strict=True)
    }
    assert found == {line: sorted(words.split()) for line, words in COMPLETED.items()}


def test_zsh_s_script_names_suites_too(capsys):
    assert cli.main(["completion", "zsh"]) == 0
    assert f"compadd -- {' '.join(shipped_suites())}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (MemoryError(), "memory ran out; what is finished is kept"),
        (MemoryError("Unable to allocate 9 GiB"), "memory ran out: Unable to allocate 9 GiB; what"),
    ],
)
@pytest.mark.parametrize("name", ["table", "status", "report", "compare"])
def test_a_command_without_memory_says_so(name, error, told, capsys, monkeypatch):
    command = importlib.import_module(f"otlvm.harness.commands.{name}")

    def run(options):
        raise error

    monkeypatch.setattr(command, "run", run)
    words = ["one", "two"] if name == "compare" else ["one"]
    for given, call in (([name, *words], cli.main), (words, command.main)):
        assert call(given) == 4
        assert told in " ".join(capsys.readouterr().err.split())
