"""A measure by one of its dimensions, made ready to draw. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

OTHER, UNKNOWN = "…", "unknown"
"""Codes under which the small ones are summed, and under which the gate files what has none."""
# Hours up to which a delay belongs to a class; the last class has no end.
DELAY_ENDS = (2, 6, 12, 24, 48, 72, 168)
_CLASS = re.compile(r"^\d+(?:-\d+|\+)$")
_DELAY = re.compile(r"^(?P<low>\d{3})(?:-(?P<high>\d{3})|\+)$")


@dataclass(frozen=True, kw_only=True)
class Part:
    """One code.

    Attributes:
        code: the code.
        value: its figure; None where none was reported.
        share: of all codes; None where they do not add up.
    """

    code: str
    value: float | None
    share: float | None


def ranked(  # noqa: PLR0913 -- what a ranking depends on
    found: pl.DataFrame, *, by: str, adds: bool, day: date, top: int, is_ratio: bool = False
) -> tuple[Part, ...]:
    """Return the codes by figure, the largest first, what is small summed under OTHER.

    Classes of numbers, as of age, stand in their own order.

    Args:
        found: date, value and the dimension; one area.
        by: the dimension.
        adds: whether days add up; else the figure of the day counts.
        day: the day on screen.
        top: at most so many codes before OTHER.
        is_ratio: whether figures are shares: codes then do not add up, and all are listed.
    """
    counted = _summed(found, by, adds=adds, day=day).sort(
        ["value", by], descending=[True, False], nulls_last=True
    )
    rows = counted.iter_rows()
    parts = [(str(code), value) for code, value in rows]
    if is_ratio:
        return tuple(Part(code=code, value=value, share=None) for code, value in parts)
    if parts and all(_CLASS.match(code) for code, _ in parts):
        parts.sort(key=lambda part: _number(part[0]))
    kept, rest = parts[:top], [value for _, value in parts[top:] if value is not None]
    if rest:
        kept.append((OTHER, sum(rest)))
    whole = sum(value for _, value in kept if value is not None)
    return tuple(
        Part(code=code, value=value, share=value / whole if value is not None and whole else None)
        for code, value in kept
    )


def _summed(found: pl.DataFrame, by: str, *, adds: bool, day: date) -> pl.DataFrame:
    if not adds:
        return found.filter(pl.col("date") == day).select(by, "value")
    # The sum of nothing is nothing, not zero.
    total = pl.when(pl.col("value").count() > 0).then(pl.col("value").sum()).alias("value")
    return found.group_by(by).agg(total)


def in_order(parts: Sequence[Part]) -> tuple[Part, ...]:
    """Return classes in their own order: delays joined to a few classes, others by number."""
    if any(_DELAY.match(part.code) for part in parts):
        return _delays(parts)
    return tuple(sorted(parts, key=lambda part: _number(part.code)))


def _number(code: str) -> tuple[float, str]:
    digits = re.match(r"^\d+", code)
    return (float(digits[0]) if digits else float("inf"), code)


def _delays(parts: Sequence[Part]) -> tuple[Part, ...]:
    lows = (0, *DELAY_ENDS)
    names = [f"{low}-{high}" for low, high in zip(lows, DELAY_ENDS, strict=False)]
    names.append(f"{DELAY_ENDS[-1]}+")
    held = dict.fromkeys(names, 0.0)
    for part in parts:
        match = _DELAY.match(part.code)
        if match and part.value is not None:
            place = sum(int(match["low"]) >= end for end in DELAY_ENDS)
            held[names[place]] += part.value
    whole = sum(held.values())
    return tuple(
        Part(code=name, value=value, share=value / whole if whole else None)
        for name, value in held.items()
    )


def folded(found: pl.DataFrame, *, by: str, top: int) -> pl.DataFrame:
    """Return the days with all but the largest codes summed under OTHER: date, `by`, value."""
    kept = largest(found, by=by, top=top)
    code = pl.when(pl.col(by).is_in(kept)).then(by).otherwise(pl.lit(OTHER)).alias(by)
    return found.group_by("date", code).agg(pl.col("value").sum()).sort("date", by)


def largest(found: pl.DataFrame, *, by: str, top: int) -> tuple[str, ...]:
    """Return the codes with the largest sums over all days, the largest first."""
    total = (
        found.group_by(by).agg(pl.col("value").sum()).sort("value", by, descending=[True, False])
    )
    return tuple(total.head(top)[by].to_list())
