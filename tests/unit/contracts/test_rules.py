"""What platforms share: bins of delays, order of moments, percentiles from bins."""

import random
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_access.contracts.rules import (
    DELAY_BINS,
    DELAY_LABELS,
    delay_bin,
    delay_quantiles,
    hours_between,
    ordered,
    person_checks,
    quantile_hours,
    within_hours,
)

START = datetime(2021, 8, 1, tzinfo=UTC)
A, B = pl.col("a"), pl.col("b")


def spans(*seconds: int | None) -> pl.DataFrame:
    ends = [None if each is None else START + timedelta(seconds=each) for each in seconds]
    instant = pl.Datetime("us", "UTC")
    return pl.DataFrame({"a": [START] * len(ends), "b": ends}, schema={"a": instant, "b": instant})


@pytest.mark.parametrize(
    ("seconds", "name"),
    [
        (0, "000-001"), (1, "000-001"), (3600, "000-001"), (3601, "001-002"), (-5, "000-001"),
        (24 * 3600, "023-024"), (24 * 3600 + 1, "024-026"), (48 * 3600, "046-048"),
        (48 * 3600 + 1, "048-052"), (72 * 3600, "068-072"), (72 * 3600 + 1, "072-084"),
        (168 * 3600, "156-168"), (168 * 3600 + 1, "168-192"), (336 * 3600, "312-336"),
        (336 * 3600 + 1, "336+"), (10**8, "336+"), (None, None),
    ],
)  # fmt: skip
def test_the_bin_of_a_delay(seconds: int | None, name: str | None) -> None:
    assert spans(seconds).select(delay_bin(A, B)).item() == name


def test_bins_follow_one_another_and_sort_as_text() -> None:
    ends = list(DELAY_BINS.values())
    assert ends[0][0] == 0
    assert [high for _, high in ends[:-1]] == [low for low, _ in ends[1:]]
    assert ends[-1] == (336, None)
    assert sorted(DELAY_BINS) == list(DELAY_BINS)
    assert DELAY_LABELS["023-024"] == ("23-24 giờ", "23-24 hours")
    assert DELAY_LABELS["336+"] == ("trên 336 giờ", "over 336 hours")


def test_hours_begun() -> None:
    got = spans(0, 1, 3600, 3601, None).select(hours_between(A, B)).to_series()
    assert got.to_list() == [0, 1, 1, 2, None]


def test_24_hours_sharp_are_within_24_hours() -> None:
    got = spans(86_400, 86_401, None).select(within_hours(A, B, hours=24)).to_series()
    assert got.to_list() == [True, False, None]


def test_order_passes_over_what_is_blank() -> None:
    first, second = ordered(("a", "b", "c"), key="out", vi="x", en="y")
    assert (first.key, first.field, second.key) == ("out_b", "b", "out_c")
    rows = pl.DataFrame(
        {"a": [1, 5, None, None], "b": [None, 4, 3, None], "c": [0, 9, 2, 1]},
        schema=dict.fromkeys("abc", pl.Int64),
    )
    assert rows.select(first.broken).to_series().to_list() == [None, True, None, None]
    assert rows.select(second.broken).to_series().to_list() == [True, False, True, None]


@pytest.mark.parametrize(
    ("born", "broken"),
    [("2021-08-01", []), ("2021-08-02", ["born_after_event"]), ("1901-08-01", []),
     ("1900-08-02", []), ("1900-08-01", ["too_old"]), (None, [])],
)  # fmt: skip
def test_births(born: str | None, broken: list[str]) -> None:
    row = pl.DataFrame({"birth_date": [born], "on": ["2021-08-01"]}).select(
        pl.col("birth_date").cast(pl.String).str.to_date(), pl.col("on").str.to_date()
    )
    checks = person_checks(pl.col("on"))
    assert [each.key for each in checks if row.select(each.broken).item()] == broken


def test_percentiles_on_a_straight_line_within_a_bin() -> None:
    counts = [("000-001", 10), ("001-002", 30), ("024-026", 10)]
    assert quantile_hours(counts, share=0.1) == 0.5
    assert quantile_hours(counts, share=0.2) == 1.0
    assert quantile_hours(counts, share=0.5) == 1.5
    assert quantile_hours(counts, share=0.9) == 25.0
    assert quantile_hours(counts, share=1.0) == 26.0


def test_percentiles_where_there_is_nothing_or_no_end() -> None:
    assert quantile_hours([], share=0.5) is None
    assert quantile_hours([("unknown", 3)], share=0.5) is None
    assert quantile_hours([("336+", 3), ("000-001", 1)], share=0.5) == 336.0


def test_percentiles_stay_within_a_bin_of_the_exact_ones() -> None:
    chance = random.Random(7)  # noqa: S311 -- delays of a test
    seconds = sorted(int(chance.lognormvariate(0, 0.6) * 20 * 3600) for _ in range(2001))
    bins = spans(*seconds).select(delay_bin(A, B)).to_series().to_list()
    for share in (0.5, 0.9):
        exact = seconds[round(share * 2000)] / 3600
        low, high = DELAY_BINS[bins[round(share * 2000)]]
        found = quantile_hours([(name, 1) for name in bins], share=share)
        assert found is not None
        assert high is not None
        assert abs(found - exact) <= high - low


@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from(["a", "b"]), st.sampled_from([*DELAY_BINS, "unknown"]),
            st.integers(0, 20),
        ),
        max_size=25,
    ),
    share=st.sampled_from([0.1, 0.5, 0.9, 1.0]),
)  # fmt: skip
def test_quantiles_of_many_groups_are_those_of_each(
    rows: list[tuple[str, str, int]], share: float
) -> None:
    schema = {"place": pl.String, "bin": pl.String, "value": pl.Int64}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    found = delay_quantiles(frame, by=["place"], code="bin", shares={"q": share})
    each = {
        place: quantile_hours([(b, n) for p, b, n in rows if p == place], share=share)
        for place in ("a", "b")
    }
    assert dict(found.iter_rows()) == pytest.approx(
        {p: q for p, q in each.items() if q is not None}
    )
