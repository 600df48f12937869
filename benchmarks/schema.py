"""``python -m benchmarks.schema`` is ``otlvm schema``."""

from otlvm.harness.commands.schema import main

if __name__ == "__main__":
    raise SystemExit(main())
