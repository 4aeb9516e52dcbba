"""What the provinces report: zeros are said, changes are said again, nothing else is."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from simulations.feeds.model import SENT
from simulations.live.reports import LATE, Reports

FIRST = date(2021, 8, 30)
NOON = datetime(2021, 8, 30, 5, tzinfo=UTC)
LATER = NOON + timedelta(days=30)


def reports() -> Reports:
    return Reports(provinces=("01", "79"), first_day=FIRST, zone="Asia/Ho_Chi_Minh")


def case(key: str, *, day: date, died: date | None = None) -> dict[tuple[str, str], pl.DataFrame]:
    sent = NOON + timedelta(days=(day - FIRST).days)
    outcome = "tu_vong" if died else "dang_dieu_tri"
    rows = [(key, "79", day, day, day, day, outcome, died, sent)]
    schema = {
        "case_id": pl.String, "province_code": pl.String, "report_date": pl.Date,
        "result_date": pl.Date, "sample_date": pl.Date, "onset_date": pl.Date,
        "outcome": pl.String, "outcome_date": pl.Date, SENT: pl.Datetime("us", "UTC"),
    }  # fmt: skip
    return {("tracing", "case"): pl.DataFrame(rows, schema=schema, orient="row")}


def test_zeros_are_said_and_only_changes_are_said_again() -> None:
    told = reports()
    told.learn(case("a", day=FIRST))
    assert told.changed(FIRST, at=LATER).rows() == [(FIRST, "01", 0, 0), (FIRST, "79", 1, 0)]
    assert told.changed(FIRST, at=LATER).is_empty()
    told.learn(case("b", day=FIRST))
    told.learn(case("a", day=FIRST, died=FIRST))
    assert told.changed(FIRST, at=LATER).rows() == [(FIRST, "79", 2, 1)]


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


def test_of_a_days_cases_a_part_is_made_up_for_on_later_mornings() -> None:
    told, n = reports(), 4000
    frames = [case(f"case-{number}", day=FIRST)["tracing", "case"] for number in range(n)]
    told.learn({("tracing", "case"): pl.concat(frames)})
    mornings = list(told.mornings(NOON + timedelta(days=9), n=20))
    assert [at.hour for at in mornings] == [7] * 9
    seen, last = [], 0
    for at in mornings:
        rows = told.changed(FIRST, at=at).filter(pl.col("code") == "79")
        last = rows["cases"][0] if rows.height else last
        seen.append(last / n)
    assert seen[: len(LATE)] == pytest.approx(LATE, abs=0.025)
    assert seen[-1] == 1.0
    assert seen == sorted(seen)


def test_a_case_is_late_by_its_name_alone_whatever_is_said_of_it_later() -> None:
    once, twice = reports(), reports()
    for number in range(200):
        once.learn(case(f"case-{number}", day=FIRST))
        twice.learn(case(f"case-{number}", day=FIRST))
        twice.learn(case(f"case-{number}", day=FIRST))
    at = NOON + timedelta(days=2)
    assert once.changed(FIRST, at=at).rows() == twice.changed(FIRST, at=at).rows()
