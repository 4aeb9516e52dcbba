"""Days far ahead are said to be far: on cards, in tables, on maps, in curves; data keep them."""

from datetime import date, timedelta

import polars as pl
import pytest

from dashboard import headline
from dashboard.catalogue import Entry, of_indicator
from dashboard.charts.trend import trend
from dashboard.downloads import csv_of
from dashboard.i18n import translator
from dashboard.maps import payload
from dashboard.ranking import ranked
from data_access.indicators.registry import INDICATORS

DAY = date(2021, 9, 1)
FULL = of_indicator(INDICATORS["quarantine_days_to_full"])


def daily(*values: float | None) -> pl.DataFrame:
    days = [DAY - timedelta(days=back) for back in range(len(values) - 1, -1, -1)]
    return pl.DataFrame(
        {"date": days, "value": list(values), "status": [""] * len(values)},
        schema={"date": pl.Date, "value": pl.Float64, "status": pl.String},
    ).with_columns(id=pl.lit(FULL.key), area_code=pl.lit("01"), area=pl.lit("Hà Nội"))


@pytest.mark.parametrize(
    ("value", "language", "text"),
    [(12.34, "vi", "12,3"), (60.0, "vi", "60,0"), (60.4, "vi", "> 60"), (8123.0, "en", "> 60")],
)
def test_a_value_beyond_the_horizon_is_said_to_be(value: float, language: str, text: str) -> None:
    assert FULL.value(value, language=language) == text


def test_every_count_of_days_ahead_has_a_horizon() -> None:
    ahead = {key for key, one in INDICATORS.items() if one.unit.value == "days"}
    assert ahead == {key for key, one in INDICATORS.items() if one.horizon is not None}


def test_a_card_tells_no_change_of_what_it_does_not_tell() -> None:
    def card(*values: float | None) -> headline.Card:
        return headline.cards(daily(*values), (FULL,), day=DAY)[0]

    far = card(9000.0, *[None] * 6, 3000.0)
    assert far.change is not None
    assert (far.change.difference, far.change.relative) == (0.0, None)
    assert max(value for value in far.spark if value is not None) == 60.0
    near = card(9000.0, *[None] * 6, 20.0)
    assert near.change is not None
    assert (near.change.difference, near.change.relative) == (-40.0, None)
    assert near.value == 20.0
    assert card(9000.0).value == 9000.0


def test_table_and_map_and_curve_end_there_and_the_download_does_not() -> None:
    found = daily(9000.0, *[None] * 6, 20.0)
    (row,) = ranked(found, day=DAY, horizon=FULL.horizon)
    assert (row.value, row.change) == (20.0, -40.0)
    assert ranked(found, day=DAY)[0].change == 20.0 - 9000.0
    figure = trend(found, entry=FULL, t=translator("vi"), language="vi", complete_until=DAY)
    assert figure.data[0].y[0] == 60.0
    assert figure.data[0].text[0] == "> 60"
    areas = pl.DataFrame({"code": ["01"], "name": ["Hà Nội"], "aliases": [""]})
    slides = payload.Slides(areas=areas, figures=found, start=found["date"][0], end=DAY)
    told = message(slides)
    assert told["horizon"] == 60.0
    assert all(limit <= 60 for limit in told["breaks"])  # type: ignore[attr-defined]
    assert b"9000" in csv_of(found)


def message(slides: payload.Slides, entry: Entry = FULL) -> dict[str, object]:
    canvas = payload.Canvas(boundaries=None, islands=None, latitude=16.0)
    return payload.message(
        slides, canvas, entry=entry, t=translator("vi"), language="vi", day=DAY, selected=None
    )
