"""From cells to answers: which source, which grain, which parts; then their sum. Pure Polars.

One source per figure, never a mixture; one grain per sum, never two. Source and grain are chosen
per day from where cells exist at all, so everybody's figure of a day comes from the same place.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

import polars as pl

from data_access.codes import Origin, Status, from_us
from data_access.cube.geography import NATIONAL
from data_access.cube.view import CubeView
from data_access.cube.where import Where, dimensions, holds
from data_access.measures.model import Measure

RESOLVED_SCHEMA: dict[str, type[pl.DataType]] = {
    "day": pl.Date,
    "area_id": pl.Int32,
    "by": pl.String,
    "value": pl.Float64,
    "status": pl.Int8,
    "n_present": pl.Int32,
    "n_expected": pl.Int32,
    "source_id": pl.Int32,
    "known_at": pl.Int64,
}
CANDIDATE_SCHEMA: dict[str, type[pl.DataType]] = {
    "day": pl.Date,
    "source_id": pl.Int32,
    "source_order": pl.Int32,
    "rank": pl.Int8,
    "cut": pl.String,
    "derived": pl.Boolean,
}
_REPORTED_LAST = 9
_CUMULATED_LAST = 1_000_000
"""Put behind every order of sources: a total that a table's flows are summed to here."""
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


# --- choosing -----------------------------------------------------------------------------------


def in_order(sources: pl.DataFrame) -> pl.DataFrame:
    """Return source_id and source_order (0 = preferred): precedence, then name, records first."""
    return (
        sources.sort("precedence", "source", "origin")
        .select("source_id")
        .with_row_index("source_order")
        .with_columns(pl.col("source_order").cast(pl.Int32))
    )


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
    """Return the best grain of every source on every day: columns of CANDIDATE_SCHEMA.

    A stock of a source that never reports it is cumulated from its flows (`derived`): always of
    records, which hold every event; of a table only where it has no hole in its days, for the
    sum of a few published days is no running total.
    """
    place = ("candidates", measure.key, want)
    if place not in view.memory:
        view.memory[place] = _candidates(view, measure, want)
    return view.memory[place]


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
    fits = _fitting_grains(view, presence, want)
    return (
        presence.join(fits, on=["rank", "vintage", "cut"], how="inner")
        .sort("day", "source_id", "order")
        .unique(["day", "source_id"], keep="first", maintain_order=True)
        .join(in_order(view.catalogue.sources), on="source_id", how="inner")
        .with_columns(derived=pl.lit(value=False))
        .select(list(CANDIDATE_SCHEMA))
    )


def _fitting_grains(view: CubeView, presence: pl.DataFrame, want: Want) -> pl.DataFrame:
    convertible = set(view.geography.convertible(want.rank, want.vintage))
    rows = []
    for rank, vintage, cut in presence.select("rank", "vintage", "cut").unique().iter_rows():
        far, wide = grain_order(rank, want), cut_order(cut, want)
        if far is not None and wide is not None and (vintage, rank) in convertible:
            rows.append((rank, vintage, cut, (far, wide, cut)))
    rows.sort(key=lambda row: row[3])
    orders = {key: order for order, key in enumerate(dict.fromkeys(row[3] for row in rows))}
    return pl.DataFrame(
        [(*row[:3], orders[row[3]]) for row in rows],
        schema={"rank": pl.Int8, "vintage": pl.String, "cut": pl.String, "order": pl.Int32},
        orient="row",
    )


def _derived_days(
    view: CubeView, measure: Measure, want: Want, *, reports: set[int]
) -> pl.DataFrame:
    flows = [_direct(view, key, want) for key in (measure.inflow, measure.outflow) if key]
    inflow = flows[0].filter(~pl.col("source_id").is_in([*reports, *_with_holes(view, flows[0])]))
    if inflow.is_empty():
        return pl.DataFrame(schema=CANDIDATE_SCHEMA)
    last = local_days(delivered(view, measure.platform), view)
    spans = (
        pl.concat(flows)
        .group_by("source_id", "source_order")
        .agg(last=pl.col("day").max())
        .join(inflow.group_by("source_id").agg(first=pl.col("day").min()), on="source_id")
        .join(last.rename({"day": "delivered_day"}), on="source_id", how="left")
        .with_columns(last=pl.max_horizontal("last", "delivered_day"))
        .sort("source_id")
    )
    # What a source reports as a total comes before what we add up from another's table.
    is_table = pl.col("source_id").is_in(_tables(view)["source_id"].implode())
    return (
        spans.with_columns(pl.col("source_order") + is_table.cast(pl.Int32) * _CUMULATED_LAST)
        .with_columns(day=pl.date_ranges("first", "last"))
        .explode("day")
        .with_columns(rank=pl.lit(-1, dtype=pl.Int8), cut=pl.lit(""), derived=pl.lit(value=True))
        .select(list(CANDIDATE_SCHEMA))
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
    """Return one candidate per day: the preferred source's; `common` (day, source_id) first."""
    if common is not None and common.height:
        shared = found.join(common, on=["day", "source_id"], how="semi")
        alone = found.join(common.select("day"), on="day", how="anti")
        found = pl.concat([shared, alone])
    return found.sort("day", "source_order").unique("day", keep="first", maintain_order=True)


def in_common(of_terms: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """Return day and source_id: the preferred source of the days on which one has every term."""
    tables = list(of_terms)
    shared = tables[0]
    for other in tables[1:]:
        shared = shared.join(other, on=["day", "source_id"], how="semi")
    return choose(shared).select("day", "source_id")


# --- summing ------------------------------------------------------------------------------------


def resolve(
    view: CubeView,
    measure: Measure,
    want: Want,
    *,
    days: tuple[date, date],
    common: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Return what there is of a measure at the level, vintage and cut wanted.

    Shape: RESOLVED_SCHEMA; one row per (day, target area, code of `by`), only where the chosen
        source has cells; `n_present` of `n_expected` parts had a value (0: not counted).
    """
    found = candidates(view, measure, want).filter(pl.col("day").is_between(*days))
    chosen = choose(found, common=common)
    frames = [_summed_grains(view, measure.key, chosen.filter(~pl.col("derived")), want=want)]
    for (source_id,), asked in (
        chosen.filter("derived").partition_by("source_id", as_dict=True).items()
    ):
        frames.append(_cumulated(view, measure, want, source=int(str(source_id)), asked=asked))
    return pl.concat(frames)


def _summed_grains(view: CubeView, key: str, chosen: pl.DataFrame, *, want: Want) -> pl.DataFrame:
    frames = [pl.DataFrame(schema=RESOLVED_SCHEMA)]
    for (rank, cut), where in chosen.partition_by(["rank", "cut"], as_dict=True).items():
        grain = (int(str(rank)), str(cut))
        cells = view.cells(key, grain).join(where, on=["day", "source_id"], how="semi")
        frames.append(sum_parts(view, cells, want=want, part_rank=grain[0]))
    return pl.concat(frames)


def sum_parts(view: CubeView, cells: pl.DataFrame, *, want: Want, part_rank: int) -> pl.DataFrame:
    """Return cells of one grain summed into the targets wanted: RESOLVED_SCHEMA."""
    geography = view.geography
    parts = geography.parts(want.rank, want.vintage, viewer=view.viewer)
    expected = geography.expected(want.rank, want.vintage).filter(pl.col("part_rank") == part_rank)
    has_value = pl.col("value").is_not_null()
    return (
        _coded(view, cells, want)
        .rename({"area_id": "part_id"})
        .join(parts, on="part_id", how="inner")
        .group_by("day", "area_id", "by", "source_id", maintain_order=True)
        .agg(
            value=pl.when(has_value.any()).then(pl.col("value").sum()),
            status=_status_of_parts(),
            n_present=pl.col("part_id").filter(has_value).n_unique().cast(pl.Int32),
            part_vintage=pl.col("part_vintage").max(),
            known_at=pl.col("known_at").max(),
        )
        .join(expected, on=["area_id", "part_vintage"], how="left")
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
    view: CubeView, measure: Measure, want: Want, *, source: int, asked: pl.DataFrame
) -> pl.DataFrame:
    """Return inflow − outflow of one source, summed over all time up to each asked day."""
    alone = Want(
        rank=want.rank, vintage=want.vintage, by=want.by, where=want.where, sources=(source,)
    )
    signed = []
    for key, sign in ((measure.inflow, 1.0), (measure.outflow, -1.0)):
        if key:
            flow = _summed_grains(view, key, choose(_direct(view, key, alone)), want=alone)
            signed.append(flow.drop_nulls("value").with_columns(pl.col("value") * sign))
    key_columns = ["area_id", "by"]
    level = (
        pl.concat(signed)
        .group_by("day", *key_columns)
        .agg(pl.col("value").sum(), pl.col("known_at").max())
        .sort(*key_columns, "day")
        .with_columns(
            pl.col("value").cum_sum().over(key_columns),
            pl.col("known_at").cum_max().over(key_columns),
        )
    )
    grid = asked.select("day").join(level.select(key_columns).unique(), how="cross")
    return (
        grid.sort("day")
        .join_asof(
            level.sort("day"),
            on="day",
            by=key_columns,
            strategy="backward",
            check_sortedness=False,  # sorted above; Polars cannot check it within groups
        )
        .drop_nulls("value")
        .with_columns(
            status=pl.lit(int(Status.VALUE)),
            n_present=pl.lit(0),
            n_expected=pl.lit(0),
            source_id=pl.lit(source),
        )
        .select([pl.col(name).cast(dtype) for name, dtype in RESOLVED_SCHEMA.items()])
    )
