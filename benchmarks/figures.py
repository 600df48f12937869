"""``python -m benchmarks.figures`` is ``otlvm figures``."""

from otlvm.harness.commands.figures import main

if __name__ == "__main__":
    raise SystemExit(main())
