"""Rules and grains that several platforms share: order of moments, births, delay bins. Pure.

A delay is counted in bins of hours, so that delays add up over places, days and sources, and
medians and percentiles can be read from the sums.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

import polars as pl

from data_access.codes import Level
from data_access.contracts.model import Check, Field, Grain, Kind, Severity

OLDEST_AGE = 120
HOUR_US = 3_600_000_000
LONGEST_DELAY_HOURS = 336
"""Fourteen days: what takes longer is an error of quality, counted in the last bin."""


def _edges() -> tuple[int, ...]:
    """Return the upper ends (hours): every hour of the first day, coarser from then on."""
    by_day = (range(1, 25), range(26, 49, 2), range(52, 73, 4), range(84, 169, 12))
    last = range(192, LONGEST_DELAY_HOURS + 1, 24)
    return tuple(hour for part in (*by_day, last) for hour in part)


DELAY_EDGES = _edges()
DELAY_BINS: dict[str, tuple[int, int | None]] = {
    **{f"{low:03d}-{high:03d}": (low, high) for low, high in pairwise((0, *DELAY_EDGES))},
    f"{LONGEST_DELAY_HOURS}+": (LONGEST_DELAY_HOURS, None),
}
"""Code → (after, up to and including) in hours, in order; the last has no end. 24 h sharp is
"within 24 hours"; 0 h belongs to the first."""

DELAY_LABELS = {
    name: (f"{low}-{high} giờ", f"{low}-{high} hours")
    if high is not None
    else (f"trên {low} giờ", f"over {low} hours")
    for name, (low, high) in DELAY_BINS.items()
}
_HOURS = list(range(1, LONGEST_DELAY_HOURS + 2))
_BIN_OF_HOUR = [
    next(name for name, (_, high) in DELAY_BINS.items() if high is None or hour <= high)
    for hour in _HOURS
]


def _degrees(name: str, vi: str, en: str, *, most: int) -> Field:
    return Field(
        name=name, kind=Kind.NUMBER, vi=vi, en=en, minimum=-most, maximum=most, unit="degree"
    )


COORDINATES = (
    _degrees("lat", "Vĩ độ", "Latitude", most=90),
    _degrees("lon", "Kinh độ", "Longitude", most=180),
)


def hours_between(start: pl.Expr, end: pl.Expr) -> pl.Expr:
    """Return the whole hours (Int64) begun between two instants; null where either is missing."""
    return -(-(end - start).dt.total_microseconds() // HOUR_US)


def delay_bin(start: pl.Expr, end: pl.Expr) -> pl.Expr:
    """Return the code of the delay bin (String) between two instants.

    An end before the start counts as no delay: whoever was reached before being listed was
    reached in time. Null where either instant is missing.
    """
    hour = hours_between(start, end).clip(_HOURS[0], _HOURS[-1])
    return hour.replace_strict(_HOURS, _BIN_OF_HOUR, default=None, return_dtype=pl.String)


def within_hours(start: pl.Expr, end: pl.Expr, *, hours: int) -> pl.Expr:
    """Return whether (Boolean) the end came at most so many hours after the start."""
    return (end - start) <= pl.duration(hours=hours)


def as_count(holds: pl.Expr) -> pl.Expr:
    """Return 1 (Int64) where something holds, else 0.

    The part of a whole is counted over the whole, so that none of ten is a true zero in the cube
    and not a figure that is missing.
    """
    return holds.fill_null(value=False).cast(pl.Int64)


def ordered(
    names: Sequence[str], *, key: str, vi: str, en: str, severity: Severity = Severity.REJECT
) -> tuple[Check, ...]:
    """Return one check per moment after the first: none lies before any that precedes it.

    Args:
        names: fields of one type (all DATE or all INSTANT), in the order in which they happen;
            those left blank are passed over.
        key: start of the checks' keys; the field's name follows.
        vi: reason in Vietnamese.
        en: reason in English.
        severity: what a broken order does.
    """
    return tuple(
        Check(
            key=f"{key}_{name}",
            broken=pl.col(name) < pl.max_horizontal(names[:number]),
            field=name,
            vi=vi,
            en=en,
            severity=severity,
        )
        for number, name in enumerate(names)
        if number
    )


def person_checks(on: pl.Expr) -> tuple[Check, ...]:
    """Return the checks of a date of birth against the local day (Date) of the event."""
    return (
        Check(
            key="born_after_event",
            broken=pl.col("birth_date") > on,
            field="birth_date",
            vi="Ngày sinh sau ngày ghi nhận",
            en="Born after the event",
        ),
        Check(
            key="too_old",
            broken=pl.col("birth_date").dt.offset_by(f"{OLDEST_AGE + 1}y") <= on,
            field="birth_date",
            vi="Trên 120 tuổi",
            en="Older than 120 years",
        ),
    )


def closed_before_opened(closed: str, opened: str) -> Check:
    """Return the check of two fields of one type: nothing closes before it opens."""
    return Check(
        key="closed_before_opened",
        broken=pl.col(closed) < pl.col(opened),
        field=closed,
        vi="Đóng trước khi mở",
        en="Closed before it opened",
    )


def province(*cut: str) -> Grain:
    """Return the grain of provinces, broken down by the dimensions given."""
    return Grain(level=Level.PROVINCE, cut=cut)


def district(*cut: str) -> Grain:
    """Return the grain of districts, broken down by the dimensions given."""
    return Grain(level=Level.DISTRICT, cut=cut)


def quantile_hours(counts: Iterable[tuple[str, float]], *, share: float) -> float | None:
    """Return the delay (hours) that a share of what was counted did not exceed.

    Method: straight line within a bin. Null (None) where nothing was counted; the start of the
    last bin, which has no end, where the answer lies in it.

    Args:
        counts: (code of DELAY_BINS, how many), in any order; codes not declared are left out.
        share: 0.5 for the median, 0.9 for the ninetieth percentile.
    """
    held = dict.fromkeys(DELAY_BINS, 0.0)
    for name, many in counts:
        if name in held:
            held[name] += many
    wanted, below = share * sum(held.values()), 0.0
    for name, many in held.items():
        low, high = DELAY_BINS[name]
        if many > 0 and below + many >= wanted:
            return float(low) if high is None else low + (high - low) * (wanted - below) / many
        below += many
    return None


def delay_quantiles(
    counts: pl.DataFrame, *, by: Sequence[str], code: str, shares: Mapping[str, float]
) -> pl.DataFrame:
    """Return, per group, the delays (hours) that shares of what was counted did not exceed.

    Shape: one row per group with anything counted: the columns of `by`, then one (Float64) per
        share; rows of one group and code are added up.
    Needs: `by`, `code` (of DELAY_BINS; others are left out), value (how many, not negative).
    Method: as `quantile_hours`, for all groups at once.

    Args:
        counts: the histograms.
        by: what makes a group.
        code: name of the column with the bins.
        shares: name of the new column → share, as in {"p50_hours": 0.5}.
    """
    bins = pl.DataFrame(
        [(name, float(low), high) for name, (low, high) in DELAY_BINS.items()],
        schema={code: pl.String, "_low": pl.Float64, "_high": pl.Float64},
        orient="row",
    )
    held = (
        counts.filter(pl.col("value") > 0)
        .join(bins, on=code, how="inner")
        .group_by(*by, "_low", "_high")
        .agg(_many=pl.col("value").sum().cast(pl.Float64))
        .sort(*by, "_low")
        .with_columns(_upto=pl.col("_many").cum_sum().over(by), _all=pl.col("_many").sum().over(by))
    )
    found = held.select(by).unique(maintain_order=True)
    for name, share in shares.items():
        wanted = share * pl.col("_all")
        inside = (wanted - (pl.col("_upto") - pl.col("_many"))) / pl.col("_many")
        hours = pl.col("_low") + (pl.col("_high") - pl.col("_low")) * inside
        first = held.filter(pl.col("_upto") >= wanted).unique(by, keep="first", maintain_order=True)
        at = first.select(*by, pl.coalesce(hours, "_low").alias(name))
        found = found.join(at, on=by, how="left", maintain_order="left", nulls_equal=True)
    return found
