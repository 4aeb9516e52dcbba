"""The two sides of each rule over figures, laid side by side. Pure Polars over one view.

A comparison holds agreeing cells too: what stands around a difference tells its cause.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

import polars as pl

from data_access.codes import Origin, Status
from data_access.cube.discrepancies import at_grain
from data_access.cube.geography import NATIONAL, PROVINCE
from data_access.cube.resolve import Want, cut_order, resolve
from data_access.cube.view import CubeView
from data_access.cube.where import Where
from data_access.measures.model import Measure, MeasureKind
from data_access.reconcile.rules import RULES, Relation, Rule, Side

KEPT_NO_SENSE = frozenset({"population"})
EVERYBODY, REFERENCE = "all", "reference"
PERSON_UNITS = frozenset({"sample", "person-time"})
DISTRICT = PROVINCE + 1
SIDE_SCHEMA: dict[str, type[pl.DataType]] = {
    "day": pl.Date,
    "area_id": pl.Int32,
    "source": pl.String,
    "value": pl.Float64,
    "known_at": pl.Int64,
}
COMPARED_SCHEMA: dict[str, type[pl.DataType]] = {
    "rule": pl.String,
    "date": pl.Date,
    "area_id": pl.Int32,
    "platform_a": pl.String,
    "measure_a": pl.String,
    "source_a": pl.String,
    "value_a": pl.Float64,
    "platform_b": pl.String,
    "measure_b": pl.String,
    "source_b": pl.String,
    "value_b": pl.Float64,
    "known_at": pl.Int64,
    "counts_persons": pl.Boolean,
    "default_cause": pl.String,
}
_PLACE = ["day", "area_id"]


@dataclass(frozen=True, kw_only=True)
class Span:
    """What is looked at: a view, the days (with a margin for evidence), an edition of the map."""

    view: CubeView
    days: tuple[date, date]
    vintage: str

    def measure(self, key: str) -> Measure | None:
        """Return a measure that the viewer may know of and that has figures."""
        found = self.view.catalogue.measures.get(key)
        if found is None or found.clearance > self.view.viewer.clearance:
            return None
        return found

    def want(self, rank: int = PROVINCE, **more: object) -> Want:
        """Return what is wanted of a level."""
        return Want(rank=rank, vintage=self.vintage, **more)  # type: ignore[arg-type]

    def sources(self, origin: Origin) -> dict[int, str]:
        """Return source number → name of one origin."""
        rows = self.view.catalogue.sources.filter(pl.col("origin") == origin.value)
        return dict(rows.select("source_id", "source").iter_rows())


def compared(span: Span) -> pl.DataFrame:
    """Return every comparison of every rule over figures: columns of COMPARED_SCHEMA."""
    frames = [pl.DataFrame(schema=COMPARED_SCHEMA)]
    for rule in RULES.values():
        if rule.relation in (Relation.EQUAL, Relation.AT_MOST):
            frames.extend(_pairs(span, rule))
    for key in span.view.partitions:
        measure = span.measure(key)
        if measure is None or key in KEPT_NO_SENSE or not _is_there(span, key):
            continue
        frames.extend(_of_measure(span, measure))
    return pl.concat(frames)


def _is_there(span: Span, key: str) -> bool:
    return not span.view.presence(key).filter(pl.col("day").is_between(*span.days)).is_empty()


def _of_measure(span: Span, measure: Measure) -> Iterator[pl.DataFrame]:
    for rank in (NATIONAL, PROVINCE):
        found = _reported(span, measure.key, rank)
        if found.is_empty():
            continue
        yield from _sources_differ(measure, found)
        if rank == PROVINCE:
            yield from _report(span, measure, found)
        yield from _falling(span, measure, found, rank=rank)
        yield from _movement(span, measure, found, rank=rank)
        yield _areas(span, measure, found, rank=rank)
        yield from _breakdowns(span, measure, found, rank=rank)


# --- two measures -------------------------------------------------------------------------------


def _pairs(span: Span, rule: Rule) -> Iterator[pl.DataFrame]:
    if rule.b.role == REFERENCE:
        yield from _beside_people(span, rule)
        return
    sides = [_figures(span, side) for side in (rule.a, rule.b)]
    if any(found is None or found.is_empty() for found in sides):
        return
    a, b = (found for found in sides if found is not None)
    if rule.relation is Relation.AT_MOST:
        yield _laid(span, rule, a.join(b, on=_PLACE, how="inner", suffix="_b"))
        return
    # A side that never speaks of an area is not late, it is not there.
    both = a.select("area_id").unique().join(b.select("area_id").unique(), on="area_id")
    wide = a.join(b, on=_PLACE, how="full", coalesce=True, suffix="_b")
    names = [found.group_by("area_id").agg(pl.col("source").last()) for found in (a, b)]
    filled = (
        wide.join(both, on="area_id", how="semi")
        .join(names[0].rename({"source": "name"}), on="area_id", how="left")
        .join(names[1].rename({"source": "name_b"}), on="area_id", how="left")
        .with_columns(
            source=pl.coalesce("source", "name"), source_b=pl.coalesce("source_b", "name_b")
        )
    )
    yield _laid(span, rule, filled)


def _beside_people(span: Span, rule: Rule) -> Iterator[pl.DataFrame]:
    """Yield figures beside the people of their area, of days since these were counted.

    Each table is held against them by itself, whichever source speaks for the day.
    """
    resolved = _figures(span, rule.a)
    areas = span.view.geography.areas
    is_counted = any(one.group == EVERYBODY for one in areas.country.denominators)
    if resolved is None or not is_counted:
        return
    told = pl.concat([resolved, _told_by_tables(span, rule.a)])
    told = told.unique([*_PLACE, "source"], keep="first", maintain_order=True)
    people = areas.population(EVERYBODY, span.vintage).select(
        pl.col("area_id").cast(pl.Int32),
        pl.col("source").alias("source_b"),
        pl.col("population").cast(pl.Float64).alias("value_b"),
        pl.lit(0, dtype=pl.Int64).alias("known_at_b"),
        "as_of",
    )
    beside = told.join(people, on="area_id", how="inner")
    yield _laid(span, rule, beside.filter(pl.col("day") >= pl.col("as_of")))


def _told_by_tables(span: Span, side: Side) -> pl.DataFrame:
    """Return what each table says of the provinces, as far as its breakdown tells: SIDE_SCHEMA."""
    want = span.want(where=side.where)
    here = span.view.presence(side.measure).filter(pl.col("rank") == PROVINCE)
    cuts = [cut for cut in sorted(set(here["cut"])) if cut_order(cut, want) is not None]
    tables = pl.Series(list(span.sources(Origin.TABLE)), dtype=pl.Int32).implode()
    frames = [
        at_grain(span.view, side.measure, rank=PROVINCE, cut=cut, want=want, days=span.days)
        .filter(pl.col("source_id").is_in(tables))
        for cut in cuts
    ]  # fmt: skip
    named = [_named(found, span) for found in frames]
    return pl.concat([pl.DataFrame(schema=SIDE_SCHEMA), *named])


def _figures(span: Span, side: Side) -> pl.DataFrame | None:
    measure = span.measure(side.measure)
    if measure is None:
        return None
    found = _resolved(span, measure, side.where)
    if side.apart:
        # Of the same source alone: another one that keeps them apart is no part of this figure.
        parts = _resolved(span, measure, side.apart).join(
            found, on=[*_PLACE, "source_ids"], how="semi"
        )
        found = pl.concat([parts, found.join(parts, on=_PLACE, how="anti")])
    return _named(found, span)


def _resolved(span: Span, measure: Measure, where: Where) -> pl.DataFrame:
    found = resolve(span.view, measure, span.want(where=where), days=span.days)
    return found.filter(pl.col("status") == Status.VALUE)


def _named(found: pl.DataFrame, span: Span) -> pl.DataFrame:
    names = dict(span.view.catalogue.sources.select("source_id", "source").iter_rows())
    distinct = {tuple(ids) for ids in found["source_ids"].to_list()}
    joined = {ids: " + ".join(dict.fromkeys(names[one] for one in ids)) for ids in distinct}
    listed = [joined[tuple(ids)] for ids in found["source_ids"].to_list()]
    named = found.with_columns(source=pl.Series(listed, dtype=pl.String))
    return named.select([pl.col(name).cast(dtype) for name, dtype in SIDE_SCHEMA.items()])


def _laid(span: Span, rule: Rule, wide: pl.DataFrame) -> pl.DataFrame:
    measures = [span.measure(side.measure) for side in (rule.a, rule.b)]
    a, b = (one for one in measures if one is not None)
    return _rows(rule, a, wide, other=b)


def _rows(
    rule: Rule, measure: Measure, wide: pl.DataFrame, *, other: Measure | None = None
) -> pl.DataFrame:
    """Return rows of COMPARED_SCHEMA of sides laid side by side (the second ends in `_b`)."""
    beside = other or measure
    persons = {measure.unit, beside.unit} <= PERSON_UNITS
    columns = {
        "rule": pl.lit(rule.key),
        "date": pl.col("day"),
        "platform_a": pl.lit(measure.platform),
        "measure_a": pl.lit(measure.key),
        "source_a": pl.col("source"),
        "value_a": pl.col("value"),
        "platform_b": pl.lit(beside.platform),
        "measure_b": pl.lit(beside.key),
        "source_b": pl.col("source_b"),
        "value_b": pl.col("value_b"),
        "known_at": pl.max_horizontal("known_at", "known_at_b"),
        "counts_persons": pl.lit(persons),
        "default_cause": pl.lit(rule.causes[0]),
    }
    made = wide.with_columns(**columns)
    return made.select([pl.col(name).cast(dtype) for name, dtype in COMPARED_SCHEMA.items()])


# --- one measure, several sources ---------------------------------------------------------------


def _reported(span: Span, key: str, rank: int) -> pl.DataFrame:
    """Return the totals that tables report at exactly a level: SIDE_SCHEMA."""
    found = at_grain(span.view, key, rank=rank, cut="", want=span.want(rank), days=span.days)
    tables = pl.Series(list(span.sources(Origin.TABLE)), dtype=pl.Int32).implode()
    return _named(found.filter(pl.col("source_id").is_in(tables)), span)


def _sources_differ(measure: Measure, found: pl.DataFrame) -> Iterator[pl.DataFrame]:
    beside = found.join(found, on=_PLACE, how="inner", suffix="_b")
    yield _rows(
        RULES["sources_differ"], measure, beside.filter(pl.col("source") < pl.col("source_b"))
    )


def _report(span: Span, measure: Measure, found: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Yield what the platform's records say beside each table that reports the same.

    Not of running totals: records say nothing of what was counted before there were records.
    """
    records = span.sources(Origin.RECORDS)
    is_total = any(one.cumulative == measure.key for one in span.view.catalogue.measures.values())
    if found.is_empty() or not records or is_total:
        return
    want = span.want(sources=tuple(sorted(records)))
    own = resolve(span.view, measure, want, days=span.days)
    kept = _named(own.filter(pl.col("status") == Status.VALUE), span)
    if kept.is_empty():
        return
    names = kept.group_by("area_id").agg(name=pl.col("source").last())
    beside = (
        found.rename({name: f"{name}_b" for name in ("source", "value", "known_at")})
        .join(kept, on=_PLACE, how="left")
        .join(names, on="area_id", how="inner")
        .with_columns(source=pl.coalesce("source", "name"))
    )
    yield _rows(RULES["platform_and_report"], measure, beside)


# --- one source against itself ------------------------------------------------------------------


def _areas(span: Span, measure: Measure, total: pl.DataFrame, *, rank: int) -> pl.DataFrame:
    parts = at_grain(
        span.view, measure.key, rank=rank + 1, cut="", want=span.want(rank), days=span.days
    )
    whole = parts.filter(pl.col("n_present") == pl.col("n_expected"))
    return _against(RULES["areas_sum"], measure, total, _named(whole, span))


def _breakdowns(
    span: Span, measure: Measure, total: pl.DataFrame, *, rank: int
) -> Iterator[pl.DataFrame]:
    cuts = span.view.presence(measure.key).filter(pl.col("rank") == rank)["cut"].unique()
    for cut in sorted(set(cuts.to_list()) - {""}):
        parts = at_grain(
            span.view, measure.key, rank=rank, cut=cut, want=span.want(rank), days=span.days
        )
        yield _against(RULES["breakdown_sum"], measure, total, _named(parts, span))


def _against(
    rule: Rule, measure: Measure, total: pl.DataFrame, parts: pl.DataFrame
) -> pl.DataFrame:
    """Return parts (first side) beside the total the same source reports."""
    beside = parts.join(total, on=[*_PLACE, "source"], how="inner", suffix="_b")
    return _rows(rule, measure, beside.with_columns(source_b=pl.col("source")))


def _falling(
    span: Span, measure: Measure, found: pl.DataFrame, *, rank: int
) -> Iterator[pl.DataFrame]:
    """Yield running totals beside the day before, where the source states no correction."""
    flow = next((m for m in span.view.catalogue.measures.values()
                 if m.cumulative == measure.key), None)  # fmt: skip
    if flow is None:
        return
    series = ["area_id", "source"]
    before = found.sort(*series, "day").with_columns(
        value_b=pl.col("value").shift(1).over(series),
        known_at_b=pl.col("known_at").shift(1).over(series),
        source_b=pl.col("source"),
    )
    stated = pl.DataFrame(schema=SIDE_SCHEMA)
    if flow.key in span.view.partitions:
        stated = _reported(span, flow.key, rank)
    corrections = stated.filter(pl.col("value") < 0)
    fallen = before.filter(pl.col("value") < pl.col("value_b"))
    yield _rows(RULES["cumulative_falls"], measure,
                fallen.join(corrections, on=[*_PLACE, "source"], how="anti"))  # fmt: skip


def _movement(
    span: Span, measure: Measure, found: pl.DataFrame, *, rank: int
) -> Iterator[pl.DataFrame]:
    """Yield the change of a reported stock beside what came in less what went out."""
    held = span.view.partitions
    if measure.kind is not MeasureKind.STOCK or not {measure.inflow, measure.outflow} <= set(held):
        return
    flows = [_reported(span, key, rank) for key in (measure.inflow, measure.outflow)]
    net = flows[0].join(flows[1], on=[*_PLACE, "source"], how="inner", suffix="_out")
    yesterday = found.with_columns(pl.col("day") + timedelta(days=1))
    beside = (
        found.join(yesterday, on=[*_PLACE, "source"], how="inner", suffix="_before")
        .join(net, on=[*_PLACE, "source"], how="inner", suffix="_in")
        .with_columns(
            value=pl.col("value") - pl.col("value_before"),
            value_b=pl.col("value_in") - pl.col("value_out"),
            known_at=pl.max_horizontal("known_at", "known_at_before"),
            known_at_b=pl.max_horizontal("known_at_in", "known_at_out"),
            source_b=pl.col("source"),
        )
    )
    yield _rows(RULES["stock_and_flow"], measure, beside)


def widened(span: Span, days: int) -> Span:
    """Return the same span, some days longer on both ends, for evidence."""
    first, last = span.days
    return replace(span, days=(first - timedelta(days=days), last + timedelta(days=days)))
