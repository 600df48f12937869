"""Claims about steps: whether learning curves will have the columns that they name."""

from collections.abc import Sequence

from otlvm.evaluation.evaluate import CURVE_NUMBERS
from otlvm.harness.config import Config
from otlvm.harness.messages import InputError
from otlvm.harness.suite.claims_section import parse_claim
from otlvm.harness.suite.load import Suite
from otlvm.harness.suite.runs import Run
from otlvm.objectives import objectives
from otlvm.training.fit import LOGGED
from otlvm.training.validation import VALIDATION
from otlvm.wording import did_you_mean


def check_columns(suite: Suite, runs: Sequence[Run]) -> None:
    """Check the columns that claims about steps name.

    Args:
        suite: The suite, whose claims name rows.
        runs: Those of its runs whose parts were built; of others nothing is said.

    Raises:
        InputError: If a row's learning curve has no such column.
    """
    configs = {run.row: run.config for run in runs if "train" in run.config}
    rows = list(dict.fromkeys(run.row for run in suite.runs))
    for index, text in enumerate(suite.claims):
        for term in parse_claim(text).terms():
            for row in term.rows(rows) if term.step is not None else ():
                known = columns(configs[row]) if row in configs else None
                if known is not None and term.metric not in known:
                    hint = did_you_mean(term.metric, known)
                    raise InputError(
                        f"{row.label!r} logs no {term.metric!r}{hint}; its learning curve has: "
                        f"{', '.join(known)}",
                        ("claims", index),
                    )


def columns(config: Config) -> list[str] | None:
    """Return the columns that a row's learning curve has; None if its objective does not tell.

    Without labels there is no accuracy, and a likelihood has a BCE or an NLL.
    """
    terms = objectives.build(config["objective"]).named_terms()
    if terms is None:
        return None
    stop = () if config["train"]["stop"] is None else (VALIDATION,)
    return [*LOGGED, *terms, *CURVE_NUMBERS, *stop]
