"""Contacts of cases, followed up: what was done with each and after how long, who fell ill. Pure.

No person leaves here: contacts come out without a name, a pseudonym or an id.
"""

import polars as pl

from data_access.chain.clusters import LINKS, Schema, members, numbered, resolved
from data_access.chain.graph import INCUBATION_DAYS

UNKNOWN = "unknown"
CLOSE = "F1"
STEPS = ("reached", "quarantined", "sampled")
LIMITS = (24, 48)
_TIME = pl.Datetime("us", "UTC")
CONTACTS: Schema = {
    **LINKS, "province_code": pl.String, "setting": pl.String, "index_reported_at": _TIME,
    "last_exposure_ts": _TIME, "identified_ts": _TIME, "reached_ts": _TIME,
    "quarantined_ts": _TIME, "sampled_ts": _TIME,
}  # fmt: skip
FOLLOWED: Schema = {
    "source": pl.String, "cluster_id": pl.String, "is_chain": pl.Boolean,
    "province_code": pl.String, "class": pl.String, "setting": pl.String, "listed_on": pl.Date,
    "exposed_on": pl.Date, "hours_reached": pl.Float64, "hours_quarantined": pl.Float64,
    "hours_sampled": pl.Float64, "is_counted": pl.Boolean, "is_secondary": pl.Boolean,
}  # fmt: skip
FOLLOW_UP: Schema = {
    "class": pl.String, "n_listed": pl.Int64,
    **{f"n_{step}{limit}": pl.Int64 for step in STEPS for limit in ("", "_24h", "_48h")},
}  # fmt: skip


def followed(cases: pl.DataFrame, contacts: pl.DataFrame, *, zone: str) -> pl.DataFrame:
    """Return every contact with its cluster and what became of it.

    Shape: columns of FOLLOWED, one row per contact in no order that names anybody. source,
        cluster_id, is_chain: of the index case's cluster, null where it has none. hours_...: from
        the report of the index case, else from being listed; null where it did not happen, and
        not below 0. is_counted: a close contact of known identity and day of exposure, once per
        index case, who was no case before that day. is_secondary: of those counted, became a case
        on the day of exposure or within INCUBATION_DAYS after it.
    Needs: cases: columns of `clusters.CASES`. Contacts: CONTACTS.
    """
    held = numbered(cases)
    placed = resolved(contacts, held, column="index_case_id").rename(
        {"infector": "index", "source": "told_by"}
    )
    chained = members(cases, contacts).select("source", "cluster_id", "is_chain", index="number")
    start = pl.coalesce("index_reported_at", "identified_ts")
    own = placed.join(chained, on="index", how="left", maintain_order="left").with_columns(
        pl.col("setting").fill_null(UNKNOWN),
        listed_on=_local("identified_ts", zone),
        exposed_on=_local("last_exposure_ts", zone),
        **{
            f"hours_{step}": ((pl.col(f"{step}_ts") - start).dt.total_seconds() / 3600).clip(0)
            for step in STEPS
        },
    )
    flagged = _flagged(own.with_row_index("_row"), held)
    return (
        flagged.select([pl.col(name).cast(dtype) for name, dtype in FOLLOWED.items()])
        .sort("listed_on", "class", "setting", "exposed_on", nulls_last=True)
    )  # fmt: skip


def _local(name: str, zone: str) -> pl.Expr:
    return pl.col(name).dt.convert_time_zone(zone).dt.date()


def _flagged(contacts: pl.DataFrame, cases: pl.DataFrame) -> pl.DataFrame:
    """Add is_counted and is_secondary."""
    index = ["person_ref", "told_by", "index_case_id"]
    close = (
        contacts.filter(pl.col("class") == CLOSE)
        .drop_nulls(["person_ref", "exposed_on"])
        .sort("exposed_on", "_row")
        .unique(index, keep="last", maintain_order=True)
        .select("_row", "person_ref", "index", "exposed_on")
    )
    theirs = close.join(
        cases.drop_nulls("person_ref").select("person_ref", "case_day", "number"), on="person_ref"
    ).filter(pl.col("number").ne_missing(pl.col("index")))
    days = (pl.col("case_day") - pl.col("exposed_on")).dt.total_days()
    became = theirs.group_by("_row").agg(
        before=(days < 0).any(), within=days.is_between(0, INCUBATION_DAYS).any()
    )
    told = close.select("_row", close=pl.lit(value=True)).join(became, on="_row", how="left")
    counted = told.select(
        "_row",
        is_counted=~pl.col("before").fill_null(value=False),
        is_secondary=pl.col("within").fill_null(value=False),
    )
    flags = pl.col("is_counted", "is_secondary").fill_null(value=False)
    return contacts.join(counted, on="_row", how="left", maintain_order="left").with_columns(flags)


def follow_up(contacts: pl.DataFrame) -> pl.DataFrame:
    """Return how many contacts of each class were listed, reached, quarantined and sampled.

    Shape: columns of FOLLOW_UP, sorted by class; n_reached_24h and the like: within so many hours
        of the index case's report, so that whoever was never reached counts as too late.
    Needs: columns of FOLLOWED.
    """
    counts = {
        f"n_{step}{suffix}": expression
        for step in STEPS
        for suffix, expression in (
            ("", pl.col(f"hours_{step}").is_not_null().sum()),
            *((f"_{n}h", (pl.col(f"hours_{step}") <= n).sum()) for n in LIMITS),
        )
    }
    return (
        contacts.group_by("class")
        .agg(n_listed=pl.len(), **counts)
        .sort("class")
        .select([pl.col(name).cast(dtype) for name, dtype in FOLLOW_UP.items()])
    )
