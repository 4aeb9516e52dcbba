"""Who is F0, F1 ... F4 of which index case at a moment. Pure: frames in, frames out.

A class belongs to a person's relation to an index case, and to a moment; it is never an attribute
of a person. When an F1 turns positive it is F0 from that moment, and whoever was listed through it
moves up one class: an F2 of the old index case is an F1 of the new one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import polars as pl

FURTHEST = 4
"""F4 is the last class there is."""

RELATIONS = {"person_ref": pl.String, "index_case_id": pl.String, "class": pl.String}


def relations(cases: pl.DataFrame, contacts: pl.DataFrame, *, at: datetime) -> pl.DataFrame:
    """Return the class of every person towards every index case at a moment.

    Shape: person_ref, index_case_id, class (F0 to F4); one row per person and index case, the
        closest class where there are several; an F0 has a row for each of their own cases only.
        Sorted.
    Needs: cases as known: case_id, person_ref, confirmed_at (Datetime UTC). Contacts as known:
        contact_id, person_ref, index_case_id, class, via_contact_id (null: listed by the index
        case itself or not told), identified_ts.
    Method: from each contact up the contacts it was listed through, until one whose person is F0
        by then; the steps taken are the class. Without a contact above, the record's own class.
        A contact counts from when it was listed and its index case was confirmed; an index case
        that is not among the cases counts as confirmed. Beyond F4, and contacts listed through each
        other in a circle, there is no class.

    Args:
        cases: see above.
        contacts: see above.
        at: aware moment.
    """
    confirmed = cases.filter(pl.col("confirmed_at") <= at)
    pending = cases.filter(pl.col("confirmed_at").is_null() | (pl.col("confirmed_at") > at))
    own = confirmed.drop_nulls("person_ref").select("person_ref", index_case_id="case_id")
    listed = contacts.filter(pl.col("identified_ts") <= at)
    found = _classed(listed, own).join(
        pending.select(index_case_id="case_id"), on="index_case_id", how="anti"
    )
    others = found.drop_nulls("person_ref").join(own, on="person_ref", how="anti")
    closest = others.group_by("person_ref", "index_case_id").agg(pl.col("level").min())
    return (
        pl.concat([own.with_columns(level=pl.lit(0, dtype=pl.Int64)), closest])
        .filter(pl.col("level") <= FURTHEST)
        .select("person_ref", "index_case_id", pl.format("F{}", "level").alias("class"))
        .unique()
        .sort("person_ref", "index_case_id")
    )


def _classed(listed: pl.DataFrame, own: pl.DataFrame) -> pl.DataFrame:
    """Return person_ref, index_case_id and level (steps from an F0) of listed contacts."""
    above = listed.select(via_contact_id="contact_id", via_person="person_ref")
    joined = listed.join(above, on="via_contact_id", how="left")
    infected = joined.join(
        own.rename({"person_ref": "via_person", "index_case_id": "of_case"}),
        on="via_person",
        how="left",
    )
    known = pl.col("via_contact_id").is_in(listed["contact_id"].implode()).fill_null(value=False)
    plain = infected.with_columns(
        level=pl.when(pl.col("of_case").is_not_null())
        .then(pl.lit(1))
        .when(~known)
        .then(pl.col("class").str.slice(1).cast(pl.Int64)),
        index_case_id=pl.coalesce("of_case", "index_case_id"),
    ).select("contact_id", "via_contact_id", "person_ref", "index_case_id", "level")
    settled = [plain.drop_nulls("level")]
    waiting = plain.filter(pl.col("level").is_null()).drop("level", "index_case_id")
    for _ in range(FURTHEST - 1):
        above_now = settled[-1].select(
            "index_case_id", "level", via_contact_id="contact_id"
        ).unique()  # fmt: skip
        next_ = waiting.join(above_now, on="via_contact_id", how="inner").with_columns(
            level=pl.col("level") + 1
        )
        settled.append(next_.select(plain.columns))
    return pl.concat(settled).select("person_ref", "index_case_id", "level")


# --- infectious window --------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class InfectiousRule:
    """From when on a case counts as infectious, by a guideline and the days it is in force.

    Attributes:
        since: first day in force.
        until: last day in force; None: still is.
        before_onset_days: days before the onset of symptoms.
        before_sample_days: days before the positive sample, without symptoms or a known source.
        source: the document.
    """

    since: date
    until: date | None = None
    before_onset_days: int
    before_sample_days: int
    source: str


RULES = (
    InfectiousRule(
        since=date(2021, 7, 30),
        before_onset_days=3,
        before_sample_days=14,
        source="Quyết định 3638/QĐ-BYT",
    ),
)


def infectious_windows(
    cases: pl.DataFrame, *, rules: Sequence[InfectiousRule] = RULES
) -> pl.DataFrame:
    """Return the days on which each case was infectious.

    Shape: case_id, infectious_from, infectious_to (Date; to: null while not isolated), rule (its
        source; null where no rule was in force or no date is known), in the order of `cases`.
    Needs: case_id, report_date, onset_date, sample_date, first_exposure, isolated_on (Date).
    Method: with symptoms, so many days before onset; without, from the first exposure where the
        source is known, else so many days before the positive sample; until isolation. The rule is
        the one in force on the day of report.
    """
    begin, source = pl.lit(None, dtype=pl.Date), pl.lit(None, dtype=pl.String)
    for rule in rules:
        holds = pl.col("report_date") >= rule.since
        if rule.until is not None:
            holds &= pl.col("report_date") <= rule.until
        first = pl.coalesce(
            pl.col("onset_date").dt.offset_by(f"-{rule.before_onset_days}d"),
            "first_exposure",
            pl.col("sample_date").dt.offset_by(f"-{rule.before_sample_days}d"),
        )
        begin = pl.when(holds).then(first).otherwise(begin)
        source = pl.when(holds & first.is_not_null()).then(pl.lit(rule.source)).otherwise(source)
    return cases.select("case_id", infectious_from=begin, infectious_to="isolated_on", rule=source)
