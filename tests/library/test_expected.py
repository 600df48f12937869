"""A value that fits no type of several: the message is about the one that was meant."""

import pytest

from otlvm.divergences import divergences
from otlvm.priors import priors
from otlvm.registry import RegistryError

MIXTURE = {"name": "gaussian_mixture", "components": 3, "dim": 2}


@pytest.mark.parametrize(
    ("build", "spec", "path", "message"),
    [
        (
            priors,
            {**MIXTURE, "learn": "means"},
            ("learn",),
            r"valid boolean or a list, got 'means'$",
        ),
        (
            priors,
            {**MIXTURE, "learn": ["mean"]},
            ("learn", 0),
            r"be 'means', 'scales' or 'weights', got 'mean' \(did you mean 'means'\?\)",
        ),
        (
            divergences,
            {"name": "cramer_wold", "gamma": "silvermann"},
            ("gamma",),
            r"valid number or 'silverman', got 'silvermann' \(did you mean 'silverman'\?\)",
        ),
        (
            divergences,
            {"name": "rbf_mmd", "bandwidths": ["a"]},
            ("bandwidths", 0),
            "valid number, got 'a'",
        ),
        (
            divergences,
            {"name": "rbf_mmd", "bandwidths": 3.0},
            ("bandwidths",),
            "a list or 'median', got 3.0",
        ),
        (
            divergences,
            {"name": "imq_mmd", "scales": 2.0},
            ("scales",),
            "Input should be a list, got 2.0",
        ),
        (
            divergences,
            {"name": "imq_mmd", "statistic": "cros"},
            ("statistic",),
            "did you mean 'cross'",
        ),
    ],
)
def test_the_type_that_was_meant(build, spec, path, message):
    with pytest.raises(RegistryError, match=message) as caught:
        build.build(spec)
    assert caught.value.path == path
