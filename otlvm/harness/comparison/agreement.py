"""``python -m benchmarks.agreement DIR``: do a row's seeds find the same components? No labels.

Without labels one cannot say how accurate a clustering is, but one can say whether it is found
again: what training invents, another seed invents differently (Ben-Hur, Elisseeff and Guyon, *A
stability based method for discovering structure in clustered data*, 2002). This is the criterion
by which docs/beyond-the-paper.md chooses.
"""

from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import mutual_info_score

from otlvm.harness.store.store import Store

FILE = "agreement.csv"


def agreement(assigned: list[NDArray[Any]]) -> float:
    """Return how many components seeds agree on: exp of their mean pairwise mutual information.

    Args:
        assigned: Components of the same images by seed, each with shape ``[n]``.

    Returns:
        A number from 1 to K; NaN for fewer than two seeds.
    """
    pairs = [mutual_info_score(one, two) for one, two in combinations(assigned, 2)]
    return float(np.exp(np.mean(pairs))) if pairs else float("nan")


def read_agreement(store: Store, records: pd.DataFrame) -> pd.DataFrame:
    """Measure the agreement of the finished seeds of each row.

    Returns:
        Columns ``label``, ``n`` and ``agreed``, the row that agrees most first.
    """
    rows = []
    for label, runs in records[records["status"] == "done"].groupby("label", sort=False):
        shown = [store.pictures(run_id) for run_id in runs["id"]]
        assigned = [p["code_components"] for p in shown if "code_components" in p]
        rows.append({"label": label, "n": len(assigned), "agreed": agreement(assigned)})
    frame = pd.DataFrame(rows, columns=["label", "n", "agreed"])
    return frame.sort_values("agreed", ascending=False, ignore_index=True)
