"""Expectations over k for the decoder. To add one, write an `Expectation` and import it here."""

from otlvm.expectations.base import Expectation, expectations
from otlvm.expectations.exact import EXACT, Exact
from otlvm.expectations.gumbel import Gumbel
from otlvm.expectations.mean_code import MeanCode
from otlvm.expectations.sum_and_sample import SumAndSample

__all__ = ["EXACT", "Exact", "Expectation", "Gumbel", "MeanCode", "SumAndSample", "expectations"]
