"""``python -m benchmarks.verify`` is ``otlvm verify``."""

from otlvm.harness.commands.verify import main

if __name__ == "__main__":
    raise SystemExit(main())
