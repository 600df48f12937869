"""``python -m benchmarks.schema``: the JSON Schema of a suite file, for editors."""

import argparse
import json
import sys
from pathlib import Path

from otlvm.harness.json_schema.page import to_markdown
from otlvm.harness.json_schema.suite import suite_schema
from otlvm.plugins import find_plugins_in


def parser() -> argparse.ArgumentParser:
    """Return the parser of ``python -m benchmarks.schema``."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.schema",
        description="Print the JSON Schema of a suite file, with which editors complete and check "
        "it; plug-ins that are installed are in it.",
    )
    parser.add_argument("--markdown", action="store_true", help="print it as a page to read")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    options = parser().parse_args(arguments)
    find_plugins_in(Path.cwd())
    schema = suite_schema()
    text = to_markdown(schema) if options.markdown else json.dumps(schema, indent=2) + "\n"
    sys.stdout.write(text)
    return 0
