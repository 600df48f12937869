"""Print every name that a suite can use, with its parameters and what it is."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from otlvm.harness.commands.arguments import ALL_DONE
from otlvm.harness.messages import say
from otlvm.plugins import find_plugins_in

if TYPE_CHECKING:
    from rich.console import Console


def print_registries(console: "Console") -> None:
    """Print the names of every registry."""
    from otlvm.harness.registries import REGISTRIES
    from otlvm.harness.trackers.base import trackers
    from otlvm.registry import RegistryError, written

    for registry in (*REGISTRIES, trackers):
        console.print(f"{registry.kind}s", style="bold")
        for name in registry:
            try:
                registry.parameters(name)
            except RegistryError as error:
                say(console, f"  {name}: {error}", "red")
                continue
            say(console, f"  {name}: {registry.summary(name)}")
            for parameter in registry.parameters(name).values():
                say(console, f"      {written(parameter)}", "dim")
    console.print("your own: 'my_module:MyClass', or an entry point otlvm.<kind>s", markup=False)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes: nothing."""
    parser.description = __doc__


def run(options: argparse.Namespace) -> int:
    """Do what the command line asks for; returns the exit code."""
    from otlvm.harness.commands import streams

    find_plugins_in(Path.cwd())
    print_registries(streams.output())
    return ALL_DONE
