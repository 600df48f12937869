"""``otlvm schema``: the JSON Schema of a suite file, for editors."""

import argparse
import json
from pathlib import Path

from otlvm.harness.commands import streams
from otlvm.harness.commands.arguments import call
from otlvm.plugins import find_plugins_in


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.description = (
        "Print the JSON Schema of a suite file, with which editors complete and check it; plug-ins "
        "that are installed are in it."
    )
    parser.add_argument("--markdown", action="store_true", help="print it as a page to read")


def run(options: argparse.Namespace) -> int:
    """Do what the command line asks for; returns the exit code."""
    from otlvm.harness.json_schema.page import to_markdown
    from otlvm.harness.json_schema.suite import suite_schema

    find_plugins_in(Path.cwd())
    schema = suite_schema()
    text = to_markdown(schema) if options.markdown else json.dumps(schema, indent=2) + "\n"
    return streams.write_whole(text)


def main(arguments: list[str] | None = None) -> int:
    """Run ``python -m benchmarks.schema``; returns the exit code."""
    return call("schema", add_arguments, run, arguments)
