"""Print the script that completes ``otlvm`` in a shell, by shtab."""

import argparse
from pathlib import Path

import shtab

from otlvm.harness.commands import streams
from otlvm.harness.commands.main import COMMANDS, command_line
from otlvm.harness.suite.load import shipped_suites

SHELLS = ("bash", "zsh")
NAMES = " ".join(shipped_suites())
SUITE = {"bash": "_otlvm_suite_files", "zsh": f"{{_files; compadd -- {NAMES}}}"}
JOBS = {"bash": "_otlvm_jobs", "zsh": "(auto)"}
PREAMBLE = f"""\
_otlvm_suite_files() {{
  compgen -f -- "$1"
  compgen -W "{NAMES}" -- "$1"
}}
_otlvm_jobs() {{
  compgen -W auto -- "$1"
}}
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.description = "Print the script that completes otlvm in a shell."
    parser.epilog = "otlvm completion bash > ~/.local/share/bash-completion/completions/otlvm"
    parser.add_argument("shell", choices=SHELLS)


def run(options: argparse.Namespace) -> int:
    """Do what the command line asks for; returns the exit code."""
    whole, parsers = command_line(COMMANDS)
    for own in parsers.values():
        for action in own._actions:
            if action.dest == "suite":
                action.complete = SUITE  # type: ignore[attr-defined]
            elif action.dest == "jobs":
                action.complete = JOBS  # type: ignore[attr-defined]
            elif action.type is Path:
                file = action.metavar == "FILE"
                action.complete = shtab.FILE if file else shtab.DIRECTORY  # type: ignore[attr-defined]
    preamble = PREAMBLE if options.shell == "bash" else ""
    return streams.write_whole(shtab.complete(whole, options.shell, preamble=preamble) + "\n")
