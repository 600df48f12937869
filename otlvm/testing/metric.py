"""Conformance of metrics."""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from otlvm.data import Dataset
from otlvm.evaluation import evaluation_mode
from otlvm.metrics import Metric
from otlvm.networks import LatentMixtureModel
from otlvm.numbers import BUILT_IN, Number
from otlvm.testing.fault import Fault, NotApplicable
from otlvm.testing.report import Check, Outcome, raise_faults, run_checks
from otlvm.testing.state import unchanged_state

Make = Callable[[], Metric]
PRIOR = {"name": "gaussian_mixture", "components": 3, "dim": 2}


def check_metric(make: Make) -> None:
    """Check that a metric behaves as the toolkit needs.

    Args:
        make: The class, or a function without arguments that builds one.

    Raises:
        ConformanceError: Naming every check that fails, and the fault.
    """
    raise_faults(getattr(make, "__name__", repr(make)), metric_outcomes(make))


def metric_outcomes(make: Make) -> list[Outcome]:
    """Run all checks of `check_metric` and return what they found."""
    return run_checks(CHECKS, make)


def _model() -> LatentMixtureModel:
    torch.manual_seed(0)
    network = {"name": "mlp", "hidden": [16], "component_hidden": [8]}
    return LatentMixtureModel((1, 4, 4), network, PRIOR)


def _data(labels: Callable[[Tensor], Tensor] | None = lambda y: y) -> Dataset:
    """Images of three classes that can be told apart, with what is left of their labels."""
    generator = torch.Generator().manual_seed(0)
    x, y = torch.rand(100, 16, generator=generator), torch.arange(100) % 3
    x = (x + (torch.arange(16) % 3 == y[:, None])) / 2  # a third of the pixels is brighter
    y_train, y_test = (None, None) if labels is None else (labels(y[:60]), labels(y[60:]))
    return Dataset("conformance", (1, 4, 4), x[:60], y_train, x[60:], y_test)


def _numbers(
    metric: Metric, data: Dataset, model: LatentMixtureModel | None = None
) -> dict[str, float]:
    model = _model() if model is None else model
    with evaluation_mode(model):
        found = metric.compute(model, data)
    if not isinstance(found, dict):
        raise Fault(f"it returns a {type(found).__name__}, not a dict of numbers")
    return found


def _says_what_its_numbers_are(make: Make) -> None:
    numbers = getattr(make(), "numbers", ())
    if (
        not isinstance(numbers, Sequence)
        or not numbers
        or not all(isinstance(number, Number) for number in numbers)
    ):
        raise Fault("its class needs `numbers`, a tuple of otlvm.metrics.Number")
    for number in numbers:
        if not number.key.isidentifier():
            raise Fault(f"its key {number.key!r} is not a name: letters, digits and _")
        for other in (each for each in BUILT_IN if each != number):
            if other.key == number.key or other.title == number.title:
                raise Fault(f"{number.key} ({number.title}) has the name of our {other.key}")
    for names in ([n.key for n in numbers], [n.title for n in numbers]):
        if len(set(names)) < len(names):
            raise Fault(f"two of its numbers have one name: {', '.join(names)}")


def _gives_finite_numbers_it_names(make: Make) -> None:
    metric = make()
    found = _numbers(metric, _data())
    known = [number.key for number in metric.numbers]
    if not found:
        raise Fault("it returns no number")
    for key, value in found.items():
        if key not in known:
            raise Fault(f"it returns {key}, which is not among its numbers: {', '.join(known)}")
        if not math.isfinite(float(value)):
            raise Fault(f"{key} is {float(value)}")


def _is_deterministic(make: Make) -> None:
    first, second = (_numbers(make(), _data()) for _ in range(2))
    if first != second:
        raise Fault(f"two calls give {first} and {second}: draw from torch alone")


def _leaves_state_alone(make: Make) -> None:
    model, data = _model(), _data()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    pixels = data.x_test.clone()
    with unchanged_state():
        _numbers(make(), data, model)
    after = model.state_dict()
    changed = [name for name in before if not torch.equal(after[name], before[name])]
    if changed:
        raise Fault(f"it changes the model: {', '.join(changed)}")
    if not torch.equal(pixels, data.x_test):
        raise Fault("it changes the data")


def _leaves_out_images_without_a_label(make: Make) -> None:
    def every_other(y: Tensor) -> Tensor:
        return torch.where(torch.arange(len(y)) % 2 == 0, y, -1)

    for value in _numbers(make(), _data(every_other)).values():
        if not math.isfinite(float(value)):
            raise Fault("it is not finite where some images have the label -1: no label")


def _works_without_labels(make: Make) -> None:
    metric = make()
    if metric.needs_labels:
        raise NotApplicable("it says that it needs labels")
    try:
        _numbers(metric, _data(None))
    except Exception as error:
        message = f"{type(error).__name__}: {error}: say `needs_labels = True`"
        raise Fault(f"data without labels raise {message}") from error


CHECKS: tuple[Check[Make], ...] = (
    Check("says what its numbers are", _says_what_its_numbers_are),
    Check("finite numbers, those that it names", _gives_finite_numbers_it_names),
    Check("same model, same numbers", _is_deterministic),
    Check("leaves model, data and global state alone", _leaves_state_alone),
    Check("leaves out images without a label", _leaves_out_images_without_a_label),
    Check("works without labels, or says that it needs them", _works_without_labels),
)
