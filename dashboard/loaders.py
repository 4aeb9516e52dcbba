"""The only remembered functions: figures by viewer, question and change token.

Rules, tested: every cached function is keyword-only, takes the viewer and the token, has a ttl
and a bound, draws nothing and reads no session. A new commit is a new token, hence a new key.
`remember.cache_data` stands for Streamlit's own: a key is compared, not hashed by reflection, and
an answer is handed out, not copied; both cost more than most answers.
"""

from datetime import date, datetime, timedelta

import polars as pl

from dashboard import assets, resources, scenario_shelf
from dashboard.catalogue import Entry, of_indicator, of_measure
from dashboard.headline import HEADLINE, LEAD, opening_day
from dashboard.i18n import DEFAULT, translator
from dashboard.maps import payload
from dashboard.memory import Remembering
from dashboard.scenarios import score
from data_access.chain.spread import Spread
from data_access.codes import Level, Status
from data_access.cube.query import Ask
from data_access.indicators.forms import indicator_of
from data_access.reference.events import EVERYWHERE, Event
from data_access.reference.geometry import surfaces_of, tile_grid
from data_access.reference.model import Denominator
from data_access.reference.peers import Peers, peers_of
from data_access.viewer import Viewer

TTL = timedelta(hours=6)
ENTRIES = 512
LOOK_BACK = timedelta(days=60)
EVERYBODY = "all"
VIETNAM = "VN"
SEA_LABEL = (113.2, 13.4)  # east of the coast, between the two archipelagos
remember = Remembering(resources.memory)


@remember.cache_data(ttl=TTL, max_entries=ENTRIES)
def figures(*, viewer: Viewer, ask: Ask, token: str) -> pl.DataFrame:
    """Return the figures of a question with what they were made of.

    Shape: as `data_access.cube.query.figures`.
    """
    del token  # part of the key: a commit makes a new one
    return resources.shared().figures(ask, viewer=viewer)


@remember.cache_data(ttl=TTL, max_entries=ENTRIES)
def days_known(*, viewer: Viewer, token: str) -> tuple[date, date] | None:
    """Return the day to open with and the newest day with any figure; None without figures.

    Method: a day that only few provinces have reported is no picture of the country, nor is one on
        which all of them stand at nothing after days of many: the day to open with is the newest
        without these faults, else the newest at all.
    """
    del token
    last = _newest(Ask(ids=(LEAD,)), viewer)
    last = last or _newest(Ask(ids=tuple(key for key in HEADLINE if key != LEAD)), viewer)
    if last is None:
        return None
    for start in (last - LOOK_BACK, None):
        found = resources.shared().figures(
            Ask(ids=(LEAD,), level=Level.PROVINCE, start=start, end=last), viewer=viewer
        )
        day = opening_day(found)
        if day is not None:
            return day, last
    return last, last


def _newest(ask: Ask, viewer: Viewer) -> date | None:
    found = resources.shared().figures(ask, viewer=viewer)
    days: date | None = found.filter(pl.col("value").is_not_null())["date"].max()  # type: ignore[assignment]
    return days


@remember.cache_data(ttl=TTL, max_entries=ENTRIES)
def day_range(*, viewer: Viewer, ask: Ask, token: str) -> tuple[date, date] | None:
    """Return the first and last day on which a question has a figure; None without any.

    A figure that is withheld is one: what is shown of it is that it is withheld.
    """
    del token
    found = resources.shared().figures(ask, viewer=viewer)
    is_there = pl.col("value").is_not_null() | (pl.col("status") == Status.SUPPRESSED.label)
    days = found.filter(is_there)["date"]
    return (days.min(), days.max()) if days.len() else None  # type: ignore[return-value]


@remember.cache_data(ttl=TTL, max_entries=ENTRIES)
def freshness(*, viewer: Viewer, token: str) -> pl.DataFrame:
    """Return what each platform delivered last."""
    del token
    return resources.shared().freshness(viewer=viewer)


@remember.cache_data(ttl=TTL, max_entries=ENTRIES)
def last_commit(*, viewer: Viewer, token: str) -> datetime | None:
    """Return when the newest delivery came in (UTC); None before the first."""
    del token
    found = resources.shared().latest_batches(viewer=viewer, limit=1)
    return found["received_at"][0] if found.height else None


@remember.cache_data(ttl=TTL, max_entries=ENTRIES)
def movements(*, viewer: Viewer, day: date, token: str) -> pl.DataFrame:
    """Return the largest changes of a day against the day before, largest first."""
    del token
    return resources.shared().movements(day=day, viewer=viewer)


@remember.cache_data(ttl=TTL, max_entries=ENTRIES)
def reporting(*, viewer: Viewer, start: date, end: date, token: str) -> pl.DataFrame:
    """Return how every province's days were reported by every feed."""
    del token
    return resources.shared().reporting(viewer=viewer, start=start, end=end)


@remember.cache_data(ttl=TTL, max_entries=ENTRIES)
def contradictions(*, viewer: Viewer, start: date, end: date, token: str) -> pl.DataFrame:
    """Return where two records of the same thing disagree, newest day first."""
    del token
    return resources.shared().findings(viewer=viewer, start=start, end=end)


@remember.cache_data(ttl=TTL, max_entries=ENTRIES)
def reject_reasons(*, viewer: Viewer, start: date, end: date, token: str) -> pl.DataFrame:
    """Return refused rows by platform, source and reason, most first."""
    del token
    return resources.shared().reject_reasons(viewer=viewer, start=start, end=end)


@remember.cache_data(ttl=TTL, max_entries=ENTRIES)
def sync_deliveries(*, viewer: Viewer, start: date, end: date, token: str) -> pl.DataFrame:
    """Return the batches of some days, newest first."""
    del token
    return resources.shared().sync_deliveries(viewer=viewer, start=start, end=end)


@remember.cache_data(ttl=TTL, max_entries=ENTRIES)
def reject_file(*, viewer: Viewer, batch_id: int, token: str) -> tuple[str, bytes] | None:
    """Return name and content of a batch's refused rows; None if it has no file here."""
    del token
    return resources.shared().reject_file(batch_id, viewer=viewer)


@remember.cache_data(ttl=TTL, max_entries=ENTRIES)
def data_debt(*, viewer: Viewer, start: date, end: date, token: str) -> pl.DataFrame:
    """Return every province's data debt by its parts, the most indebted first."""
    del token
    return resources.shared().data_debt(viewer=viewer, start=start, end=end)


@remember.cache_data(ttl=TTL, max_entries=ENTRIES)
def laboratories(*, viewer: Viewer, day: date, token: str) -> pl.DataFrame:
    """Return the laboratories at work on a day, with their declared capacity."""
    del token
    return resources.shared().laboratories(viewer=viewer, day=day)


@remember.cache_data(ttl=TTL, max_entries=ENTRIES)
def scenario_bands(*, viewer: Viewer, scenario_id: str, token: str) -> pl.DataFrame:
    """Return the bands of a saved scenario, of areas in the viewer's sight."""
    del token
    return scenario_shelf.bands(scenario_id, viewer=viewer)


@remember.cache_data(ttl=TTL, max_entries=ENTRIES)
def observed(
    *, viewer: Viewer, area: str, start: date, end: date, scale: int, token: str
) -> pl.DataFrame:
    """Return what came of a scenario's quantities, see `scenario_shelf.observed`."""
    del token
    return scenario_shelf.observed(area, start=start, end=end, scale=scale, viewer=viewer)


@remember.cache_data(ttl=TTL, max_entries=ENTRIES)
def scenario_scores(
    *, viewer: Viewer, scenario_id: str, area: str, span: tuple[date, date], scale: int, token: str
) -> pl.DataFrame:
    """Return how good a saved scenario's bands of an area were, see `simulations.scenario.score`.

    `span` is the scenario's first day and the last that counts as reported.
    """
    first, last = span
    mine = scenario_bands(viewer=viewer, scenario_id=scenario_id, token=token)
    seen = observed(viewer=viewer, area=area, start=first - scenario_shelf.HISTORY, end=last,
                    scale=scale, token=token)  # fmt: skip
    return score(mine.filter(pl.col("area_code") == area), seen)


@remember.cache_data(ttl=TTL, max_entries=ENTRIES)
def place_activity(*, viewer: Viewer, start: date, end: date, token: str) -> pl.DataFrame:
    """Return what QR places did by ward and day."""
    del token
    return resources.shared().place_activity(viewer=viewer, start=start, end=end)


@remember.cache_data(ttl=TTL, max_entries=ENTRIES)
def quarantine_sites(*, viewer: Viewer, day: date, token: str) -> pl.DataFrame:
    """Return the quarantine sites at the end of a day, see `data_access.quarantine_sites`."""
    del token
    return resources.shared().quarantine_sites(viewer=viewer, day=day)


@remember.cache_data(ttl=TTL, max_entries=ENTRIES)
def clusters(*, viewer: Viewer, day: date, areas: tuple[str, ...], token: str) -> pl.DataFrame:
    """Return the register of clusters at the end of a day: `chain.clusters.REGISTER`."""
    del token
    return resources.shared().clusters.register(viewer=viewer, day=day, areas=areas)


@remember.cache_data(ttl=TTL, max_entries=ENTRIES)
def cluster_cases(*, viewer: Viewer, code: str, day: date, token: str) -> pl.DataFrame:
    """Return the numbered cases of a cluster up to a day."""
    del token
    return resources.shared().clusters.cases(code, viewer=viewer, day=day)


@remember.cache_data(ttl=TTL, max_entries=ENTRIES)
def cluster_contacts(*, viewer: Viewer, code: str, day: date, token: str) -> pl.DataFrame:
    """Return the contacts of a cluster's cases, up to a day, without anybody's name."""
    del token
    return resources.shared().clusters.contacts(code, viewer=viewer, day=day)


@remember.cache_data(ttl=TTL, max_entries=ENTRIES)
def spread(*, viewer: Viewer, start: date, day: date, areas: tuple[str, ...], token: str) -> Spread:
    """Return how the infection passed on in some days."""
    del token
    return resources.shared().clusters.spread(viewer=viewer, start=start, day=day, areas=areas)


# --- reference data: public, the same for everybody, not cached by viewer -------------------------


def entry(key: str, *, viewer: Viewer) -> Entry | None:
    """Return what an id is, None if there is none that the viewer may know of."""
    indicator = indicator_of(key)
    if indicator is not None:
        return of_indicator(indicator) if indicator.clearance <= viewer.clearance else None
    measure = resources.shared().measures(viewer=viewer).get(key)
    return of_measure(measure) if measure and measure.clearance <= viewer.clearance else None


def area_name(code: str, *, language: str = DEFAULT, vintage: str | None = None) -> str:
    """Return the name of an area, its code if there is none."""
    areas = resources.shared().areas
    return areas.names(areas.resolve_vintage(vintage), english=language == "en").get(code, code)


def with_names(found: pl.DataFrame, *, language: str) -> pl.DataFrame:
    """Add denominator_name: the population that a figure was divided by, in words."""
    labels = {
        one.id: one.label.get(language, one.id)
        for one in resources.shared().areas.country.denominators
    }
    named = pl.col("denominator_id").replace(labels).alias("denominator_name")
    return found.with_columns(named)


def vintage_for(day: date | None, asked: str | None) -> str:
    """Return the map's vintage: the one asked for, else the one in force on the day."""
    areas = resources.shared().areas
    known = {one.id for one in areas.country.vintages}
    if asked in known:
        return str(asked)
    return areas.vintage_on(day) if day else areas.default_vintage


def has_level(level: str, vintage: str, inside: str) -> bool:
    """Return whether a province has parts of a level."""
    found = resources.shared().areas.at(level, vintage)
    return bool(found.filter(pl.col("parent_code") == inside).height)


def areas_of(ground: tuple[str, str, str | None], *, viewer: Viewer, language: str) -> pl.DataFrame:
    """Return the areas a map shows: code, name, aliases; with tiles where there is no geometry."""
    level, vintage, inside = ground
    found = resources.shared().areas.at(level, vintage)
    if inside:
        found = found.filter(pl.col("parent_code") == inside)
    elif not viewer.everywhere:
        found = found.filter(pl.col("code").is_in(sorted(viewer.areas)))
    if resources.pack().boundary(level, vintage) is None:
        found = found.join(tile_grid(found), on="code", how="left")
    if language == "en":
        found = found.with_columns(
            name=pl.col("name_en"), aliases=pl.col("aliases") + "|" + pl.col("name")
        )
    return found.sort("code")


def nation(vintage: str, *, language: str) -> pl.DataFrame:
    """Return the nation of a vintage: code, name; one row."""
    found = resources.shared().areas.at(Level.NATIONAL.value, vintage)
    return found.select("code", name=pl.col("name_en" if language == "en" else "name"))


def neighbours(code: str, vintage: str) -> tuple[str, ...]:
    """Return the codes of the areas beside one, the longest border first."""
    areas = resources.shared().areas
    if not is_area(code, vintage):
        return ()
    ids = areas.neighbours(areas.id_of(code, vintage))["area_id"]
    return tuple(str(areas.row(one)["code"]) for one in ids)


def peers(code: str, vintage: str) -> Peers:
    """Return the provinces most like one in population and density."""
    areas, path = resources.shared().areas, resources.pack().boundary(
        Level.PROVINCE.value, vintage
    )  # fmt: skip
    counted = areas.population(EVERYBODY, vintage).join(
        areas.at(Level.PROVINCE.value, vintage).select("area_id", "code"), on="area_id"
    )
    people = dict(counted.select("code", "population").iter_rows())
    return peers_of(code, people=people, km2=surfaces_of(path) if path else {})


def canvas_of(ground: tuple[str, str, str | None], *, language: str) -> payload.Canvas:
    """Return the ground of a map: geometry by address, islands, notes."""
    level, vintage, inside = ground
    pack, t = resources.pack(), translator(language)
    path = pack.boundary(level, vintage)
    nation = resources.shared().areas.at(Level.NATIONAL.value, vintage)
    notice = pack.notice.get(language) or pack.notice.get(DEFAULT) or t("map.not_legal")
    latitude = nation["lat"][0] if nation.height and nation["lat"][0] is not None else 0.0
    return payload.Canvas(
        boundaries=assets.boundary_url(path) if path else None,
        islands=assets.boundary_url(pack.always_drawn) if pack.always_drawn and path else None,
        latitude=float(latitude),
        focus=inside is not None,
        sea=(t("map.sea"), SEA_LABEL) if pack.code == VIETNAM and path else None,
        note=notice,
    )


def vintages(*, first: str) -> tuple[str, ...]:
    """Return the vintages of the map, the usual one first."""
    names = [one.id for one in resources.shared().areas.country.vintages]
    return (first, *(name for name in names if name != first))


def vintage_name(name: str, *, language: str) -> str:
    """Return a vintage in words."""
    for one in resources.shared().areas.country.vintages:
        if one.id == name:
            return one.label.get(language) or one.label.get("en") or name
    return name


def is_area(code: str, vintage: str) -> bool:
    """Return whether a vintage has an area of that code."""
    return code in resources.shared().areas.names(vintage)


def names(vintage: str, *, language: str) -> dict[str, str]:
    """Return the names of all areas of a vintage by code."""
    return dict(resources.shared().areas.names(vintage, english=language == "en"))


def province_codes(vintage: str) -> list[str]:
    """Return the codes of a vintage's provinces, in order."""
    found = resources.shared().areas.at(Level.PROVINCE.value, vintage)
    return sorted(found["code"].to_list())


def centres(level: Level, vintage: str) -> dict[str, tuple[float, float] | None]:
    """Return (longitude, latitude) of the centre of every area of a level, None if unknown."""
    found = resources.shared().areas.at(level.value, vintage).select("code", "lon", "lat")
    return {
        code: None if lon is None or lat is None else (lon, lat)
        for code, lon, lat in found.iter_rows()
    }


def lag_days(key: str) -> int:
    """Return after how many days an indicator is usually complete."""
    indicator = indicator_of(key)
    return indicator.typical_lag_days if indicator else 1


def events(*, area: str | None) -> tuple[Event, ...]:
    """Return what happened in the country or in one area, oldest first."""
    return tuple(one for one in resources.pack().events if one.area in (EVERYWHERE, area))


def population_group(key: str) -> str:
    """Return the group of people an indicator is divided by; empty for none."""
    indicator = indicator_of(key)
    return indicator.population if indicator else ""


def populations(group: str) -> tuple[Denominator, ...]:
    """Return the populations that a figure of a group may be divided by, the default first."""
    found = [one for one in resources.shared().areas.country.denominators if one.group == group]
    return tuple(sorted(found, key=lambda one: not one.default))
