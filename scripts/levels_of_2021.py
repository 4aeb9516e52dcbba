"""Levels of every province in the autumn of 2021 from real daily cases, beside what was published.

    python -m scripts.levels_of_2021 --shared DIR [--out docs/levels-2021.md]

The compilations it reads may not be shipped, so it is given their folder. Coverage and plans by
province were not published as data: what is assumed for them stands in the table.
"""

import argparse
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from data_access.reference.pack import bundled_pack
from data_access.rules.assess import assess
from data_access.rules.catalogue import rule_set
from data_access.rules.local import Local, incidence
from data_access.rules.model import Assessment, Inputs

NCSC = "vn_province_daily_ncsc_20200318_20220122.csv"
FOUND = "vn_province_daily_detection_setting_vncdc_20210427_20210914.csv"
COMMUNES = "vn_commune_daily_cases_antoancovid_20210427_20210713.csv"
VINTAGE, LAST_WEEK, CITY = "63", date(2021, 11, 19), "79"
FIRST_WEEK = date(2021, 9, 3)
PUBLISHED: Mapping[date, tuple[int, int, int, int]] = {
    date(2021, 10, 22): (26, 37, 0, 0),
    date(2021, 10, 24): (22, 41, 0, 0),
}
"""Provinces at level 1 to 4 as published; addresses in docs/levels.md."""
D4800 = rule_set("decision_4800")


@dataclass(frozen=True, kw_only=True)
class Assumed:
    """What is taken for inputs that no data set holds.

    Attributes:
        name: what the table calls it.
        coverage_1: share of adults with a dose.
        old_full: share of the old with a full course.
        share: part of all cases taken for community cases, outside Ho Chi Minh City, which puts
            all its cases there.
    """

    name: str
    coverage_1: float
    old_full: float
    share: float = 1.0


CASES = (
    Assumed(name="all cases; coverage and old people covered", coverage_1=0.7, old_full=0.8),
    Assumed(name="all cases; old people not covered (A1)", coverage_1=0.7, old_full=0.5),
    Assumed(name="all cases; coverage below 70 %, old not covered", coverage_1=0.5, old_full=0.5),
    Assumed(name="13 % of cases in the community; covered", coverage_1=0.7, old_full=0.8,
            share=0.13),
    Assumed(name="13 % of cases in the community; old not covered", coverage_1=0.7, old_full=0.5,
            share=0.13),
)  # fmt: skip


def daily_cases(path: Path) -> dict[str, dict[date, float]]:
    """Return cases by province and day; days flagged as errors of the source are left out."""
    read = pl.read_csv(path, schema_overrides={"code": pl.String}, infer_schema_length=None)
    kept = read.filter(pl.col("flag").is_null() | (pl.col("flag") == ""))
    found: dict[str, dict[date, float]] = {}
    for day, code, cases in kept.select("date", "code", "new_cases").iter_rows():
        if cases is not None:
            found.setdefault(code, {})[date.fromisoformat(day)] = float(cases)
    return found


def people() -> dict[str, float]:
    """Return the population of every province, census of 2019."""
    pack = bundled_pack("vn")
    counted = pack.population.filter(
        pl.col("vintage") == VINTAGE, pl.col("group") == "all", pl.col("source") == "census_2019"
    )
    return {code: float(n) for code, n in counted.select("code", "population").iter_rows()}


def assessed(
    cases: Mapping[str, Mapping[date, float]],
    population: Mapping[str, float],
    day: date,
    assumed: Assumed,
) -> dict[str, Assessment]:
    """Return the assessment of every province on a day; plans (C3) are taken as ready."""
    found = {}
    for code, series in sorted(cases.items()):
        days = [series.get(day - timedelta(days=n)) for n in range(6, -1, -1)]
        share = 1.0 if code == CITY else assumed.share
        scaled = [None if one is None else one * share for one in days]
        values = {
            "incidence": incidence(scaled, population.get(code), Local()),
            "coverage_1": assumed.coverage_1,
            "old_full": assumed.old_full,
            "plans_ready": True,
            "has_cases": any(days),
        }
        found[code] = assess(code, day, Inputs(values=values), D4800)
    return found


def counts(found: Mapping[str, Assessment]) -> tuple[int, int, int, int]:
    """Return how many provinces stand at each level."""
    tally = Counter(one.level for one in found.values())
    return tally[1], tally[2], tally[3], tally[4]


def community_share(path: Path, *, first: date, last: date) -> tuple[float, int]:
    """Return the share of cases found in the community and their number, HCMC left out.

    Ho Chi Minh City puts all its cases there from 30 August 2021.
    """
    read = pl.read_csv(path, schema_overrides={"code": pl.String}, infer_schema_length=None)
    some = read.filter(pl.col("date").str.to_date().is_between(first, last), pl.col("code") != "79")
    names = ("found_in_community", "found_in_lockdown_area", "found_in_quarantine",
             "found_by_facility_screening")  # fmt: skip
    sums = [float(some[name].sum()) for name in names]
    return sums[0] / sum(sums), int(sum(sums))


def communes(path: Path) -> tuple[int, int, int]:
    """Return communes with any case, those with a case in the last week, and all cases."""
    read = pl.read_csv(path, schema_overrides={"code": pl.String}, infer_schema_length=None)
    days = pl.col("date").str.to_date()
    keys = ["code", "district", "commune"]
    last = read.select(days.max()).item()
    recent = read.filter(days > last - timedelta(days=7)).select(keys).unique()
    return read.select(keys).unique().height, recent.height, int(read["new_cases"].sum())


def weeks() -> Iterator[date]:
    """Return the Fridays assessed."""
    day = FIRST_WEEK
    while day <= LAST_WEEK:
        yield day
        day += timedelta(days=7)


# --- the page -------------------------------------------------------------------------------------


def report(folder: Path) -> str:
    """Return the tables as Markdown."""
    cases, population = daily_cases(folder / NCSC), people()
    share, n = community_share(folder / FOUND, first=date(2021, 8, 30), last=date(2021, 9, 12))
    some, recent, total = communes(folder / COMMUNES)
    told = ("assumed", *(f"{day:%d/%m/%Y}" for day in PUBLISHED))
    parts = [
        "# Levels of the autumn of 2021, computed and published",
        "",
        "Made by `python -m scripts.levels_of_2021 --shared DIR`; see docs/levels.md.",
        "",
        "## On the days that were published (provinces at level 1/2/3/4)",
        "",
        *_table(told, _published(cases, population)),
        "",
        "## By week, all cases, coverage and old people covered",
        "",
        *_table(("week to", "1", "2", "3", "4"), _by_week(cases, population)),
        "",
        "## By province and week (level, same assumptions; `.` = undetermined)",
        "",
        *_by_province(cases, population),
        "",
        "## Where cases were found",
        "",
        f"- 30 Aug to 12 Sep 2021, without Ho Chi Minh City: {share:.1%} of {n:,} cases with a "
        "known place in the community.",
        f"- Communes, 27 Apr to 13 Jul 2021: {some:,} with any of {total:,} cases, {recent:,} "
        "with one in the last week.",
        "",
    ]
    return "\n".join(parts)


def _published(
    cases: Mapping[str, Mapping[date, float]], population: Mapping[str, float]
) -> list[tuple[str, ...]]:
    rows = [("published", *("/".join(map(str, told)) for told in PUBLISHED.values()))]
    for assumed in CASES:
        told = [
            "/".join(map(str, counts(assessed(cases, population, day, assumed))))
            for day in PUBLISHED
        ]
        rows.append((assumed.name, *told))
    return rows


def _by_week(
    cases: Mapping[str, Mapping[date, float]], population: Mapping[str, float]
) -> list[tuple[str, ...]]:
    return [
        (f"{day:%d/%m/%Y}", *map(str, counts(assessed(cases, population, day, CASES[0]))))
        for day in weeks()
    ]


def _by_province(
    cases: Mapping[str, Mapping[date, float]], population: Mapping[str, float]
) -> list[str]:
    areas = bundled_pack("vn").areas.filter(
        pl.col("vintage") == VINTAGE, pl.col("level") == "province"
    )
    names = dict(areas.select("code", "name").iter_rows())
    days = list(weeks())
    by_day = [assessed(cases, population, day, CASES[0]) for day in days]
    rows = [
        (f"{code} {names.get(code, '')}", *(str(found[code].level or ".") for found in by_day))
        for code in sorted(cases)
    ]
    return _table(("province", *(f"{day:%d/%m}" for day in days)), rows)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [
        "| " + " | ".join(heads) + " |",
        "|" + "---|" * len(heads),
        *("| " + " | ".join(row) + " |" for row in rows),
    ]


def main() -> None:
    """Print the page, or write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, required=True, help="folder of the compilations")
    parser.add_argument("--out", type=Path, help="file to write")
    args = parser.parse_args()
    text = report(args.shared)
    if args.out:
        args.out.write_text(text, encoding="utf-8")
    else:
        print(text)


if __name__ == "__main__":
    main()
