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
from simulations.live.ticks import midnight

FIRST_DAY = date(2021, 4, 27)
OPENING = datetime(2021, 9, 2, 9, tzinfo=UTC)
"""16:00 in Hanoi on the evening the demonstration opens with."""
SCALE = 200
SEED = 1
DAYS = 365
SHAPE = 6
"""Raised whenever the same seed gives other records: an older database is then built anew."""
ACTIVITY = FeedParameters(
    declarations_per_day=150_000, scans_per_day=250_000, block_days=21, check_share=0.2,
    people_per_site=15_000,
)  # fmt: skip
"""Fewer declarations, scans and checks of stays than at the peak, of which half of the build would
be; and days made many at a time."""
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
        """Return the moments of the fast build: the morning of the opening, and the opening.

        Each delivery costs the gate a fixed time, whatever is in it. The first is an hour of the
        provinces' report, so that what it says is what a slow run says.
        """
        first = midnight(self.first_day, zone=zone) + timedelta(hours=REPORT_HOUR)
        morning = midnight(self.opening.date(), zone=zone) + timedelta(hours=MORNING_HOUR)
        return sorted(edge for edge in (morning, self.opening) if first <= edge)

    def words(self) -> Demonstration:
        """Return what the database says of itself."""
        return Demonstration(
            now="",
            notice={
                "vi": f"Số liệu mô phỏng, tỷ lệ 1:{self.scale}; không phải số liệu thật",
                "en": f"Simulated figures, scale 1:{self.scale}; not real data",
            },
        )
