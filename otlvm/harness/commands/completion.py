"""``otlvm completion bash``: print the script that completes ``otlvm`` in a shell, by shtab."""

import argparse
import importlib
from pathlib import Path

import shtab

from otlvm.harness.commands.main import COMMANDS
from otlvm.harness.suite.load import shipped_suites

SHELLS = ("bash", "zsh")
NAMES = " ".join(shipped_suites())
SUITE = {"bash": "_otlvm_suite_files", "zsh": f"{{_files; compadd -- {NAMES}}}"}
PREAMBLE = f"""\
_otlvm_suite_files() {{
  compgen -f -- "$1"
  compgen -W "{NAMES}" -- "$1"
}}
"""


def command_line() -> argparse.ArgumentParser:
    """Return the parser of ``otlvm`` with those of all its commands."""
    whole = argparse.ArgumentParser(prog="otlvm")
    whole.add_argument("--version", action="store_true")
    commands = whole.add_subparsers()
    for name, (module, what) in COMMANDS.items():
        own: argparse.ArgumentParser = importlib.import_module(module).parser()
        for action in own._actions:
            if action.dest == "suite":
                action.complete = SUITE  # type: ignore[attr-defined]
            elif action.type is Path:
                file = action.metavar == "FILE"
                action.complete = shtab.FILE if file else shtab.DIRECTORY  # type: ignore[attr-defined]
        commands.add_parser(name, help=what, parents=[own], add_help=False)
    return whole


def parser() -> argparse.ArgumentParser:
    """Return the parser of ``otlvm completion``."""
    parser = argparse.ArgumentParser(
        prog="otlvm completion",
        description="Print the script that completes otlvm in a shell.",
        epilog="otlvm completion bash > ~/.local/share/bash-completion/completions/otlvm",
    )
    parser.add_argument("shell", choices=SHELLS)
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    shell = parser().parse_args(arguments).shell
    preamble = PREAMBLE if shell == "bash" else ""
    print(shtab.complete(command_line(), shell, preamble=preamble))  # noqa: T201 (the output)
    return 0
