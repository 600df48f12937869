"""MLflow: one MLflow run per run, in a local SQLite file or on a server."""

import os
import socket
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from functools import cached_property
from pathlib import Path
from typing import Any

from filelock import FileLock

from otlvm.harness.trackers.base import Tracker, require, trackers
from otlvm.harness.trackers.logged import LoggedRun, LoggedSuite
from otlvm.harness.trackers.mlflow_uri import check_uri, database_of, database_uri, in_any_folder

MODULES = ("mlflow", "sqlalchemy", "alembic", "sqlparse")
DATABASE, ARTIFACTS = "mlflow.db", "mlflow-artifacts"
NAME, DIGEST, LABEL, FOLDER = "mlflow.runName", "otlvm.digest", "otlvm.label", "otlvm.folder"
"""Tags: a run's name, which result it is, its row, and whose tables and figures it has."""
OWNER, OWNER_FILE = "otlvm.owner", "trackers/mlflow.id"
"""A tag, and where its value is kept: which results folder a run comes from, even a moved one."""
HALF = ("RUNNING", "KILLED")
"""What MLflow calls runs that are not logged whole."""
TABLES = "tables and figures"
MOST_METRICS, MOST_PARAMS, LONGEST = 1000, 100, 6000  # MLflow's own limits
DEFAULTS = {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",  # of 120 s
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",  # of 7, each twice as long as that before
    "MLFLOW_DISABLE_TELEMETRY": "true",
}
"""Where MLflow's own would make us wait for a server that is down, or tell others what we do."""


@trackers.register("mlflow")
class MLflow(Tracker):
    """MLflow runs in one experiment, for ``mlflow ui``; a result computed again is another run.

    Args:
        root: The folder of the suite's results.
        suite: The suite's name.
        uri: A server or database, such as ``http://host:5000`` or ``sqlite:///all.db``. Without it
            that of ``MLFLOW_TRACKING_URI``, or else ``mlflow.db`` in the suite's folder.
        experiment: The experiment's name; the suite's without it.
    """

    def __init__(
        self, root: Path, suite: str, uri: str | None = None, experiment: str | None = None
    ) -> None:
        super().__init__(root, suite)
        self._given = uri or os.environ.get("MLFLOW_TRACKING_URI")
        if self._given:
            check_uri(self._given)
        self.experiment = experiment or suite
        require(*MODULES)

    @cached_property
    def uri(self) -> str:
        """Where it logs, as MLflow is told."""
        if self._given:
            return in_any_folder(self._given)
        return database_uri(self.root.resolve() / DATABASE)

    @cached_property
    def _client(self) -> Any:
        for name, value in DEFAULTS.items():
            os.environ.setdefault(name, value)
        database = database_of(self.uri)
        if database is not None:
            database.parent.mkdir(parents=True, exist_ok=True)
        from mlflow import MlflowClient  # takes a second, and reads the environment

        return MlflowClient(self.uri)

    @cached_property
    def _owner(self) -> str:
        place = self.root / OWNER_FILE
        place.parent.mkdir(exist_ok=True)
        with FileLock(f"{place}.lock"):  # a suite may have several of these trackers
            known = place.read_text() if place.is_file() else ""
            if not known:
                known = uuid.uuid4().hex
                place.write_text(known)
        return known

    @cached_property
    def _experiment_id(self) -> str:
        """The experiment, when what killed calls left open there is closed."""
        experiment_id = self._find_experiment()
        self._close_left(experiment_id)
        return experiment_id

    def _find_experiment(self) -> str:
        found = self._client.get_experiment_by_name(self.experiment)
        if found is not None:
            return str(found.experiment_id)
        database = database_of(self.uri)  # a server has a place of its own for files
        place = None if database is None else (database.parent / ARTIFACTS).as_uri()
        return str(self._client.create_experiment(self.experiment, artifact_location=place))

    def log_run(self, run: LoggedRun) -> None:
        """Log parameters, curves, metrics, pictures and the record."""
        known = self._find({DIGEST: run.record["digest"], LABEL: run.label})
        if any(found.info.status not in HALF for found in known):
            return
        for found in known:  # whoever logged it was killed meanwhile
            self._client.set_terminated(found.info.run_id, "KILLED")
            self._client.delete_run(found.info.run_id)
        record = run.record
        tags = {
            DIGEST: record["digest"],
            LABEL: run.label,
            "otlvm.id": record["id"],
            "otlvm.status": record["status"],
            "otlvm.data_checksum": record["data_checksum"],
            **({"otlvm.reason": record["reason"]} if record["reason"] else {}),
        }
        began, ended = round(1000 * run.started), round(1000 * run.finished)
        with self._open(run.name, tags, began) as run_id:
            self._log_params(run_id, run.params)
            self._log_metrics(run_id, run, ended)
            self._log_pictures(run_id, run.pictures)
            for path in run.folder.iterdir():
                if path.suffix in (".json", ".csv", ".txt"):
                    self._client.log_artifact(run_id, str(path))
            status = "FINISHED" if record["status"] == "done" else "FAILED"
            self._client.set_terminated(run_id, status, ended)

    def log_suite(self, suite: LoggedSuite) -> None:
        """Log tables and figures as files of a run of their own."""
        folder = {FOLDER: f"{socket.gethostname()}:{suite.root.resolve()}"}
        known = self._find({NAME: TABLES, **folder})
        opened = nullcontext(known[0].info.run_id) if known else self._open(TABLES, folder)
        with opened as run_id:
            for path in suite.files:
                self._client.log_artifact(run_id, str(path))
            self._client.set_terminated(run_id)

    def _find(self, tags: Mapping[str, str]) -> list[Any]:
        """Return the runs with these tags; the first one's value must need no quoting."""
        key, value = next(iter(tags.items()))
        query = f"tags.`{key}` = '{value}'"
        found = self._client.search_runs([self._experiment_id], query)
        return [run for run in found if tags.items() <= run.data.tags.items()]

    @contextmanager
    def _open(self, name: str, tags: Mapping[str, str], began: int | None = None) -> Iterator[str]:
        """Open a run; whatever ends it early, it is not left as if somebody worked on it."""
        tags = {**tags, OWNER: self._owner}
        try:
            run = self._client.create_run(self._experiment_id, began, tags, name)
            yield run.info.run_id
        except BaseException:
            with suppress(Exception):  # MLflow is down: the next call does it
                self._close_left(self._experiment_id)
            raise

    def _close_left(self, experiment_id: str) -> None:
        """Say of runs from this folder that are still open that they were killed."""
        query = f"attributes.status = 'RUNNING' and tags.`{OWNER}` = '{self._owner}'"
        for run in self._client.search_runs([experiment_id], query):
            self._client.set_terminated(run.info.run_id, "KILLED")

    def _log_params(self, run_id: str, params: Mapping[str, Any]) -> None:
        from mlflow.entities import Param

        written = [Param(key, str(value)[:LONGEST]) for key, value in params.items()]
        for start in range(0, len(written), MOST_PARAMS):
            self._client.log_batch(run_id, params=written[start : start + MOST_PARAMS])

    def _log_pictures(self, run_id: str, pictures: Mapping[str, bytes]) -> None:
        with tempfile.TemporaryDirectory() as scratch:
            for name, content in pictures.items():
                (Path(scratch) / f"{name}.png").write_bytes(content)
            self._client.log_artifacts(run_id, scratch, "pictures")

    def _log_metrics(self, run_id: str, run: LoggedRun, time: int) -> None:
        from mlflow.entities import Metric

        written = [
            Metric(f"curves/{key}", value, time, int(row["step"]))
            for row in run.curves
            for key, value in row.items()
            if key != "step"
        ]
        last = int(run.curves[-1]["step"]) if run.curves else 0
        written += [Metric(key, value, time, last) for key, value in run.metrics.items()]
        for start in range(0, len(written), MOST_METRICS):
            self._client.log_batch(run_id, metrics=written[start : start + MOST_METRICS])
