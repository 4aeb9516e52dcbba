"""Where an area stands among others on a day, and on which day that can be said. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A rank with what it was taken among.

    Attributes:
        rank: 1 for the largest value, equal values alike; None without a figure.
        of: areas with a figure that day, the area itself included.
        asked: areas of the group, the area itself included.
    """

    rank: int | None
    of: int
    asked: int


def standing(
    values: Mapping[str, float | None], code: str, *, among: Collection[str]
) -> Standing:  # fmt: skip
    """Return where an area stands in a group; those without a figure are not counted.

    Args:
        values: by code, one day; None: no figure.
        code: the area.
        among: codes of the group.
    """
    group = set(among) | {code}
    known = [value for one in group if (value := values.get(one)) is not None]
    own = values.get(code)
    rank = None if own is None else 1 + sum(value > own for value in known)
    return Standing(rank=rank, of=len(known), asked=len(group))


def newest_day(found: pl.DataFrame, code: str, *, id_: str) -> date | None:
    """Return the newest day on which an area has a value of an indicator; None if there is none.

    Args:
        found: date, area_code, id, value.
        code: the area.
        id_: the indicator.
    """
    own = found.filter(pl.col("area_code") == code, pl.col("id") == id_).drop_nulls("value")
    newest: date | None = own["date"].max()  # type: ignore[assignment]
    return newest


def values_on(found: pl.DataFrame, day: date, *, id_: str) -> dict[str, float | None]:
    """Return every area's value of an indicator on a day by code; None where there is none."""
    rows = found.filter(pl.col("date") == day, pl.col("id") == id_)
    return dict(rows.select("area_code", "value").iter_rows())
