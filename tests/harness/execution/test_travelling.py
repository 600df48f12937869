"""What a run on a Dask worker without our disk sends home."""

import tracemalloc
from types import SimpleNamespace

import pytest

from otlvm.harness.execution.child import End
from otlvm.harness.store.work_folder import TAIL_BYTES

workers = pytest.importorskip("otlvm.harness.execution.dask_workers", exc_type=ImportError)


def test_of_an_endless_log_the_end_travels(tmp_path):
    """The rest is not read: a log may be larger than any memory."""
    there, here = tmp_path / "there", tmp_path / "here"
    (there / "result").mkdir(parents=True)
    (there / "result" / "record.json").write_text("{}")
    with (there / "log.txt").open("wb") as log:
        log.truncate(600_000_000)  # a hole: it takes no room on the disk
        log.seek(0, 2)
        log.write(b"\nArithmeticError: \xffevery time\n")
    tracemalloc.start()
    try:
        left = workers._left(there)
        assert tracemalloc.get_traced_memory()[1] < 20 * TAIL_BYTES
    finally:
        tracemalloc.stop()
    future = SimpleNamespace(status="finished", result=lambda: (End("finished"), left))
    here.mkdir()
    assert workers.RemoteRun(future, here, stop=None).poll() == End("finished")
    assert (here / "result" / "record.json").read_text() == "{}"
    text = (here / "log.txt").read_text()
    first, last = text.splitlines()[0], text.splitlines()[-1]
    assert first == f"... ({600_000_030 - TAIL_BYTES:,} bytes before this were left behind)"
    assert last == "ArithmeticError: \N{REPLACEMENT CHARACTER}every time"
    assert len(text) < TAIL_BYTES + 100


def test_a_short_log_travels_whole(tmp_path):
    there, here = tmp_path / "there", tmp_path / "here"
    there.mkdir()
    (there / "log.txt").write_text("a\n" * 10)
    workers.unpack(workers._left(there), here)
    assert (here / "log.txt").read_text() == "a\n" * 10
