"""Ways to declare indicators of a common shape. Pure."""

import polars as pl

from data_access.codes import Clearance
from data_access.contracts.rules import DELAY_BINS
from data_access.cube.where import Where
from data_access.indicators.model import (
    POPULATION,
    WINDOW_DAYS,
    Aggregate,
    Indicator,
    Term,
    Unit,
)

PUBLIC = Clearance.PUBLIC
PER = 100_000
THOUSAND = 1_000
Names = tuple[str, str]
"""Vietnamese and English."""


def within(hours: int, *, along: str) -> Where:
    """Return the delay bins that end no later than some hours."""
    codes = tuple(
        name for name, (_, high) in DELAY_BINS.items() if high is not None and high <= hours
    )
    return (((along, codes),),)


def as_is(
    key: str,
    names: Names,
    about: Names,
    platform: str,
    *,
    higher_is_bad: bool | None,
    clearance: Clearance = Clearance.OFFICIAL,
    chart: str = "bar",
    term: Term | None = None,
) -> Indicator:
    """Return a measure, or one term of it, as it is on a day."""
    counted = term or Term(name="counted", measure=key)
    return Indicator(
        key=key,
        vi=names[0],
        en=names[1],
        about_vi=about[0],
        about_en=about[1],
        platform=platform,
        unit=Unit.COUNT,
        terms=(counted,),
        formula=pl.col("counted"),
        higher_is_bad=higher_is_bad,
        clearance=clearance,
        chart=chart,
    )


def share_of(
    key: str,
    names: Names,
    about: Names,
    platform: str,
    *,
    part: Term,
    whole: Term,
    higher_is_bad: bool | None,
) -> Indicator:
    """Return the ratio of two terms, sum over sum; what else differs is set with `replace`."""
    return Indicator(
        key=key,
        vi=names[0],
        en=names[1],
        about_vi=about[0],
        about_en=about[1],
        platform=platform,
        unit=Unit.RATIO,
        terms=(part, whole),
        formula=pl.col(part.name) / pl.col(whole.name),
        numerator=pl.col(part.name),
        denominator=pl.col(whole.name),
        higher_is_bad=higher_is_bad,
        typical_lag_days=2,
        suppress_below=5,
        decimals=1,
        chart="line",
    )


def delay_hours(
    key: str,
    names: Names,
    about: Names,
    platform: str,
    *,
    measure: str,
    along: str,
    share: float,
    where: Where = (),
) -> Indicator:
    """Return the hours that a share of a week's delays did not exceed, read off a histogram."""
    return Indicator(
        key=key,
        vi=names[0],
        en=names[1],
        about_vi=about[0],
        about_en=about[1],
        unit=Unit.HOURS,
        platform=platform,
        terms=(
            Term(
                name="hours",
                measure=measure,
                where=where,
                window_days=WINDOW_DAYS,
                aggregate=Aggregate.QUANTILE,
                along=along,
                share=share,
            ),
        ),
        formula=pl.col("hours"),
        higher_is_bad=True,
        typical_lag_days=2,
        decimals=1,
        chart="line",
    )


def per_thousand(
    key: str, names: Names, about: Names, platform: str, *, measure: str,
    higher_is_bad: bool | None,
) -> Indicator:  # fmt: skip
    """Return a week's count for every thousand people."""
    return Indicator(
        key=key,
        vi=names[0],
        en=names[1],
        about_vi=about[0],
        about_en=about[1],
        unit=Unit.PER_1000,
        platform=platform,
        terms=(Term(name="counted", measure=measure, window_days=WINDOW_DAYS),),
        formula=pl.col("counted") / pl.col(POPULATION) * THOUSAND,
        numerator=pl.col("counted"),
        denominator=pl.col(POPULATION),
        population="all",
        higher_is_bad=higher_is_bad,
        typical_lag_days=2,
        decimals=1,
        chart="line",
    )


def weekly(name: str, measure: str, where: Where = ()) -> Term:
    """Return the sum of a week of a measure."""
    return Term(name=name, measure=measure, where=where, window_days=WINDOW_DAYS)
