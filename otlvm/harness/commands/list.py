"""Print every name that a suite can use, with its parameters and what it is."""

import argparse
from pathlib import Path

from rich.console import Console

from otlvm.harness.commands import streams
from otlvm.harness.registries import REGISTRIES
from otlvm.harness.trackers.base import trackers
from otlvm.plugins import find_plugins_in
from otlvm.registry import RegistryError


def print_registries(console: Console) -> None:
    """Print the names of every registry."""
    for registry in (*REGISTRIES, trackers):
        console.print(f"{registry.kind}s", style="bold")
        for name in registry:
            try:
                registry.parameters(name)
            except RegistryError as error:
                console.print(f"  {name}: {error}", style="red", markup=False, highlight=False)
                continue
            console.print(
                f"  {name}: {registry.summary(name)}", markup=False, highlight=False, soft_wrap=True
            )
            for parameter in registry.parameters(name).values():
                shown = str(parameter).replace("collections.abc.", "").replace("typing.", "")
                console.print(
                    f"      {shown}", style="dim", markup=False, highlight=False, soft_wrap=True
                )
    console.print("your own: 'my_module:MyClass', or an entry point otlvm.<kind>s", markup=False)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes: nothing."""
    parser.description = __doc__


def run(options: argparse.Namespace) -> int:
    """Do what the command line asks for; returns the exit code."""
    find_plugins_in(Path.cwd())
    print_registries(streams.output())
    return 0
