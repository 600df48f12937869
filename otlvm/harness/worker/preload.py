"""What training and evaluation import when they first use it, which must not count as their time.

The server that runs are forked from imports it for all of them; the command itself never does,
because it takes seconds.
"""

import ot  # noqa: F401
import sklearn.mixture  # noqa: F401
import torch._dynamo  # noqa: F401 (by Adam, at its first step)

from otlvm.harness.code.decides import library_hash

library_hash()  # of what was imported now: a later edit is not what this process runs
