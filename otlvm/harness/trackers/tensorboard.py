"""TensorBoard: one folder of events per run, below the suite's own."""

import io
import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from otlvm.harness.trackers.base import Tracker, require, trackers
from otlvm.harness.trackers.logged import LoggedRun, LoggedSuite

FOLDER, ASIDE, MARK = "tensorboard", "trackers/tensorboard.new", "otlvm.json"
TABLES = "tables and figures"
LONGEST = 200
"""Bytes of a label in a folder's name; file systems take 255 in all."""


@trackers.register("tensorboard")
class TensorBoard(Tracker):
    """Event files in ``tensorboard/<label> seed N``, for ``tensorboard --logdir``.

    A run that is computed again, or whose row has another config by now, takes the place of what
    was there. Folders are written aside and renamed, so that they are there whole or not at all.
    """

    def __init__(self, root: Path, suite: str) -> None:
        require("tensorboard")
        super().__init__(root, suite)

    def log_run(self, run: LoggedRun) -> None:
        """Log hyperparameters, curves, metrics and pictures."""
        folder = self.root / FOLDER / folder_name(run)
        digest = run.record["digest"]
        if _mark(folder) == digest:
            return
        with _replace(folder, self.root / ASIDE, digest) as writer:
            for row in run.curves:
                for name in row.keys() - {"step"}:
                    step = int(row["step"])
                    writer.add_scalar(f"curves/{name}", row[name], step, run.finished)
            metrics = {f"metrics/{name}": value for name, value in run.metrics.items()}
            writer.add_hparams(_plain(run.params), metrics, run_name=".")  # in the same folder
            for name, content in run.pictures.items():
                _add_image(writer, f"pictures/{name}", content)
            if run.record["status"] != "done":
                facts = [run.record[key] for key in ("status", "reason", "details")]
                writer.add_text("failure", "\n\n".join(fact for fact in facts if fact))

    def log_suite(self, suite: LoggedSuite) -> None:
        """Log tables and figures."""
        with _replace(self.root / FOLDER / TABLES, self.root / ASIDE, "") as writer:
            writer.add_text("tables", suite.table)
            for path in suite.files:
                if path.suffix == ".png":
                    _add_image(writer, f"figures/{path.stem}", path.read_bytes())


def folder_name(run: LoggedRun) -> str:
    """Return a folder's name for a run: what it is called, as far as a file system takes that."""
    name = re.sub(r"[/\\%\x00-\x1f]", lambda found: f"%{ord(found[0]):02x}", run.label)
    cut = name.encode()[:LONGEST].decode(errors="ignore")
    end = f" seed {run.record['seed']}"
    return cut + end if cut == name else f"{cut} {run.record['id']}{end}"


def _mark(folder: Path) -> str | None:
    try:
        digest: str = json.loads((folder / MARK).read_bytes())["digest"]
    except FileNotFoundError:
        return None
    return digest


@contextmanager
def _replace(folder: Path, aside: Path, digest: str) -> Iterator[Any]:
    """Yield a writer of events that take a folder's place when all are written."""
    from torch.utils.tensorboard import SummaryWriter

    shutil.rmtree(aside, ignore_errors=True)
    with SummaryWriter(str(aside)) as writer:
        yield writer
    (aside / MARK).write_text(json.dumps({"digest": digest}), encoding="utf-8")
    if folder.exists():
        shutil.rmtree(folder)
    folder.parent.mkdir(exist_ok=True)
    aside.rename(folder)


def _plain(params: dict[str, Any]) -> dict[str, Any]:
    """Write a value as text, unless TensorBoard takes its type."""
    known = (bool, int, float, str)
    return {key: v if isinstance(v, known) else str(v) for key, v in params.items()}


def _add_image(writer: Any, name: str, content: bytes) -> None:
    image = np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))
    writer.add_image(name, image, dataformats="HWC")
