"""What a day of the platforms' records is, as whoever sends them takes it. Pure."""

from dataclasses import dataclass
from datetime import date

import polars as pl

SENT, LAST = "_sent_at", "_last"
Frames = dict[tuple[str, str], pl.DataFrame]
"""(platform, kind of record) -> rows."""


@dataclass(frozen=True, kw_only=True)
class FeedDay:
    """The states of records that came about on a day.

    Attributes:
        day: the local day.
        records: delivery fields of the contract, and of each state SENT (Datetime UTC: when it
            reaches the gate) and LAST (Boolean: no later state of this record follows).
    """

    day: date
    records: Frames


@dataclass(frozen=True, kw_only=True)
class FeedSpec:
    """What a stream is made of: the same spec gives the same days.

    Attributes:
        first_day: first local day.
        days: how many.
        seed: of chance.
        thin: share of the country's people that are simulated.
        provinces: codes; None: all.
    """

    first_day: date
    days: int
    seed: int
    thin: float = 1.0
    provinces: tuple[str, ...] | None = None
