"""How the six platforms deliver, one line each: on time, late, silent, never. Pure."""

from dataclasses import dataclass
from datetime import date, datetime

import polars as pl

from data_access.codes import PLATFORMS
from data_access.freshness import LATE, NEVER, ON_TIME, SILENT

_BEST_FIRST = (ON_TIME, LATE, SILENT, NEVER)


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One platform.

    Attributes:
        platform: its id.
        state: on_time, late, silent or never, of its best source.
        days: how late it is, or how long it has been silent; 0 when on time or never heard of.
        last_day: newest day with figures.
        delivered: known-at of the last delivery.
        n_sources: sources that have delivered.
    """

    platform: str
    state: str
    days: int = 0
    last_day: date | None = None
    delivered: datetime | None = None
    n_sources: int = 0


def platforms(found: pl.DataFrame) -> tuple[Delivery, ...]:
    """Return every national platform in the product's order; those never heard of say so.

    Args:
        found: as `data_access.freshness.freshness` gives it.
    """
    return tuple(_one(name, found.filter(pl.col("platform") == name)) for name in PLATFORMS)


def _one(name: str, rows: pl.DataFrame) -> Delivery:
    heard = rows.filter(pl.col("known_at").is_not_null())
    if heard.is_empty():
        return Delivery(platform=name, state=NEVER)
    state = min(heard["state"].to_list(), key=_BEST_FIRST.index)
    best = heard.filter(pl.col("state") == state)
    counted = {LATE: "days_late", SILENT: "days_since_delivery"}.get(state)
    return Delivery(
        platform=name,
        state=state,
        days=min(best[counted].to_list()) if counted else 0,
        last_day=heard["last_day"].max(),  # type: ignore[arg-type]
        delivered=heard["known_at"].max(),  # type: ignore[arg-type]
        n_sources=heard["source"].n_unique(),
    )
