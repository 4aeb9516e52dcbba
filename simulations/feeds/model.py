"""What a day of the platforms' records is, and what it is asked for. Pure.

A record that goes through states (a sample collected, received, resulted) comes once per state,
with the same key and a later SENT, each in the FeedDay in which the state came about.
"""

from dataclasses import dataclass, field
from datetime import date

import polars as pl

SENT, LAST = "_sent_at", "_last"
"""SENT (Datetime[us, UTC]): when this state of the record reaches the gate; it may lie on a later
day. LAST (Boolean): no later state of this record follows in this run."""

Frames = dict[tuple[str, str], pl.DataFrame]
"""(platform, kind of record) → rows."""


@dataclass(frozen=True, kw_only=True)
class FeedDay:
    """What came about on one local day.

    Attributes:
        day: local day.
        records: delivery fields of the contract, with SENT and LAST.
    """

    day: date
    records: Frames


@dataclass(frozen=True, kw_only=True)
class FeedParameters:
    """How much happens besides what the epidemic says. Volumes are of the whole country.

    Attributes:
        arrivals_per_day: people from abroad who leave quarantine (assumed).
        declarations_per_day: declarations on a working day between the mandate and the drive of
            2 August 2021 (10^6 a day in the order of size at the peak, domain description 1.1).
        declarations_before: share of that before the three platforms were made compulsory (NCOVI
            held 18 million of a year, 1.1).
        drive_factor: how many times as many from that day on (doubled in Hà Nội).
        scans_per_day: scans at QR places on a working day once they were made compulsory
            (about a million, derived from Hà Nội's share of places, 1.2).
        scans_before: share of that before they were.
        block_days: days that are made at a time. A contact who falls ill in the same block as the
            first case of its cluster was listed before; longer blocks take more memory.
        check_share: of the days of a stay after the first, on how many its daily check is
            delivered (every day is asked for; the missing share is assumed).
        weekend_share: of a working day's declarations and scans, how many on a Sunday or holiday.
    """

    arrivals_per_day: float = 600.0
    declarations_per_day: float = 500_000
    declarations_before: float = 0.1
    drive_factor: float = 2.0
    scans_per_day: float = 1_000_000
    scans_before: float = 0.1
    weekend_share: float = 0.7
    check_share: float = 0.9
    block_days: int = 7


@dataclass(frozen=True, kw_only=True)
class FeedSpec:
    """Which days of which country: the same spec gives the same bytes.

    Attributes:
        first_day: first local day.
        days: how many.
        seed: of all chance.
        thin: share of the people of the country that are simulated; 1/200 is a country of 1:200.
        provinces: codes; None for all.
        parameters: volumes besides the epidemic's.

    Raises:
        ValueError: if there is no day, or `thin` is not above 0 and at most 1.
    """

    first_day: date
    days: int
    seed: int
    thin: float = 1.0
    provinces: tuple[str, ...] | None = None
    parameters: FeedParameters = field(default_factory=FeedParameters)

    def __post_init__(self) -> None:
        if self.days < 1:
            raise ValueError(f"days is {self.days}; at least one is needed")
        if not 0 < self.thin <= 1:
            raise ValueError(f"thin is {self.thin}; it lies above 0 and is at most 1")
