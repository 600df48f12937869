"""``python -m benchmarks.status`` is ``otlvm status``."""

from otlvm.harness.commands.status import main

if __name__ == "__main__":
    raise SystemExit(main())
