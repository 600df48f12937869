"""``python -m benchmarks.curves`` is ``otlvm curves``."""

from otlvm.harness.commands.curves import main

if __name__ == "__main__":
    raise SystemExit(main())
