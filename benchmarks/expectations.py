"""``python -m benchmarks.expectations`` is ``otlvm expectations``."""

from otlvm.harness.commands.expectations import main

if __name__ == "__main__":
    raise SystemExit(main())
