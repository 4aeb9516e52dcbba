"""The sections of the map page: what to show, the map, one area's development, the ranking."""

from datetime import date, timedelta

import streamlit as st

from dashboard import filters, headline, loaders, loaders_cards
from dashboard.catalogue import Entry
from dashboard.components import cards as card_grid
from dashboard.components import map_pair, map_view, ranking_table, series
from dashboard.components.markup import draw, element
from dashboard.components.section import section
from dashboard.context import Context, look
from dashboard.view import LAYERS, SPANS
from data_access.codes import Level
from data_access.cube.query import Ask
from data_access.indicators.registry import INDICATORS

PAGE = "map"
CHART_DAYS = 120


def controls() -> None:
    """Offer indicator, level, vintage and length of the slider; each is in the address."""
    seen = look(PAGE)
    keys = [key for key in INDICATORS if loaders.entry(key, viewer=seen.viewer)]
    titles = {key: _title(key, seen) for key in keys}
    with st.container(horizontal=True, key="td_filters"):
        filters.indicator_choice(keys, format_option=titles.__getitem__)
        filters.choice(
            "level",
            label=seen.t("map.level"),
            options=_levels(seen),
            format_option=lambda level: _level_name(level, seen),
        )
        filters.choice(
            "vintage",
            label=seen.t("map.vintage"),
            options=loaders.vintages(first=loaders.vintage_for(seen.day, None)),
            format_option=lambda name: loaders.vintage_name(name, language=seen.language),
        )
        filters.choice(
            "span",
            label=seen.t("map.span"),
            options=(SPANS[1], SPANS[0], *SPANS[2:]),
            format_option=lambda days: _span_name(days, seen),
        )
        filters.choice(
            "layer",
            label=seen.t("map.layer"),
            options=(None, *LAYERS),
            format_option=lambda name: seen.t(f"layer.{name or 'none'}"),
        )
        map_pair.controls(titles, seen)


def _title(key: str, seen: Context) -> str:
    entry = loaders.entry(key, viewer=seen.viewer)
    return entry.title(seen.language) if entry else key


def _drillable(seen: Context) -> str | None:
    area = seen.home or filters.current().area
    vintage = loaders.vintage_for(seen.day, filters.current().vintage)
    return area if area and loaders.has_level(Level.DISTRICT.value, vintage, area) else None


def _levels(seen: Context) -> tuple[str, ...]:
    province, district = Level.PROVINCE.value, Level.DISTRICT.value
    return (province, district) if _drillable(seen) else (province,)


def _level_name(level: str, seen: Context) -> str:
    if level == Level.PROVINCE.value:
        return seen.t("map.level_province")
    name = loaders.area_name(_drillable(seen) or "", language=seen.language)
    return seen.t("map.level_district", name=name)


def _span_name(days: int, seen: Context) -> str:
    return seen.t("map.span_all") if days == SPANS[-1] else seen.t("map.span_days", n=days)


def _ground(seen: Context) -> map_view.Ground:
    view = filters.current()
    drill = _drillable(seen) if view.level == Level.DISTRICT.value else None
    vintage = loaders.vintage_for(seen.day, view.vintage)
    if drill:
        return map_view.Ground(level=Level.DISTRICT.value, vintage=vintage, inside=drill)
    return map_view.Ground(level=Level.PROVINCE.value, vintage=vintage)


def _chosen(seen: Context) -> tuple[Entry, map_view.Ground, tuple[date, date]] | None:
    view = filters.current()
    entry = loaders.entry(view.indicator or headline.LEAD, viewer=seen.viewer)
    if entry is None or seen.day is None:
        return None
    ground = _ground(seen)
    whole = map_view.ask_of(entry, ground, start=None, end=None)
    found = loaders.day_range(viewer=seen.viewer, ask=whole, token=seen.token)
    if found is None:
        return None
    first, last = found
    return entry, ground, map_view.span_of(seen.day, first, last, days=view.span)


@section("map")
def map_section() -> None:
    """Draw the map, then what depends on what was picked on it."""
    seen = look(PAGE)
    chosen = _chosen(seen)
    if chosen is None:
        st.info(seen.t("error.no_figures"))
        return
    entry, ground, (start, end) = chosen
    picked = _remember(seen, start=start, end=end)
    series = f"{entry.key}|{ground}|{start}|{end}|{seen.viewer.role}|{seen.language}"
    day, selected = map_view.opening(picked, filters.current().area, series=series)
    shown = map_pair.Shown(entry=entry, ground=ground, start=start, end=end, day=day,
                           selected=selected, picked=picked)  # fmt: skip
    if map_pair.is_asked():
        map_pair.draw_both(shown, seen)
        left, right = st.columns(2, gap="medium")
        with left:
            _detail(entry, ground, seen, day=picked)
        with right:
            ranking_table.show(entry, ground, seen, day=picked)
        filters.publish(*ADDRESS, day=picked, bulletin=seen.viewer.bulletin)
        return
    left, right = st.columns([7, 5], gap="medium")
    with left:
        map_pair.draw_one(shown, seen)
    with right:
        _detail(entry, ground, seen, day=picked)
        ranking_table.show(entry, ground, seen, day=picked)
    filters.publish(*ADDRESS, day=picked, bulletin=seen.viewer.bulletin)


ADDRESS = (
    "date", "area", "indicator", "level", "vintage", "span", "layer", "indicator2", "day2",
)  # fmt: skip


def _remember(seen: Context, *, start: date, end: date) -> date:
    """Take over what was picked on the map into the session's view; return the day on screen."""
    area, said_day = map_view.news(map_view.FULL)
    if area:
        filters.change(area=area)
    if said_day and start <= said_day <= end:
        map_pair.keep_apart(filters.current().day or seen.day or end, said_day)
        filters.change(day=None if said_day == seen.newest else said_day)
    shown = filters.current().day or seen.day or end
    return min(max(shown, start), end)


def _detail(entry: Entry, ground: map_view.Ground, seen: Context, *, day: date) -> None:
    place, code = _place(ground, seen)
    draw(element("h2", seen.t("map.detail", place=place), class_="td-section"))
    if code is None:
        draw(element("p", seen.t("map.choose"), class_="td-absent"))
    ask = Ask(
        ids=(entry.key,),
        level=None if code else Level.NATIONAL,
        areas=(code,) if code else (),
        start=day - timedelta(days=CHART_DAYS),
        end=day,
        vintage=ground.vintage,
    )
    daily = loaders.figures(viewer=seen.viewer, ask=ask, token=seen.token).sort("date")
    cards = headline.cards(
        loaders.with_names(daily, language=seen.language), (entry,), day=day,
        complete=loaders_cards.complete_of(ask, viewer=seen.viewer, day=day),
    )  # fmt: skip
    draw(element("div", card_grid.one(cards[0], seen), class_="td-cards td-single"))
    shown = series.Series(daily=daily, entry=entry, place=place, area=code)
    series.show(shown, seen, key="trend", ready=map_view.is_painted(map_view.FULL))


def _place(ground: map_view.Ground, seen: Context) -> tuple[str, str | None]:
    code = filters.current().area or ground.inside or seen.home
    if code is None or not loaders.is_area(code, ground.vintage):
        return seen.t("map.all_areas"), None
    name = loaders.area_name(code, language=seen.language, vintage=ground.vintage)
    return name, code
