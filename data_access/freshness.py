"""How fresh each platform is: what each source delivered last, against what is expected of it.

Reads the ledger and the newest month of each measure; no records.
"""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import sqlalchemy as sa

from data_access import tables
from data_access.codes import from_us, month_of, to_us
from data_access.cube.hot import HotCube
from data_access.reader import Schema, read_frame, snapshot
from data_access.viewer import Viewer

PLATFORMS = (
    "declarations",
    "checkpoints",
    "tracing",
    "quarantine",
    "testing",
    "vaccination",
)
ON_TIME, LATE, SILENT, NEVER = "on_time", "late", "silent", "never"
SILENT_AFTER_DAYS = 7
"""A source that has delivered nothing for longer than this is silent."""

_COUNTS = ("n_read", "n_new", "n_updated", "n_unchanged", "n_stale", "n_rejected")
_LEDGER: Schema = {
    "source_id": pl.Int32,
    "platform": pl.String,
    "known_at": pl.Int64,
    "received_at": pl.Int64,
    "n_batches": pl.Int64,
    **dict.fromkeys(_COUNTS, pl.Int64),
}
FRESHNESS_SCHEMA: Schema = {
    "platform": pl.String,
    "source": pl.String,
    "origin": pl.String,
    "state": pl.String,
    "known_at": pl.Datetime("us", "UTC"),
    "received_at": pl.Datetime("us", "UTC"),
    "last_day": pl.Date,
    "days_behind": pl.Int32,
    "expected_lag_days": pl.Int32,
    "n_batches": pl.Int64,
    **dict.fromkeys(_COUNTS, pl.Int64),
}
BATCH_SCHEMA: Schema = {
    "batch_id": pl.Int64,
    "platform": pl.String,
    "source": pl.String,
    "origin": pl.String,
    "record_kind": pl.String,
    "file_name": pl.String,
    "known_at": pl.Int64,
    "received_at": pl.Int64,
    **dict.fromkeys(_COUNTS, pl.Int64),
    "n_flagged": pl.Int64,
    "n_retracted": pl.Int64,
}


def freshness(cube: HotCube, engine: sa.Engine, *, viewer: Viewer) -> pl.DataFrame:
    """Return how fresh every source of every platform is.

    Shape: FRESHNESS_SCHEMA; one row per (platform, source), and one for a national platform that
        has never delivered (source empty, state `never`). `last_day` is the newest day with
        figures the viewer may see; `days_behind` counts from it to today.
    Method: on time while the last delivery is at most the platform's usual delay old, silent
        after SILENT_AFTER_DAYS, late between.
    """
    if viewer.is_blind:
        return pl.DataFrame(schema=FRESHNESS_SCHEMA)
    held = _ledger(engine, viewer=viewer)
    zone = ZoneInfo(cube.geography.areas.country.time_zone)
    last_days = _last_days(cube, viewer=viewer)
    catalogue = cube.state(viewer=viewer).catalogue
    sources = {row["source_id"]: row for row in catalogue.sources.iter_rows(named=True)}
    lags: dict[str, int] = defaultdict(lambda: 1)
    for measure in catalogue.measures.values():
        lags[measure.platform] = max(lags[measure.platform], measure.lag_days)
    rows = [
        _row(ledger, sources[ledger["source_id"]], last_days, lags[ledger["platform"]])
        for ledger in held.iter_rows(named=True)
        if ledger["source_id"] in sources
    ]
    rows += _never({row["platform"] for row in rows})
    return _judged(pl.DataFrame(rows, schema=FRESHNESS_SCHEMA, orient="row"), viewer.now, zone)


def latest_batches(engine: sa.Engine, *, viewer: Viewer, limit: int = 50) -> pl.DataFrame:
    """Return the newest deliveries known at the viewer's moment, newest first.

    Shape: BATCH_SCHEMA, instants as UTC datetimes. Whoever sees only some provinces reads no file
        names: a ledger row is about a file, and the file may be another province's.
    """
    batch, source = tables.batch.c, tables.source.c
    named = {"source": source.name, "origin": batch.origin}
    columns = [named[name] if name in named else batch[name] for name in BATCH_SCHEMA]
    query = (
        sa.select(*columns)
        .join_from(tables.batch, tables.source, batch.source_id == source.source_id)
        .where(batch.known_at <= to_us(viewer.now))
        .order_by(batch.known_at.desc(), batch.batch_id.desc())
        .limit(limit)
    )
    with snapshot(engine, viewer=viewer) as connection:
        found = read_frame(connection, query, BATCH_SCHEMA, viewer=viewer)
    instants = [
        pl.from_epoch(name, time_unit="us").dt.replace_time_zone("UTC")
        for name in ("known_at", "received_at")
    ]
    hidden = [] if viewer.everywhere else [pl.lit("").alias("file_name")]
    return found.with_columns(*instants, *hidden)


def _ledger(engine: sa.Engine, *, viewer: Viewer) -> pl.DataFrame:
    batch = tables.batch.c
    # A sum of BIGINT is NUMERIC on PostgreSQL: cast, so that both databases answer alike.
    sums = [sa.cast(sa.func.sum(batch[name]), sa.BigInteger) for name in _COUNTS]
    query = (
        sa.select(
            batch.source_id,
            batch.platform,
            sa.func.max(batch.known_at),
            sa.func.max(batch.received_at),
            sa.func.count(),
            *sums,
        )
        .where(batch.known_at <= to_us(viewer.now))
        .group_by(batch.source_id, batch.platform)
        .order_by(batch.platform, batch.source_id)
    )
    with snapshot(engine, viewer=viewer) as connection:
        return read_frame(connection, query, _LEDGER, viewer=viewer)


def _last_days(cube: HotCube, *, viewer: Viewer) -> dict[tuple[str, int], date]:
    """Return (platform, source_id) → newest day with visible cells, from the newest months."""
    state = cube.state(viewer=viewer)
    zone = ZoneInfo(cube.geography.areas.country.time_zone)
    this_month = month_of(viewer.now.astimezone(zone).date())
    needs: dict[str, tuple[date, date] | None] = {}
    for key in state.catalogue.numbers:
        # Months after the viewer's moment were not known then: a replay must not look there.
        months = [month for month in state.months(key) if month <= this_month]
        if months and state.catalogue.measures[key].clearance <= viewer.clearance:
            year, month = divmod(months[-1], 100)
            needs[key] = (date(year, month, 1), date(year, month, 1))
    view = cube.view(needs, viewer=viewer)
    found: dict[tuple[str, int], date] = {}
    for key in needs:
        platform = state.catalogue.measures[key].platform
        newest = view.all_cells(key).group_by("source_id").agg(pl.col("day").max())
        for source_id, day in newest.iter_rows():
            place = (platform, source_id)
            found[place] = max(day, found.get(place, day))
    return found


def _row(
    ledger: Mapping[str, object],
    source: Mapping[str, object],
    last_days: Mapping[tuple[str, int], date],
    lag_days: int,
) -> dict[str, object]:
    known, received = int(str(ledger["known_at"])), int(str(ledger["received_at"]))
    place = (str(ledger["platform"]), int(str(ledger["source_id"])))
    return {
        "platform": ledger["platform"],
        "source": source["source"],
        "origin": source["origin"],
        "known_at": from_us(known),
        "received_at": from_us(received),
        "last_day": last_days.get(place),
        "expected_lag_days": lag_days,
        "n_batches": ledger["n_batches"],
        **{name: ledger[name] for name in _COUNTS},
    }


def _never(heard: set[object]) -> list[dict[str, object]]:
    return [
        {"platform": name, "source": "", "origin": "", "state": NEVER, "n_batches": 0}
        for name in PLATFORMS
        if name not in heard
    ]


def _judged(rows: pl.DataFrame, now: datetime, zone: ZoneInfo) -> pl.DataFrame:
    today = now.astimezone(zone).date()
    age = pl.lit(now) - pl.col("known_at")
    state = (
        pl.when(pl.col("known_at").is_null())
        .then(pl.lit(NEVER))
        .when(age > timedelta(days=SILENT_AFTER_DAYS))
        .then(pl.lit(SILENT))
        .when(age > pl.duration(days=pl.col("expected_lag_days")))
        .then(pl.lit(LATE))
        .otherwise(pl.lit(ON_TIME))
    )
    behind = (pl.lit(today) - pl.col("last_day")).dt.total_days().cast(pl.Int32)
    order = {name: number for number, name in enumerate(PLATFORMS)}
    place = pl.col("platform").replace_strict(order, default=len(order), return_dtype=pl.Int32)
    return rows.with_columns(state=state, days_behind=behind).sort(place, "platform", "source")
