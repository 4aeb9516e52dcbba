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

HIGHEST_ATTACK = 0.6
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
        people_per_site: simulated people of a province for whom there is a vaccination site of
            each kind; there is at least one (assumed).
        check_share: of the days of a stay after the first, on how many its daily check is
            delivered (every day is asked for; the missing share is assumed).
        household_attack: of the others in the household of a case, how many it infects: 0.297 of
            Delta, 0.189 until mid-2021, 0.427 of Omicron (Madewell et al., JAMA Netw Open
            2022;5(4):e229317). From 0 to 0.6.
        contacts_elsewhere: people whom a case met elsewhere and who are listed (mean, assumed).
        elsewhere_attack: of those, how many it infects (assumed). From 0 to 0.6.
        weekend_share: of a working day's declarations and scans, how many on a Sunday or holiday.
        quiet_doses: likewise of doses, the week's total kept (assumed; 0.30 million on the eve of
            2 September 2021 against 1.1 million on the 11th).
        quiet_tests: likewise of people tested (assumed).

    Raises:
        ValueError: if an attack rate lies outside its bounds.
    """

    arrivals_per_day: float = 600.0
    declarations_per_day: float = 500_000
    declarations_before: float = 0.1
    drive_factor: float = 2.0
    scans_per_day: float = 1_000_000
    scans_before: float = 0.1
    weekend_share: float = 0.7
    quiet_doses: float = 0.6
    quiet_tests: float = 0.8
    people_per_site: int = 50_000
    check_share: float = 0.9
    household_attack: float = 0.297
    contacts_elsewhere: float = 1.0
    elsewhere_attack: float = 0.1

    def __post_init__(self) -> None:
        for name in ("household_attack", "elsewhere_attack"):
            if not 0 <= getattr(self, name) <= HIGHEST_ATTACK:
                raise ValueError(f"{name} is {getattr(self, name)}; it lies between 0 and "
                                 f"{HIGHEST_ATTACK}")  # fmt: skip

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
