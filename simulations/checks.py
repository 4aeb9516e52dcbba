"""Lays the calibrated epidemic beside published figures: what was said, what comes out.

The figures ship with the product (`data_access/facts`, `calibrated/vn_given.toml`); the daily
series that was fitted does not, and is not needed here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from simulations.epidemic.chance import Expected
from simulations.epidemic.engine import SERIES, simulate
from simulations.epidemic.parameters import Floats
from simulations.inputs import FACTS, GIVEN, Country, published, read_values

HCMC = "79"


@dataclass(frozen=True, kw_only=True)
class Check:
    """A published figure and the same of the expected epidemic."""

    kind: str
    name: str
    published: float
    expected: float

    @property
    def error(self) -> float:
        """Return the relative error; of a share (`kind` ends so), the difference."""
        if self.kind.endswith("share"):
            return self.expected - self.published
        return self.expected / self.published - 1


def expected_series(country: Country, *, days: range | None = None) -> dict[str, Floats]:
    """Return series → (days, provinces) without chance, `cases` (found inside) among them."""
    found = [day for day, _ in simulate(country.setup, chance=Expected(), days=days)]
    series = {name: np.stack([day[name][0] for day in found]).astype(float) for name in SERIES}
    inside = ("community", "quarantine", "locked_area", "facility")
    return series | {"cases": np.sum([series[f"cases_{one}"] for one in inside], axis=0)}


def checks(country: Country, series: Mapping[str, Floats]) -> list[Check]:
    """Return every published figure that the series can answer, in order of kind and day."""
    return [
        *_weeks(country, series),
        *_running_totals(country, series),
        *_shares(country, series),
        *_stocks(country, series),
        _found_in_quarantine(country, series, on=date(2021, 9, 2)),
    ]


def _weeks(country: Country, series: Mapping[str, Floats]) -> list[Check]:
    found = []
    for week in read_values(GIVEN)["week"]:
        span = slice(country.day(week["from"]), country.day(week["to"]) + 1)
        found.append(
            Check(kind="week", name=f"cases of the week to {week['to']}",
                  published=week["cases"], expected=float(series["cases"][span].sum()))
        )  # fmt: skip
    return found


def _running_totals(country: Country, series: Mapping[str, Floats]) -> list[Check]:
    days = len(series["cases"])
    doses = {n: series[f"doses_{n}"] for n in (1, 2, 3)}
    wanted = (
        ("cases", "national_cases_wave4.csv", "cases_cumulative", series["cases"]),
        ("doses", "national_doses.csv", "doses_cumulative", doses[1] + doses[2] + doses[3]),
        ("doses", "national_who.csv", "doses_cumulative", doses[1] + doses[2] + doses[3]),
        ("first doses", "national_doses.csv", "dose1_cumulative", doses[1]),
        ("second doses", "national_doses.csv", "dose2_cumulative", doses[2]),
        ("deaths", "national_cases.csv", "deaths_cumulative", series["deaths"]),
        ("samples", "national_tests.csv", "samples_resulted_cumulative", series["samples"]),
        ("persons tested", "national_tests.csv", "persons_tested_cumulative",
         series["persons_tested"]),
    )  # fmt: skip
    found = []
    for kind, file, column, flow in wanted:
        total = np.cumsum(flow.sum(axis=1))
        for on, figure in published(file, column):
            if 0 <= country.day(on) < days:
                found.append(Check(kind=kind, name=f"{kind} by {on}", published=figure,
                                   expected=float(total[country.day(on)])))  # fmt: skip
    return found


def _shares(country: Country, series: Mapping[str, Floats]) -> list[Check]:
    """Return Hồ Chí Minh City's share of new cases: of the seven days around a bulletin day."""
    table = pl.read_csv(FACTS / "province_daily.csv", schema_overrides={"code": pl.String},
                        try_parse_dates=True)  # fmt: skip
    found = []
    for (on,), rows in table.group_by("date", maintain_order=True):
        day = country.day(on)
        if not 3 <= day < len(series["cases"]) - 3:  # noqa: PLR2004 - half a week
            continue
        cases = dict(zip(rows["code"].to_list(), rows["cases"].to_list(), strict=True))
        own = cases[HCMC] / sum(cases.values())
        around = series["cases"][day - 3 : day + 4].sum(axis=0)
        found.append(
            Check(kind="HCMC share", name=f"HCMC's share of new cases about {on}", published=own,
                  expected=float(around[country.index(HCMC)] / around.sum()))
        )  # fmt: skip
    return found


def _stocks(country: Country, series: Mapping[str, Floats]) -> list[Check]:
    days = len(series["cases"])
    severe = (series["in_care_severe"] + series["in_care_critical"]).sum(axis=1)
    return [
        Check(kind="severe", name=f"severe in treatment on {on}", published=figure,
              expected=float(severe[country.day(on)]))
        for on, figure in published("national_cases.csv", "severe_in_treatment")
        if 0 <= country.day(on) < days
    ]  # fmt: skip


def _found_in_quarantine(country: Country, series: Mapping[str, Floats], *, on: date) -> Check:
    """Return the share of a day's cases found in quarantine or locked areas (published 2 Sep)."""
    table = {
        column: dict(published("national_cases.csv", column))[on]
        for column in ("cases_community", "cases_quarantine_or_locked")
    }
    day = country.day(on)
    held = series["cases_quarantine"][day].sum() + series["cases_locked_area"][day].sum()
    return Check(
        kind="setting share", name=f"share found in quarantine or locked areas on {on}",
        published=table["cases_quarantine_or_locked"] / sum(table.values()),
        expected=float(held / series["cases"][day].sum()),
    )  # fmt: skip
