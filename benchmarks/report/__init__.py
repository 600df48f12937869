"""One page for a suite: tables, figures and every run, without a network. Never imports torch."""

from benchmarks.report.html_table import to_html
from benchmarks.report.page import write_report

__all__ = ["to_html", "write_report"]
