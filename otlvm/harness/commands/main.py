"""The command ``otlvm``: ``otlvm run SUITE`` is ``python -m benchmarks.run SUITE``, and so on."""

import argparse
import importlib
import sys
from pathlib import Path

from otlvm import __version__
from otlvm.plugins import find_plugins_in
from otlvm.wording import did_you_mean

COMMANDS = {
    "run": ("otlvm.harness.commands.run", "train a suite's runs and compare them"),
    "status": ("otlvm.harness.commands.status", "how far a suite is"),
    "table": ("otlvm.harness.commands.table", "tables and figures again, from the records"),
    "report": ("otlvm.harness.commands.report", "report.html again, from the records"),
    "figures": ("otlvm.harness.commands.figures", "one figure again, from what runs keep"),
    "agreement": ("otlvm.harness.commands.agreement", "which rows' seeds find the same components"),
    "curves": ("otlvm.harness.commands.curves", "the learning curves of all runs in one file"),
    "compare": ("otlvm.harness.commands.compare", "what got better or worse between two folders"),
    "verify": ("otlvm.harness.commands.verify", "rerun a sample: does it come out the same?"),
    "schema": ("otlvm.harness.commands.schema", "the JSON Schema of a suite file, for editors"),
    "speed": ("otlvm.harness.commands.speed", "our speed against peers"),
    "expectations": (
        "otlvm.harness.commands.expectations",
        "what each expectation over k costs",
    ),
    "completion": ("otlvm.harness.commands.completion", "print a shell's completion script"),
}


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    if given and given[0] in COMMANDS:
        find_plugins_in(Path.cwd())  # as with python -m: plug-ins may be here
        module, _ = COMMANDS[given[0]]
        code: int = importlib.import_module(module).main(given[1:])
        return code
    parser = argparse.ArgumentParser(
        prog="otlvm",
        description="Which prior, which latent divergence, which objective?",
        epilog="commands:\n"
        + "\n".join(f"  {name:11} {what}" for name, (_, what) in COMMANDS.items())
        + "\n\notlvm COMMAND --help says more.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="otlvm [-h] [--version] COMMAND ...",
    )
    parser.add_argument("--version", action="version", version=f"otlvm {__version__}")
    _, rest = parser.parse_known_args(given)
    if not rest:
        parser.error("which command? otlvm --help lists them")
    hint = did_you_mean(rest[0], COMMANDS)
    parser.error(f"unknown command {rest[0]!r}{hint}; known: {', '.join(COMMANDS)}")
