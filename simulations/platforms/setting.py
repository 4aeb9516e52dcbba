"""What an invented day is made of, and the small tools that every platform's part uses. Pure.

Local time is UTC+7 all year: Vietnam has no daylight saving.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
import polars as pl

UTC_OFFSET_HOURS = 7
MINUTES_PER_DAY = 24 * 60
HISTORY_DAYS = 120
"""Days before the first one that records may speak of: longer than any interval between doses."""

PERSON = ("full_name", "birth_date", "id_no", "insurance_no", "phone", "sex")
PLACE = ("province_code", "district_code")


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """How much happens, and how fast. Shares are of 1; minutes are (least, most), both included.

    Volumes are chosen for a test of the gate, not fitted; what the domain description gives is
    named with its section.

    Attributes:
        contacts_per_case: F1 listed for each case (persons; Hồ Chí Minh City's wave: 3 to 5).
        clusters_per_province: clusters open at the same time.
        places_per_province: registered QR places.
        scans_per_province: scans a day at them, besides those of cases.
        declarations_per_province: declarations a day, besides those of cases.
        doses_per_province: doses a day.
        pools_per_province: negative pools of screening a day.
        arrivals_per_province: people whose stay ends that day.
        pool_size: people in a pooled sample (1.5: 5, 10 or at most 20).
        known_share: of cases that may have been listed before, how many were.
        declared_share: of the other cases, how many declared their symptoms the evening before.
        pooled_share: of the rest, how many were found by a pool.
        reached_share: of the contacts listed, how many were reached within the day.
        second_share: of doses, how many are the second (where the interval allows).
        interval_days: product → days between its doses (1.6).
        quarantine_days: planned length of a stay (2; 14 days since May 2021).
    """

    contacts_per_case: int = 3
    clusters_per_province: int = 2
    places_per_province: int = 12
    scans_per_province: int = 60
    declarations_per_province: int = 40
    doses_per_province: int = 60
    pools_per_province: int = 3
    arrivals_per_province: int = 4
    pool_size: int = 10
    known_share: float = 0.5
    declared_share: float = 0.3
    pooled_share: float = 0.1
    reached_share: float = 0.9
    second_share: float = 0.4
    interval_days: Mapping[str, tuple[int, int]] = field(
        default_factory=lambda: {"AZ": (56, 84), "PF": (21, 28), "MD": (28, 30), "VC": (21, 28)},
        hash=False,
    )
    quarantine_days: int = 14


@dataclass(frozen=True, kw_only=True)
class Setting:
    """Where and when: the same for every platform's part.

    Attributes:
        first_day: local day on which the period begins.
        n_days: its days.
        per_province: cases a day in each province.
        provinces: `province_code, district_code`, one row per district (district null where the
            edition of the map has none), sorted.
        parameters: volumes and speeds.
        rng: the one source of chance.
        volumes: `cases`, `doses`, ... → `day, province_code, n`, where it is not the same number
            every day everywhere.
        lot: number of the lot in use of each vaccine.
        lot_until: last day on which it is used; None: the last one of the period.
    """

    first_day: date
    n_days: int
    per_province: int
    provinces: pl.DataFrame
    parameters: Parameters
    rng: np.random.Generator
    volumes: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    lot: str = "01"
    lot_until: date | None = None

    @property
    def codes(self) -> list[str]:
        """Return the codes of the provinces, sorted."""
        return self.provinces["province_code"].unique().sort().to_list()

    @property
    def opened(self) -> date:
        """Return the day from which every facility, laboratory, site and place has existed."""
        return self.first_day - timedelta(days=HISTORY_DAYS)

    @property
    def last_day(self) -> date:
        """Return the last local day of the period."""
        return self.first_day + timedelta(days=self.n_days - 1)

    def daily(self, what: str) -> pl.DataFrame:
        """Return `day, province_code, district_code`, a row for each of what happens on a day.

        Args:
            what: `cases`, `doses`, `scans`, `declarations`, `pools` or `arrivals`.
        """
        if what in self.volumes:
            many = self.volumes[what].filter(pl.col("n") > 0)
            rows = many.select(pl.col("day", "province_code").repeat_by("n").explode())
            return self.placed(rows.cast({"day": pl.Date, "province_code": pl.String}))
        each = self.per_province if what == "cases" else self._each(what)
        days = pl.DataFrame(
            {"day": [self.first_day + timedelta(days=n) for n in range(self.n_days)]},
            schema={"day": pl.Date},
        )
        return self.placed(
            days.join(pl.DataFrame({"province_code": self.codes}), how="cross"), each=each
        )

    def _each(self, what: str) -> int:
        return int(getattr(self.parameters, f"{what}_per_province"))

    def placed(self, rows: pl.DataFrame, *, each: int = 1) -> pl.DataFrame:
        """Return rows repeated `each` times, with a district by chance in their province."""
        repeated = rows.select(pl.all().repeat_by(each).explode()) if each != 1 else rows
        districts = self.provinces.group_by("province_code", maintain_order=True).agg(
            pl.col("district_code").alias("_of")
        )
        pick = pl.Series("_u", self.rng.random(repeated.height))
        return (
            repeated.with_columns(pick)
            .join(districts, on="province_code", how="left", maintain_order="left")
            .with_columns(
                pl.col("_of")
                .list.get((pl.col("_u") * pl.col("_of").list.len()).cast(pl.Int64))
                .alias("district_code")
            )
            .drop("_u", "_of")
        )

    def chosen(
        self, name: str, codes: Sequence[str], *, n: int, weights: Sequence[float] = ()
    ) -> pl.Series:
        """Return `n` codes by chance, evenly or by weights."""
        p = np.asarray(weights, dtype=float) / sum(weights) if weights else None
        picked = self.rng.choice(len(codes), size=n, p=p)
        return pl.Series(name, codes, dtype=pl.String).gather(picked)

    def whole(self, name: str, low: int, high: int, *, n: int) -> pl.Series:
        """Return `n` whole numbers from low to high, both included."""
        return pl.Series(name, self.rng.integers(low, high, size=n, endpoint=True), dtype=pl.Int64)

    def happens(self, name: str, share: float, *, n: int) -> pl.Series:
        """Return `n` Booleans that are true with a probability."""
        return pl.Series(name, self.rng.random(n) < share, dtype=pl.Boolean)

    def minutes(self, name: str, low: int, high: int, *, n: int) -> pl.Series:
        """Return `n` spans of time (Duration) of whole minutes, both ends included."""
        return self.whole(name, low, high, n=n).cast(pl.Duration("us")) * 60_000_000

    def after(self, rows: pl.DataFrame, start: str, name: str, low: int, high: int) -> pl.DataFrame:
        """Add an instant some minutes after another; null where that one is null."""
        span = self.minutes("_span", low, high, n=rows.height)
        return (
            rows.with_columns(span)
            .with_columns((pl.col(start) + pl.col("_span")).alias(name))
            .drop("_span")
        )

    def at(
        self, rows: pl.DataFrame, name: str, low: int, high: int, *, day: str = "day"
    ) -> pl.DataFrame:
        """Add an instant at a minute of a local day between two, both included."""
        return self.after(rows.with_columns(midnight(day).alias(name)), name, name, low, high)


def midnight(day: str) -> pl.Expr:
    """Return the instant (Datetime, UTC) at which a local day begins."""
    return pl.col(day).cast(pl.Datetime("us")).dt.replace_time_zone("UTC") - pl.duration(
        hours=UTC_OFFSET_HOURS
    )


def local_date(instant: str) -> pl.Expr:
    """Return the local day (Date) of an instant."""
    return (pl.col(instant) + pl.duration(hours=UTC_OFFSET_HOURS)).dt.date()


def numbered(rows: pl.DataFrame, name: str, prefix: str) -> pl.DataFrame:
    """Add a key: the prefix and a running number of the row."""
    running = pl.int_range(1, pl.len() + 1).cast(pl.String).str.zfill(7)
    return rows.with_columns((pl.lit(prefix) + running).alias(name))
