"""How well components match classes. Labels are read here and nowhere else."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[Any]
Ints = NDArray[Any]


def class_component_matrix(pi: Floats, labels: Ints, n_classes: int) -> NDArray[np.float64]:
    """Average q(k|x) over the images of each class, with shape ``[classes, K]``.

    Args:
        pi: q(k|x), with shape ``[n, K]``.
        labels: Classes, with shape ``[n]``.
        n_classes: How many classes there are; one without images gives a row of zeros.
    """
    sums = np.zeros((n_classes, pi.shape[1]))
    np.add.at(sums, labels, pi)
    return sums / np.maximum(np.bincount(labels, minlength=n_classes), 1)[:, None]


def paper_map(matrix: NDArray[np.float64]) -> Ints:
    """Give each component a class by the paper's protocol.

    Each class takes the component that maximises its average q(k|x), classes in decreasing order
    of that maximum, each component once. Source: Gaujac, Feige and Barber (2021), Sec. 3.2.3.
    Components that are left over, where K exceeds the number of classes, take the class that
    uses them most.

    Args:
        matrix: Average q(k|x) of each class, with shape ``[classes, K]``.

    Returns:
        A class for each component, with shape ``[K]``.
    """
    mapping: Ints = matrix.argmax(axis=0)
    free = np.ones(matrix.shape[1], dtype=bool)
    for label in np.argsort(-matrix.max(axis=1), kind="stable"):
        if free.any():
            component = np.where(free, matrix[label], -np.inf).argmax()
            mapping[component] = label
            free[component] = False
    return mapping


def hungarian_accuracy(assigned: Ints, labels: Ints) -> float:
    """Accuracy under the best one-to-one map of components to classes, in [0, 1].

    The map is fitted on the same labels, as is the custom for this number.

    Args:
        assigned: Components, with shape ``[n]``.
        labels: Classes, with shape ``[n]``.
    """
    from scipy.optimize import linear_sum_assignment  # only this needs it

    counts = np.zeros((int(assigned.max()) + 1, int(labels.max()) + 1), dtype=np.int64)
    np.add.at(counts, (assigned, labels), 1)
    rows, columns = linear_sum_assignment(counts, maximize=True)
    return float(counts[rows, columns].sum() / len(labels))


def clustering_scores(
    pi_train: Floats, y_train: Ints, pi_test: Floats, y_test: Ints
) -> dict[str, float]:
    """Score soft assignments of held-out images against their classes.

    Args:
        pi_train: q(k|x) of training images, with shape ``[n, K]``; they fit the paper's map.
        y_train: Their classes, with shape ``[n]``.
        pi_test: q(k|x) of held-out images, with shape ``[m, K]``.
        y_test: Their classes, with shape ``[m]``.

    Returns:
        ``accuracy`` (the paper's protocol), ``accuracy_hungarian``, ``nmi`` and ``ari``.
    """
    # takes a second, and only this needs it
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

    n_classes = int(max(y_train.max(), y_test.max())) + 1
    mapping = paper_map(class_component_matrix(pi_train, y_train, n_classes))
    assigned = pi_test.argmax(axis=1)
    return {
        "accuracy": float((mapping[assigned] == y_test).mean()),
        "accuracy_hungarian": hungarian_accuracy(assigned, y_test),
        "nmi": float(normalized_mutual_info_score(y_test, assigned)),
        "ari": float(adjusted_rand_score(y_test, assigned)),
    }


def component_usage(pi: Floats) -> dict[str, float]:
    """Tell how many components are in use.

    Args:
        pi: q(k|x), with shape ``[n, K]``.

    Returns:
        ``components_used``, exp of the entropy of the mean q(k|x), between 1 and K; and
        ``smallest_share``, the smallest entry of that mean.
    """
    share = pi.mean(axis=0, dtype=np.float64)
    used = share[share > 0]
    return {
        "components_used": float(np.exp(-(used * np.log(used)).sum())),
        "smallest_share": float(share.min()),
    }
