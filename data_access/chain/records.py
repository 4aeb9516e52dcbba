"""Which columns of which records tell of the response chain, and how they are read. No I/O.

Both the job that writes the chain and the check that recomputes it read these statements; each
decides for itself when a version was in force.
"""

from collections.abc import Mapping

import polars as pl
import sqlalchemy as sa

from data_access import tables
from data_access.chain import steps

RANK = {"version": pl.Int64(), "known_at": pl.Int64(), "batch_id": pl.Int64(),
        "row_no": pl.Int64(), "deleted": pl.Int64()}  # fmt: skip
_KEY = {"source_id": pl.Int32(), "record_id": pl.String()}

CHAIN_PLATFORM, CHAIN_SOURCE = "response", "chain"
"""Under these names the chain stands in the ledger and in the cube."""
CHAIN_META = "chain_state"
"""Under this key of `meta` stands how far the chain has come: `chain.store.State` as JSON."""

CASE, CONTACT = ("tracing", "case"), ("tracing", "contact")
STAY, SAMPLE, MEMBER = ("quarantine", "stay"), ("testing", "sample"), ("testing", "sample_person")
WATCHED = (CASE, CONTACT, STAY, SAMPLE, MEMBER)
"""The kinds of record a change of which may change the chain."""
NUMBERS: Mapping[tuple[str, str], int] = {kind: number for number, kind in enumerate(WATCHED)}
"""Kind of record → its number in storage."""

FIELDS: Mapping[tuple[str, str], Mapping[str, pl.DataType]] = {
    CASE: {"province_id": pl.Int32(), "person_ref": pl.String(), "case_day": pl.Int32()},
    CONTACT: {
        "province_id": pl.Int32(), "person_ref": pl.String(), "index_case_id": pl.String(),
        "class": pl.String(), "index_reported_at": pl.Int64(), "last_exposure_ts": pl.Int64(),
        "identified_ts": pl.Int64(), "reached_ts": pl.Int64(), "quarantined_ts": pl.Int64(),
        "sampled_ts": pl.Int64(),
    },
    STAY: {"person_ref": pl.String(), "start_ts": pl.Int64(), "actual_end": pl.Int64()},
    SAMPLE: {
        "province_id": pl.Int32(), "person_ref": pl.String(), "member_refs": pl.String(),
        "n_members": pl.Int64(), "pool_kind": pl.String(), "result": pl.String(),
        "collected_at": pl.Int64(), "received_lab_at": pl.Int64(), "resulted_at": pl.Int64(),
    },
    MEMBER: {"person_ref": pl.String(), "sample_id": pl.String(), "collected_at": pl.Int64()},
}  # fmt: skip


def schema_of(kind: tuple[str, str], *, past: bool) -> dict[str, pl.DataType]:
    """Return the columns of `statement`, in order."""
    end = {"valid_to": pl.Int64()} if past else {}
    return {**_KEY, **RANK, **FIELDS[kind], **end}


def statement(kind: tuple[str, str], *, past: bool) -> sa.Select[tuple[object, ...]]:
    """Return the SELECT of the winning versions of a kind, or of the past ones."""
    table = tables.record_tables(*kind)[1 if past else 0]
    return sa.select(*[table.c[name] for name in schema_of(kind, past=past)])


def chain_records(
    found: Mapping[tuple[str, str], pl.DataFrame], *, zone: str
) -> dict[str, pl.DataFrame]:
    """Return the arguments of `steps.item_histories` from versions in force of every kind.

    Needs: per kind, the columns of FIELDS, source_id, record_id, begin, end; nothing deleted.
    """
    samples, members = found[SAMPLE], found[MEMBER]
    several = pl.coalesce(
        pl.col("n_members") > 1, pl.col("pool_kind").is_in(["gop_que", "gop_dich"])
    )
    is_pool = several.fill_null(value=False)
    named = pl.concat(
        [
            samples.filter(~is_pool).with_columns(pl.coalesce("person_ref", "member_refs")),
            _members_of_single(samples.filter(~is_pool), members),
        ]
    ).drop_nulls("person_ref")
    return {
        "cases": _select(_cases(found[CASE], zone=zone), steps.CASES),
        "contacts": _select(
            found[CONTACT].rename({"record_id": "contact_id", "province_id": "area_id"}),
            steps.CONTACTS,
        ),
        "stays": _select(found[STAY].drop_nulls("person_ref"), steps.STAYS),
        "positives": _select(
            named.filter(pl.col("result") == "duong_tinh").with_columns(
                area_id="province_id",
                positive_at=pl.coalesce("resulted_at", "received_lab_at", "collected_at"),
            ),
            steps.POSITIVES,
        ),
        "tests": _tests(samples, members),
    }


def _cases(cases: pl.DataFrame, *, zone: str) -> pl.DataFrame:
    midnight = pl.col("case_day").cast(pl.Date).cast(pl.Datetime("us")).dt.replace_time_zone(zone)
    return cases.rename({"record_id": "case_id", "province_id": "area_id"}).with_columns(
        case_at=midnight.dt.timestamp("us")
    )


def _members_of_single(single: pl.DataFrame, members: pl.DataFrame) -> pl.DataFrame:
    """Return samples of one person whose name stands in a line of its own."""
    lines = members.drop_nulls("person_ref").select(
        "source_id", "sample_id", "person_ref", line_begin="begin", line_end="end"
    )
    stated = pl.coalesce("person_ref", "member_refs")
    bare = single.filter(stated.is_null()).drop("person_ref")
    joined = bare.join(
        lines, left_on=["source_id", "record_id"], right_on=["source_id", "sample_id"]
    )
    return (
        joined.with_columns(
            begin=pl.max_horizontal("begin", "line_begin"),
            end=pl.min_horizontal("end", "line_end"),
        )
        .filter(pl.col("end").is_null() | (pl.col("begin") < pl.col("end")))
        .select(single.columns)
    )


def _tests(samples: pl.DataFrame, members: pl.DataFrame) -> pl.DataFrame:
    """Return when whom a sample was taken from, alone or in a pool."""
    listed = samples.with_columns(person_ref=pl.col("member_refs").str.split("|")).explode(
        "person_ref"
    )
    every = [_select(frame, steps.TESTS) for frame in (samples, listed, members)]
    return pl.concat(every).drop_nulls("person_ref").unique()


def _select(frame: pl.DataFrame, schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    return frame.select([pl.col(name).cast(dtype) for name, dtype in schema.items()])
