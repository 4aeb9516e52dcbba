"""The revision meter against days worked out by hand."""

import numpy as np
import pytest

from data_access.estimates.nowcast import Triangle
from data_access.estimates.settling import firsts, settling

NAN = float("nan")


def triangle(rows: list[list[float]], young: int = 14) -> Triangle:
    width = len(rows[0])
    return Triangle(known=np.array(rows + [[NAN] * width] * young))


def test_a_day_that_doubles_and_then_stays() -> None:
    found = settling(triangle([[50.0, 99.5, 100.0, 100.0]] * 7))
    assert found is not None
    assert found.n_days == 7
    assert found.moved == pytest.approx(1.0)
    # 99.5 is within one per cent of 100: only the first figure, at age 0, was off.
    assert found.settled_after == 1


def test_a_day_told_late_settles_when_it_is_told() -> None:
    found = settling(triangle([[NAN, NAN, 80.0, 80.0]] * 9))
    assert found is not None
    assert (found.moved, found.settled_after) == (0.0, 2)


def test_too_few_or_too_young_days_tell_nothing() -> None:
    assert settling(triangle([[1.0, 2.0]] * 6)) is None
    assert settling(triangle([[1.0, 2.0]] * 13, young=0)) is None


def test_zero_days_are_left_out_and_firsts_are_the_first_told() -> None:
    found = triangle([[0.0, 0.0]] * 3 + [[NAN, 4.0]] + [[2.0, 4.0]] * 7)
    told = settling(found)
    assert told is not None
    assert told.n_days == 8
    assert firsts(found)[2:6] == [0.0, 4.0, 2.0, 2.0]
