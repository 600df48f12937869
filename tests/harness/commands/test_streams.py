"""Whatever becomes of the terminal, runs end as they would, and their files are there."""

import os
import re
import subprocess
import sys

import pytest

ROW = "runs: [{label: 'VAE \u03b2', objective: vae}]\ntable: {metrics: [bce]}\n"
FILES = {"table.md", "table.csv", "curves.png", "report.html", "card.md"}


def command(suite, jobs=0):
    """Run a suite in the command's own process, whose streams they are, or in one of its own."""
    words = ("--threads", "1", "--device", "cpu", "--jobs", str(jobs))
    return [sys.executable, "-m", "benchmarks.run", str(suite), *words]


def check(folder):
    out = folder / "runs" / "tiny"
    assert {path.name for path in out.iterdir()} >= FILES
    assert "VAE \u03b2" in (out / "table.md").read_text(encoding="utf-8")


@pytest.fixture
def suite(write_suite):
    return write_suite(ROW)


def test_a_terminal_without_our_letters_gets_question_marks(suite, tmp_path):
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    ended = subprocess.run(command(suite), cwd=tmp_path, env=environment, capture_output=True,
                           check=False, timeout=300)  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert b"VAE ?" in ended.stdout
    check(tmp_path)


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
@pytest.mark.parametrize("how", ["closed", "full", "no reader"])
def test_a_stream_that_breaks_costs_what_it_would_have_shown(suite, tmp_path, stream, how):
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    words = command(suite, jobs=int(how == "closed"))  # whose number others may be given
    if how == "closed":
        number = {"stdout": 1, "stderr": 2}[stream]
        words = ["sh", "-c", f'exec "$@" {number}>&-', "sh", *words]
    elif how == "full":
        streams[stream] = os.open("/dev/full", os.O_WRONLY)
    else:
        reader, streams[stream] = os.pipe()
        os.close(reader)
    ended = subprocess.run(words, cwd=tmp_path, check=False, timeout=300, **streams)
    for each in streams.values():
        if each != subprocess.PIPE:
            os.close(each)
    shown = (ended.stdout or b"") + (ended.stderr or b"")
    assert ended.returncode == 0, shown
    assert b"Traceback" not in shown
    assert b"Exception ignored" not in shown
    check(tmp_path)


def test_a_closed_pipe_keeps_the_code_of_the_runs(write_suite, tmp_path):
    (tmp_path / "broken.py").write_text(
        "from otlvm.divergences import SampleDivergence\n\n"
        "class Broken(SampleDivergence):\n"
        "    def between(self, x, a, y, b):\n"
        "        raise ArithmeticError('not today')\n"
    )
    row = 'runs: [{label: B, objective: {name: wae, divergence: "broken:Broken"}}]\n'
    reader, writer = os.pipe()
    os.close(reader)
    ended = subprocess.run(command(write_suite(row)), cwd=tmp_path, stdout=writer,
                           stderr=subprocess.PIPE, check=False, timeout=300)  # fmt: skip
    os.close(writer)
    assert ended.returncode == 3


@pytest.mark.parametrize("words", [["schema"], ["completion", "bash"]])
def test_what_is_no_use_in_part_is_told_unless_its_reader_left(words, tmp_path):
    reader, writer = os.pipe()
    os.close(reader)
    with open("/dev/full", "wb") as full, (tmp_path / "out").open("wb") as file:  # noqa: PTH123
        ends = {}
        for name, stream in (("file", file), ("full", full), ("no reader", writer)):
            ended = subprocess.run([sys.executable, "-m", "otlvm", *words], stdout=stream,
                                   stderr=subprocess.PIPE, check=False, timeout=60)  # fmt: skip
            ends[name] = (ended.returncode, ended.stderr.decode().strip())
    os.close(writer)
    assert ends["file"] == ends["no reader"] == (0, "")
    assert (tmp_path / "out").stat().st_size > 1000
    code, told = ends["full"]
    assert code == 4
    assert re.fullmatch("standard output cannot be written: .*No space left on device", told)
