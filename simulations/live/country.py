"""The country of the demonstration: all of Vietnam, thinned. What it is made of."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import polars as pl

from data_access.demonstration import Demonstration
from simulations.feeds.model import FeedDay, FeedParameters, FeedSpec
from simulations.feeds.stream import stream
from simulations.live.reports import HOURS
from simulations.live.ticks import midnight, regular

FIRST_DAY = date(2021, 4, 27)
OPENING = datetime(2021, 9, 2, 9, tzinfo=UTC)
"""16:00 in Hanoi on the evening the demonstration opens with."""
SCALE = 200
SEED = 1
DAYS = 365
SHAPE = 2
"""Raised whenever the same seed gives other records: an older database is then built anew."""
DAILY_DAYS = 1
"""Days before the opening that are built day by day; before them, all at once: each delivery costs
the gate a fixed time, whatever is in it."""
ACTIVITY = FeedParameters(declarations_per_day=150_000, scans_per_day=250_000)
"""Fewer declarations and scans than at the peak: half of the build would go into them."""
MORNING_HOUR, REPORT_HOUR = HOURS


@dataclass(frozen=True, kw_only=True)
class Country:
    """A simulated country.

    Attributes:
        seed: of chance.
        scale: one simulated person for so many.
        first_day: first local day.
        opening: the moment (UTC) up to which it is built in one go.
        provinces: codes; None: all.
        days: the longest it can run.
    """

    seed: int = SEED
    scale: int = SCALE
    first_day: date = FIRST_DAY
    opening: datetime = OPENING
    provinces: tuple[str, ...] | None = None
    days: int = DAYS

    @property
    def spec(self) -> str:
        """Return what the records depend on, as text: equal texts, equal records."""
        held = {
            "shape": SHAPE, "seed": self.seed, "scale": self.scale, "days": self.days,
            "first_day": self.first_day.isoformat(), "provinces": self.provinces,
        }  # fmt: skip
        return json.dumps(held, sort_keys=True)

    def feed(self, areas: pl.DataFrame) -> Iterator[FeedDay]:
        """Yield the days of its records."""
        spec = FeedSpec(
            first_day=self.first_day, days=self.days, seed=self.seed, thin=1 / self.scale,
            provinces=self.provinces, parameters=ACTIVITY,
        )  # fmt: skip
        return stream(spec, areas=areas)

    def edges(self, *, zone: str) -> list[datetime]:
        """Return the moments of the fast build: all at once, then days, the opening.

        All but the last are hours of the provinces' report, so that what it says is what a slow
        run says.
        """
        first = midnight(self.first_day, zone=zone) + timedelta(hours=REPORT_HOUR)
        days = list(regular(first - timedelta(days=1), step=timedelta(days=1), end=self.opening))
        morning = midnight(self.opening.date(), zone=zone) + timedelta(hours=MORNING_HOUR)
        ends = {*days[-DAILY_DAYS:], morning, self.opening}
        return sorted(edge for edge in ends if first <= edge <= self.opening)

    def words(self) -> Demonstration:
        """Return what the database says of itself."""
        return Demonstration(
            now="",
            notice={
                "vi": f"Số liệu mô phỏng, tỷ lệ 1:{self.scale}; không phải số liệu thật",
                "en": f"Simulated figures, scale 1:{self.scale}; not real data",
            },
        )
