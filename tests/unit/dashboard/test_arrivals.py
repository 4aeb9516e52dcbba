"""Receipt times by feed, against what plain Python makes of the same rows."""

from datetime import UTC, date, datetime, timedelta
from statistics import median

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from dashboard.charts.arrivals import arrivals, chart, height
from dashboard.i18n import translator
from data_access.sync.reporting import REPORTING_SCHEMA

DAY = date(2021, 8, 30)
MIDNIGHT = datetime(2021, 8, 30, 17, tzinfo=UTC)
hours = st.lists(st.floats(min_value=0, max_value=90), min_size=1, max_size=12)


def reported(source: str, late: list[float], *, usual: float | None = 14.0) -> pl.DataFrame:
    rows = [
        {"platform": "tracing", "source": source, "area_code": f"{n:02}", "date": DAY,
         "hours": one, "first_known_at": MIDNIGHT + timedelta(hours=one),
         "due_at": MIDNIGHT + timedelta(hours=16), "usual_hours": usual,
         "p90_hours": None if usual is None else usual + 2}
        for n, one in enumerate(late)
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=REPORTING_SCHEMA)


@given(hours)
def test_median_and_slow_are_what_plain_python_counts(late: list[float]) -> None:
    (row,) = arrivals(reported("s", late)).iter_rows(named=True)
    assert abs(row["now"] - median(late)) < 1e-9
    assert row["n_slow"] == sum(one > 16 for one in late)
    assert row["n"] == len(late)
    # Instants are whole microseconds; the hour at which figures were due is not lost in them.
    assert abs(row["due"] - 16) < 1e-3


def test_days_without_figures_are_no_arrivals() -> None:
    silent = reported("s", [1.0]).with_columns(hours=None).cast({"hours": pl.Float64})
    assert arrivals(silent).is_empty()


def test_a_feed_without_a_past_is_left_to_the_table() -> None:
    both = pl.concat([reported("old", [13.0]), reported("young", [70.0], usual=None)])
    feeds = arrivals(both)
    assert feeds["source"].to_list() == ["old", "young"]
    figure = chart(feeds, t=translator("en"), language="en")
    assert {name for one in figure.data for name in one.y} == {"Tracing, cases · old"}
    assert height(feeds) == height(feeds.filter(pl.col("source") == "old"))
