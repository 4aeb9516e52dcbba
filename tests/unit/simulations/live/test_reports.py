"""What the provinces report: zeros are said, changes are said again, nothing else is."""

from datetime import date, datetime

import polars as pl
import pytest

from simulations.live.reports import Reports

FIRST = date(2021, 8, 30)


def reports() -> Reports:
    return Reports(provinces=("01", "79"), first_day=FIRST, zone="Asia/Ho_Chi_Minh")


def case(key: str, *, day: date, died: date | None = None) -> dict[tuple[str, str], pl.DataFrame]:
    rows = [(key, "79", day, day, day, day, "tu_vong" if died else "dang_dieu_tri", died)]
    schema = {
        "case_id": pl.String, "province_code": pl.String, "report_date": pl.Date,
        "result_date": pl.Date, "sample_date": pl.Date, "onset_date": pl.Date,
        "outcome": pl.String, "outcome_date": pl.Date,
    }  # fmt: skip
    return {("tracing", "case"): pl.DataFrame(rows, schema=schema, orient="row")}


def test_zeros_are_said_and_only_changes_are_said_again() -> None:
    told = reports()
    told.learn(case("a", day=FIRST))
    assert told.changed(FIRST).rows() == [(FIRST, "01", 0, 0), (FIRST, "79", 1, 0)]
    assert told.changed(FIRST).is_empty()
    told.learn(case("b", day=FIRST))
    told.learn(case("a", day=FIRST, died=FIRST))
    assert told.changed(FIRST).rows() == [(FIRST, "79", 2, 1)]


@pytest.mark.parametrize(
    ("after", "until", "expected"),
    [
        ("2021-09-02T16:45", "2021-09-02T17:00", date(2021, 9, 2)),
        ("2021-09-02T17:00", "2021-09-02T17:15", None),
        ("2021-09-02T06:45", "2021-09-02T07:00", date(2021, 9, 1)),
        ("2021-08-30T07:00", "2021-09-02T16:00", date(2021, 9, 1)),
        ("2021-08-30T07:00", "2021-09-02T00:00", date(2021, 9, 1)),
    ],
)
def test_which_day_a_report_speaks_of(after: str, until: str, expected: date | None) -> None:
    local = (datetime.fromisoformat(f"{text}+07:00") for text in (after, until))
    found = reports().last_day(*local)
    assert found == expected
