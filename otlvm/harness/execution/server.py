"""What the server that runs are forked from imports, which takes a fifth less time like this.

Imports make many objects and little garbage, so none is looked for meanwhile. Afterwards they are
frozen (`gc.freeze`), so that no run looks through them, or copies their pages, either.

It adopts what runs leave behind that end suddenly, so that `kill_orphans` finds it.
"""

import gc
import importlib
import warnings

PARTS = (
    "otlvm.harness.execution.child",
    "otlvm.harness.worker.preload",
    "otlvm.harness.planning.parts",
)

gc.disable()
for part in PARTS:
    importlib.import_module(part)
gc.freeze()
gc.enable()

from otlvm.harness.processes import adopt_orphans  # noqa: E402 (it came with the parts)

adopt_orphans()
warnings.filterwarnings("ignore", "forkserver: waitpid returned unexpected pid")  # an orphan's
