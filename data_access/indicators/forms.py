"""Other forms of a daily count: its week's mean, for every 100,000 people, or both. Pure.

A form is an indicator like any other, made from the declared one; its id is the declared one with
an ending. Ratios are smoothed as sums over sums, never as means of ratios.
"""

from dataclasses import replace
from functools import cache

import polars as pl

from data_access.indicators.build import PER
from data_access.indicators.model import (
    POPULATION,
    WINDOW_DAYS,
    Aggregate,
    Indicator,
    Term,
    Unit,
)
from data_access.indicators.registry import INDICATORS
from data_access.measures.model import MeasureKind
from data_access.measures.registry import MEASURES

WEEK, RATE = "_7d_mean", "_per_100k"


@cache
def indicator_of(key: str) -> Indicator | None:
    """Return the declared indicator of an id, or the form of one; None if there is none."""
    if key in INDICATORS:
        return INDICATORS[key]
    for ending, formed in ((RATE, _as_rate), (WEEK, _as_week)):
        base = indicator_of(key.removesuffix(ending)) if key.endswith(ending) else None
        if base is not None:
            return formed(base, key)
    return None


def form_of(key: str, *, week: bool = False, rate: bool = False) -> str:
    """Return the id of an indicator in a form; the id as it is where that form does not exist."""
    for wanted, ending in ((week, WEEK), (rate, RATE)):
        key = key + ending if wanted and indicator_of(key + ending) else key
    return key


def _as_week(base: Indicator, key: str) -> Indicator | None:
    """Return the form over seven days; None where a day's value is no flow of that day."""
    if not all(_is_daily_flow(term) for term in base.terms):
        return None
    counts = base.unit == Unit.COUNT
    over = Aggregate.MEAN if counts else Aggregate.SUM
    return replace(
        base,
        key=key,
        vi=f"{base.vi}, trung bình 7 ngày" if counts else f"{base.vi}, 7 ngày",
        en=f"{base.en}, 7-day mean" if counts else f"{base.en}, 7 days",
        about_vi=f"{base.about_vi} Tính trên các ngày có báo cáo trong 7 ngày gần nhất.",
        about_en=f"{base.about_en} Over the reported days among the last 7.",
        unit=Unit.PER_DAY if counts else base.unit,
        terms=tuple(replace(t, window_days=WINDOW_DAYS, aggregate=over) for t in base.terms),
        decimals=max(base.decimals, 1),
        chart="line",
    )


def _is_daily_flow(term: Term) -> bool:
    flow = term.measure in MEASURES and MEASURES[term.measure].kind is MeasureKind.FLOW
    plain = term.window_days == 1 and not term.cumulative and term.aggregate is Aggregate.SUM
    return flow and plain


def _as_rate(base: Indicator, key: str) -> Indicator | None:
    """Return the form for every 100,000 people; None for what is no count."""
    if base.unit not in (Unit.COUNT, Unit.PER_DAY):
        return None
    return replace(
        base,
        key=key,
        vi=f"{base.vi}, trên 100.000 dân",
        en=f"{base.en}, per 100,000",
        about_vi=f"{base.about_vi} Chia cho dân số, nhân 100.000.",
        about_en=f"{base.about_en} Divided by the population, times 100,000.",
        unit=Unit.PER_100K,
        formula=base.formula / pl.col(POPULATION) * PER,
        numerator=base.formula,
        denominator=pl.col(POPULATION),
        population="all",
        decimals=max(base.decimals, 1),
        chart="line",
    )
