"""The testing page's own tables, worked out from figures. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from dashboard.breakdown import Part
from data_access.estimates import pooled
from data_access.estimates.proportions import Interval, wilson
from data_access.estimates.turnaround import Collected, Curve, curve

STEPS = ("samples_collected", "samples_received", "samples_resulted", "samples_returned")
AGES = (0, 1, 2, 3, 4, 5, 6)
DAYS_IN_WEEK = 7
MEDIAN, NINETY = 0.5, 0.9


def steps(found: pl.DataFrame) -> tuple[Part, ...]:
    """Return how many samples passed each step in the days of a frame (date, id, value)."""
    sums = dict(found.drop_nulls("value").group_by("id").agg(pl.col("value").sum()).iter_rows())
    return tuple(
        Part(code=key.replace("samples_", "step_"), value=sums.get(key), share=None)
        for key in STEPS
    )


def samples(collected: pl.DataFrame, returned: pl.DataFrame, *, day: date) -> list[Collected]:
    """Return the samples of each day: how many were collected, what came back after how long.

    Args:
        collected: date, value.
        returned: date, bin, value; dated by the day of collection.
        day: the day looked at, its end is now.
    """
    back: dict[date, dict[str, float]] = {}
    for on, code, value in returned.drop_nulls("value").select("date", "bin", "value").iter_rows():
        back.setdefault(on, {})[code] = value
    return [
        Collected(age_days=(day - on).days, collected=value, returned=back.get(on, {}))
        for on, value in collected.drop_nulls("value")
        .sort("date")
        .select("date", "value")
        .iter_rows()
    ]


def waiting_by_age(found: Sequence[Collected]) -> tuple[Part, ...]:
    """Return how many samples of a week still wait, by days since they were collected."""
    held = dict.fromkeys(AGES, 0.0)
    for one in found:
        if one.age_days in held:
            held[one.age_days] += one.waiting
    return tuple(Part(code=str(age), value=value, share=None) for age, value in held.items())


@dataclass(frozen=True, kw_only=True)
class Row:
    """One way to tell how fast results come: hours, and shares in 24 and 48 hours."""

    name: str
    median: float | None
    ninety: float | None
    in_24: float | None
    in_48: float | None


@dataclass(frozen=True, kw_only=True)
class Speed:
    """How fast results come, told both ways."""

    rows: tuple[Row, ...]
    counted: float
    waiting: float


def speed(found: Sequence[Collected]) -> Speed | None:
    """Return how fast results came, awaited ones left out and counted in; None without any."""
    with_waiting = curve(found)
    back_only = curve(
        [
            Collected(
                age_days=one.age_days, collected=sum(one.returned.values()), returned=one.returned
            )
            for one in found
        ]
    )
    if not with_waiting.counted:
        return None
    return Speed(
        rows=(_row("speed_returned", back_only), _row("speed_all", with_waiting)),
        counted=with_waiting.counted,
        waiting=with_waiting.waiting,
    )


def _row(name: str, told: Curve) -> Row:
    return Row(
        name=name,
        median=told.quantile(MEDIAN),
        ninety=told.quantile(NINETY),
        in_24=told.share_by(24),
        in_48=told.share_by(48),
    )


@dataclass(frozen=True, kw_only=True)
class Load:
    """One laboratory: samples a day over a week against its declared capacity.

    Attributes:
        load: per_day over capacity; None where no capacity was declared.
    """

    code: str
    name: str
    kind: str
    area_code: str
    per_day: float
    capacity: int | None
    load: float | None


def laboratory_loads(register: pl.DataFrame, resulted: pl.DataFrame) -> tuple[Load, ...]:
    """Return the laboratories, the most loaded first; those that nobody registered too.

    Args:
        register: as `data_access.laboratories` gives it.
        resulted: date, area_code, lab, value of a week.
    """
    worked = (
        resulted.drop_nulls("value")
        .group_by("area_code", lab_code=pl.col("lab"))
        .agg(per_day=pl.col("value").sum() / DAYS_IN_WEEK)
        .filter(pl.col("lab_code") != "unknown")
    )
    joined = register.join(worked, on=["area_code", "lab_code"], how="full", coalesce=True)
    capacity = pl.col("capacity_per_day")
    rows = joined.with_columns(
        pl.col("per_day").fill_null(0.0),
        pl.col("name", "kind").fill_null(""),
        load=pl.when(capacity > 0).then(pl.col("per_day").fill_null(0.0) / capacity),
    ).sort(["load", "per_day", "lab_code"], descending=[True, True, False], nulls_last=True)
    return tuple(
        Load(
            code=row["lab_code"],
            name=row["name"],
            kind=row["kind"],
            area_code=row["area_code"],
            per_day=row["per_day"],
            capacity=row["capacity_per_day"],
            load=row["load"],
        )
        for row in rows.iter_rows(named=True)
    )


@dataclass(frozen=True, kw_only=True)
class Positive:
    """Positivity of one code: person-times, with Wilson's interval."""

    code: str
    positive: float
    tested: float
    interval: Interval


def positivity(found: pl.DataFrame, *, by: str) -> tuple[Positive, ...]:
    """Return positivity by code, the most tested first; codes without a test are left out.

    Args:
        found: the dimension, numerator, denominator; one day of a weekly share.
        by: the dimension.
    """
    known = found.drop_nulls(["numerator", "denominator"]).sort(
        ["denominator", by], descending=[True, False]
    )
    told = []
    for code, positive, tested in known.select(by, "numerator", "denominator").iter_rows():
        interval = wilson(positive, tested) if 0 <= positive <= tested else None
        if interval is not None:
            told.append(Positive(code=code, positive=positive, tested=tested, interval=interval))
    return tuple(told)


@dataclass(frozen=True, kw_only=True)
class Pooled:
    """What pools say: prevalence among the people in them.

    Attributes:
        pools: by size.
        people: people in the pools.
        people_per_sample: people for each pool.
        interval: the share of them positive.
    """

    pools: tuple[pooled.Pools, ...]
    people: int
    people_per_sample: float
    interval: Interval


def pools(found: pl.DataFrame) -> Pooled | None:
    """Return what the pools of some days say; None without any.

    Args:
        found: id (`pools_resulted`, `pools_positive`), size, value.
    """
    counted = (
        found.drop_nulls("value")
        .filter(pl.col("size").str.contains(r"^\d+$"))
        .group_by("size", "id")
        .agg(pl.col("value").sum())
    )
    sums = {(int(size), key): int(value) for size, key, value in counted.iter_rows()}
    sizes = sorted({size for size, _ in sums})
    listed = tuple(
        pooled.Pools(
            size=size,
            tested=sums.get((size, "pools_resulted"), 0),
            positive=min(
                sums.get((size, "pools_positive"), 0), sums.get((size, "pools_resulted"), 0)
            ),
        )
        for size in sizes
        if sums.get((size, "pools_resulted"))
    )
    interval = pooled.prevalence(listed)
    if interval is None:
        return None
    people = sum(one.size * one.tested for one in listed)
    return Pooled(
        pools=listed,
        people=people,
        people_per_sample=people / sum(one.tested for one in listed),
        interval=interval,
    )
