"""``python -m benchmarks.keep`` is ``otlvm keep``."""

from otlvm.harness.commands.keep import main

if __name__ == "__main__":
    raise SystemExit(main())
