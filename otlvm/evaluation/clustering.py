"""How well components match classes. Only this and metrics on request read labels."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[Any]
Ints = NDArray[Any]
NO_CLASS = -1


def class_component_matrix(pi: Floats, labels: Ints, n_classes: int) -> NDArray[np.float64]:
    """Average q(k|x) over the images of each class, with shape ``[classes, K]``.

    Args:
        pi: q(k|x), with shape ``[n, K]``.
        labels: Classes, with shape ``[n]``; negative ones, of unlabelled images, are left out.
        n_classes: How many classes there are; one without images gives a row of zeros.
    """
    pi, labels = _labelled(pi, labels)
    sums = np.zeros((n_classes, pi.shape[1]))
    np.add.at(sums, labels, pi)
    return sums / np.maximum(np.bincount(labels, minlength=n_classes), 1)[:, None]


def paper_map(matrix: NDArray[np.float64]) -> Ints:
    """Give each component a class by the paper's protocol.

    Each class takes the component that maximises its average q(k|x), classes in decreasing order
    of that maximum, each component once. Source: Gaujac, Feige and Barber (2021), Sec. 3.2.3.
    Components that are left over, where K exceeds the number of classes, take the class that
    uses them most.

    No class takes a component that it does not use at all: neither one without images, nor one
    whose components have all gone to surer classes.

    Args:
        matrix: Average q(k|x) of each class, with shape ``[classes, K]``; zeros where a class has
            no images.

    Returns:
        A class for each component, with shape ``[K]``; -1 for one that no class uses.
    """
    mapping: Ints = np.where(matrix.any(axis=0), matrix.argmax(axis=0), NO_CLASS)
    free = np.ones(matrix.shape[1], dtype=bool)
    for label in np.argsort(-matrix.max(axis=1), kind="stable"):
        use = np.where(free, matrix[label], 0.0)
        component = use.argmax()
        if use[component] > 0:
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


def majority_map(pi: Floats, labels: Ints) -> Ints:
    """Give each component the class of most of its images; of equals the one that is surer of it.

    An image is its likeliest component's. Several components may have one class: the more
    components, the better it fits.

    Args:
        pi: q(k|x), with shape ``[n, K]``.
        labels: Classes, with shape ``[n]``.

    Returns:
        A class for each component, with shape ``[K]``; -1 for one without images.
    """
    counts = np.zeros((pi.shape[1], int(labels.max()) + 1))
    np.add.at(counts, (pi.argmax(axis=1), labels), 1)
    sums = np.zeros(counts.shape[::-1])
    np.add.at(sums, labels, pi)
    surest = (counts + sums.T / (len(pi) + 1)).argmax(axis=1)
    return np.where(counts.any(axis=1), surest, NO_CLASS)


def clustering_scores(
    pi_train: Floats, y_train: Ints, pi_test: Floats, y_test: Ints
) -> dict[str, float]:
    """Score soft assignments of held-out images against their classes.

    Images with a negative label have none, and are left out.

    Args:
        pi_train: q(k|x) of training images, with shape ``[n, K]``; they fit the paper's map.
        y_train: Their classes, with shape ``[n]``.
        pi_test: q(k|x) of held-out images, with shape ``[m, K]``.
        y_test: Their classes, with shape ``[m]``. Images of a class that no training image has
            cannot be right.

    Returns:
        ``accuracy`` (the paper's protocol) and ``accuracy_majority`` (each component takes the
        class of most of its training images), both left out if no training image has a label;
        ``accuracy_hungarian``, ``purity``, ``nmi`` and ``ari``. Nothing if no held-out image has a
        label.
    """
    pi_train, y_train = _labelled(pi_train, y_train)
    pi_test, y_test = _labelled(pi_test, y_test)
    if not len(y_test):
        return {}
    # takes a second, and only this needs it
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

    assigned = pi_test.argmax(axis=1)
    scores = {
        "accuracy_hungarian": hungarian_accuracy(assigned, y_test),
        "purity": float((majority_map(pi_test, y_test)[assigned] == y_test).mean()),
        "nmi": float(normalized_mutual_info_score(y_test, assigned)),
        "ari": float(adjusted_rand_score(y_test, assigned)),
    }
    if not len(y_train):
        return scores
    maps = {
        "accuracy": paper_map(class_component_matrix(pi_train, y_train, int(y_train.max()) + 1)),
        "accuracy_majority": majority_map(pi_train, y_train),
    }
    right = {name: float((mapping[assigned] == y_test).mean()) for name, mapping in maps.items()}
    return {**right, **scores}


def component_usage(pi: Floats) -> dict[str, float]:
    r"""Tell how many components are in use, and how much they say.

    Args:
        pi: q(k|x), with shape ``[n, K]``.

    Returns:
        ``components_used``, exp of the entropy of the mean q(k|x), between 1 and K;
        ``information``, exp of the mutual information :math:`I(x; k)`, which is that entropy less
        the mean entropy of q(k|x): 1 if k is the same for all images, however many components are
        used; and ``smallest_share``, the smallest entry of the mean.
    """
    share = pi.mean(axis=0, dtype=np.float64)
    used, within = _entropy(share), float(_entropy(pi.astype(np.float64)).mean())
    return {
        "components_used": float(np.exp(used)),
        "information": math.exp(max(float(used) - within, 0.0)),  # a rounding error below 0 is 0
        "smallest_share": float(share.min()),
    }


def _entropy(probabilities: Floats) -> Floats:
    """Entropy in nats of each row of probabilities, with shape ``[..., K]``."""
    logs = np.log(np.where(probabilities > 0, probabilities, 1.0))
    entropy: Floats = -(probabilities * logs).sum(axis=-1)
    return entropy


def _labelled(pi: Floats, labels: Ints) -> tuple[Floats, Ints]:
    """Leave out images without a label."""
    known = labels >= 0
    return pi[known], labels[known]
