"""The province's districts: the chosen indicator on the map, ranked, and one district's days."""

import polars as pl
import streamlit as st

from dashboard import filters, loaders
from dashboard.catalogue import Entry
from dashboard.components import command, map_view, ranking_table, series
from dashboard.components.command import Place
from dashboard.components.markup import draw, element
from dashboard.components.province_page import PAGE, place_of, vintage_of
from dashboard.components.section import section
from dashboard.context import Context, look
from dashboard.province import DISTRICT_CHOICES
from data_access.codes import Level
from data_access.cube.query import Ask

DISTRICTS = "map_districts"


def chosen_entry(seen: Context) -> Entry:
    """Return what is mapped and compared.

    Raises:
        KeyError: if there is no such indicator.
    """
    view = filters.current()
    key = view.indicator if view.indicator in DISTRICT_CHOICES else DISTRICT_CHOICES[0]
    entry = loaders.entry(key, viewer=seen.viewer)
    if entry is None:
        raise KeyError(key)
    return entry


@section("province_districts")
def districts_section() -> None:
    """Draw the districts' map beside their ranking, then the district picked on it."""
    seen = look(PAGE)
    if seen.day is None:
        return
    place, entry, vintage = place_of(seen), chosen_entry(seen), vintage_of(seen)
    title = seen.t("province.districts", indicator=entry.title(seen.language), name=place.name)
    draw(element("h2", title, class_="td-section"))
    if not loaders.has_level(Level.DISTRICT.value, vintage, place.code or ""):
        draw(element("p", seen.t("province.no_districts"), class_="td-absent"))
        return
    told = district_ids(seen, place)
    _which(told, entry, seen)
    if entry.key in told:
        _map(entry, place, seen)


def district_ids(seen: Context, place: Place) -> tuple[str, ...]:
    """Return the choices of which some district has a figure on the day, in their order."""
    ids = tuple(key for key in DISTRICT_CHOICES if loaders.entry(key, viewer=seen.viewer))
    ask = Ask(ids=ids, level=Level.DISTRICT, areas=place.areas, start=seen.day, end=seen.day)
    found = loaders.figures(viewer=seen.viewer, ask=ask, token=seen.token)
    known = set(found.drop_nulls("value")["id"])
    return tuple(key for key in ids if key in known)


def _which(told: tuple[str, ...], entry: Entry, seen: Context) -> None:
    """Say of which indicators the districts have figures, where not of all."""
    if told and entry.key not in told:
        words = {"indicator": entry.title(seen.language), "names": _names(list(told), seen)}
        draw(element("p", seen.t("province.only_districts", **words), class_="td-absent"))
        return
    rest = [key for key in DISTRICT_CHOICES if key not in told]
    if not told:
        draw(element("p", seen.t("province.no_district_figures"), class_="td-absent"))
    elif rest:
        names = _names(rest, seen)
        draw(element("p", seen.t("province.without_districts", names=names), class_="td-absent"))


def _names(keys: list[str], seen: Context) -> str:
    entries = (loaders.entry(key, viewer=seen.viewer) for key in keys)
    return " · ".join(entry.title(seen.language) for entry in entries if entry)


def _map(entry: Entry, place: Place, seen: Context) -> None:
    if seen.day is None:
        return
    ground = map_view.Ground(
        level=Level.DISTRICT.value, vintage=vintage_of(seen), inside=place.code
    )
    inside = loaders.areas_of(
        (ground.level, ground.vintage, ground.inside), viewer=seen.viewer, language=seen.language
    )
    picked = map_view.picked(DISTRICTS)
    district = picked if picked in set(inside["code"]) else None
    left, right = st.columns([6, 5], gap="medium")
    with left:
        map_view.compact(entry, seen, selected=district, ground=ground, key=DISTRICTS)
    with right:
        ranking_table.show(entry, ground, seen, day=seen.day, chosen=district)
    _district(entry, district, dict(inside.select("code", "name").iter_rows()), seen)


def _district(entry: Entry, code: str | None, names: dict[str, str], seen: Context) -> None:
    if code is None or seen.day is None:
        draw(element("p", seen.t("province.pick"), class_="td-absent"))
        return
    title = f"{entry.title(seen.language)}: {names[code]}"
    draw(element("h3", title, class_="td-part"))
    ask = Ask(
        ids=(entry.key,), areas=(code,), start=command.start_of(seen.day), end=seen.day,
        vintage=vintage_of(seen),
    )  # fmt: skip
    daily = loaders.figures(viewer=seen.viewer, ask=ask, token=seen.token).sort("date")
    if daily["value"].null_count() == daily.height:
        draw(element("p", seen.t("error.no_figures"), class_="td-absent"))
        return
    shown = series.Series(daily=daily.filter(pl.col("area_code") == code), entry=entry,
                          place=names[code], area=place_of(seen).code)  # fmt: skip
    series.show(shown, seen, key="province_district_chart")
