"""``python -m benchmarks.table`` is ``otlvm table``."""

from otlvm.harness.commands.table import main

if __name__ == "__main__":
    raise SystemExit(main())
