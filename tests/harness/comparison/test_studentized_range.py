import numpy as np
import pytest
from scipy import stats

from otlvm.harness.comparison.studentized_range import survival


@pytest.mark.parametrize("rows", [3, 40, 2000])
def test_it_is_that_of_scipy(rows):
    freedom = np.array([1.0, 2.0, 2.7, 18.0, 1e4])
    ranges = np.array([60.0, 25.0, 4.0, 6.0, 5.0])
    expected = stats.studentized_range.sf(ranges, rows, freedom)
    np.testing.assert_allclose(survival(ranges, rows, freedom), expected, atol=1e-7)


def test_of_two_normals_it_is_students_t():
    freedom = np.array([1.0, 2.0, 5.5, 400.0])
    ranges = np.array([40.0, 10.0, 5.0, 4.5])
    expected = 2 * stats.t.sf(ranges / np.sqrt(2), freedom)
    np.testing.assert_allclose(survival(ranges, 2, freedom), expected, rtol=1e-6)


def test_no_range_and_an_endless_one():
    found = survival(np.array([0.0, np.inf]), 10, np.array([1.0, 3.0]))
    np.testing.assert_allclose(found, [1, 0], atol=1e-9)
