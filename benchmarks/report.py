"""``python -m benchmarks.report`` is ``otlvm report``."""

from otlvm.harness.commands.report import main

if __name__ == "__main__":
    raise SystemExit(main())
