"""The likely cause of a difference, each from the evidence that names it, and no other."""

from datetime import date, timedelta

import polars as pl
import pytest

from data_access.reconcile.causes import add_causes

DAY = date(2021, 8, 10)
Pair = tuple[float | None, float | None]


def causes(*pairs: Pair, persons: bool = False, area: str = "01") -> list[str]:
    """Return the cause of each of some consecutive days of two sides."""
    return add_causes(rows(*pairs, persons=persons, area=area)).sort("date")["cause"].to_list()


def rows(*pairs: Pair, persons: bool = False, area: str = "01") -> pl.DataFrame:
    return pl.DataFrame(
        {
            "rule": "sources_differ", "measure_a": "cases", "measure_b": "cases",
            "source_a": "a", "source_b": "b", "area_level": "province", "area_code": area,
            "date": [DAY + timedelta(days=n) for n in range(len(pairs))],
            "value_a": [a for a, _ in pairs], "value_b": [b for _, b in pairs],
            "counts_persons": persons, "default_cause": "unexplained",
        },
        schema_overrides={"value_a": pl.Float64, "value_b": pl.Float64},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("pair", "persons", "cause"),
    [
        ((40, None), False, "not_delivered"),
        ((None, 40), False, "not_delivered"),
        ((40, 20), False, "delivered_twice"),
        ((400, 40), False, "decimal_mark"),
        ((37, 37_000), False, "decimal_mark"),
        ((295, 100), True, "samples_as_persons"),
        ((295, 100), False, "unexplained"),
        ((50, 500), True, "samples_as_persons"),
        ((2, 1), False, "unexplained"),
        ((1, 10), False, "unexplained"),
        ((41, 29), False, "unexplained"),
    ],
)
def test_a_difference_alone(pair: Pair, persons: bool, cause: str) -> None:
    assert causes((33, 33), pair, (35, 35), persons=persons)[1] == cause


def test_a_gap_that_the_next_day_makes_good_is_shifted() -> None:
    assert causes((30, 30), (30, 12), (30, 48), (30, 30))[1:3] == ["shifted_day"] * 2


def test_a_series_that_stands_a_day_off_is_shifted() -> None:
    assert causes((10, 7), (25, 10), (18, 25), (31, 18))[1:3] == ["shifted_day"] * 2


def test_a_zero_over_all_areas_after_a_day_of_many() -> None:
    quiet = rows((60, 60), (0, 61), (59, 59))
    still = rows((3, 3), (0, 4), (2, 2), area="02")
    found = add_causes(pl.concat([quiet, still])).filter(pl.col("date") == DAY + timedelta(days=1))
    assert set(found["cause"]) == {"zero_for_missing"}


def test_a_zero_of_one_area_is_not_a_silent_source() -> None:
    one = rows((60, 60), (0, 61), (59, 59))
    others = rows((70, 70), (71, 71), (72, 72), area="02")
    found = add_causes(pl.concat([one, others])).filter(pl.col("area_code") == "01").sort("date")
    assert found["cause"][1] == "unexplained"


def test_a_figure_far_outside_its_own_series() -> None:
    near = [(50, 51), (52, 50), (151_919, 47), (49, 50), (51, 52)]
    assert causes(*near)[2] == "outlier"


def test_two_areas_the_wrong_way_round() -> None:
    found = add_causes(pl.concat([rows((30, 24)), rows((24, 30), area="02")]))
    assert found["cause"].to_list() == ["swapped_areas", "swapped_areas"]
    assert "swapped_areas" not in causes((30, 24))
