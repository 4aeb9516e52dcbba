"""What is known of areas day by day, for the criteria of the rules: figures of the cube, gathered.

Pure but for the question it asks; nothing here decides a level.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import polars as pl

from data_access.codes import Level
from data_access.cube.query import Ask
from data_access.cube.rollup import UNKNOWN
from data_access.errors import UnknownId
from data_access.reference.places import Areas

Figures = Callable[[Ask], pl.DataFrame]
"""Answers a question with what its figures were made of, for one viewer."""
Series = Sequence[float | None]
DAILY = ("cases", "deaths")
COMMUNITY = ("cong_dong", "community")
"""Codes of the place of detection that count as community."""
COVERAGE, POSITIVITY = "vaccination_coverage_1", "test_positivity_pcr"
FULL, CLUSTERS = "persons_fully_vaccinated_cumulative", "clusters_opened"
EVERYBODY = "all"
AGES = {"50+": ("50-64", "65+"), "65+": ("65+",)}
"""Bands of age of the vaccination platform that make up the groups of the rules."""


@dataclass(frozen=True, kw_only=True)
class Ground:
    """Which areas are assessed.

    Attributes:
        level: their level.
        vintage: edition of the map.
        inside: code of an area of that level, or of one above: only what lies in it.
    """

    level: Level
    vintage: str
    inside: str | None = None


@dataclass(frozen=True, kw_only=True)
class Known:
    """The figures of some areas on consecutive days.

    Attributes:
        first: the first day.
        n_days: number of days.
        series: by (name, area): one value a day, None where there is none. Names are those of
            `DAILY`, `cases_community`, `COVERAGE`, `positive`, `tested`, `CLUSTERS`, and
            `full.<band of age>`.
        people: population by (denominator or group, area).
        sources: names of the sources that a series comes from, by (name, area).
    """

    first: date
    n_days: int
    series: Mapping[tuple[str, str], Series] = field(repr=False)
    people: Mapping[tuple[str, str], float] = field(repr=False)
    sources: Mapping[tuple[str, str], frozenset[str]] = field(default_factory=dict, repr=False)

    def until(self, name: str, area: str, day: date, *, days: int) -> list[float | None]:
        """Return the values of the days that end with one; None where nothing is known."""
        values = self.series.get((name, area), ())
        end = (day - self.first).days + 1
        found = [values[n] if 0 <= n < len(values) else None for n in range(end - days, end)]
        return list(found)

    def on(self, name: str, area: str, day: date) -> float | None:
        """Return the value of one day."""
        return self.until(name, area, day, days=1)[0]


def gather(ask: Figures, ground: Ground, *, areas: Areas, first: date, last: date) -> Known:
    """Return what is known of the areas of a ground from one day to another.

    Raises:
        ScopeDenied: if the viewer may not see an area asked for.
        BadUse: if there is no such area.
        DatabaseUnavailable: if the database must be read and does not answer.
    """
    n_days = (last - first).days + 1
    series: dict[tuple[str, str], list[float | None]] = {}
    sources: dict[tuple[str, str], frozenset[str]] = {}

    def put(name: str, area: str, day: date, value: float | None) -> None:
        row = series.setdefault((name, area), [None] * n_days)
        row[(day - first).days] = value

    plain = _asked(ask, ground, (*DAILY, COVERAGE, CLUSTERS), first=first, last=last)
    for day, area, key, value in plain.select("date", "area_code", "id", "value").iter_rows():
        put(key, area, day, value)
    _note(sources, plain)
    places = _asked(ask, ground, ("cases",), first=first, last=last, by="detected_in")
    for area, day, value in list(_community(places, series, first)):
        put("cases_community", area, day, value)
    _note(sources, places, name="cases_community")
    tests = _asked(ask, ground, (POSITIVITY,), first=first, last=last)
    for day, area, part, whole in tests.select(
        "date", "area_code", "numerator", "denominator"
    ).iter_rows():
        put("positive", area, day, part)
        put("tested", area, day, whole)
    _note(sources, tests, name="positive")
    full = _asked(ask, ground, (FULL,), first=first, last=last, by="age")
    for day, area, age, value in full.select("date", "area_code", "age", "value").iter_rows():
        put(f"full.{age}", area, day, value)
    _note(sources, full, name=FULL)
    people = _people(areas, ground.vintage)
    return Known(first=first, n_days=n_days, series=series, people=people, sources=sources)


def _note(
    sources: dict[tuple[str, str], frozenset[str]], found: pl.DataFrame, *, name: str = ""
) -> None:
    """Note from which sources the values of each area come, under their id or another name."""
    named = (
        found.filter(pl.col("value").is_not_null(), pl.col("source") != "")
        .select("area_code", id=pl.lit(name) if name else pl.col("id"),
                source=pl.col("source").str.split(" + "))
        .explode("source")
        .unique()
    )  # fmt: skip
    for area, key, source in named.iter_rows():
        sources[key, area] = sources.get((key, area), frozenset()) | {source}


def _community(
    places: pl.DataFrame, series: Mapping[tuple[str, str], Series], first: date
) -> Iterator[tuple[str, date, float | None]]:
    """Return community cases by area and day.

    Nobody writes down that none was found in the community: where the places of detection that
    are known add up to all cases of the day, a place that is not named had none.
    """
    parts: dict[tuple[str, date], list[float]] = {}
    for day, area, code, value in places.select(
        "date", "area_code", "detected_in", "value"
    ).iter_rows():
        mine = parts.setdefault((area, day), [0.0, 0.0, 0.0])
        if value is not None and code != UNKNOWN:
            mine[0] += value
            mine[1] += value if code in COMMUNITY else 0.0
            mine[2] += 1 if code in COMMUNITY else 0
    for (_, area), days in [one for one in series.items() if one[0][0] == "cases"]:
        for number, total in enumerate(days):
            day = first + timedelta(days=number)
            named, found, n_found = parts.get((area, day), [0.0, 0.0, 0.0])
            whole = total is not None and named == total
            yield area, day, found if n_found or whole else None


def _asked(
    ask: Figures, ground: Ground, ids: tuple[str, ...], *, first: date, last: date, by: str = ""
) -> pl.DataFrame:
    return ask(
        Ask(
            ids=ids,
            level=ground.level,
            areas=(ground.inside,) if ground.inside else (),
            start=first,
            end=last,
            by=by,
            vintage=ground.vintage,
        )
    )


def _people(areas: Areas, vintage: str) -> dict[tuple[str, str], float]:
    codes = dict(
        areas.frame.filter(pl.col("vintage") == vintage).select("area_id", "code").iter_rows()
    )
    declared = areas.country.denominators
    names = dict.fromkeys((EVERYBODY, *AGES, *(one.id for one in declared)))
    found: dict[tuple[str, str], float] = {}
    for name in names:
        try:
            counted = areas.population(name, vintage)
        except UnknownId:
            continue  # the pack counts no such group
        for area_id, people in counted.select("area_id", "population").iter_rows():
            found[name, codes[area_id]] = float(people)
    return found


def week(values: Series) -> float | None:
    """Return the sum of reported days; None where no day was reported."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def back(day: date, *, weeks: int) -> list[date]:
    """Return the days one to several weeks apart that end with a day, oldest first."""
    return [day - timedelta(weeks=n) for n in range(weeks - 1, -1, -1)]
