"""``otlvm speed``: our speed against peers, side by side in one process."""

import argparse
from pathlib import Path

from otlvm.harness.commands.arguments import ALL_DONE, call


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.description = __doc__
    parser.add_argument(
        "--quick",
        action="store_true",
        help="3 repetitions, not 9; ratios alone, and no torch.compile",
    )
    parser.add_argument("--threads", type=int, help="torch's threads (default: all cores)")
    parser.add_argument("--out", type=Path, default=Path("results/speed"), metavar="DIR")


def run(options: argparse.Namespace) -> int:
    """Do what the command line asks for; returns the exit code."""
    import torch

    from otlvm.data import mnist_5k
    from otlvm.harness.commands import streams
    from otlvm.harness.comparison.card import TITLES, to_markdown
    from otlvm.harness.speed.convolutions import measure_convolutions
    from otlvm.harness.speed.divergences import divergence_cases
    from otlvm.harness.speed.epochs import clustpy_cases, pythae_cases
    from otlvm.harness.speed.growth import draw_growth, grow
    from otlvm.harness.speed.harness import measure_harness
    from otlvm.harness.speed.overhead import measure_overhead
    from otlvm.harness.speed.precision import precision_cases
    from otlvm.harness.speed.queues import measure_queues
    from otlvm.harness.speed.ratios import measure, one_thread, print_ratios
    from otlvm.harness.speed.side_by_side import measure_side_by_side
    from otlvm.harness.speed.startup import measure_startup
    from otlvm.harness.speed.training import step_cases
    from otlvm.harness.worker.machine import environment
    from otlvm.harness.worker.memory import keep_freed_memory
    from otlvm.training.precision import emulated

    keep_freed_memory()  # as runs do
    if options.threads:
        torch.set_num_threads(options.threads)
    console = streams.output()
    compiled = not options.quick
    cases = divergence_cases(compiled) + step_cases(compiled)
    images = mnist_5k().x_train
    for peer, cases_of in (("pythae", pythae_cases), ("clustpy", clustpy_cases)):
        try:
            cases += cases_of(images)
        except ImportError:
            console.print(f"{peer} is not installed: left out (pip install 'otlvm[peers]')",
                          markup=False)  # fmt: skip
    frame = measure(cases, 3 if options.quick else 9, console)
    print_ratios(frame, console)
    options.out.mkdir(parents=True, exist_ok=True)
    machine = {TITLES[key]: str(value) for key, value in environment("cpu").items()}
    (options.out / "card.md").write_text(to_markdown(machine), encoding="utf-8")
    frame.to_csv(options.out / "ratios.csv", index=False, float_format="%.4g")
    if not options.quick:
        if slow := emulated("bfloat16", torch.device("cpu")):
            console.print(slow, markup=False)
        with one_thread():
            steps = measure(precision_cases(), 9, console)
            convolutions = measure_convolutions()
            queues = measure_queues()
        print_ratios(steps, console)
        steps.to_csv(options.out / "precision.csv", index=False, float_format="%.4g")
        console.print(convolutions.to_string(index=False, float_format="%.3g"), highlight=False)
        convolutions.to_csv(options.out / "convolutions.csv", index=False, float_format="%.3g")
        growth = grow(console)
        growth.to_csv(options.out / "growth.csv", index=False, float_format="%.4g")
        draw_growth(growth, options.out / "growth.png")
        startup = measure_startup()
        console.print(startup.to_string(index=False, float_format="%.2f"), highlight=False)
        startup.to_csv(options.out / "startup.csv", index=False, float_format="%.3g")
        console.print(queues.to_string(index=False, float_format="%.3f"), highlight=False)
        queues.to_csv(options.out / "queues.csv", index=False, float_format="%.3g")
        beside = measure_side_by_side()
        console.print(beside.to_string(index=False, float_format="%.2f"), highlight=False)
        beside.to_csv(options.out / "side_by_side.csv", index=False, float_format="%.3g")
        overhead = measure_overhead()
        console.print(overhead.to_string(index=False, float_format="%.3f"), highlight=False)
        overhead.to_csv(options.out / "overhead.csv", index=False, float_format="%.3g")
        harness = measure_harness(console)
        console.print(harness.to_string(index=False, float_format="%.2f"), highlight=False)
        harness.to_csv(options.out / "harness.csv", index=False, float_format="%.3g")
    console.print(f"written to {options.out}", markup=False, highlight=False)
    return ALL_DONE


def main(arguments: list[str] | None = None) -> int:
    """Run ``python -m benchmarks.speed``; returns the exit code."""
    return call("speed", add_arguments, run, arguments)
