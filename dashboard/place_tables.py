"""The checkpoints page's own tables: registered, active, silent wards. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl


@dataclass(frozen=True, kw_only=True)
class Day:
    """One day of the panel that Hà Nội published.

    Attributes:
        day: the day.
        places: registered places.
        new: registered on the day.
        active: with at least one scan.
        scans: scans at them.
    """

    day: date
    places: int
    new: int
    active: int
    scans: int

    @property
    def active_share(self) -> float | None:
        """Active over registered, 0-1; None without a place."""
        return self.active / self.places if self.places else None


def panel(found: pl.DataFrame) -> tuple[Day, ...]:
    """Return each day's sums, newest first.

    Args:
        found: columns of `data_access.places.ACTIVITY_SCHEMA`.
    """
    summed = (
        found.group_by("date")
        .agg(pl.col("n_places", "n_new", "n_active", "n_scans").sum())
        .sort("date", descending=True)
    )
    return tuple(
        Day(day=day, places=places, new=new, active=active, scans=scans)
        for day, places, new, active, scans in summed.iter_rows()
    )


@dataclass(frozen=True, kw_only=True)
class Silent:
    """A ward without a scan on the day.

    Attributes:
        ward_code: its code; empty for places without a ward.
        area_code: its province.
        places: places registered in it.
        days: days without a scan among those looked at, this one included.
        of_days: days looked at on which it had places.
    """

    ward_code: str
    area_code: str
    places: int
    days: int
    of_days: int


def silent_wards(found: pl.DataFrame, *, day: date) -> tuple[Silent, ...]:
    """Return the wards that have places and no scan on the day, the most often silent first."""
    quiet = (
        found.group_by("area_code", "ward_code")
        .agg(
            days=(pl.col("n_scans") == 0).sum(),
            of_days=pl.len(),
            today=pl.col("n_scans").filter(pl.col("date") == day).first(),
            places=pl.col("n_places").filter(pl.col("date") == day).first(),
        )
        .filter(pl.col("today") == 0)
        .sort(["days", "places", "ward_code"], descending=[True, True, False])
    )
    return tuple(
        Silent(
            ward_code=row["ward_code"], area_code=row["area_code"], places=row["places"],
            days=row["days"], of_days=row["of_days"],
        )
        for row in quiet.iter_rows(named=True)
    )  # fmt: skip


def wards_counted(found: pl.DataFrame, *, day: date) -> int:
    """Return how many wards have a place on the day."""
    return found.filter(pl.col("date") == day).height


def by_province(rows: Sequence[Silent]) -> dict[str, int]:
    """Return how many silent wards each province has, most first."""
    counts: dict[str, int] = {}
    for row in rows:
        counts[row.area_code] = counts.get(row.area_code, 0) + 1
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
