"""Fits the epidemic engine to Vietnam's fourth wave and writes what it finds.

    python -m scripts.calibrate --data ../shared/data/vn [--draws 200]

Reads the daily series of provinces (a compilation that is not part of the project; only the values
fitted to it are), writes simulations/calibrated/vn.toml and docs/calibration.md. Same data and
seed, same files.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from simulations.checks import Check, checks, expected_series
from simulations.epidemic.calibration import (
    PERIOD,
    Fit,
    by_group,
    fit,
    forecast,
    noise_of,
    walk_of,
)
from simulations.epidemic.parameters import Floats
from simulations.epidemic.scores import (
    BANDS,
    coverage,
    same_as_last_week,
    skill,
    weighted_interval_score,
)
from simulations.epidemic.summary import LEVELS
from simulations.inputs import (
    CALIBRATED,
    FITTED,
    GIVEN,
    Country,
    fitted_with,
    read_values,
    uncalibrated,
)

ROOT = Path(__file__).resolve().parent.parent
LAST_DAY = date(2022, 1, 8)
HOLD_OUT = 21
ORIGINS = (date(2021, 9, 26), date(2021, 6, 20), date(2021, 8, 8), date(2021, 11, 14),
           date(2021, 12, 12))  # fmt: skip
"""Last days known to the forecasts that are scored. The first is the answer to "the last three
weeks of the wave": the southern wave ended on 17 October 2021, the lowest week before winter."""
SEEDS_FROM = 10
"""Cases a province has had when its seeds are taken to have come, ten days before."""
BACKLOG = 5
ROUNDS = 4
SEED = 20210427


INTRO = """# Calibration of the epidemic engine

Made by `python -m scripts.calibrate --data ../shared/data/vn`; not edited by hand.

**What is fitted.** Daily cases of 63 provinces from {first} to {last} (published by the national
monitoring centre; the compilation is not part of the project, only the values fitted to it are, in
`simulations/calibrated/vn.toml`). One factor of transmission per week in each of {groups} groups of
provinces, by the expected epidemic (the engine without chance), week after week; one factor of
severity per group, by deaths. When the infection came to a province is taken from its first ten
cases. What is not fitted is in `simulations/calibrated/vn_given.toml` and in the parameter classes,
with unit, bounds and source; much of it is marked *assumed*.

**What the fit does not show.** A factor a week and group follows any curve: a good fit of weekly
cases is no proof of the model. The factors also take up what is not modelled (weather, behaviour,
changes of testing). How many infections there were for each case is assumed through the parameters
of finding, not known; levels of distancing before and after the fact act in proportion to assumed
shares of contacts. Read scenarios as differences, not as levels. The forecasts below are the test:
they see nothing after the day named, parameters of noise and walk included; the assumptions
themselves were chosen with the whole wave in view.

**How it is scored.** Weighted interval score (Bracher, Ray, Gneiting & Reich 2021, PLoS Comput Biol
17:e1008618) with the medians and the 50, 80 and 95 % bands; coverage is the share of days inside a
band. The baseline repeats the last week by weekday, with the spread of its own past errors (in the
manner of Cramer et al. 2022, PNAS 119:e2113561119). Log transmission walks by {walk:.3f} per square
root of a day in the calibrated country and comes back within three weeks in the mean; daily reports
scatter about the cases, variance mean + noise × mean². Days of back-registration (more than five
times the median of the days around, and 1,000 more) are levelled, in what is fitted and in what is
scored."""

READING = """\
Good or bad, as it came: nothing was changed after these scores were seen. The nation's forecast
beat the baseline at three of five last days (20 June, 8 August, 12 December 2021) and lost badly
at two (26 September, 14 November); over all groups the 95 % bands held 38 to 77 % of the days: too
narrow. Likely causes, which were not tested: after 26 September the plan lifts directive 16, on
which the engine gives back two to three times the contacts while the last factors stay; before 14
November the last weekly factors stood above those before and fell a week later, and a forecast
lets them go on for three weeks. Do not read a forecast as a level; compare scenarios from the
same start."""


@dataclass(frozen=True, kw_only=True)
class Scored:
    """A forecast against what came."""

    origin: date
    target: str
    cases: float
    expected: float
    inside: tuple[float, ...]
    wis: float
    baseline: float
    baseline_inside: tuple[float, ...]
    skill: float


def main(arguments: Sequence[str] | None = None) -> None:
    """Fit, score, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--draws", type=int, default=200)
    asked = parser.parse_args(arguments)
    given = read_values(GIVEN)
    days = (LAST_DAY - given["first_day"]).days + 1
    cases, deaths = daily_series(asked.data, first=given["first_day"], days=days)
    seeds = seeds_of(cases, first=given["first_day"])
    country, fitted, residuals = calibrated(given | {"seeds": seeds}, cases, deaths, days=days)
    write_fitted(country, fitted, seeds=seeds)
    scored = [
        one for origin in ORIGINS for one in scores(given, cases, origin=origin, draws=asked.draws)
    ]
    text = report(country, residuals=residuals, scored=scored, cases=cases, deaths=deaths,
                  draws=asked.draws)  # fmt: skip
    (ROOT / "docs" / "calibration.md").write_text(text, encoding="utf-8")
    print(text)


def daily_series(folder: Path, *, first: date, days: int) -> tuple[Floats, Floats]:
    """Return cases and deaths by day and province (sorted by code); NaN where not known.

    Flagged errors of the source and days on which it has nothing for the whole country are not
    known; days of back-registration are levelled.
    """
    (path,) = folder.glob("vn_province_daily_ncsc_*.csv")
    table = pl.read_csv(path, schema_overrides={"code": pl.String}, try_parse_dates=True)
    table = table.filter(
        pl.col("date").is_between(first, first + timedelta(days=days - 1))
    ).with_columns(
        pl.when(pl.col("flag").is_null() | (pl.col("flag") == "")).then(pl.col("new_cases"))
        .alias("new_cases")
    )  # fmt: skip
    found = []
    for column in ("new_cases", "new_deaths"):
        wide = table.pivot("code", index="date", values=column, sort_columns=True).sort("date")
        if wide.height != days:
            raise ValueError(f"{path.name} has {wide.height} of {days} days")
        values = wide.drop("date").to_numpy().astype(float)
        found.append(values)
    cases, deaths = found
    cases[np.nansum(cases, axis=1) == 0] = np.nan
    return without_backlogs(np.maximum(cases, 0)), np.nan_to_num(deaths)


def without_backlogs(cases: Floats) -> Floats:
    """Return cases without days of back-registration: those count as the days around them.

    A day is one if a province reports more than BACKLOG times the median of the fifteen days
    around it, and 1,000 cases more.
    """
    padded = np.pad(cases, ((7, 7), (0, 0)), mode="edge")
    around = np.nanmedian(np.lib.stride_tricks.sliding_window_view(padded, 15, axis=0), axis=-1)
    return np.where(cases > BACKLOG * around + 1000, around, cases)


def seeds_of(cases: Floats, *, first: date) -> list[dict[str, Any]]:
    """Return when and how strongly the infection came to each province.

    Ten days before its tenth case, for five days, as many a day as a fifth of three times the
    cases of the two weeks that follow the tenth, between 2 and 40.
    """
    codes = _codes()
    rows = []
    for i, code in enumerate(codes):
        own = np.nan_to_num(cases[:, i])
        reached = np.flatnonzero(np.cumsum(own) >= SEEDS_FROM)
        if not len(reached):
            continue
        day = int(reached[0])
        after = own[day : day + 14].sum()
        each = int(np.clip(round(3 * after / 14 / 5), 2, 40))
        since = first + timedelta(days=max(day - 10, 0))
        rows.append({"code": code, "from": since, "days": 5, "persons_per_day": each})
    return rows


def _codes() -> tuple[str, ...]:
    given = read_values(GIVEN)
    return tuple(sorted(code for group in given["groups"].values() for code in group))


def calibrated(
    values: Mapping[str, Any], cases: Floats, deaths: Floats, *, days: int
) -> tuple[Country, Fit, dict[str, Floats]]:
    """Return the country with fitted values, the fit, and the expected series by province."""
    plain = uncalibrated(values, days=days)
    observed, died = group_cases(cases, plain), by_group(deaths.sum(axis=0), plain.group)
    scale = np.ones(len(plain.groups))
    for _ in range(ROUNDS):
        scaled = replace(plain.setup, severity_scale=scale[plain.group])
        fitted = fit(scaled, observed, group=plain.group, known=days)
        country = fitted_with(
            plain, factors=fitted.factors, severity_scale=scale,
            walk_sd=walk_of(fitted.factors), noise=noise_of(observed, fitted.cases),
        )  # fmt: skip
        series = expected_series(country)
        expected = by_group(series["deaths"].sum(axis=0), plain.group)
        scale = np.clip(scale * died / np.maximum(expected, 1.0), 0.02, 8.0)
    return country, fitted, series


def group_cases(cases: Floats, country: Country) -> Floats:
    """Return cases by group; a province's unknown day counts none, a country's is unknown."""
    total = by_group(np.nan_to_num(cases), country.group)
    total[np.isnan(cases).all(axis=1)] = np.nan
    return total


def scores(given: Mapping[str, Any], cases: Floats, *, origin: date, draws: int) -> list[Scored]:
    """Fit to the days up to the origin alone, forecast three weeks, score nation and groups."""
    known = (origin - given["first_day"]).days + 1
    seen = cases[:known]
    values = dict(given) | {"seeds": seeds_of(seen, first=given["first_day"])}
    plain = uncalibrated(values, days=known + HOLD_OUT)
    observed = group_cases(seen, plain)
    fitted = fit(plain.setup, observed, group=plain.group, known=known)
    noise = noise_of(observed[-56:], fitted.cases[-56:])
    country = fitted_with(
        plain, factors=fitted.factors, severity_scale=np.ones(len(plain.groups)),
        walk_sd=walk_of(fitted.factors), noise=noise,
    )  # fmt: skip
    ahead = forecast(country.setup, fitted, group=plain.group, noise=noise, days=HOLD_OUT,
                     draws=draws, seed=SEED)  # fmt: skip
    truth = group_cases(cases[known : known + HOLD_OUT], plain)
    history = np.where(np.isnan(observed), fitted.cases, observed)
    base = same_as_last_week(history, days=HOLD_OUT, levels=LEVELS)
    nation = same_as_last_week(history.sum(axis=1), days=HOLD_OUT, levels=LEVELS)
    rows = [_scored(origin, "nation", truth.sum(axis=1), ahead.nation, nation)]
    rows += [
        _scored(origin, name, truth[:, i], ahead.groups[..., i], base[..., i])
        for i, name in enumerate(plain.groups)
    ]
    rows.append(_scored(origin, "all groups", truth, ahead.groups, base))
    return rows


def _scored(origin: date, target: str, truth: Floats, bands: Floats, base: Floats) -> Scored:
    there = ~np.isnan(truth)
    truth, bands, base = truth[there], bands[:, there], base[:, there]
    own = weighted_interval_score(truth, bands, levels=LEVELS)
    other = weighted_interval_score(truth, base, levels=LEVELS)
    return Scored(
        origin=origin, target=target, cases=float(truth.sum()),
        expected=float(bands[len(LEVELS) // 2].sum()),
        inside=tuple(coverage(truth, bands, levels=LEVELS, band=band) for band in BANDS),
        wis=float(own.mean()), baseline=float(other.mean()),
        baseline_inside=tuple(coverage(truth, base, levels=LEVELS, band=band) for band in BANDS),
        skill=skill(own, other),
    )  # fmt: skip


def write_fitted(country: Country, fitted: Fit, *, seeds: Sequence[Mapping[str, Any]]) -> None:
    """Write the fitted values, in the order of the groups, with where they are from."""
    scale = [
        country.setup.severity_scale[list(country.group).index(i)]
        for i in range(len(country.groups))
    ]
    lines = [
        "# Made by scripts/calibrate.py; not to be edited. Groups in the order of vn_given.toml.",
        "",
        "[fitted]",
        'source = "fitted to daily cases and deaths of 63 provinces as published by the national '
        f'monitoring centre (NCSC), {country.first_day} to {LAST_DAY}"',
        f"period_days = {PERIOD}",
        f"walk_sd = {country.setup.disease.walk_sd:.4f}",
        f"severity_scale = {_numbers(scale)}",
        f"noise = {_numbers(country.noise)}",
        "",
    ]
    for number, row in enumerate(fitted.factors):
        start = country.first_day + timedelta(days=number * PERIOD)
        lines += ["[[period]]", f"from = {start}", f"factors = {_numbers(row)}", ""]
    for seed in seeds:
        lines += ["[[seeds]]", f'code = "{seed["code"]}"']
        lines += [f"{name} = {seed[name]}" for name in ("from", "days", "persons_per_day")]
        lines += [""]
    (CALIBRATED / FITTED).write_text("\n".join(lines), encoding="utf-8")


def _numbers(values: Sequence[float] | Floats) -> str:
    return "[" + ", ".join(f"{value:.4f}" for value in values) + "]"


def report(
    country: Country, *, residuals: Mapping[str, Floats], scored: Sequence[Scored], cases: Floats,
    deaths: Floats, draws: int,
) -> str:  # fmt: skip
    """Return the page docs/calibration.md."""
    observed = group_cases(cases, country)
    expected = by_group(residuals["cases"], country.group)
    parts = [
        INTRO.format(
            first=country.first_day,
            last=LAST_DAY,
            groups=len(country.groups),
            walk=country.setup.disease.walk_sd,
        ),
        "## Against published figures",
        _checks_table(checks(country, residuals)),
        "## Weekly cases, observed and expected",
        _weeks_table(country, observed, expected),
        "## Groups of provinces",
        _groups_table(country, observed, expected, deaths, residuals),
        _provinces_text(country, cases, residuals),
        "## Forecasts of three weeks, held out",
        f"{draws} draws; daily cases; bands scored are 50, 80 and 95 %. Skill is 1 - WIS / WIS of "
        '"same as last week"; below 0 the baseline was better.',
        _scores_table(scored),
        READING,
    ]
    return "\n\n".join(parts) + "\n"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _checks_table(found: Sequence[Check]) -> str:
    rows = []
    for one in found:
        share = one.kind.endswith("share")
        shown = [f"{n:.1%}" if share else f"{n:,.0f}" for n in (one.published, one.expected)]
        error = f"{100 * one.error:+.1f} points" if share else f"{one.error:+.1%}"
        rows.append([one.name, *shown, error])
    return _table(["figure", "published", "expected", "error"], rows)


def _weeks_table(country: Country, observed: Floats, expected: Floats) -> str:
    rows = []
    for first in range(0, len(observed) - 6, 7):
        week = slice(first, first + 7)
        there = ~np.isnan(observed[week]).any(axis=1)
        seen, told = observed[week][there].sum(), expected[week][there].sum()
        on = country.first_day + timedelta(days=first)
        rows.append([str(on), f"{seen:,.0f}", f"{told:,.0f}", f"{told / seen - 1:+.0%}"])
    return _table(["week from", "observed", "expected", "error"], rows)


def _groups_table(
    country: Country, observed: Floats, expected: Floats, deaths: Floats,
    series: Mapping[str, Floats],
) -> str:  # fmt: skip
    there = ~np.isnan(observed).any(axis=1)
    died, told = (by_group(x.sum(axis=0), country.group) for x in (deaths, series["deaths"]))
    infected = by_group(series["infections"].sum(axis=0), country.group)
    rows = []
    for i, name in enumerate(country.groups):
        a, b = observed[there, i], expected[there, i]
        weekly = [np.add.reduceat(x, np.arange(0, len(x), 7)) for x in (a, b)]
        off = np.abs(weekly[1] - weekly[0]).sum() / weekly[0].sum()
        rows.append([name, f"{a.sum():,.0f}", f"{b.sum():,.0f}", f"{off:.0%}", f"{died[i]:,.0f}",
                     f"{told[i]:,.0f}", f"{expected[:, i].sum() / infected[i]:.0%}"])  # fmt: skip
    return _table(
        ["group", "cases", "expected", "weekly absolute error ÷ cases", "deaths", "expected",
         "cases ÷ infections (assumed model)"], rows,
    )  # fmt: skip


def _provinces_text(country: Country, cases: Floats, series: Mapping[str, Floats]) -> str:
    seen, told = np.nansum(cases, axis=0), series["cases"].sum(axis=0)
    ratio = (told + 1) / (seen + 1)
    correlation = np.corrcoef(np.log(seen + 1), np.log(told + 1))[0, 1]
    worst = np.argsort(-np.abs(np.log(ratio)))[:8]
    named = ", ".join(f"{country.names[i]} {ratio[i]:.2g}" for i in worst)
    within = np.mean(np.abs(np.log2(ratio)) < 1)
    return (
        "Inside a group nothing is fitted by province but when the infection came. Totals of the "
        f"63 provinces: correlation of logarithms {correlation:.2f}; {within:.0%} within a factor "
        f"of two. Expected ÷ observed is furthest from 1 in: {named}."
    )


def _scores_table(scored: Sequence[Scored]) -> str:
    rows = [
        [str(one.origin), one.target, f"{one.cases:,.0f}", f"{one.expected:,.0f}",
         " / ".join(f"{100 * share:.0f}" for share in one.inside), f"{one.wis:,.1f}",
         " / ".join(f"{100 * share:.0f}" for share in one.baseline_inside), f"{one.baseline:,.1f}",
         f"{one.skill:+.2f}"]
        for one in scored
    ]  # fmt: skip
    return _table(
        ["last day known", "target", "cases", "sum of medians", "coverage 50 / 80 / 95 %", "WIS",
         "baseline's coverage", "baseline's WIS", "skill"], rows,
    )  # fmt: skip


if __name__ == "__main__":
    main()
