"""The reporting matrix: platform × source × province × day, each with its state and its times."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from data_access.codes import PLATFORMS, Level, to_us
from data_access.cube.hot import HotCube
from data_access.reader import Schema
from data_access.sync import judge, rules
from data_access.sync.ledger import began_of
from data_access.sync.receipts import RECEIPT_SCHEMA, Receipts
from data_access.sync.volumes import volumes
from data_access.viewer import Viewer

UTC_US = pl.Datetime("us", "UTC")
REPORTING_SCHEMA: Schema = {
    "platform": pl.String,
    "source": pl.String,
    "origin": pl.String,
    "area_code": pl.String,
    "date": pl.Date,
    "state": pl.String,
    "first_known_at": UTC_US,
    "first_received_at": UTC_US,
    "last_known_at": UTC_US,
    "due_at": UTC_US,
    "hours": pl.Float64,
    "hours_late": pl.Float64,
    "usual_hours": pl.Float64,
    "p90_hours": pl.Float64,
    "value_ratio": pl.Float64,
    "n_expected": pl.Int32,
    "n_there": pl.Int32,
}
_INSTANTS = {
    "first_known_at": "first_known",
    "first_received_at": "first_received",
    "last_known_at": "last_known",
    "due_at": "due",
}


def reporting(
    cube: HotCube, receipts: Receipts, *, viewer: Viewer, start: date, end: date
) -> pl.DataFrame:
    """Return how every province's days from `start` to `end` were reported by every feed.

    Shape: REPORTING_SCHEMA, as known at the viewer's moment; one row per platform, source,
        province that the source ever delivered within the days looked at, and day; and rows with
        an empty source and state `never` where a mandated platform has nothing of a province.
        `hours` counts from the end of the day to its first figure; `hours_late` from the moment
        it was due (for a silent day: until now). Provinces are those of the viewer's scope.
    """
    zone = ZoneInfo(cube.geography.areas.country.time_zone)
    end = min(end, viewer.now.astimezone(zone).date())
    if viewer.is_blind or end < start:
        return pl.DataFrame(schema=REPORTING_SCHEMA)
    since = start - timedelta(days=rules.LOOK_BACK_DAYS)
    held = receipts.between(since, end, viewer=viewer).filter(pl.col("platform").is_in(PLATFORMS))
    keys = _keys(cube, viewer=viewer)
    there = volumes(cube, keys, start=since, end=end, viewer=viewer)
    # A cell that was taken back is known of, and gone: the cube decides what there is.
    seen = held.join(there, on=["platform", "source_id", "province", "day"])
    days = [since + timedelta(days=n) for n in range((end - since).days + 1)]
    found = _judged(cube, seen, days=days, start=start, viewer=viewer)
    never = _never(cube, found, start=start, end=end, viewer=viewer)
    return pl.concat([found, never]).sort("platform", "area_code", "date", "source")


def _keys(cube: HotCube, *, viewer: Viewer) -> list[str]:
    catalogue = cube.state(viewer=viewer).catalogue
    return sorted(
        key
        for key in catalogue.numbers
        if catalogue.measures[key].clearance <= viewer.clearance
        and catalogue.measures[key].platform in PLATFORMS
    )


def _judged(
    cube: HotCube, seen: pl.DataFrame, *, days: list[date], start: date, viewer: Viewer
) -> pl.DataFrame:
    if seen.is_empty():
        return pl.DataFrame(schema=REPORTING_SCHEMA)
    due = _due(seen.select("platform", "source_id").unique().rows(), days, cube, viewer=viewer)
    began = began_of(cube.engine, viewer=viewer)
    zone = ZoneInfo(cube.geography.areas.country.time_zone)
    grid = judge.with_grid(seen.select([*RECEIPT_SCHEMA, "volume", "n_there"]), days=days,
                           due=due, began=began, zone=zone)  # fmt: skip
    grid = grid.with_columns(seen_at=pl.lit(to_us(viewer.now)))
    found = judge.judged(judge.with_usual(grid, start=start)).filter(pl.col("day") >= start)
    sources = cube.state(viewer=viewer).catalogue.sources
    instants = {
        name: pl.from_epoch(pl.when(pl.col(held) > 0).then(pl.col(held)), time_unit="us")
        .dt.replace_time_zone("UTC")
        .alias(name)
        for name, held in _INSTANTS.items()
    }
    return (
        found.join(sources.select("source_id", "source", "origin"), on="source_id")
        .with_columns(**instants)
        .with_columns(area_code=pl.col("province"), date=pl.col("day"))
        .select([pl.col(name).cast(dtype) for name, dtype in REPORTING_SCHEMA.items()])
    )


def _due(
    feeds: list[tuple[str, int]], days: list[date], cube: HotCube, *, viewer: Viewer
) -> pl.DataFrame:
    zone = ZoneInfo(cube.geography.areas.country.time_zone)
    measures = cube.state(viewer=viewer).catalogue.measures.values()
    rows = []
    for platform, source_id in feeds:
        # The quickest measure decides when the first figure of a day is due.
        lag = min((one.lag_days for one in measures if one.platform == platform), default=1)
        moments = judge.due_moments(days, platform=platform, lag_days=lag, zone=zone)
        rows += [(platform, source_id, day, moment) for day, moment in moments.items()]
    schema = {"platform": pl.String, "source_id": pl.Int32, "day": pl.Date, "due": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _never(
    cube: HotCube, found: pl.DataFrame, *, start: date, end: date, viewer: Viewer
) -> pl.DataFrame:
    """Return the days of mandated platforms of which a province has no feed at all."""
    zone = ZoneInfo(cube.geography.areas.country.time_zone)
    areas = cube.geography.areas
    vintage = areas.vintage_on(end)
    codes = areas.at(Level.PROVINCE.value, vintage)["code"].to_list()
    fed = set(found.select("platform", "area_code").unique().rows())
    rows = []
    for platform, mandated in rules.MANDATED.items():
        first = max(start, mandated)
        days = [first + timedelta(days=n) for n in range((end - first).days + 1)]
        moments = judge.due_moments(days, platform=platform, lag_days=1, zone=zone)
        due = [day for day in days if moments[day] <= to_us(viewer.now)]
        rows += [
            {"platform": platform, "source": "", "origin": "", "area_code": code, "date": day,
             "state": rules.NEVER}
            for code in codes
            if viewer.may_see(code) and (platform, code) not in fed
            for day in due
        ]  # fmt: skip
    return pl.DataFrame(rows, schema=REPORTING_SCHEMA)


def by_platform(found: pl.DataFrame) -> pl.DataFrame:
    """Return one row per platform, province and day: that of the best of its feeds."""
    order = {name: number for number, name in enumerate(rules.BEST_FIRST)}
    rank = pl.col("state").replace_strict(order, return_dtype=pl.Int32)
    return (
        found.sort(rank, "first_known_at", "source", nulls_last=True)
        .unique(["platform", "area_code", "date"], keep="first", maintain_order=True)
        .sort("platform", "area_code", "date")
    )
