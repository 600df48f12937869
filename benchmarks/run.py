"""``python -m benchmarks.run`` is ``otlvm run``."""

from otlvm.harness.commands.run import main

if __name__ == "__main__":
    raise SystemExit(main())
