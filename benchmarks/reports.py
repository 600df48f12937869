"""Several who want to know how a suite goes, as one."""

from benchmarks.job import Job
from benchmarks.record import Record
from benchmarks.scheduler import Report


class Reports:
    """Passes everything on to each.

    Args:
        reports: To whom.
    """

    def __init__(self, *reports: Report) -> None:
        self._reports = reports

    def start(self, job: Job) -> None:
        """Begin a run."""
        for report in self._reports:
            report.start(job)

    def row(self, job: Job, row: Record) -> None:
        """Pass on the newest row of a run's learning curve."""
        for report in self._reports:
            report.row(job, row)

    def finish(self, job: Job, record: Record | None, note: str = "") -> None:
        """End a run."""
        for report in self._reports:
            report.finish(job, record, note)
