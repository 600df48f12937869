"""What a run's prior is, with all that its suite leaves to defaults."""

import json
from functools import lru_cache
from typing import Any

from otlvm.harness.config import Config
from otlvm.priors import priors


def described_prior(config: Config) -> dict[str, Any]:
    """Describe a run's prior such that equal texts are equal priors.

    A suite may write a default or leave it out; rows of both are measured by one yardstick.

    Returns:
        ``prior``, a text, and ``components``, K.
    """
    spec = config["model"]["prior"]
    text, count = _described(json.dumps(spec, sort_keys=True))
    return {"prior": text, "components": count}


@lru_cache
def _described(spec: str) -> tuple[str, int]:
    prior = priors.build(json.loads(spec))
    return prior._spec or spec, prior.n_components  # a plug-in may have parts that no text tells
