"""``python -m benchmarks.speed`` is ``otlvm speed``."""

from otlvm.harness.commands.speed import main

if __name__ == "__main__":
    raise SystemExit(main())
