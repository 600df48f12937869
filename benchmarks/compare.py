"""``python -m benchmarks.compare`` is ``otlvm compare``."""

from otlvm.harness.commands.compare import main

if __name__ == "__main__":
    raise SystemExit(main())
