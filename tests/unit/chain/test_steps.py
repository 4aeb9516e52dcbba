"""Steps of the response by hand: which record counts, up to which moment, known from when."""

import polars as pl
import pytest

from data_access.chain.steps import (
    CASES,
    CONTACTS,
    FOLLOWED_DAYS,
    POSITIVES,
    STAYS,
    TESTS,
    item_histories,
)

HOUR = 3_600_000_000
FOLLOWED = FOLLOWED_DAYS * 24 * HOUR
SCHEMAS = {"cases": CASES, "contacts": CONTACTS, "stays": STAYS, "positives": POSITIVES,
           "tests": TESTS}  # fmt: skip
CONTACT = {"source_id": 1, "contact_id": "k", "person_ref": "p", "index_case_id": "A",
           "area_id": 1, "class": "F1", "identified_ts": 0, "begin": 10}  # fmt: skip
Row = dict[str, object]


def histories(step: str, **given: list[Row]) -> list[tuple[int, object, object]]:
    """Return (known_at, started, done) of the one item of a step."""
    frames = {
        name: pl.DataFrame([{**dict.fromkeys(schema), **row} for row in given.get(name, [])],
                           schema=schema)
        for name, schema in SCHEMAS.items()
    }  # fmt: skip
    found = item_histories(**frames).filter(pl.col("step") == step)
    return list(found.select("known_at", "started", "done").iter_rows())


def test_the_first_case_of_a_person_and_the_first_positive_count() -> None:
    case = {"source_id": 1, "person_ref": "p", "area_id": 1, "begin": 10}
    positive = {"person_ref": "p", "area_id": 2, "begin": 10}
    assert histories(
        "positive_to_case",
        cases=[{**case, "case_id": "A", "case_at": 9 * HOUR},
               {**case, "case_id": "B", "case_at": 5 * HOUR, "begin": 20, "end": 30}],
        positives=[{**positive, "positive_at": 3 * HOUR}, {**positive, "positive_at": 4 * HOUR}],
    ) == [(10, 3 * HOUR, 9 * HOUR), (20, 3 * HOUR, 5 * HOUR), (30, 3 * HOUR, 9 * HOUR)]  # fmt: skip


@pytest.mark.parametrize(
    ("start", "end", "counts"),
    [
        (FOLLOWED, None, True),
        (FOLLOWED + 1, None, False),
        (-99 * HOUR, 1, True),
        (-99 * HOUR, 0, False),
    ],
)
def test_a_stay_counts_that_lasts_beyond_listing_and_begins_in_time(
    start: int, end: int | None, counts: bool
) -> None:
    stay = {"person_ref": "p", "start_ts": start, "actual_end": end, "begin": 20}
    found = histories("listed_to_reached", contacts=[CONTACT], stays=[stay])
    # Whoever is quarantined has been reached.
    assert found == [(10, 0, None), *([(20, 0, start)] if counts else [])]


@pytest.mark.parametrize(
    ("taken", "counts"),
    [(-2 * HOUR, True), (-2 * HOUR - 1, False), (FOLLOWED, True), (FOLLOWED + 1, False)],
)
def test_a_sample_counts_from_the_last_exposure_on(taken: int, counts: bool) -> None:
    contact = {**CONTACT, "last_exposure_ts": -2 * HOUR, "quarantined_ts": HOUR}
    test = {"person_ref": "p", "collected_at": taken, "begin": 20}
    found = histories("quarantined_to_tested", contacts=[contact], tests=[test])
    assert found == [(10, HOUR, None), *([(20, HOUR, taken)] if counts else [])]


def test_a_case_starts_with_its_report_where_a_contact_knows_the_hour() -> None:
    case = {"source_id": 1, "case_id": "A", "area_id": 1, "case_at": 0, "begin": 10}
    contact = {**CONTACT, "index_reported_at": 8 * HOUR, "identified_ts": 9 * HOUR, "begin": 20,
               "end": 30}  # fmt: skip
    found = histories("case_to_listed", cases=[case], contacts=[contact])
    assert found == [(10, 0, None), (20, 8 * HOUR, 9 * HOUR), (30, 0, None)]


def test_an_f2_takes_no_step_and_a_deleted_contact_ends() -> None:
    assert histories("listed_to_reached", contacts=[{**CONTACT, "class": "F2"}]) == []
    ended = histories("listed_to_reached", contacts=[{**CONTACT, "end": 50}])
    assert ended == [(10, 0, None), (50, None, None)]
