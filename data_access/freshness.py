"""How fresh each platform is: what each source delivered last, against what is expected of it.

Reads the ledger and the months of each measure back to the newest day of every source; no records.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from statistics import median
from zoneinfo import ZoneInfo

import polars as pl
import sqlalchemy as sa

from data_access import tables
from data_access.codes import PLATFORMS, from_us, month_of, to_us
from data_access.cube.hot import HotCube
from data_access.reader import Schema, read_frame, snapshot
from data_access.viewer import Viewer

ON_TIME, LATE, SILENT, NEVER = "on_time", "late", "silent", "never"
SILENT_AFTER_DAYS = 7
SILENT_AFTER_INTERVALS = 3
"""A source is silent after this many days, or usual intervals if that is longer."""
INTERVALS_LOOKED_AT = 30
US_PER_DAY = 86_400_000_000

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
    "days_since_delivery": pl.Int32,
    "days_late": pl.Int32,
    "expected_lag_days": pl.Int32,
    "interval_days": pl.Int32,
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
        has never delivered (source empty, state `never`). `last_day` is the newest day, up to
        today, with figures the viewer may see; `days_behind` counts from it to today,
        `days_since_delivery` from the last delivery, `days_late` says by how much the later of
        the two exceeds what is usual (0: by nothing).
    Method: usual are the longest lag of the measures the source delivers and its own interval
        (`interval_days`, the median of the days between its last deliveries, at least 1). Silent
        when nothing came for longer than SILENT_AFTER_DAYS and SILENT_AFTER_INTERVALS intervals;
        else late when delivery or figures are older than lag + interval; else on time.
    """
    if viewer.is_blind:
        return pl.DataFrame(schema=FRESHNESS_SCHEMA)
    held = _ledger(engine, viewer=viewer)
    intervals = _intervals(engine, viewer=viewer)
    newest = _newest(cube, held.select("platform", "source_id").rows(), viewer=viewer)
    catalogue = cube.state(viewer=viewer).catalogue
    sources = {row["source_id"]: row for row in catalogue.sources.iter_rows(named=True)}
    rows = []
    for ledger in held.iter_rows(named=True):
        place = (ledger["platform"], ledger["source_id"])
        if place[1] in sources:
            usual = (newest.lags.get(place, 1), intervals.get(place, 1))
            last_day = newest.days.get(place) or newest.any_day.get(place[1])
            rows.append(_row(ledger, sources[place[1]], last_day, usual))
    rows += _never({row["platform"] for row in rows})
    zone = ZoneInfo(cube.geography.areas.country.time_zone)
    today = viewer.now.astimezone(zone).date()
    return _judged(pl.DataFrame(rows, schema=FRESHNESS_SCHEMA, orient="row"), today, zone)


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


def _intervals(engine: sa.Engine, *, viewer: Viewer) -> dict[tuple[str, int], int]:
    """Return (platform, source_id) → median days between its last deliveries, from two on."""
    batch = tables.batch.c
    day = sa.cast(batch.known_at // US_PER_DAY, sa.BigInteger).label("day")
    query = (
        sa.select(batch.platform, batch.source_id, day)
        .where(batch.known_at <= to_us(viewer.now))
        .group_by(batch.platform, batch.source_id, day)
        .order_by(day)
    )
    schema: Schema = {"platform": pl.String, "source_id": pl.Int32, "day": pl.Int64}
    with snapshot(engine, viewer=viewer) as connection:
        delivered = read_frame(connection, query, schema, viewer=viewer)
    days: dict[tuple[str, int], list[int]] = defaultdict(list)
    for platform, source_id, number in delivered.iter_rows():
        days[platform, source_id].append(number)
    found = {}
    for place, listed in days.items():
        last = listed[-INTERVALS_LOOKED_AT - 1 :]
        gaps = [after - before for before, after in zip(last, last[1:], strict=False)]
        found[place] = max(1, round(median(gaps))) if gaps else 1
    return found


@dataclass
class _Newest:
    """What the newest figures are: by (platform of the measure, source), and by source alone."""

    days: dict[tuple[str, int], date] = field(default_factory=dict)
    lags: dict[tuple[str, int], int] = field(default_factory=dict)
    any_day: dict[int, date] = field(default_factory=dict)

    def add(self, platform: str, source_id: int, *, day: date, lag_days: int) -> None:
        """Take in the newest day of one measure in one month."""
        place = (platform, source_id)
        self.days[place] = max(day, self.days.get(place, day))
        self.lags[place] = max(lag_days, self.lags.get(place, 1))
        self.any_day[source_id] = max(day, self.any_day.get(source_id, day))


def _newest(cube: HotCube, wanted: list[tuple[str, int]], *, viewer: Viewer) -> _Newest:
    """Look back month by month until every (platform, source) wanted has been met."""
    state = cube.state(viewer=viewer)
    zone = ZoneInfo(cube.geography.areas.country.time_zone)
    today = viewer.now.astimezone(zone).date()
    measures = {
        key: state.catalogue.measures[key]
        for key in state.catalogue.numbers
        if state.catalogue.measures[key].clearance <= viewer.clearance
    }
    months = {month for key in measures for month in state.months(key)}
    found = _Newest()
    # Months after the viewer's moment were not known then: a replay must not look there.
    for month in sorted((one for one in months if one <= month_of(today)), reverse=True):
        open_ = {platform for platform, source_id in wanted if (platform, source_id)
                 not in found.days}  # fmt: skip
        first = date(*divmod(month, 100), 1)
        needs = {
            key: (first, first)
            for key, one in measures.items()
            if one.platform in open_ and month in state.months(key)
        }
        view = cube.view(needs, viewer=viewer)
        for key in needs:
            cells = view.all_cells(key).filter(pl.col("day") <= today)
            last = cells.group_by("source_id").agg(pl.col("day").max())
            for source_id, day in last.iter_rows():
                one = measures[key]
                found.add(one.platform, source_id, day=day, lag_days=one.lag_days)
    return found


def _row(
    ledger: Mapping[str, object],
    source: Mapping[str, object],
    last_day: date | None,
    usual: tuple[int, int],
) -> dict[str, object]:
    known, received = int(str(ledger["known_at"])), int(str(ledger["received_at"]))
    return {
        "platform": ledger["platform"],
        "source": source["source"],
        "origin": source["origin"],
        "known_at": from_us(known),
        "received_at": from_us(received),
        "last_day": last_day,
        "expected_lag_days": usual[0],
        "interval_days": usual[1],
        "n_batches": ledger["n_batches"],
        **{name: ledger[name] for name in _COUNTS},
    }


def _never(heard: set[object]) -> list[dict[str, object]]:
    return [
        {"platform": name, "source": "", "origin": "", "state": NEVER, "n_batches": 0}
        for name in PLATFORMS
        if name not in heard
    ]


def _judged(rows: pl.DataFrame, today: date, zone: ZoneInfo) -> pl.DataFrame:
    delivered_on = pl.col("known_at").dt.convert_time_zone(zone.key).dt.date()
    since = (pl.lit(today) - delivered_on).dt.total_days().cast(pl.Int32)
    behind = (pl.lit(today) - pl.col("last_day")).dt.total_days().cast(pl.Int32)
    allowed = pl.col("expected_lag_days") + pl.col("interval_days")
    # Figures of no known day are as old as their delivery.
    oldest = pl.max_horizontal("days_since_delivery", "days_behind")
    patience = pl.max_horizontal(
        SILENT_AFTER_DAYS, SILENT_AFTER_INTERVALS * pl.col("interval_days")
    )
    state = (
        pl.when(pl.col("known_at").is_null())
        .then(pl.lit(NEVER))
        .when(pl.col("days_since_delivery") > patience)
        .then(pl.lit(SILENT))
        .when(pl.col("days_late") > 0)
        .then(pl.lit(LATE))
        .otherwise(pl.lit(ON_TIME))
    )
    order = {name: number for number, name in enumerate(PLATFORMS)}
    place = pl.col("platform").replace_strict(order, default=len(order), return_dtype=pl.Int32)
    return (
        rows.with_columns(days_behind=behind, days_since_delivery=since)
        .with_columns(days_late=pl.max_horizontal(oldest - allowed, 0).cast(pl.Int32))
        .with_columns(state=state)
        .select(list(FRESHNESS_SCHEMA))
        .sort(place, "platform", "source")
    )
