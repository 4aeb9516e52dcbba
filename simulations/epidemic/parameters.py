"""What the engine is told: disease, vaccines, finding, tracing, care; and what is decided by day.

Frozen; every number has unit, bounds and source. Levers of a scenario are the arrays of `Plan`.
"""

from dataclasses import dataclass, field, fields

import numpy as np
from numpy.typing import NDArray

from simulations.epidemic.quantities import check_bounds, quantity

AGES = ("0-11", "12-17", "18-49", "50-64", "65+")
DOSES = 4
"""Strata: none, one, two, three doses."""
GRADES = ("asymptomatic", "mild", "moderate", "severe", "critical")
"""Official grades: khong_trieu_chung, nhe, trung_binh, nang, nguy_kich."""
SEVERE = 3
"""Index of the first grade that needs a hospital to live."""
SETTINGS = ("community", "quarantine", "locked_area", "entry", "facility")
"""cong_dong, khu_cach_ly, khu_phong_toa, nhap_canh, co_so_y_te."""
LEVELS = ("none", "directive_19", "directive_15", "directive_16", "directive_16_plus")

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

ASSUMED = "assumed"
LEVIN = "Levin et al. 2020, Eur J Epidemiol 35:1123 (fatality by age), doubled for Delta"
GUANGZHOU = "Kang et al. 2022, Lancet Reg Health West Pac 20:100362 (Delta, Guangzhou 2021)"


class Checked:
    """Checks its quantities when it is made."""

    def __post_init__(self) -> None:
        """Raise ValueError for a value out of bounds."""
        check_bounds(self)


@dataclass(frozen=True, kw_only=True)
class Disease(Checked):
    """The infection without any measure. Tuples are by age group of `AGES` (or as many as used)."""

    r0: float = quantity(
        6.0,
        unit="persons",
        low=0,
        high=25,
        source="Delta; Liu & Rocklöv 2021, J Travel Med 28:taab124: mean 5.1, 3.2-8",
    )
    latent_days: float = quantity(
        3.0, unit="days", low=0.05, high=30, source=GUANGZHOU + ": latent period 3.9"
    )
    infectious_days: float = quantity(
        4.0, unit="days", low=0.05, high=60, source=GUANGZHOU + ": most transmission in 4 days"
    )
    immunity_days: float = quantity(
        0.0, unit="days, 0 = for ever", low=0, high=5000, source=ASSUMED
    )
    activity: tuple[float, ...] = quantity(
        (0.8, 1.0, 1.1, 0.95, 0.7), unit="contacts, relative", low=0, high=10, source=ASSUMED
    )
    assortativity: float = quantity(
        0.2, unit="share of contacts inside the age group", low=0, high=1, source=ASSUMED
    )
    severe_share: tuple[float, ...] = quantity(
        (0.0005, 0.001, 0.006, 0.04, 0.13),
        unit="share of infections",
        low=0,
        high=1,
        source=LEVIN + ", divided by the deaths per severe case below",
    )
    critical_share: float = quantity(0.3, unit="share of severe", low=0, high=1, source=ASSUMED)
    symptomless_share: tuple[float, ...] = quantity(
        (0.6, 0.5, 0.45, 0.35, 0.25), unit="share of light cases", low=0, high=1, source=ASSUMED
    )
    moderate_share: tuple[float, ...] = quantity(
        (0.02, 0.04, 0.12, 0.25, 0.4),
        unit="share of light cases with symptoms",
        low=0,
        high=1,
        source="8.5 % moderate among 25,648 cases, 4 Aug 2021 (timeline)",
    )
    transmission_sd: float = quantity(
        0.0, unit="log units, between draws", low=0, high=2, source="fitted, see calibration"
    )
    walk_sd: float = quantity(
        0.0, unit="log units per square root of a day", low=0, high=1, source="fitted"
    )
    walk_return_days: float = quantity(
        21.0, unit="days, mean, until the walk is back", low=1, high=10_000, source=ASSUMED
    )


@dataclass(frozen=True, kw_only=True)
class Care(Checked):
    """What follows once a case is known: days by grade, deaths, want of beds."""

    stay_days: tuple[float, ...] = quantity(
        (10.0, 10.0, 12.0, 9.0, 10.0),
        unit="days, mean, by grade",
        low=0.1,
        high=90,
        source="discharge rules of 2021: about 10 days for light cases; severe: 6,400 in treatment "
        "with 310 deaths a day in Sept 2021 (timeline) leave no longer stays",
    )
    death_share: tuple[float, ...] = quantity(
        (0.0, 0.0, 0.0, 0.25, 0.7),
        unit="share of stays, by grade",
        low=0,
        high=1,
        source=ASSUMED + "; what it multiplies, the severe share, is fitted by group",
    )
    shortage_factor: float = quantity(
        2.5, unit="times the deaths without a bed", low=1, high=10, source=ASSUMED
    )


@dataclass(frozen=True, kw_only=True)
class Product(Checked):
    """One vaccine: its code and what its doses prevent (first dose, second dose)."""

    code: str
    against_infection: tuple[float, float] = quantity(
        (0.33, 0.7), unit="share", low=0, high=1, source=ASSUMED
    )
    against_severe: tuple[float, float] = quantity(
        (0.7, 0.92), unit="share, of the infected", low=0, high=1, source=ASSUMED
    )


PRODUCTS = (
    Product(code="AZ", against_infection=(0.30, 0.67), against_severe=(0.65, 0.85)),
    Product(code="PF", against_infection=(0.36, 0.88), against_severe=(0.70, 0.90)),
    Product(code="MD", against_infection=(0.40, 0.87), against_severe=(0.75, 0.92)),
    Product(code="VC", against_infection=(0.15, 0.55), against_severe=(0.40, 0.70)),
)
"""Lopez Bernal et al. 2021, NEJM 385:585 (AZ, PF against Delta: 30/67, 36/88 %); Bruxvoort et al.
2021, BMJ 375:e068848 (MD: 87 % after two); Jara et al. 2021, NEJM 385:875 for an inactivated
vaccine of the same kind as VC. The share against severe disease is what is left once infected."""


@dataclass(frozen=True, kw_only=True)
class Vaccination(Checked):
    """How vaccines work and who is offered them first."""

    products: tuple[Product, ...] = PRODUCTS
    mix: tuple[float, ...] = (0.35, 0.30, 0.05, 0.30)
    order: tuple[int, ...] = (4, 3, 2, 1)
    """Age groups in the order in which they are offered doses; one left out gets none."""
    uptake: tuple[float, ...] = quantity(
        (0.0, 0.9, 0.97, 0.95, 0.9),
        unit="share of the group who accept",
        low=0,
        high=1,
        source="96.8 % of adults had a first dose on 14 Dec 2021 (timeline)",
    )
    interval_days: int = quantity(
        35, unit="days between first and second dose", low=1, high=120, source="1.6: 21 to 84 days"
    )
    protected_after_days: int = quantity(
        14, unit="days", low=0, high=60, source="dispatch 10696: fully vaccinated after 14 days"
    )
    booster: tuple[float, float] = quantity(
        (0.9, 0.95), unit="share (infection, severe)", low=0, high=1, source=ASSUMED
    )
    waning_per_day: float = quantity(0.0, unit="per day", low=0, high=0.1, source=ASSUMED)


@dataclass(frozen=True, kw_only=True)
class Finding(Checked):
    """How infections become cases: who asks, who is screened, what a sample can see."""

    seek_share: float = quantity(
        0.3, unit="share with symptoms who seek a test", low=0, high=1, source=ASSUMED
    )
    seek_days: float = quantity(
        4.0, unit="days from infectious to sample", low=0.2, high=30, source=ASSUMED
    )
    other_fever_per_day: float = quantity(
        0.0002, unit="per person, tested for another illness", low=0, high=0.1, source=ASSUMED
    )
    screened_per_day: tuple[float, ...] = quantity(
        (0.0, 0.0005, 0.001, 0.01, 0.018),
        unit="share of persons, by level of distancing",
        low=0,
        high=1,
        source="1.3 M persons tested on 2 Sep 2021, most in areas under Directive 16 (timeline)",
    )
    targeting: float = quantity(
        4.0, unit="odds that who is screened is infected", low=0, high=100, source=ASSUMED
    )
    locked_level: int = quantity(
        3, unit="level from which screening is of locked areas", low=0, high=4, source=ASSUMED
    )
    pool_size: int = quantity(
        10, unit="persons in a sample", low=1, high=50, source="5, 10 or at most 20 (domain 1.5)"
    )
    sensitivity: float = quantity(
        0.9, unit="share found by a sample of one", low=0, high=1, source=ASSUMED
    )
    dilution: float = quantity(0.05, unit="exponent of pool size", low=0, high=1, source=ASSUMED)


@dataclass(frozen=True, kw_only=True)
class Tracing(Checked):
    """Contacts listed, reached and held; quarantine."""

    contacts_per_case: float = quantity(
        8.0, unit="F1 per case traced", low=0, high=500, source="0: thousands a day in Aug 2021"
    )
    reached_share: float = quantity(0.8, unit="share", low=0, high=1, source=ASSUMED)
    infected_share: float = quantity(
        0.15, unit="share of contacts infected", low=0, high=1, source=ASSUMED
    )
    most_found_per_day: float = quantity(
        0.5, unit="share of the infected at large", low=0, high=0.99, source=ASSUMED
    )
    stay_days: float = quantity(
        14.0, unit="days in quarantine", low=0.5, high=60, source="dispatch 5599, 14 Jul 2021"
    )
    tests_per_stay: float = quantity(
        3.0, unit="samples", low=0, high=30, source="rules of 2021: days 1, 7 and 14"
    )
    test_days: float = quantity(
        3.0, unit="days until an infected contact is found", low=0.1, high=30, source=ASSUMED
    )
    home_share: float = quantity(
        0.3, unit="share of contacts held at home", low=0, high=1, source=ASSUMED
    )
    overflow_home: float = quantity(
        1.0, unit="share held at home when beds are full", low=0, high=1, source=ASSUMED
    )
    home_leak: float = quantity(
        0.3, unit="infectiousness at home, of that at large", low=0, high=1, source=ASSUMED
    )


@dataclass(frozen=True, kw_only=True)
class Distancing(Checked):
    """What each level of `LEVELS` leaves of contacts and of travel."""

    contact: tuple[float, ...] = quantity(
        (1.0, 0.85, 0.65, 0.4, 0.3), unit="of usual contacts", low=0, high=2, source=ASSUMED
    )
    travel: tuple[float, ...] = quantity(
        (1.0, 0.9, 0.6, 0.15, 0.05), unit="of usual travel", low=0, high=2, source=ASSUMED
    )
    away_share: float = quantity(
        0.03, unit="share of contacts in another province", low=0, high=1, source=ASSUMED
    )


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is decided or happens from outside, by day and province: shape (days, provinces).

    Attributes:
        level: level of distancing, index of `LEVELS`.
        transmission: fitted factor of transmission.
        seeds: residents infected from outside.
        entries: infected arrivals found at the border.
        doses: doses that can be given a day.
        second_share: of doses, how many are kept for second doses (days); after third ones.
        third_share: of doses, how many are kept for third doses (days); at most 1.
        samples: samples that laboratories can result a day.
        tracers: cases whose contacts can be traced a day.
        quarantine_beds: centralised beds for contacts.
        hospital_beds: beds with oxygen.
        icu_beds: beds in intensive care.
    """

    level: NDArray[np.int8]
    transmission: Floats
    seeds: Whole
    entries: Whole
    doses: Whole
    second_share: Floats
    third_share: Floats
    samples: Floats
    tracers: Floats
    quarantine_beds: Floats
    hospital_beds: Floats
    icu_beds: Floats

    def __post_init__(self) -> None:
        """Raise ValueError where shapes differ or a number is below zero."""
        days, provinces = self.level.shape
        for one in fields(self):
            array = getattr(self, one.name)
            shape = (days,) if one.name.endswith("_share") else (days, provinces)
            if array.shape != shape:
                raise ValueError(f"Plan.{one.name} has shape {array.shape}; expected {shape}")
            if not np.all(array >= 0):
                raise ValueError(f"Plan.{one.name} has a value below zero")
        if self.third_share.max(initial=0) > 1:
            raise ValueError("Plan.third_share has a share above 1")
        if self.level.max(initial=0) >= len(LEVELS):
            raise ValueError(f"Plan.level has a level above {len(LEVELS) - 1}")

    @property
    def days(self) -> int:
        """Return the number of days planned."""
        return int(self.level.shape[0])


def bare_plan(*, days: int, provinces: int) -> Plan:
    """Return a plan without any measure: no distancing, doses, tests or tracing; beds for all."""
    none, plenty = np.zeros((days, provinces)), np.full((days, provinces), 1e12)
    whole = np.zeros((days, provinces), dtype=np.int64)
    return Plan(
        level=np.zeros((days, provinces), dtype=np.int8),
        transmission=np.ones((days, provinces)),
        seeds=whole,
        entries=whole,
        doses=whole,
        second_share=np.zeros(days),
        third_share=np.zeros(days),
        samples=none,
        tracers=none,
        quarantine_beds=plenty,
        hospital_beds=plenty,
        icu_beds=plenty,
    )


@dataclass(frozen=True, kw_only=True)
class Setup:
    """Everything a run needs, besides the seed.

    Attributes:
        population: persons by province and age group, shape (provinces, ages).
        travel: row-stochastic matrix of where contacts away from home are made.
        severity_scale: fitted factor of `Disease.severe_share` by province.
        finding_scale: factor of who seeks a test and of the odds of screening, by province.
        noise_group: province → group that shares its draw of transmission.
        steps_per_day: steps; one is what everything is fitted with.
    """

    population: Whole
    travel: Floats
    plan: Plan
    severity_scale: Floats
    finding_scale: Floats
    noise_group: Whole
    disease: Disease = field(default_factory=Disease)
    care: Care = field(default_factory=Care)
    vaccination: Vaccination = field(default_factory=Vaccination)
    finding: Finding = field(default_factory=Finding)
    tracing: Tracing = field(default_factory=Tracing)
    distancing: Distancing = field(default_factory=Distancing)
    steps_per_day: int = 1

    def __post_init__(self) -> None:
        """Raise ValueError where the parts do not fit together."""
        provinces, ages = self.population.shape
        if self.plan.level.shape[1] != provinces or self.travel.shape != (provinces, provinces):
            raise ValueError("plan, travel and population are not of the same provinces")
        if not np.allclose(self.travel.sum(axis=1), 1.0):
            raise ValueError("each row of travel sums to 1")
        for name in ("activity", "severe_share", "symptomless_share", "moderate_share"):
            if len(getattr(self.disease, name)) != ages:
                raise ValueError(f"Disease.{name} has not one value per age group ({ages})")
        if len(self.vaccination.uptake) != ages:
            raise ValueError(f"Vaccination.uptake has not one value per age group ({ages})")
        if len(self.vaccination.mix) != len(self.vaccination.products):
            raise ValueError("Vaccination.mix has not one share per product")


def bare_setup(
    population: Whole, plan: Plan, *, travel: Floats | None = None, **parts: object
) -> Setup:
    """Return a setup of one age group where nothing but the disease acts: for proofs."""
    provinces = population.shape[0]
    defaults: dict[str, object] = {
        "travel": np.eye(provinces) if travel is None else travel,
        "severity_scale": np.ones(provinces),
        "finding_scale": np.ones(provinces),
        "noise_group": np.zeros(provinces, dtype=np.int64),
        "distancing": Distancing(away_share=0.0),
        "vaccination": Vaccination(uptake=(1.0,), order=(0,)),
        "finding": Finding(seek_share=0.0, other_fever_per_day=0.0),
        "tracing": Tracing(contacts_per_case=0.0),
    }
    return Setup(population=population, plan=plan, **(defaults | parts))  # type: ignore[arg-type]


def one_age(**values: object) -> Disease:
    """Return a disease for a single age group in which nobody falls severely ill."""
    defaults: dict[str, object] = {
        "activity": (1.0,),
        "assortativity": 0.0,
        "severe_share": (0.0,),
        "symptomless_share": (1.0,),
        "moderate_share": (0.0,),
    }
    return Disease(**(defaults | values))  # type: ignore[arg-type]
