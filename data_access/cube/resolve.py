"""From cells to answers: which source, which grain, which parts; then their sum. Pure Polars.

One family of sources per figure (`cube.families`), never a mixture of two; one level per sum, never
two. Family and level are chosen per day from where cells exist at all, so everybody's figure of a
day comes from the same place. A day in a window comes from where it comes from alone.
"""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace
from datetime import date
from zoneinfo import ZoneInfo

import polars as pl

from data_access.codes import Origin, Status, from_us
from data_access.cube.families import families
from data_access.cube.geography import NATIONAL
from data_access.cube.view import CELL_SCHEMA, CubeView
from data_access.cube.where import Where, dimensions, holds
from data_access.measures.model import Measure

RESOLVED_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "day": pl.Date,
    "area_id": pl.Int32,
    "by": pl.String,
    "value": pl.Float64,
    "status": pl.Int8,
    "n_present": pl.Int32,
    "n_expected": pl.Int32,
    "part_rank": pl.Int8,
    "source_ids": pl.List(pl.Int32),
    "known_at": pl.Int64,
}
CANDIDATE_SCHEMA: dict[str, type[pl.DataType]] = {
    "day": pl.Date,
    "source_id": pl.Int32,
    "rank": pl.Int8,
    "vintage": pl.String,
    "cut": pl.String,
    "grain_order": pl.Int32,
    "family": pl.Int32,
    "family_order": pl.Int32,
    "derived": pl.Boolean,
}
_NO_CELLS = pl.DataFrame(schema=CELL_SCHEMA)
_REPORTED_LAST = 9
_CUMULATED_LAST = 1_000_000
"""Put behind every order of sources: a total that a table's flows are summed to here."""
_FLOW = ["source_id", "area_id", "by"]
LONGEST_HOLE_DAYS = 7
"""A table that is silent for longer between two of its days has no running total."""


@dataclass(frozen=True, kw_only=True)
class Want:
    """What a sum is wanted of.

    Attributes:
        rank: level of the areas wanted, 0 = national.
        vintage: their vintage.
        by: dimension that stays apart; empty: none.
        where: which codes count; empty: all.
        sources: only these sources; None: any.
        reported: only cells reported at exactly this level and cut, nothing summed.
    """

    rank: int
    vintage: str
    by: str = ""
    where: Where = ()
    sources: tuple[int, ...] | None = None
    reported: bool = False

    @property
    def needed(self) -> frozenset[str]:
        """Dimensions that a fitting cut must hold."""
        return dimensions(self.where) | ({self.by} if self.by else set())


@dataclass(frozen=True, kw_only=True, eq=False)
class Common:
    """The sources of one term that the other terms of a formula have as well.

    Attributes:
        of: what they were worked out from, besides the state.
        places: day, source_id, family.
    """

    of: Hashable
    places: pl.DataFrame


# --- choosing -----------------------------------------------------------------------------------


def grain_order(rank: int, want: Want) -> int | None:
    """Return how far a level is from the one wanted (0 = best); None: it does not fit.

    The nation is the sum of its parts wherever a source reports parts; what the source reports
    for the nation itself comes last.
    """
    if want.reported:
        return 0 if rank == want.rank else None
    if rank < want.rank:
        return None
    if want.rank == NATIONAL and rank == NATIONAL:
        return _REPORTED_LAST
    return rank - want.rank


def cut_order(cut: str, want: Want) -> int | None:
    """Return the number of dimensions too many in a cut (0 = best); None: it does not fit."""
    held = frozenset(cut.split(",")) if cut else frozenset()
    if want.reported:
        return 0 if held == want.needed else None
    return len(held - want.needed) if held >= want.needed else None


def candidates(view: CubeView, measure: Measure, want: Want) -> pl.DataFrame:
    """Return the best cut of every source, level and vintage on every day: CANDIDATE_SCHEMA.

    A stock of a source that never reports it is cumulated from its flows (`derived`): always of
    records, which hold every event; of a table only where it has no hole in its days, for the
    sum of a few published days is no running total.
    """
    place = ("candidates", view.version(measure), measure.key, want)
    return view.kept.of(place, lambda: _candidates(view, measure, want))


def _candidates(view: CubeView, measure: Measure, want: Want) -> pl.DataFrame:
    direct = _direct(view, measure.key, want)
    if not measure.inflow or want.reported:
        return direct
    reports = set(direct["source_id"].unique().to_list())
    derived = _derived_days(view, measure, want, reports=reports)
    return pl.concat([direct, derived])


def _direct(view: CubeView, key: str, want: Want) -> pl.DataFrame:
    presence = view.presence(key)
    if want.sources is not None:
        wanted = pl.Series(list(want.sources), dtype=pl.Int32).implode()
        presence = presence.filter(pl.col("source_id").is_in(wanted))
    place = ["day", "source_id", "rank", "vintage"]
    of = families(view, (key,), sources=want.sources)
    return (
        presence.join(_fitting_grains(view, presence, want), on=["rank", "vintage", "cut"])
        .sort(*place, "cut_order")
        .unique(place, keep="first", maintain_order=True)
        .join(of, on=["source_id", "rank", "vintage"], how="inner")
        .with_columns(derived=pl.lit(value=False))
        .select(list(CANDIDATE_SCHEMA))
    )


def _fitting_grains(view: CubeView, presence: pl.DataFrame, want: Want) -> pl.DataFrame:
    """Return rank, vintage, cut of what fits; grain_order of the level, cut_order of the cut."""
    convertible = set(view.geography.convertible(want.rank, want.vintage))
    rows = []
    for rank, vintage, cut in presence.select("rank", "vintage", "cut").unique().iter_rows():
        far, wide = grain_order(rank, want), cut_order(cut, want)
        if far is not None and wide is not None and (vintage, rank) in convertible:
            rows.append((rank, vintage, cut, (far, vintage != want.vintage, vintage), (wide, cut)))
    grains, cuts = (sorted({row[at] for row in rows}) for at in (3, 4))
    return pl.DataFrame(
        [(*row[:3], grains.index(row[3]), cuts.index(row[4])) for row in rows],
        schema={
            "rank": pl.Int8, "vintage": pl.String, "cut": pl.String,
            "grain_order": pl.Int32, "cut_order": pl.Int32,
        },
        orient="row",
    )  # fmt: skip


def _derived_days(
    view: CubeView, measure: Measure, want: Want, *, reports: set[int]
) -> pl.DataFrame:
    keys = tuple(key for key in (measure.inflow, measure.outflow) if key)
    flows = [_direct(view, key, want) for key in keys]
    inflow = flows[0].filter(~pl.col("source_id").is_in([*reports, *_with_holes(view, flows[0])]))
    if inflow.is_empty():
        return pl.DataFrame(schema=CANDIDATE_SCHEMA)
    last = local_days(delivered(view, measure.platform), view)
    spans = (
        pl.concat(flows)
        .group_by("source_id")
        .agg(last=pl.col("day").max())
        .join(inflow.group_by("source_id").agg(first=pl.col("day").min()), on="source_id")
        .join(last.rename({"day": "delivered_day"}), on="source_id", how="left")
        .with_columns(last=pl.max_horizontal("last", "delivered_day"))
        .join(_families_of_flows(view, keys, inflow=inflow), on="source_id", how="inner")
        .sort("source_id")
    )
    # What a source reports as a total comes before what we add up from another's table.
    is_table = pl.col("source_id").is_in(_tables(view)["source_id"].implode())
    return (
        spans.with_columns(pl.col("family_order") + is_table.cast(pl.Int32) * _CUMULATED_LAST)
        .with_columns(day=pl.date_ranges("first", "last"))
        .explode("day")
        .with_columns(cut=pl.lit(""), derived=pl.lit(value=True))
        .select([pl.col(name).cast(dtype) for name, dtype in CANDIDATE_SCHEMA.items()])
    )


def _families_of_flows(
    view: CubeView, keys: tuple[str, ...], *, inflow: pl.DataFrame
) -> pl.DataFrame:
    """Return the family of each source at the best level of its inflow, one row per source."""
    summed = tuple(sorted(inflow["source_id"].unique().to_list()))
    best = inflow.sort("source_id", "grain_order").unique("source_id", keep="first")
    at = best.select("source_id", "rank", "vintage", "grain_order")
    of = families(view, keys, sources=summed)
    return at.join(of, on=["source_id", "rank", "vintage"], how="inner").with_columns(
        # Never the number of a family that reports the stock itself.
        pl.col("family") + _CUMULATED_LAST
    )


def _with_holes(view: CubeView, flow: pl.DataFrame) -> list[int]:
    """Return the table sources whose days of a flow lie too far apart for a running total."""
    apart = flow.sort("source_id", "day").select(
        "source_id", hole=pl.col("day").diff().over("source_id").dt.total_days()
    )
    broken = apart.filter(pl.col("hole") > LONGEST_HOLE_DAYS).unique("source_id")
    return broken.join(_tables(view), on="source_id", how="semi")["source_id"].to_list()


def _tables(view: CubeView) -> pl.DataFrame:
    return view.catalogue.sources.filter(pl.col("origin") == Origin.TABLE.value)


def delivered(view: CubeView, platform: str) -> pl.DataFrame:
    """Return source_id and delivered (µs): each source's last delivery for a platform.

    A source that never named this platform counts with whatever it delivered.
    """
    every = view.delivered
    for_it = every.filter(pl.col("platform") == platform)
    others = every.join(for_it, on="source_id", how="anti")
    return pl.concat([for_it, others]).group_by("source_id").agg(pl.col("delivered").max())


def local_days(moments: pl.DataFrame, view: CubeView) -> pl.DataFrame:
    """Return source_id and day: the local day before which everything had been delivered."""
    zone = ZoneInfo(view.geography.areas.country.time_zone)
    rows = [(of, from_us(us).astimezone(zone).date()) for of, us in moments.iter_rows()]
    return pl.DataFrame(rows, schema={"source_id": pl.Int32, "day": pl.Date}, orient="row")


def choose(found: pl.DataFrame, *, common: pl.DataFrame | None = None) -> pl.DataFrame:
    """Return the candidates of one family per day, the preferred one that has cells that day.

    Args:
        found: candidates.
        common: day, source_id, family; on its days, only these count.
    """
    if common is not None and common.height:
        shared = found.join(common, on=["day", "source_id", "family"], how="semi")
        alone = found.join(common.select("day"), on="day", how="anti")
        found = pl.concat([shared, alone])
    best = found.sort("day", "family_order", "grain_order", "family").unique(
        "day", keep="first", maintain_order=True
    )
    return found.join(best.select("day", "family"), on=["day", "family"], how="semi")


def in_common(of_terms: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """Return the sources that have every term of a day: day, source_id, family:0, family:1 ...

    One family of each term per day: the preferred one of the first term, then of the second ...
    Where no source has every term of a day, the day is left out.
    """
    order = ["family_order", "grain_order", "family"]
    tables = [
        found.select("day", "source_id", *[pl.col(name).alias(f"{name}:{n}") for name in order])
        for n, found in enumerate(of_terms)
    ]
    shared = tables[0]
    for other in tables[1:]:
        shared = shared.join(other, on=["day", "source_id"], how="inner")
    families_ = [f"family:{n}" for n in range(len(tables))]
    best = shared.sort("day", *[f"{name}:{n}" for n in range(len(tables)) for name in order])
    first = best.unique("day", keep="first", maintain_order=True).select("day", *families_)
    kept = shared.join(first, on=["day", *families_], how="semi")
    return kept.select("day", "source_id", *families_)


# --- summing ------------------------------------------------------------------------------------


def resolve(
    view: CubeView,
    measure: Measure,
    want: Want,
    *,
    days: tuple[date, date],
    common: Common | None = None,
) -> pl.DataFrame:
    """Return what there is of a measure at the level, vintage and cut wanted.

    Shape: RESOLVED_SCHEMA; one row per (day, target area, code of `by`), only where the chosen
        family has cells; `n_present` of `n_expected` parts had a value (0: not counted), areas of
        level `part_rank`; `source_ids` in order of number.
    """
    of = (view.version(measure), measure.key, want, common.of if common else None)

    def chosen() -> pl.DataFrame:
        places = common.places if common else None
        return choose(candidates(view, measure, want), common=places)

    def summed() -> pl.DataFrame:
        every = view.kept.of(("chosen", *of), chosen)
        asked = every.filter(pl.col("day").is_between(*days))
        return _summed(view, measure, want, chosen=asked)

    return view.kept.of(("resolved", *of, days, view.scope), summed)


def _summed(view: CubeView, measure: Measure, want: Want, *, chosen: pl.DataFrame) -> pl.DataFrame:
    direct = parts_of(view, measure.key, chosen.filter(~pl.col("derived")), want=want)
    frames = [add_up(view, direct, want=want)]
    derived = chosen.filter("derived")
    if derived.height:
        frames.append(_cumulated(view, measure, want, asked=derived))
    return pl.concat(frames)


def parts_of(view: CubeView, key: str, chosen: pl.DataFrame, *, want: Want) -> pl.DataFrame:
    """Return the cells of candidates with the target each belongs to.

    Shape: columns of a cell, area_id now the target's, and part_id, part_rank, part_vintage, by.
    """
    parts = view.geography.parts(want.rank, want.vintage, viewer=view.viewer)
    frames = []
    split = chosen.partition_by(["rank", "vintage", "cut"], as_dict=True)
    for (rank, vintage, cut), where in split.items():
        grain = (int(str(rank)), str(cut))
        days = where.select(first=pl.col("day").min(), last=pl.col("day").max()).row(0)
        cells = view.cells(key, grain, days=days).join(where, on=["day", "source_id"], how="semi")
        of_vintage = parts.filter(pl.col("part_vintage") == str(vintage))
        frames.append(_placed(view, cells, of_vintage, want=want, rank=grain[0]))
    return pl.concat(frames) if frames else _placed(view, _NO_CELLS, parts, want=want, rank=-1)


def _placed(
    view: CubeView, cells: pl.DataFrame, parts: pl.DataFrame, *, want: Want, rank: int
) -> pl.DataFrame:
    return (
        _coded(view, cells, want)
        .rename({"area_id": "part_id"})
        .join(parts, on="part_id", how="inner")
        .with_columns(part_rank=pl.lit(rank, dtype=pl.Int8))
    )


def add_up(
    view: CubeView, parts: pl.DataFrame, *, want: Want, per_source: bool = False
) -> pl.DataFrame:
    """Return parts summed into their targets: RESOLVED_SCHEMA.

    Args:
        view: for the number of parts to be expected.
        parts: as `parts_of` gives them, of one family and level per day.
        want: level and vintage of the targets.
        per_source: one row per source instead, for any parts of one level.
    """
    expected = view.geography.expected(want.rank, want.vintage)
    has_value = pl.col("value").is_not_null()
    key = ["day", "area_id", "by", *(["source_id"] if per_source else [])]
    named = parts.with_columns(source=pl.col("source_id"))
    return (
        named.group_by(key, maintain_order=True)
        .agg(
            value=pl.when(has_value.any()).then(pl.col("value").sum()),
            status=_status_of_parts(),
            n_present=pl.col("part_id").filter(has_value).n_unique().cast(pl.Int32),
            part_vintage=pl.col("part_vintage").max(),
            part_rank=pl.col("part_rank").max(),
            source_ids=pl.col("source").unique().sort(),
            known_at=pl.col("known_at").max(),
        )
        .join(expected, on=["area_id", "part_vintage", "part_rank"], how="left")
        .with_columns(n_expected=pl.max_horizontal("n_expected", "n_present"))
        .select([pl.col(name).cast(dtype) for name, dtype in RESOLVED_SCHEMA.items()])
    )


def _status_of_parts() -> pl.Expr:
    agree = pl.col("status").n_unique() == 1
    return (
        pl.when(pl.col("value").is_not_null().any())
        .then(pl.lit(int(Status.VALUE)))
        .when(agree)
        .then(pl.col("status").first())
        .otherwise(pl.lit(int(Status.NOT_REPORTED)))
    )


def _coded(view: CubeView, cells: pl.DataFrame, want: Want) -> pl.DataFrame:
    if not want.needed:
        return cells.with_columns(by=pl.lit(""))
    rows = []
    for number in cells["breakdown_id"].unique().to_list():
        codes = view.catalogue.codes[number]
        if holds(want.where, codes):
            rows.append((number, codes[want.by] if want.by else ""))
    kept = pl.DataFrame(rows, schema={"breakdown_id": pl.Int32, "by": pl.String}, orient="row")
    return cells.join(kept, on="breakdown_id", how="inner")


def _cumulated(
    view: CubeView, measure: Measure, want: Want, *, asked: pl.DataFrame
) -> pl.DataFrame:
    """Return inflow − outflow of each source, summed over all time up to each asked day, added up.

    A source counts up to its last delivery; where several complement each other, the parts of
    those that still count are the parts present.
    """
    of_them = replace(want, sources=_numbers(asked))
    levels = view.kept.of(
        ("levels", view.version(measure), measure.key, of_them, view.scope),
        lambda: _levels(_signed_flows(view, measure, of_them)),
    )
    standing = _standing(levels, asked)
    return (
        standing.drop_nulls("value")
        .join(
            _parts_counted(view, measure, want, asked=asked),
            on=["source_id", "area_id"],
            how="left",
        )
        .group_by("day", "area_id", "by", maintain_order=True)
        .agg(
            pl.col("value", "n_present").sum(),
            pl.col("n_expected").max().fill_null(0),
            pl.col("part_rank", "known_at").max(),
            source_ids=pl.col("source_id").sort(),
        )
        .with_columns(status=pl.lit(int(Status.VALUE)))
        .select([pl.col(name).cast(dtype) for name, dtype in RESOLVED_SCHEMA.items()])
    )


def _levels(flows: pl.DataFrame) -> pl.DataFrame:
    """Return the running total of each source's flows on each day on which they move it."""
    return (
        flows.group_by("day", *_FLOW)
        .agg(pl.col("value").sum(), pl.col("known_at").max())
        .sort(*_FLOW, "day")
        .with_columns(
            pl.col("value").cum_sum().over(_FLOW), pl.col("known_at").cum_max().over(_FLOW)
        )
        .sort("day")
    )


def _standing(levels: pl.DataFrame, asked: pl.DataFrame) -> pl.DataFrame:
    """Return the running total of each source's flows on each day asked of it; null before any."""
    grid = asked.select("day", "source_id").join(levels.select(_FLOW).unique(), on="source_id")
    return grid.sort("day").join_asof(
        levels,
        on="day",
        by=_FLOW,
        strategy="backward",
        check_sortedness=False,  # sorted above; Polars cannot check it within groups
    )


def _numbers(asked: pl.DataFrame) -> tuple[int, ...]:
    return tuple(sorted(asked["source_id"].unique().to_list()))


def _signed_flows(view: CubeView, measure: Measure, want: Want) -> pl.DataFrame:
    """Return day, area_id, by, source_id, value, known_at of what came and, negative, what left."""
    place = ["day", "source_id"]
    signed = []
    for key, sign in ((measure.inflow, 1.0), (measure.outflow, -1.0)):
        if key:
            # Each source by itself, from its own best level of the day.
            found = _direct(view, key, want).sort(*place, "grain_order")
            best = found.unique(place, keep="first", maintain_order=True)
            flow = add_up(view, parts_of(view, key, best, want=want), want=want, per_source=True)
            signed.append(
                flow.drop_nulls("value").select(
                    "day",
                    "area_id",
                    "by",
                    pl.col("source_ids").list.first().alias("source_id"),
                    pl.col("value") * sign,
                    "known_at",
                )  # fmt: skip
            )
    return pl.concat(signed)


def _parts_counted(
    view: CubeView, measure: Measure, want: Want, *, asked: pl.DataFrame
) -> pl.DataFrame:
    """Return source_id, area_id, n_present, n_expected, part_rank of summed stocks.

    One source alone holds every event there is: its parts are not counted (0 of 0).
    """
    is_alone = asked["source_id"].n_unique() == 1
    at = asked.select("source_id", "rank", "vintage").unique().sort(pl.all())
    of = (view.version(measure), measure.key, want, view.scope, is_alone, tuple(at.rows()))
    return view.kept.of(
        ("parts counted", *of), lambda: _counted(view, measure, want, at=at, is_alone=is_alone)
    )


def _counted(
    view: CubeView, measure: Measure, want: Want, *, at: pl.DataFrame, is_alone: bool
) -> pl.DataFrame:
    every = view.geography.parts(want.rank, want.vintage, viewer=view.viewer)
    expected = view.geography.expected(want.rank, want.vintage)
    keys = [key for key in (measure.inflow, measure.outflow) if key]
    held = pl.concat([view.holdings(key) for key in keys]).unique()
    counted = (
        held.rename({"area_id": "part_id", "rank": "part_rank", "vintage": "part_vintage"})
        .join(
            at.rename({"rank": "part_rank", "vintage": "part_vintage"}),
            on=["source_id", "part_rank", "part_vintage"],
            how="semi",
        )
        .join(every, on=["part_id", "part_vintage"], how="inner")
        .group_by("source_id", "area_id", "part_rank", "part_vintage")
        .agg(n_present=pl.len())
        .join(expected, on=["area_id", "part_vintage", "part_rank"], how="left")
    )
    nothing = pl.when(pl.lit(not is_alone))
    return counted.select(
        "source_id", "area_id", nothing.then("n_present").otherwise(0).alias("n_present"),
        nothing.then("n_expected").otherwise(0).alias("n_expected"), "part_rank",
    )  # fmt: skip
