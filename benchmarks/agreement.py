"""``python -m benchmarks.agreement`` is ``otlvm agreement``."""

from otlvm.harness.commands.agreement import main

if __name__ == "__main__":
    raise SystemExit(main())
