"""``python -m otlvm COMMAND``: as ``otlvm COMMAND``."""

import sys

from otlvm.plugins import put_installed_first

if __name__ == "__main__":
    put_installed_first()
    from otlvm.harness.commands.main import main

    sys.exit(main())
