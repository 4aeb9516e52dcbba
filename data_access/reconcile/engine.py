"""Findings: where two records of the same thing disagree, where, by how much, and likely why."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import sqlalchemy as sa

from data_access.codes import Clearance, to_us
from data_access.cube.geography import RANKS, Geography
from data_access.cube.hot import HotCube
from data_access.localtime import day_starts
from data_access.measures.model import Measure
from data_access.reader import snapshot
from data_access.reconcile.causes import add_causes
from data_access.reconcile.duplicates import repeated
from data_access.reconcile.figures import COMPARED_SCHEMA, Span, compared
from data_access.reconcile.finding import FINDING_SCHEMA, finished, newest_first
from data_access.reconcile.records import Look, record_counts
from data_access.reconcile.rules import RULES, Relation
from data_access.viewer import Viewer, system_viewer

EVIDENCE_DAYS = 7
"""Days before and after those asked for that are looked at for the cause."""
NOTHING = 1e-9
DUPLICATE_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "rule": pl.String,
    "platform": pl.String,
    "area_code": pl.String,
    "date": pl.Date,
    "source_a": pl.String,
    "source_b": pl.String,
    "n": pl.Int64,
}


def findings(
    cube: HotCube, engine: sa.Engine, *, viewer: Viewer, start: date, end: date
) -> pl.DataFrame:
    """Return every contradiction of the days asked for, as known at the viewer's moment.

    Shape: FINDING_SCHEMA; newest first, by the moment they began to show (`known_at`). A province
        sees its own only. Agreeing cells, gaps within tolerance and days within the tolerated
        lag are no findings.

    Raises:
        DatabaseUnavailable: if the database does not answer.
    """
    geography = cube.geography
    zone = ZoneInfo(geography.areas.country.time_zone)
    # Nothing has happened yet on the days to come.
    end = min(end, viewer.now.astimezone(zone).date())
    if viewer.is_blind or start > end:
        return pl.DataFrame(schema=FINDING_SCHEMA)
    found = _of_figures(cube, viewer=viewer, start=start, end=end)
    frames = [finished(found)]
    if viewer.clearance >= Clearance.OFFICIAL:
        look = _look(geography, zone, viewer=viewer, start=start, end=end)
        # What a record refers to may lie in another province; what is counted is cut by `look`.
        with snapshot(engine, viewer=system_viewer(viewer.now)) as connection:
            counts = [
                record_counts(connection, look, viewer=viewer),
                repeated(connection, look, viewer=viewer),
            ]
        names = _source_names(cube, viewer=viewer)
        frames.append(finished(_as_found(pl.concat(counts), geography, names)))
    return newest_first(pl.concat(frames))


def duplicates(
    cube: HotCube, engine: sa.Engine, *, viewer: Viewer, start: date, end: date
) -> pl.DataFrame:
    """Return repeated events by rule, platform, province, day and pair of sources.

    Shape: DUPLICATE_SCHEMA; `source_a` delivered the repeat, `source_b` the record before it,
        `n` counts the repeats. Nobody is named.

    Raises:
        DatabaseUnavailable: if the database does not answer.
    """
    if viewer.is_blind or viewer.clearance < Clearance.OFFICIAL or start > end:
        return pl.DataFrame(schema=DUPLICATE_SCHEMA)
    geography = cube.geography
    zone = ZoneInfo(geography.areas.country.time_zone)
    look = _look(geography, zone, viewer=viewer, start=start, end=end)
    with snapshot(engine, viewer=system_viewer(viewer.now)) as connection:
        counts = repeated(connection, look, viewer=viewer)
    named = _as_found(counts, geography, _source_names(cube, viewer=viewer))
    return named.select(
        pl.col("rule"), pl.col("platform_a").alias("platform"),
        *[pl.col(name) for name in ("area_code", "date", "source_a", "source_b", "n")],
    ).sort("date", "area_code", "rule", "source_a", "source_b")  # fmt: skip


# --- figures ------------------------------------------------------------------------------------


def _of_figures(cube: HotCube, *, viewer: Viewer, start: date, end: date) -> pl.DataFrame:
    state = cube.state(viewer=viewer)
    known: dict[str, Measure] = {
        key: one
        for key, one in state.catalogue.measures.items()
        if key in state.catalogue.numbers and one.clearance <= viewer.clearance
    }
    margin = (start - timedelta(days=EVIDENCE_DAYS), end + timedelta(days=EVIDENCE_DAYS))
    totals = {name for one in known.values() if one.inflow for name in (one.inflow, one.outflow)}
    # What is added up over all time is needed from its beginning.
    needs = {key: None if key in totals else margin for key in known}
    needs |= {key: None for key, one in known.items() if one.inflow}
    view = cube.view(needs, viewer=viewer)
    zone = ZoneInfo(cube.geography.areas.country.time_zone)
    frames = []
    for vintage, first, last in _editions(cube.geography, start, end):
        days = (first - timedelta(days=EVIDENCE_DAYS), last + timedelta(days=EVIDENCE_DAYS))
        every = compared(Span(view=view, days=days, vintage=vintage))
        placed = _with_areas(every, cube.geography)
        differing = _differing(add_causes(placed), now=viewer.now, zone=zone)
        frames.append(differing.filter(pl.col("date").is_between(first, last)))
    return pl.concat(frames).with_columns(n=pl.lit(None, dtype=pl.Int64))


def _editions(geography: Geography, start: date, end: date) -> Iterator[tuple[str, date, date]]:
    """Yield the editions of the map in force on the days, each with its own days."""
    day = start
    while day <= end:
        vintage = geography.areas.vintage_on(day)
        ends = geography.last_day(vintage)
        last = end if ends is None or ends < day else min(end, ends)
        yield vintage, day, last
        day = last + timedelta(days=1)


def _with_areas(rows: pl.DataFrame, geography: Geography) -> pl.DataFrame:
    frame = geography.areas.frame.select(
        pl.col("area_id").cast(pl.Int32),
        pl.col("code").alias("area_code"),
        pl.col("level").alias("area_level"),
    )
    return rows.join(frame, on="area_id", how="inner").drop("area_id")


def _differing(rows: pl.DataFrame, *, now: datetime, zone: ZoneInfo) -> pl.DataFrame:
    """Return the rows whose sides stand otherwise than the rule says, with `tolerance`.

    A day is spoken of when as many local days as the rule tolerates have ended after it; `known_at`
    becomes the moment from which on this was so and both sides were known.
    """
    keys = list(RULES)

    def told(values: list[float | int | bool], dtype: type[pl.DataType]) -> pl.Expr:
        return pl.col("rule").replace_strict(keys, values, return_dtype=dtype)

    rules = list(RULES.values())
    larger = pl.max_horizontal(pl.col("value_a").abs(), pl.col("value_b").abs())
    relative = told([float(rule.relative) for rule in rules], pl.Float64) * larger
    gap = pl.col("value_a").fill_null(0) - pl.col("value_b").fill_null(0)
    one_way = told([rule.relation is Relation.AT_MOST for rule in rules], pl.Boolean)
    lag = told([rule.lag_days for rule in rules], pl.Int64)
    judged = rows.with_columns(
        tolerance=pl.max_horizontal(
            told([float(rule.absolute) for rule in rules], pl.Float64), relative
        ),
        off=pl.when(one_way).then(gap).otherwise(gap.abs()),
        begins=pl.col("date") + pl.duration(days=lag + 1),
    ).filter(pl.col("off") > pl.col("tolerance") + NOTHING)
    judged = judged.with_columns(begins=day_starts(judged["begins"], zone=zone.key))
    return (
        judged.filter(pl.col("begins") <= to_us(now))
        .with_columns(known_at=pl.max_horizontal("known_at", "begins"))
        .drop("off", "begins", "counts_persons", "default_cause")
    )


# --- records ------------------------------------------------------------------------------------


def _look(geography: Geography, zone: ZoneInfo, *, viewer: Viewer, start: date, end: date) -> Look:
    provinces = None
    if not viewer.everywhere:
        seen = geography.visible_ids(viewer)
        rank = RANKS["province"]
        provinces = tuple(one for one in seen if geography.places[one].rank == rank)
    moment = to_us(viewer.now)
    return Look(start=start, end=end, zone=zone, moment=moment, provinces=provinces)


def _source_names(cube: HotCube, *, viewer: Viewer) -> dict[int, str]:
    sources = cube.state(viewer=viewer).catalogue.sources
    return dict(sources.select("source_id", "source").iter_rows())


def _as_found(counts: pl.DataFrame, geography: Geography, names: dict[int, str]) -> pl.DataFrame:
    """Return counts as found differences: broken records against none."""
    keys, first = list(RULES), [rule.causes[0] for rule in RULES.values()]
    is_repeat = pl.col("rule").str.starts_with("duplicate_")
    across = is_repeat & (pl.col("source_id") != pl.col("source_id_b"))
    usual = pl.col("rule").replace_strict(keys, first, return_dtype=pl.String)
    made = _with_areas(counts.rename({"province_id": "area_id"}), geography).with_columns(
        source_a=pl.col("source_id").replace_strict(names, return_dtype=pl.String),
        source_b=pl.col("source_id_b").replace_strict(names, return_dtype=pl.String),
        platform_a=pl.col("platform"),
        platform_b=pl.col("platform"),
        measure_a=pl.lit(""),
        measure_b=pl.lit(""),
        value_a=pl.col("n").cast(pl.Float64),
        value_b=pl.lit(0.0),
        tolerance=pl.lit(0.0),
        cause=pl.when(across).then(pl.lit("two_places")).otherwise(usual),
    )
    wanted = [name for name in COMPARED_SCHEMA if name in made.columns]
    return made.select(*wanted, "area_code", "area_level", "tolerance", "cause", "n")
