"""Lay faults of time over days: what befalls a province's deliveries of a platform. Pure.

Two things can happen to what was to be sent during a spell. It waits: each state reaches the gate
at a later moment, in the order in which it came about. Or it is lost: records that were not sent
before never are (of a partial feed a share is), and later states of earlier records wait.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from data_access.contracts.registry import record_kind
from simulations.faults.model import PLANTED_SCHEMA
from simulations.feeds.model import SENT, FeedDay, Frames

WAITS_UNTIL = time(20)
"""Local hour at which what waited is sent: after the deadline of the platforms' figures."""

PLATFORM_OF = {
    "silent": "declarations", "late_daily": "declarations",
    "partial": "checkpoints", "backlog": "checkpoints",
}  # fmt: skip
"""Which platform each fault of time befalls where nobody chose: one that no report of a province
speaks of, because of several feeds the best one speaks on the desk."""
LATER = ("late_daily", "backlog")
"""Faults that begin when the other one of their platform is over."""
GAP_DAYS = 5
"""Days between the beginnings of two spells of one platform: longer than the first of them."""
LEAST_DAYS = 16
"""Fewer days than this hold neither a past to judge by nor room for every spell."""
MOMENT = pl.Datetime("us", "UTC")


@dataclass(frozen=True, kw_only=True)
class TimeFault:
    """One fault of time.

    Attributes:
        key: stable name.
        vi: name in Vietnamese.
        en: name in English.
        how: what becomes of the deliveries, for the page.
        kept: share of the new records that is sent all the same; None: all wait.
        daily: whether what waits comes the evening after its own day, not when the spell ends.
        n_days: usual length (days).
        expected: who must notice: `desk:` and a state of the reporting matrix, on each day.
    """

    key: str
    vi: str
    en: str
    how: str
    kept: float | None = None
    daily: bool = False
    n_days: int = 3
    expected: str


_ALL = (
    TimeFault(key="silent", vi="Tỉnh im lặng", en="Province silent", kept=0.0,
              how="nothing of those days is ever sent", expected="desk:silent"),
    TimeFault(key="backlog", vi="Dồn số liệu rồi gửi một lần", en="Backlog, then all at once",
              how="all of it is sent the evening after the last day", n_days=7,
              expected="desk:late"),
    TimeFault(key="late_daily", vi="Ngày nào cũng gửi muộn", en="Late each day", daily=True,
              how="each day is sent in the evening of the next one", n_days=5,
              expected="desk:late"),
    TimeFault(key="partial", vi="Chỉ gửi một phần", en="Platform partial", kept=0.15,
              how="15 % of the records of those days are sent", expected="desk:partial"),
)  # fmt: skip

TIME_FAULTS: Mapping[str, TimeFault] = MappingProxyType({fault.key: fault for fault in _ALL})
"""Faults of time by key."""


@dataclass(frozen=True, kw_only=True)
class Spell:
    """Days on which a fault of time befalls a platform of a province.

    Attributes:
        fault: key of TIME_FAULTS.
        platform: platform befallen.
        province: code of the province.
        first_day: first local day.
        n_days: how many.

    Raises:
        ValueError: if the fault is unknown or there is no day.
    """

    fault: str
    platform: str
    province: str
    first_day: date
    n_days: int

    def __post_init__(self) -> None:
        if self.fault not in TIME_FAULTS:
            raise ValueError(f"no such fault of time: {self.fault}; choose from {[*TIME_FAULTS]}")
        if self.n_days < 1:
            raise ValueError(f"a spell of {self.n_days} days; at least one is needed")

    @property
    def end(self) -> date:
        """Return the first day that is no longer befallen."""
        return self.first_day + timedelta(days=self.n_days)


@dataclass
class Spells:
    """Spells laid over days that come in order. What is kept depends on the seed and the key.

    Attributes:
        spells: no two of one platform and province within a day of each other.
        seed: of chance.
        zone: time zone of the days.

    Raises:
        ValueError: if two spells meet.
    """

    spells: Sequence[Spell]
    seed: int
    zone: str = "Asia/Ho_Chi_Minh"
    _sent: dict[tuple[Spell, str], set[str]] = field(default_factory=dict)
    _lost: dict[tuple[Spell, str], set[str]] = field(default_factory=dict)
    _planted: list[tuple[object, ...]] = field(default_factory=list)

    def __post_init__(self) -> None:
        ordered = sorted(self.spells, key=lambda one: (one.platform, one.province, one.first_day))
        for one, other in zip(ordered, ordered[1:], strict=False):
            same = (one.platform, one.province) == (other.platform, other.province)
            # The evening after a spell still belongs to it.
            if same and other.first_day <= one.end:
                raise ValueError(f"two spells meet: {one} and {other}")

    @property
    def planted(self) -> pl.DataFrame:
        """Return what was laid so far, a row a spell and day befallen: PLANTED_SCHEMA."""
        rows = pl.DataFrame(self._planted, schema=PLANTED_SCHEMA, orient="row")
        keys = [name for name in PLANTED_SCHEMA if name != "n_records"]
        summed = rows.group_by(keys, maintain_order=True).agg(pl.col("n_records").sum())
        return summed.select(list(PLANTED_SCHEMA)).sort("day", "platform", "province_code", "fault")

    def lay(self, day: FeedDay) -> FeedDay:
        """Return the day with the spells; the day given stays as it is.

        States keep their place in the day in which they came about; SENT says when they arrive.
        """
        records: Frames = dict(day.records)
        for spell in self.spells:
            for name in [name for name in records if name[0] == spell.platform]:
                if "province_code" in records[name].columns:
                    records[name] = self._laid(records[name], spell, kind=name[1])
        return FeedDay(day=day.day, records=records)

    def _laid(self, rows: pl.DataFrame, spell: Spell, *, kind: str) -> pl.DataFrame:
        kept = TIME_FAULTS[spell.fault].kept
        if kept is not None:
            rows = self._without_lost(rows, spell, kind=kind, kept=kept)
        waits = self._waits(spell)
        arrives = self._arrives(spell)
        if kept is None:
            told = rows.filter(waits)
            self._tell(told.select(self._local_day(pl.col(SENT)), arrives.alias("after")), spell)
        return rows.with_columns(pl.when(waits).then(arrives).otherwise(SENT).alias(SENT))

    def _without_lost(
        self, rows: pl.DataFrame, spell: Spell, *, kind: str, kept: float
    ) -> pl.DataFrame:
        """Return the rows without records that are lost: those new in the spell, but for a few.

        What is about a day of the spell is lost with it, should it be sent afterwards.
        """
        key = record_kind(spell.platform, kind=kind).key
        own = pl.col("province_code") == spell.province
        sent = self._sent.setdefault((spell, kind), set())
        lost = self._lost.setdefault((spell, kind), set())
        day = self._day_about(rows, spell, kind=kind)
        is_new = own & ~pl.col(key).is_in(sorted(sent)) & _in_days(day, spell)
        lost |= {name for name in rows.filter(is_new)[key] if self._draw(name) >= kept}
        sent |= set(rows.filter(own)[key]) - lost
        gone = own & pl.col(key).is_in(sorted(lost))
        self._tell(rows.filter(gone).select(day, pl.lit(None).alias("after")), spell)
        return rows.filter(~gone)

    def _day_about(self, rows: pl.DataFrame, spell: Spell, *, kind: str) -> pl.Expr:
        """Return the day that a record is about where that is one of the spell, else when sent."""
        sent = self._local_day(pl.col(SENT))
        rollups = record_kind(spell.platform, kind=kind).rollups
        name = rollups[0].day if rollups else ""
        if name not in rows.columns:
            return sent
        column = pl.col(name)
        about = column if rows.schema[name] == pl.Date else self._local_day(column)
        return pl.when(_in_days(about, spell)).then(about).otherwise(sent).alias(SENT)

    def _draw(self, name: str) -> float:
        """Return a number in [0, 1) that depends on the seed and a record's key alone."""
        return hashlib.sha256(f"{self.seed}/{name}".encode()).digest()[0] / 256

    def _waits(self, spell: Spell) -> pl.Expr:
        own = pl.col("province_code") == spell.province
        begins = self._at(spell.first_day, time())
        return own & (pl.col(SENT) >= begins) & (pl.col(SENT) < self._resumes(spell))

    def _resumes(self, spell: Spell) -> datetime:
        """Return the moment from which on the province sends as before."""
        waits = TIME_FAULTS[spell.fault].kept is None
        return self._at(spell.end, WAITS_UNTIL if waits else time())

    def _arrives(self, spell: Spell) -> pl.Expr:
        """Return when what waits is sent. It rises with SENT: no state overtakes another."""
        at_end = pl.lit(self._resumes(spell)).cast(MOMENT)
        if not TIME_FAULTS[spell.fault].daily:
            return at_end
        evening = self._local_day(pl.col(SENT)).cast(pl.Datetime("us")) + pl.duration(
            days=1, hours=WAITS_UNTIL.hour
        )
        there = evening.dt.replace_time_zone(self.zone).dt.convert_time_zone("UTC")
        return pl.min_horizontal(there, at_end)

    def _tell(self, befallen: pl.DataFrame, spell: Spell) -> None:
        """Remember what befell rows: of each day of the spell, how many, and when they arrive.

        Needs: the day and, second, the moment of arrival (null: never).
        """
        fault = TIME_FAULTS[spell.fault]
        told = befallen.group_by(pl.all()).len().sort(pl.all()).filter(_in_days(pl.nth(0), spell))
        for day, after, n in told.iter_rows():
            moment = None if after is None else after.isoformat()
            self._planted.append(
                (spell.fault, spell.platform, None, spell.province, day, None,
                 SENT if moment else "", None, moment, n, fault.expected)
            )  # fmt: skip

    def _local_day(self, moment: pl.Expr) -> pl.Expr:
        return moment.dt.convert_time_zone(self.zone).dt.date()

    def _at(self, day: date, hour: time) -> datetime:
        return datetime.combine(day, hour, tzinfo=ZoneInfo(self.zone)).astimezone(UTC)


def _in_days(day: pl.Expr, spell: Spell) -> pl.Expr:
    # The evening after a spell belongs to a day that is in time all the same.
    return (day >= spell.first_day) & (day < spell.end)


def usual_spells(
    *, first_day: date, n_days: int, provinces: Sequence[str], seed: int
) -> list[Spell]:
    """Return one spell of each fault of time; none where there are too few days to tell.

    Args:
        first_day: first local day of the feed.
        n_days: how many it has.
        provinces: codes to choose from: of small ones nobody would notice.
        seed: of chance.
    """
    if n_days < LEAST_DAYS or not provinces:
        return []
    rng = np.random.default_rng([seed, len(TIME_FAULTS)])
    chosen = rng.choice(sorted(provinces), size=len(PLATFORM_OF), replace=True).tolist()
    # The desk learns what is usual from the days before.
    calm = n_days // 2
    spells = []
    for (fault, platform), province in zip(PLATFORM_OF.items(), chosen, strict=True):
        start = calm + GAP_DAYS if fault in LATER else calm
        n = min(TIME_FAULTS[fault].n_days, n_days - start - 2)
        spells.append(Spell(fault=fault, platform=platform, province=province, n_days=n,
                            first_day=first_day + timedelta(days=start)))  # fmt: skip
    return spells
