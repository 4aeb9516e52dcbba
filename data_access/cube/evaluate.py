"""From sums to figures: measures as they are, indicators by their formula. Pure Polars.

A figure carries what it was made of: numerator, denominator, how many parts were there, which
source, and since when it is known.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import polars as pl

from data_access.codes import Status
from data_access.contracts.rules import delay_quantiles
from data_access.cube.missing import KEY, complete, explain, make_grid
from data_access.cube.resolve import (
    RESOLVED_SCHEMA,
    Common,
    Want,
    candidates,
    choose,
    in_common,
    resolve,
)
from data_access.cube.view import CubeView
from data_access.cube.zeros import with_zeros
from data_access.disclosure.apply import suppressed_days, withhold
from data_access.indicators.model import (
    MIN_REPORTED_DAYS,
    POPULATION,
    Aggregate,
    Indicator,
    Term,
)
from data_access.measures.model import Measure

FIGURE_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "day": pl.Date,
    "area_id": pl.Int32,
    "by": pl.String,
    "value": pl.Float64,
    "status": pl.Int8,
    "numerator": pl.Float64,
    "denominator": pl.Float64,
    "n_present": pl.Int32,
    "n_expected": pl.Int32,
    "part_rank": pl.Int8,
    "source_ids": pl.List(pl.Int32),
    "known_at": pl.Int64,
}
_KEY_TYPES = {name: FIGURE_SCHEMA[name] for name in KEY}
# Which reason is told when terms are missing for several: the first of these.
_GRAVEST = (
    Status.NOT_APPLICABLE,
    Status.SUPPRESSED,
    Status.NOT_DUE,
    Status.NOT_SYNCHRONISED,
    Status.NOT_REPORTED,
)


@dataclass(frozen=True, kw_only=True)
class Frame:
    """Where figures are wanted.

    Attributes:
        days: first and last.
        area_ids: target areas.
        want: level, vintage, dimension, sources.
    """

    days: tuple[date, date]
    area_ids: tuple[int, ...]
    want: Want

    def before(self, n_days: int) -> "Frame":
        """Return the same frame, begun some days earlier."""
        return replace(self, days=(self.days[0] - timedelta(days=n_days), self.days[1]))


def measure_figures(view: CubeView, measure: Measure, frame: Frame) -> pl.DataFrame:
    """Return the figures of a measure: columns of FIGURE_SCHEMA, the whole grid."""
    raw = _published(
        resolve(view, measure, frame.want, days=frame.days), view, measure, frame=frame
    )
    done = _completed(raw, view, measure, frame=frame, codes=_codes([raw], frame))
    return done.with_columns(numerator=pl.lit(None), denominator=pl.lit(None)).select(_as_figures())


def indicator_figures(
    view: CubeView, indicator: Indicator, frame: Frame, *, population: pl.DataFrame
) -> pl.DataFrame:
    """Return the figures of an indicator: columns of FIGURE_SCHEMA, the whole grid.

    Args:
        view: what the viewer sees of the measures.
        indicator: what to compute.
        frame: where.
        population: area_id and population (persons); may be empty if the indicator needs none.
    """
    raws = [
        _raw(view, term, frame, common=one, common_otherwise=other)
        for term, one, other in zip(
            indicator.terms, *_common(view, indicator.terms, frame), strict=True
        )
    ]
    codes = _codes(raws, frame)
    tables = [
        _term_table(view, term, frame, raw=raw, codes=codes)
        for term, raw in zip(indicator.terms, raws, strict=True)
    ]
    joined = _beside(tables).join(
        population.select(pl.col("area_id").cast(pl.Int32), pl.col("population").cast(pl.Float64)),
        on="area_id",
        how="left",
        maintain_order="left",
    )
    return _computed(joined, indicator)


def _published(
    found: pl.DataFrame,
    view: CubeView,
    measure: Measure,
    *,
    frame: Frame,
    common: Common | None = None,
) -> pl.DataFrame:
    """Return the cells found with those emptied that this viewer may not see (`disclosure`)."""
    if view.withheld is None:
        return found
    return withhold(
        found,
        view.withheld,
        measure=measure,
        want=frame.want,
        area_ids=frame.area_ids,
        elsewhere=_days_elsewhere(view, measure, frame.want, common=common),
    )


def _days_elsewhere(
    view: CubeView, measure: Measure, want: Want, *, common: Common | None
) -> pl.Series | None:
    """Return the days that other sources answer because another term has none of the usual."""
    if common is None or common.places.is_empty():
        return None
    found = candidates(view, measure, want)
    usual, shared = choose(found), choose(found, common=common.places)
    place = ["day", "source_id", "family"]
    differ = [usual.join(shared, on=place, how="anti"), shared.join(usual, on=place, how="anti")]
    return pl.concat(differ)["day"].unique()


# --- terms --------------------------------------------------------------------------------------


def _asked(view: CubeView, term: Term, frame: Frame) -> tuple[Measure, Want]:
    measure = view.catalogue.measures[term.measure]
    if term.cumulative and measure.cumulative:
        measure = view.catalogue.measures[measure.cumulative]
    where = term.where
    if term.along:
        # Only cuts that keep the bins apart will do; no code is barred by this.
        where = tuple((*one, (term.along, ("!",))) for one in where or ((),))
    return measure, replace(frame.want, where=where)


def _common(
    view: CubeView, terms: Sequence[Term], frame: Frame
) -> tuple[list[Common | None], list[Common | None]]:
    """Return for each term the sources that have them all: as asked, and as asked otherwise."""
    alone: list[Common | None] = [None] * len(terms)
    if len(terms) == 1 and terms[0].otherwise is None:
        # It shares its sources with no other term: as it is chosen by itself.
        return alone, alone
    first = _having(view, terms, frame)
    if not any(term.otherwise for term in terms):
        return [*first], alone
    second = _having(view, [term.otherwise or term for term in terms], frame)
    # A term that is asked in one way only goes with the others, in whichever way they are found.
    both = [
        one if term.otherwise else _either(one, other)
        for term, one, other in zip(terms, first, second, strict=True)
    ]
    return [*both], [*second]


def _having(view: CubeView, terms: Sequence[Term], frame: Frame) -> list[Common]:
    """Return for each term the sources that have every one of them."""
    asked = [_asked(view, one, frame) for one in terms]
    of = tuple((view.version(measure), measure.key, want) for measure, want in asked)
    shared = view.kept.of(
        ("common", of), lambda: in_common([candidates(view, *one) for one in asked])
    )
    return [
        Common(of=(of, n), places=shared.select("day", "source_id", family=f"family:{n}"))
        for n in range(len(asked))
    ]


def _either(one: Common, other: Common) -> Common:
    later = other.places.join(one.places, on="day", how="anti")
    return Common(of=(one.of, other.of), places=pl.concat([one.places, later]))


def _raw(
    view: CubeView,
    term: Term,
    frame: Frame,
    *,
    common: Common | None,
    common_otherwise: Common | None = None,
) -> pl.DataFrame:
    days = frame.before(term.window_days - 1).days
    measure, want = _asked(view, term, frame)
    found = resolve(view, measure, want, days=days, common=common)
    # A zero that is derived beside cells that are withheld could tell what they hold.
    if term.none_is_zero and not want.by and view.withheld is None:
        found = _zeroed(found, view, term, want, days=days)
    found = _published(found, view, measure, frame=replace(frame, want=want), common=common)
    if term.otherwise is None:
        return found
    other = _raw(view, term.otherwise, frame, common=common_otherwise)
    return pl.concat([found, other.join(found.select("day"), on="day", how="anti")])


def _zeroed(
    found: pl.DataFrame, view: CubeView, term: Term, want: Want, *, days: tuple[date, date]
) -> pl.DataFrame:
    """Return what was found of some codes, with zeros where all others make up the total."""
    measure = view.catalogue.measures[term.measure]
    plain = replace(want, where=())
    named = resolve(view, measure, replace(plain, by=term.none_is_zero), days=days)
    return with_zeros(found, named=named, total=resolve(view, measure, plain, days=days))


def _codes(raws: list[pl.DataFrame], frame: Frame) -> list[str]:
    if not frame.want.by:
        return [""]
    return sorted(set().union(*(raw["by"].unique().to_list() for raw in raws)))


def _completed(
    raw: pl.DataFrame, view: CubeView, measure: Measure, *, frame: Frame, codes: list[str]
) -> pl.DataFrame:
    grid = view.kept.of(
        ("grid", frame.days, frame.area_ids, tuple(codes)),
        lambda: make_grid(frame.days, list(frame.area_ids), codes=codes),
    )
    return explain(complete(raw, grid), view, measure=measure, want=frame.want)


def _term_table(
    view: CubeView, term: Term, frame: Frame, *, raw: pl.DataFrame, codes: list[str]
) -> pl.DataFrame:
    measure, want = _asked(view, term, frame)
    wide = replace(frame.before(term.window_days - 1), want=want)
    done = _completed(raw, view, measure, frame=wide, codes=codes)
    if term.window_days > 1:
        done = add_window(done, term.window_days, aggregate=term.aggregate)
    if term.aggregate is Aggregate.QUANTILE:
        delays = _quantiles(view, term, frame, codes=codes)
        held = pl.when(pl.col("value").is_not_null()).then("quantile").alias("value")
        done = done.join(delays, on=KEY, how="left", maintain_order="left").with_columns(held)
    kept = done.filter(pl.col("day") >= frame.days[0]) if term.window_days > 1 else done
    others = [name for name in RESOLVED_SCHEMA if name not in KEY]
    named = [pl.col(name).alias(f"{term.name}:{name}") for name in others]
    return kept.sort(KEY).select(*KEY, *named)


def _quantiles(view: CubeView, term: Term, frame: Frame, *, codes: list[str]) -> pl.DataFrame:
    """Return KEY and quantile: the delay that a share of what the window counts did not exceed."""
    measure, want = _asked(view, term, frame)
    days = frame.before(term.window_days - 1).days
    parts = []
    for code in codes:
        where = want.where
        if want.by:
            where = tuple((*one, (want.by, (code,))) for one in where)
        binned = resolve(view, measure, replace(want, by=term.along, where=where), days=days)
        parts.append(_within_windows(binned, term.window_days, code=code))
    if not parts:
        return pl.DataFrame(schema={**_KEY_TYPES, "quantile": pl.Float64})
    counts = pl.concat(parts)
    return delay_quantiles(counts, by=KEY, code="bin", shares={"quantile": term.share})


def _within_windows(binned: pl.DataFrame, window_days: int, *, code: str) -> pl.DataFrame:
    """Return day, area_id, by, bin, value: what is counted in the window that ends on each day."""
    ahead = [pl.col("day") + timedelta(days=number) for number in range(window_days)]
    counted = binned.drop_nulls("value").select(
        "area_id", "value", bin="by", by=pl.lit(code), day=pl.concat_list(ahead)
    )
    return counted.explode("day")


def add_window(
    completed: pl.DataFrame, window_days: int, *, aggregate: Aggregate = Aggregate.SUM
) -> pl.DataFrame:
    """Return the grid with each value replaced by its window's, right-aligned.

    Shape: RESOLVED_SCHEMA in and out, every day present for each (area, code).
    Method: sum or mean of the reported days of the window; null below MIN_REPORTED_DAYS of them,
        and on days that are not due or do not apply. A window that holds a withheld day is
        withheld: two windows could be subtracted from each other.
    """
    groups = ["area_id", "by"]
    roll: Callable[..., pl.Expr] = (
        pl.Expr.rolling_mean if aggregate is Aggregate.MEAN else pl.Expr.rolling_sum
    )
    values = roll(pl.col("value"), window_days, min_samples=MIN_REPORTED_DAYS).over(groups)
    barred = pl.col("status").is_in([int(Status.NOT_DUE), int(Status.NOT_APPLICABLE)])
    withheld = suppressed_days(pl.col("status"), window_days).over(groups)
    return (
        _with_sources_of_window(completed.sort(*groups, "day"), window_days)
        .with_columns(
            value=pl.when(~barred & ~withheld).then(values),
            withheld=~barred & withheld,
            known_at=pl.col("known_at").rolling_max(window_days, min_samples=1).over(groups),
        )
        .with_columns(
            status=pl.when(pl.col("value").is_not_null())
            .then(pl.lit(int(Status.VALUE), dtype=pl.Int8))
            .when("withheld")
            .then(pl.lit(int(Status.SUPPRESSED), dtype=pl.Int8))
            .when(pl.col("status") == Status.VALUE)
            .then(pl.lit(int(Status.NOT_REPORTED), dtype=pl.Int8))
            .otherwise(pl.col("status"))
        )
        .drop("withheld")
    )


def _with_sources_of_window(completed: pl.DataFrame, window_days: int) -> pl.DataFrame:
    """Return the grid with `source_ids` naming every source of a reported day of the window."""
    reported = pl.col("value").is_not_null()
    numbers = sorted({one for ids in completed["source_ids"].unique() if ids is not None
                      for one in ids})  # fmt: skip
    spoke = [
        (reported & pl.col("source_ids").list.contains(one))
        .cast(pl.Int8)
        .rolling_max(window_days, min_samples=1)
        .over(["area_id", "by"])
        for one in numbers
    ]
    named = [
        pl.when(is_in == 1).then(pl.lit(one, dtype=pl.Int32))
        for one, is_in in zip(numbers, spoke, strict=True)
    ]
    if not named:
        return completed
    listed = pl.concat_list(named).list.drop_nulls()
    anyone = (
        reported.cast(pl.Int8).rolling_max(window_days, min_samples=1).over(["area_id", "by"]) == 1
    )
    return completed.with_columns(source_ids=pl.when(anyone).then(listed))


def _beside(tables: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Return the terms' tables side by side: each has every row of one and the same grid."""
    first, *others = tables
    return pl.concat([first, *(one.drop(KEY) for one in others)], how="horizontal")


# --- formula ------------------------------------------------------------------------------------


def _computed(joined: pl.DataFrame, indicator: Indicator) -> pl.DataFrame:
    names = [term.name for term in indicator.terms]
    plain = joined.with_columns([pl.col(f"{name}:value").alias(name) for name in names])
    nothing = pl.lit(None, dtype=pl.Float64)
    below = nothing if indicator.denominator is None else indicator.denominator
    above = nothing if indicator.numerator is None else indicator.numerator
    return (
        plain.with_columns(numerator=above, denominator=below)
        .with_columns(value=_guarded(indicator))
        .with_columns(
            status=_status(names),
            source_ids=pl.concat_list(
                [pl.col(f"{name}:source_ids").fill_null([]) for name in names]
            ).list.unique(maintain_order=True),
            **_least_complete(names),
            known_at=pl.max_horizontal([f"{name}:known_at" for name in names]),
        )
        .with_columns(_silent(names))
        .select(_as_figures())
    )


def _silent(names: list[str]) -> list[pl.Expr]:
    """Return what a figure says of what it was made of: nothing, if any term of it is withheld."""
    said = ("value", "numerator", "denominator", "n_present", "n_expected", "part_rank",
            "source_ids", "known_at")  # fmt: skip
    is_hidden = pl.any_horizontal([pl.col(f"{n}:status") == Status.SUPPRESSED for n in names])
    shown = [pl.when(~is_hidden).then(pl.col(name)).alias(name) for name in said]
    hidden = pl.lit(int(Status.SUPPRESSED), dtype=pl.Int8)
    lost = is_hidden & (pl.col("status") != Status.NOT_APPLICABLE)
    return [*shown, pl.when(lost).then(hidden).otherwise(pl.col("status")).alias("status")]


def _guarded(indicator: Indicator) -> pl.Expr:
    value = indicator.formula.cast(pl.Float64)
    if indicator.denominator is not None:
        value = pl.when(pl.col("denominator") != 0).then(value)
    return pl.when(value.is_finite()).then(value)


def _status(names: list[str]) -> pl.Expr:
    missing = [
        pl.when(pl.any_horizontal([pl.col(f"{name}:status") == reason for name in names])).then(
            pl.lit(int(reason), dtype=pl.Int8)
        )
        for reason in _GRAVEST
    ]
    # All terms are there and still no value: nothing to divide by, or no such population.
    absent = pl.lit(int(Status.NOT_APPLICABLE), dtype=pl.Int8)
    return (
        pl.when(pl.col("value").is_not_null())
        .then(pl.lit(int(Status.VALUE), dtype=pl.Int8))
        .otherwise(pl.coalesce(*missing, absent))
    )


def _least_complete(names: list[str]) -> dict[str, pl.Expr]:
    """Return n_present, n_expected and part_rank of the term that lacks the largest share."""
    columns = ("n_present", "n_expected", "part_rank")
    best = {column: pl.col(f"{names[0]}:{column}") for column in columns}
    for name in names[1:]:
        other = {column: pl.col(f"{name}:{column}") for column in columns}
        # a/b < c/d without dividing: nothing is expected of some.
        left = other["n_present"] * best["n_expected"]
        is_worse = best["n_expected"].fill_null(0).eq(0) | (
            left < best["n_present"] * other["n_expected"]
        )
        best = {c: pl.when(is_worse).then(other[c]).otherwise(best[c]) for c in columns}
    return best


def _as_figures() -> list[pl.Expr]:
    return [pl.col(name).cast(dtype) for name, dtype in FIGURE_SCHEMA.items()]


def needs_population(indicator: Indicator) -> bool:
    """Return whether the formula divides by persons."""
    return POPULATION in indicator.formula.meta.root_names()
