"""The command ``otlvm``: ``otlvm run SUITE`` is ``python -m benchmarks.run SUITE``, and so on."""

import importlib
import sys
from collections.abc import Container

from otlvm import __version__
from otlvm.harness.commands.arguments import Parser, within_memory
from otlvm.wording import cut, did_you_mean

COMMANDS = {
    "run": "train a suite's runs and compare them",
    "status": "how far a suite is",
    "table": "tables and figures again, from the records",
    "report": "report.html again, from the records",
    "figures": "one figure again, from what runs keep",
    "agreement": "which rows' seeds find the same components",
    "curves": "the learning curves of all runs in one file",
    "keep": "a copy without models, for a repository",
    "compare": "what got better or worse between two folders",
    "verify": "rerun a sample: does it come out the same?",
    "schema": "the JSON Schema of a suite file, for editors",
    "speed": "our speed against peers",
    "expectations": "what each expectation over k costs",
    "list": "every name that a suite can use",
    "completion": "print a shell's completion script",
}


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    words = [word for word in given if not word.startswith("-")]
    whole, parsers = command_line(words[:1])
    if words and words[0] not in COMMANDS:
        hint = did_you_mean(words[0], COMMANDS)
        whole.error(f"unknown command {cut(words[0])!r}{hint}; known: {', '.join(COMMANDS)}")
    options, unknown = whole.parse_known_args(given)
    if unknown:  # parse_args would name the usage of the whole
        place = "; options go behind the command" if given[0] == unknown[0] else ""
        parser = parsers.get(options.command, whole)
        parser.error(f"unrecognized arguments: {' '.join(unknown)}{place}")
    if options.command is None:
        whole.error("which command? otlvm --help lists them")
    command = importlib.import_module(f"{__package__}.{options.command}")
    return within_memory(command.run, options)


def command_line(
    filled: Container[str],
) -> tuple[Parser, dict[str, Parser]]:
    """Return the parser of ``otlvm``, and those of its commands by name.

    Args:
        filled: Which commands know their arguments; the others are not imported.
    """
    whole = Parser(
        prog="otlvm",
        description="Which prior, which latent divergence, which objective?",
        epilog="otlvm COMMAND --help says more.",
    )
    whole.add_argument("--version", action="version", version=f"otlvm {__version__}")
    commands = whole.add_subparsers(title="commands", metavar="COMMAND", dest="command")
    parsers = {name: commands.add_parser(name, help=what) for name, what in COMMANDS.items()}
    for name, parser in parsers.items():
        if name in filled:
            importlib.import_module(f"{__package__}.{name}").add_arguments(parser)
    return whole, parsers
