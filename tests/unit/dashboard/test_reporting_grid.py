"""The matrix as it is sent: one letter a cell, notes in words, trouble first."""

from datetime import date, timedelta

import polars as pl

from dashboard import reporting_grid
from dashboard.i18n import translator
from data_access.sync.reporting import REPORTING_SCHEMA
from data_access.sync.rules import STATES

START = date(2021, 8, 1)


def frame(*rows: tuple[str, int, str], **more: object) -> pl.DataFrame:
    made = [
        {"platform": "tracing", "source": "s", "area_code": code, "state": state,
         "date": START + timedelta(days=n), **more}
        for code, n, state in rows
    ]  # fmt: skip
    return pl.DataFrame(made, schema=REPORTING_SCHEMA)


def test_every_state_has_a_letter_of_its_own() -> None:
    assert set(reporting_grid.LETTERS) == set(STATES)
    assert len(set(reporting_grid.LETTERS.values())) == len(STATES)


def test_lines_hold_a_letter_a_day_and_a_note() -> None:
    best = frame(("01", 0, "late"), ("01", 2, "silent"), hours_late=30.2, hours=46.2,
                 usual_hours=14.0)  # fmt: skip
    sent = reporting_grid.message(
        best, [("01", "Hà Nội"), ("02", "Hà Giang")], by="area_code",
        days=(START, START + timedelta(days=2)), picked=None, t=translator("vi"), language="vi",
    )  # fmt: skip
    first, second = sent["lines"]  # type: ignore[misc]
    assert first["cells"] == "les"
    assert first["notes"][0] == "muộn 30 giờ; sau 46 giờ, thường 14 giờ"
    assert second["cells"] == "eee"
    assert sent["words"]["s"] == "Im lặng"  # type: ignore[index]


def test_trouble_comes_first() -> None:
    best = frame(("01", 0, "on_time"), ("02", 0, "late"), ("03", 0, "silent"), ("04", 0, "late"),
                 ("04", 1, "late"))  # fmt: skip
    found = reporting_grid.in_order(best, ["01", "02", "03", "04", "05"])
    assert found == ["03", "04", "02", "01", "05"]


def test_the_tally_is_of_the_newest_due_day_of_real_feeds() -> None:
    best = frame(("01", 0, "on_time"), ("01", 1, "not_due"), ("02", 0, "late"), ("03", 1, "never"))
    day = reporting_grid.tally(best)
    assert day is not None
    assert (day.day, day.expected) == (START, 2)
    assert reporting_grid.tally(frame(("01", 0, "not_due"))) is None
