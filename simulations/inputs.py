"""Reads what the engine is told of Vietnam: the country pack, published figures, fitted values.

Here files are read; the arithmetic is in `simulations.epidemic`. Nothing is drawn or stored.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from data_access.reference.pack import bundled_pack
from simulations.epidemic.calibration import PERIOD, with_factors
from simulations.epidemic.mobility import distances_km, gravity
from simulations.epidemic.parameters import (
    Disease,
    Floats,
    Plan,
    Setup,
    Whole,
    bare_plan,
)

FACTS = Path(__file__).resolve().parent.parent / "data_access" / "facts"
CALIBRATED = Path(__file__).resolve().parent / "calibrated"
GIVEN, FITTED = "vn_given.toml", "vn.toml"
VINTAGE = "63"
LOCKED, LABS_FOLLOW = 3, 4.0
"""Laboratories work for provinces under directive 16 with five times the weight (assumed)."""
AGE_SHARES = {
    "minors": (0.187, 0.084),
    "adults": (0.491, 0.158, 0.080),
}
"""Shares of the nation by age group of `AGES`, below 18 and from 18: UN World Population Prospects
by ten years (as carried by the package covasim 4.0.1, MIT), divided evenly inside a band."""


@dataclass(frozen=True, kw_only=True)
class Country:
    """Vietnam as the engine sees it.

    Attributes:
        codes: province codes of the 63, in the order of every array.
        names: Vietnamese names, in that order.
        groups: names of the groups in which transmission is fitted.
        group: province → group.
        first_day: day 0 of the plan.
        setup: population, parameters and plan.
        noise: overdispersion of daily reports by group.
    """

    codes: tuple[str, ...]
    names: tuple[str, ...]
    groups: tuple[str, ...]
    group: Whole
    first_day: date
    setup: Setup
    noise: Floats

    def day(self, on: date) -> int:
        """Return the number of a day in the plan."""
        return (on - self.first_day).days

    def index(self, code: str) -> int:
        """Return a province's place in every array."""
        return self.codes.index(code)


def vietnam(*, days: int) -> Country:
    """Return Vietnam from 27 April 2021, as calibrated, for so many days.

    Raises:
        ValueError: if the file of fitted values was made for another length of period.
    """
    values = read_values(GIVEN) | read_values(FITTED)
    found = values["fitted"]
    if int(found["period_days"]) != PERIOD:
        raise ValueError("the factors were fitted with another length of period")
    plain = uncalibrated(values, days=days)
    return fitted_with(
        plain,
        factors=np.array([row["factors"] for row in values["period"]]),
        severity_scale=np.array(found["severity_scale"]),
        walk_sd=float(found["walk_sd"]),
        noise=np.array(found["noise"]),
    )


def read_values(file: str) -> dict[str, Any]:
    """Return a file of values that ships: `vn_given.toml` or `vn.toml`."""
    return tomllib.loads((CALIBRATED / file).read_text(encoding="utf-8"))


def fitted_with(
    plain: Country, *, factors: Floats, severity_scale: Floats, walk_sd: float, noise: Floats
) -> Country:
    """Return the country with fitted values in their places."""
    setup = with_factors(plain.setup, factors, group=plain.group)
    return replace(
        plain,
        setup=replace(
            setup,
            disease=replace(setup.disease, walk_sd=walk_sd),
            severity_scale=severity_scale[plain.group],
        ),
        noise=noise,
    )


def uncalibrated(values: Mapping[str, Any], *, days: int) -> Country:
    """Return Vietnam with all that is known or assumed, and nothing fitted."""
    provinces = _provinces()
    codes = tuple(provinces["code"].to_list())
    groups, group = _groups(values["groups"], codes)
    first: date = values["first_day"]
    persons = _population(provinces)
    lon, lat = (provinces[name].to_numpy() for name in ("lon", "lat"))
    setup = Setup(
        population=persons,
        travel=gravity(persons.sum(axis=1).astype(float), distances_km(lon, lat)),
        plan=_plan(values, codes=codes, persons=persons, first=first, days=days),
        severity_scale=np.ones(len(codes)),
        finding_scale=np.array([values["finding_scale"].get(code, 1.0) for code in codes]),
        noise_group=group,
        disease=Disease(),
    )
    return Country(
        codes=codes,
        names=tuple(provinces["name"].to_list()),
        groups=groups,
        group=group,
        first_day=first,
        setup=setup,
        noise=np.zeros(len(groups)),
    )


def _provinces() -> pl.DataFrame:
    """Return `code, name, lon, lat, all, 18+` of the 63 provinces, sorted by code."""
    pack = bundled_pack("vn")
    areas = pack.areas.filter(pl.col("vintage") == VINTAGE, pl.col("level") == "province")
    counted = pack.population.filter(
        pl.col("vintage") == VINTAGE, pl.col("source") == "census_2019"
    ).pivot("group", index="code", values="population")
    return areas.join(counted, on="code").sort("code").select("code", "name", "lon", "lat",
                                                              "all", "18+")  # fmt: skip


def province_points() -> tuple[Floats, Floats]:
    """Return longitude and latitude of the 63 provinces, in the order of every array."""
    lon, lat = (_provinces()[name].to_numpy() for name in ("lon", "lat"))
    return lon, lat


def _population(provinces: pl.DataFrame) -> Whole:
    """Return persons by age: minors and adults as counted, each divided as in the nation."""
    everybody, adults = (provinces[name].to_numpy() for name in ("all", "18+"))
    parts = []
    for people, shares in ((everybody - adults, AGE_SHARES["minors"]),
                           (adults, AGE_SHARES["adults"])):  # fmt: skip
        so_far = np.rint(people[:, None] * np.cumsum(shares) / sum(shares))
        parts.append(np.diff(so_far, axis=1, prepend=0))
    return np.concatenate(parts, axis=1).astype(np.int64)


def _groups(
    listed: Mapping[str, Sequence[str]], codes: Sequence[str]
) -> tuple[tuple[str, ...], Whole]:
    names = tuple(listed)
    of = {code: i for i, name in enumerate(names) for code in listed[name]}
    if sorted(of) != sorted(codes):
        raise ValueError("the groups do not hold every province once")
    return names, np.array([of[code] for code in codes], dtype=np.int64)


def _plan(
    values: Mapping[str, Any], *, codes: Sequence[str], persons: Whole, first: date, days: int
) -> Plan:
    plan = bare_plan(days=days, provinces=len(codes))
    people = persons.sum(axis=1)
    level = _levels(values, codes=codes, first=first, days=days)
    total, second, third = _dose_plan(first, days)
    per = values["capacity"]
    return replace(
        plan,
        level=level,
        seeds=_seeds(values["seeds"], codes=codes, first=first, days=days),
        doses=_doses(total, values["doses"], codes=codes, adults=persons[:, 2:].sum(axis=1),
                     first=first),
        second_share=second,
        third_share=third,
        samples=_samples(values["laboratories"], first=first, days=days)[:, None]
        * _shares(people * (1.0 + LABS_FOLLOW * (level >= LOCKED))),
        tracers=np.tile(people / per["persons_per_traced_case"], (days, 1)),
        quarantine_beds=np.tile(people / per["persons_per_quarantine_bed"], (days, 1)),
        hospital_beds=np.tile(people / per["persons_per_hospital_bed"], (days, 1)),
        icu_beds=np.tile(people / per["persons_per_icu_bed"], (days, 1)),
    )  # fmt: skip


def _shares(weight: Floats) -> Floats:
    return np.asarray(weight / weight.sum(axis=1, keepdims=True))


def _levels(values: Mapping[str, Any], *, codes: Sequence[str], first: date, days: int) -> Any:  # noqa: ANN401 - int8 array
    level = np.zeros((days, len(codes)), dtype=np.int8)
    for row in values["distancing"]:
        here = [codes.index(code) for code in row["codes"]] if "codes" in row else slice(None)
        since = max((row["from"] - first).days, 0)
        until = (row["to"] - first).days + 1 if "to" in row else days
        level[since:until, here] = row["level"]
    return level


def _seeds(
    rows: Sequence[Mapping[str, Any]], *, codes: Sequence[str], first: date, days: int
) -> Whole:
    seeds = np.zeros((days, len(codes)), dtype=np.int64)
    for row in rows:
        day = (row["from"] - first).days
        span = slice(max(day, 0), min(max(day, 0) + row["days"], days))
        seeds[span, codes.index(row["code"])] += row["persons_per_day"]
    return seeds


def cumulative(knots: Sequence[tuple[date, float]], *, first: date, days: int) -> Floats:
    """Return a running total at the end of each day, straight between published ones.

    Beyond the last it goes on as fast as between the last two.
    """
    at = np.array([(on - first).days for on, _ in knots], dtype=float)
    total = np.array([number for _, number in knots])
    pace = (total[-1] - total[-2]) / (at[-1] - at[-2])
    day = np.arange(days, dtype=float)
    ahead = total[-1] + pace * (day - at[-1])
    return np.asarray(np.where(day <= at[-1], np.interp(day, at, total), ahead))


def published(file: str, column: str, *, until: date | None = None) -> list[tuple[date, float]]:
    """Return (day, figure) of a column of a file of published figures, where there is one."""
    table = pl.read_csv(FACTS / file, infer_schema_length=0)
    rows = zip(table["date"].to_list(), table[column].to_list(), strict=True)
    found = [(date.fromisoformat(on), float(number)) for on, number in rows if number]
    return sorted((on, n) for on, n in found if until is None or on <= until)


def _dose_plan(first: date, days: int) -> tuple[Floats, Floats, Floats]:
    """Return doses a day and the shares kept for second and third doses, from running totals."""
    last = date(2022, 12, 31)
    none = (first - timedelta(days=1), 0.0)
    given = published("national_doses.csv", "doses_cumulative", until=last)
    given += published("national_who.csv", "doses_cumulative", until=last)
    second = published("national_doses.csv", "dose2_cumulative", until=last)
    first_doses = dict(published("national_doses.csv", "dose1_cumulative", until=last))
    # Where a day has both doses but no total (before third ones), their sum is the total.
    told = {on for on, _ in given}
    given += [(on, first_doses[on] + n) for on, n in second if on in first_doses and on not in told]
    third = published("national_doses.csv", "dose3_cumulative", until=last)
    start = (date(2021, 12, 1), 0.0)
    totals = [
        np.diff(cumulative(knots, first=first, days=days), prepend=0.0)
        for knots in ([none, *sorted(given)], [none, *second], [none, start, *third])
    ]
    safe = np.maximum(totals[0], 1.0)
    return totals[0], np.clip(totals[1] / safe, 0, 1), np.clip(totals[2] / safe, 0, 1)


def _doses(
    total: Floats, rules: Mapping[str, Any], *, codes: Sequence[str], adults: Floats, first: date
) -> Whole:
    """Return whole doses by day and province: favoured ones first, the others catch up later."""
    favour = np.ones(len(codes))
    for code, weight in rules["favour"].items():
        favour[codes.index(code)] = weight
    turn, even = ((rules[name] - first).days for name in ("until", "even_on"))
    early = adults * favour / (adults @ favour)
    fair = adults / adults.sum()
    given = np.cumsum(total)
    at_turn, at_even = (given[min(day, len(given) - 1)] for day in (turn, even))
    late = np.maximum(fair * at_even - early * at_turn, 0.0)
    late = late / late.sum() if late.sum() else fair
    day = np.arange(len(total))[:, None]
    share = np.where(day <= turn, early, np.where(day <= even, late, fair))
    exact = np.cumsum(total[:, None] * share, axis=0)
    return np.diff(np.rint(exact), axis=0, prepend=0).astype(np.int64)


def _samples(rows: Sequence[Mapping[str, Any]], *, first: date, days: int) -> Floats:
    """Return samples that the country's laboratories can result, by day."""
    at = [(row["on"] - first).days for row in rows]
    return np.interp(np.arange(days), at, [float(row["samples_per_day"]) for row in rows])
