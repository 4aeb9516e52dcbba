"""A scenario: what is decided from a day on, within bounds. Frozen. Pure."""

from dataclasses import dataclass, fields
from datetime import date

from simulations.epidemic.parameters import AGES, LEVELS, Checked
from simulations.epidemic.quantities import quantity

DECIDED = "decided by the user"
EARLIEST, LATEST = date(2021, 5, 11), date(2022, 1, 8)
"""Starting days: two weeks of fitted transmission before it, no later than what was fitted."""
MOST_NAME = 80


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A level of distancing in some places for some days.

    Attributes:
        level: name of `LEVELS`.
        since: first day; None for the scenario's first.
        until: last day; None for its end.
        places: province codes or names of groups of provinces; empty for the whole country.
    """

    level: str
    since: date | None = None
    until: date | None = None
    places: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raise ValueError for a level that does not exist or days in the wrong order."""
        if self.level not in LEVELS:
            raise ValueError(f"distancing.level is {self.level!r}; choose from {', '.join(LEVELS)}")
        if self.since and self.until and self.until < self.since:
            raise ValueError("distancing.until lies before distancing.since")


@dataclass(frozen=True, kw_only=True)
class Scenario(Checked):
    """Levers; with its defaults it is the base: what is planned and in force goes on.

    Attributes:
        name: for readers.
        author: whoever it is from; a role or an office.
        first_day: first day of the horizon; the state of the evening before is the calibrated one.
        doses_per_day: doses a day in the country, over provinces as planned; None: as planned.
        second_share: share of doses kept for second doses; None: as planned.
        order: age groups in the order in which they are offered doses.
        distancing: levels; a later one overrides an earlier. What none names stays as it was on
            the day before the first.
    """

    name: str
    author: str = ""
    first_day: date
    horizon: int = quantity(60, unit="days", low=1, high=120, source=DECIDED)
    draws: int = quantity(100, unit="draws", low=10, high=300, source=DECIDED)
    seed: int = quantity(1, unit="", low=0, high=2**32 - 1, source=DECIDED)
    doses_factor: float = quantity(
        1.0, unit="times the doses planned", low=0, high=10, source=DECIDED
    )
    doses_per_day: int | None = None
    second_share: float | None = None
    order: tuple[str, ...] = ("65+", "50-64", "18-49", "12-17")
    distancing: tuple[Measure, ...] = ()
    laboratory_factor: float = quantity(
        1.0, unit="times the laboratories", low=0, high=10, source=DECIDED
    )
    pool_size: int = quantity(10, unit="persons in a sample", low=1, high=50, source=DECIDED)
    tracing_factor: float = quantity(1.0, unit="times the tracers", low=0, high=10, source=DECIDED)
    contacts_per_case: float = quantity(8.0, unit="F1 a case", low=0, high=100, source=DECIDED)
    quarantine_factor: float = quantity(1.0, unit="times the beds", low=0, high=10, source=DECIDED)
    stay_days: float = quantity(14.0, unit="days in quarantine", low=1, high=28, source=DECIDED)
    home_share: float = quantity(0.3, unit="share held at home", low=0, high=1, source=DECIDED)
    hospital_factor: float = quantity(1.0, unit="times the beds", low=0, high=10, source=DECIDED)
    icu_factor: float = quantity(1.0, unit="times the beds", low=0, high=10, source=DECIDED)

    def __post_init__(self) -> None:
        """Raise ValueError, the field named, where a lever is out of its bounds."""
        for one in fields(self):
            _check_kind(one.name, str(one.type), getattr(self, one.name))
        super().__post_init__()
        if not 0 < len(self.name.strip()) <= MOST_NAME:
            raise ValueError(f"Scenario.name has between 1 and {MOST_NAME} letters")
        if len(self.author) > MOST_NAME:
            raise ValueError(f"Scenario.author has at most {MOST_NAME} letters")
        if not EARLIEST <= self.first_day <= LATEST:
            raise ValueError(f"Scenario.first_day lies between {EARLIEST} and {LATEST}")
        _check_between("doses_per_day", self.doses_per_day, 0, 10_000_000)
        _check_between("second_share", self.second_share, 0, 1)
        if self.doses_per_day is not None and self.doses_factor != 1:
            raise ValueError("Scenario.doses_factor and Scenario.doses_per_day exclude each other")
        if len(set(self.order)) < len(self.order) or not set(self.order) <= set(AGES):
            raise ValueError(f"Scenario.order names age groups once each: {', '.join(AGES)}")


_KINDS: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "date": (date,),
    "int": (int,),
    "float": (int, float),
    "int | None": (int, type(None)),
    "float | None": (int, float, type(None)),
}


def _check_kind(name: str, declared: str, value: object) -> None:
    kind = declared.removeprefix("<class '").removesuffix("'>").rpartition(".")[2]
    allowed = _KINDS.get(declared) or _KINDS.get(kind)
    if allowed and (not isinstance(value, allowed) or isinstance(value, bool)):
        raise ValueError(f"Scenario.{name} is {value!r}; expected {kind}")


def _check_between(name: str, value: float | None, low: float, high: float) -> None:
    if value is not None and not low <= value <= high:
        raise ValueError(f"Scenario.{name} is {value}; it lies between {low} and {high}")
