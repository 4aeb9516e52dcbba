"""The steps of the response, who took them and when, at every moment of knowledge. Pure.

Records of three platforms meet here by `person_ref` and by the index case. Each record comes with
the moments between which it was in force, so that what is made of it knows them too.

A step belongs to an item: a person (positive, then a case), a case (then its first contact is
listed) or a contact of class F1 (listed, reached, quarantined, tested).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

STEPS: Mapping[str, tuple[str, str]] = {
    "positive_to_case": ("Dương tính → ca bệnh", "Positive → case"),
    "case_to_listed": ("Ca bệnh → lập danh sách tiếp xúc", "Case → contacts listed"),
    "listed_to_reached": ("Lập danh sách → liên hệ được", "Listed → reached"),
    "reached_to_quarantined": ("Liên hệ được → cách ly", "Reached → quarantined"),
    "quarantined_to_tested": ("Cách ly → lấy mẫu", "Quarantined → sampled"),
}
"""Steps in order: code → (Vietnamese, English)."""

FOLLOWED_DAYS = 28
"""A stay or sample later than this after listing belongs to another story than this contact."""
_DAY_US = 86_400_000_000

SPAN = {"begin": pl.Int64(), "end": pl.Int64()}
"""When a record was in force: from, and until (null: still), microseconds UTC."""
CASES = {"source_id": pl.Int32(), "case_id": pl.String(), "person_ref": pl.String(),
         "area_id": pl.Int32(), "case_at": pl.Int64(), **SPAN}  # fmt: skip
CONTACTS = {
    "source_id": pl.Int32(), "contact_id": pl.String(), "person_ref": pl.String(),
    "index_case_id": pl.String(), "area_id": pl.Int32(), "class": pl.String(),
    "index_reported_at": pl.Int64(), "last_exposure_ts": pl.Int64(), "identified_ts": pl.Int64(),
    "reached_ts": pl.Int64(), "quarantined_ts": pl.Int64(), "sampled_ts": pl.Int64(), **SPAN,
}  # fmt: skip
STAYS = {"person_ref": pl.String(), "start_ts": pl.Int64(), "actual_end": pl.Int64(), **SPAN}
POSITIVES = {"person_ref": pl.String(), "area_id": pl.Int32(), "positive_at": pl.Int64(), **SPAN}
TESTS = {"person_ref": pl.String(), "collected_at": pl.Int64(), **SPAN}

ITEMS = {"step": pl.String(), "source_id": pl.Int32(), "item": pl.String(),
         "known_at": pl.Int64(), "area_id": pl.Int32(), "started": pl.Int64(),
         "done": pl.Int64()}  # fmt: skip
"""What is known of an item from a moment on; `started` is null where it is not at this step."""

PERSON_KEY = {"person_ref": pl.String()}
CASE_KEY = {"source_id": pl.Int32(), "case_id": pl.String()}
CONTACT_KEY = {"source_id": pl.Int32(), "contact_id": pl.String()}


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Some items, by whose they are. No key comes twice.

    Attributes:
        persons: columns of PERSON_KEY.
        cases: columns of CASE_KEY.
        contacts: columns of CONTACT_KEY.
    """

    persons: pl.DataFrame
    cases: pl.DataFrame
    contacts: pl.DataFrame


def item_histories(
    *,
    cases: pl.DataFrame,
    contacts: pl.DataFrame,
    stays: pl.DataFrame,
    positives: pl.DataFrame,
    tests: pl.DataFrame,
    wanted: Wanted | None = None,
) -> pl.DataFrame:
    """Return what was known of every item of every step, moment by moment.

    Shape: columns of ITEMS; one row per moment at which what is known of an item at a step
        changed, in order of item and moment.
    Needs: frames with the columns of CASES, CONTACTS, STAYS, POSITIVES and TESTS; instants are
        microseconds UTC. Where only some items are wanted, every record that tells of them, and
        any others.
    Method: an item is looked at whenever one of the records that tell of it begins or ends.
    """
    of_persons, of_cases, listed = (positives, cases), (cases, contacts), contacts
    if wanted is not None:
        persons, index = wanted.persons, wanted.cases.rename({"case_id": "index_case_id"})
        of_persons = (_among(positives, persons), _among(cases, persons))
        of_cases = (_among(cases, wanted.cases), _among(contacts, index))
        listed = _among(contacts, wanted.contacts)
    found = pl.concat(
        [
            _persons(*of_persons),
            _index_cases(*of_cases),
            *_close_contacts(listed, stays=stays, tests=tests),
        ]
    )
    return _changes_only(found)


def _among(records: pl.DataFrame, keys: pl.DataFrame) -> pl.DataFrame:
    return records.join(keys, on=keys.columns, how="semi")


# --- moments ------------------------------------------------------------------------------------


def _moments(key: list[str], frames: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """Return (key, at): every moment at which a record of the key begins or ends."""
    each = [
        frame.select(*key, at=pl.col(bound)).drop_nulls()
        for frame in frames
        for bound in ("begin", "end")
    ]
    return pl.concat(each).unique()


def _in_force(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the rows whose record is in force at the moment `at` they are looked at."""
    return frame.filter(
        (pl.col("begin") <= pl.col("at"))
        & (pl.col("end").is_null() | (pl.col("at") < pl.col("end")))
    )


def _at(grid: pl.DataFrame, records: pl.DataFrame, *, key: list[str]) -> pl.DataFrame:
    """Return the records in force at each moment of a grid of keys."""
    return _in_force(grid.join(records, on=key, how="inner"))


def _changes_only(items: pl.DataFrame) -> pl.DataFrame:
    key = ["step", "source_id", "item"]
    told = ["area_id", "started", "done"]
    nowhere = pl.col("started").is_null() | pl.col("area_id").is_null()
    plain = items.with_columns(
        pl.when(~nowhere).then(pl.col(name)).alias(name) for name in told
    ).sort(*key, "known_at")
    first = pl.struct(key) != pl.struct(key).shift(1)
    same = pl.all_horizontal([pl.col(name).eq_missing(pl.col(name).shift(1)) for name in told])
    is_first = first.fill_null(value=True)
    return plain.filter(
        pl.when(is_first).then(pl.col("started").is_not_null()).otherwise(~same)
    ).select(list(ITEMS))


# --- the three kinds of item --------------------------------------------------------------------


def _persons(positives: pl.DataFrame, cases: pl.DataFrame) -> pl.DataFrame:
    """Return positive persons: from the first positive result to the first case record."""
    key = ["person_ref"]
    known = positives.drop_nulls("person_ref")
    theirs = cases.drop_nulls("person_ref").join(known.select(key).unique(), on=key, how="semi")
    grid = _moments(key, (known, theirs))
    first = (
        _at(grid, known, key=key)
        .sort("positive_at", "area_id")
        .group_by("person_ref", "at", maintain_order=True)
        .agg(pl.col("area_id", "positive_at").first())
    )
    became = _at(grid, theirs, key=key).group_by("person_ref", "at").agg(pl.col("case_at").min())
    return (
        grid.join(first, on=["person_ref", "at"], how="left")
        .join(became, on=["person_ref", "at"], how="left")
        .select(
            step=pl.lit("positive_to_case"),
            source_id=pl.lit(0, dtype=pl.Int32),
            item="person_ref",
            known_at="at",
            area_id="area_id",
            started="positive_at",
            done="case_at",
        )
    )


def _index_cases(cases: pl.DataFrame, contacts: pl.DataFrame) -> pl.DataFrame:
    """Return cases: from their report to the listing of their first contact."""
    key = ["source_id", "case_id"]
    theirs = contacts.rename({"index_case_id": "case_id"}).select(
        *key, "index_reported_at", "identified_ts", "begin", "end"
    ).join(cases.select(key).unique(), on=key, how="semi")  # fmt: skip
    grid = _moments(key, (cases, theirs))
    own = _at(grid, cases, key=key).select(*key, "at", "area_id", "case_at")
    listed = (
        _at(grid, theirs, key=key)
        .group_by(*key, "at")
        .agg(pl.col("index_reported_at", "identified_ts").min())
    )
    return (
        grid.join(own, on=[*key, "at"], how="left")
        .join(listed, on=[*key, "at"], how="left")
        .select(
            step=pl.lit("case_to_listed"),
            source_id="source_id",
            item="case_id",
            known_at="at",
            area_id="area_id",
            # A case is dated by day; its contacts may know the hour of its report.
            started=pl.when(pl.col("area_id").is_not_null()).then(
                pl.coalesce("index_reported_at", "case_at")
            ),
            done="identified_ts",
        )
    )


def _close_contacts(
    contacts: pl.DataFrame, *, stays: pl.DataFrame, tests: pl.DataFrame
) -> list[pl.DataFrame]:
    """Return the three steps of contacts of class F1."""
    key = ["source_id", "contact_id"]
    linked = contacts.select(*key, "person_ref").drop_nulls().unique()
    of_person = [
        linked.join(frame.select("person_ref", "begin", "end"), on="person_ref", how="inner")
        for frame in (stays, tests)
    ]
    grid = _moments(key, (contacts, *of_person))
    own = _at(grid, contacts, key=key).filter(pl.col("class") == "F1").drop("begin", "end")
    seen = _with_moments(own, stays=stays, tests=tests)
    placed = grid.join(seen, on=[*key, "at"], how="left")
    return [
        placed.select(
            step=pl.lit(step),
            source_id="source_id",
            item="contact_id",
            known_at="at",
            area_id="area_id",
            started=started,
            done=done,
        )
        for step, started, done in (
            ("listed_to_reached", "identified_ts", "reached"),
            ("reached_to_quarantined", "reached", "quarantined"),
            ("quarantined_to_tested", "quarantined", "tested"),
        )
    ]


def _with_moments(own: pl.DataFrame, *, stays: pl.DataFrame, tests: pl.DataFrame) -> pl.DataFrame:
    """Add reached, quarantined and tested: from the contact, else from another platform's record.

    Whoever is quarantined has been reached.
    """
    key = ["source_id", "contact_id", "at"]
    persons = own.drop_nulls("person_ref")
    until = pl.col("identified_ts") + FOLLOWED_DAYS * _DAY_US
    since = pl.coalesce("last_exposure_ts", "identified_ts")
    stay = (
        _in_force(persons.join(stays, on="person_ref", how="inner"))
        .filter(
            (pl.col("start_ts") <= until)
            & (pl.col("actual_end").is_null() | (pl.col("actual_end") > since))
        )
        .group_by(key)
        .agg(stay_from=pl.col("start_ts").min())
    )
    test = (
        _in_force(persons.join(tests, on="person_ref", how="inner"))
        .filter(pl.col("collected_at").is_between(since, until))
        .group_by(key)
        .agg(test_at=pl.col("collected_at").min())
    )
    return (
        own.join(stay, on=key, how="left")
        .join(test, on=key, how="left")
        .with_columns(
            quarantined=pl.min_horizontal("quarantined_ts", "stay_from"),
            tested=pl.min_horizontal("sampled_ts", "test_at"),
        )
        .with_columns(reached=pl.coalesce("reached_ts", "quarantined"))
        .select(*key, "area_id", "identified_ts", "reached", "quarantined", "tested")
    )
