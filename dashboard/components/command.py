"""The sections of every command page: one grammar for all of them.

A page is a `CommandPage` of `dashboard.commands`; what it alone has stands in a module of its own.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl
import streamlit as st

from dashboard import (
    command_sentence,
    filters,
    formatting,
    headline,
    loaders,
    loaders_bulletins,
    loaders_cards,
)
from dashboard.catalogue import Entry
from dashboard.commands import COMMANDS, CommandPage
from dashboard.components import cards as card_grid
from dashboard.components import closed, cuts, map_view, ranking_table, series, transmission
from dashboard.components import page as page_frame
from dashboard.components.markup import Markup, draw, element
from dashboard.components.section import section
from dashboard.context import Context, look
from dashboard.view import FIRST, PER_PEOPLE, SMOOTH, SPANS
from data_access.codes import Level
from data_access.cube.query import Ask
from data_access.delays import Filling
from data_access.errors import ScopeDenied
from data_access.estimates.settling import firsts, settling
from data_access.indicators.forms import form_of

ADDRESS = ("date", "area", "indicator", "span", "denominator", "per", "smooth", "first")


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where the page's figures are from.

    Attributes:
        code: of the area; None for the nation.
        name: in the session's language.
    """

    code: str | None
    name: str

    @property
    def areas(self) -> tuple[str, ...]:
        """The area as a question names it."""
        return (self.code,) if self.code else ()


def place_of(seen: Context) -> Place:
    """Return the area chosen, else the viewer's province, else the nation."""
    vintage = loaders.vintage_for(seen.day, None)
    chosen = filters.current().area
    code = seen.home or (chosen if chosen in _provinces(seen, vintage) else None)
    name = (
        loaders.area_name(code, language=seen.language, vintage=vintage)
        if code
        else seen.t("map.all_areas")
    )
    return Place(code=code, name=name)


def _provinces(seen: Context, vintage: str) -> dict[str, str]:
    ground = (Level.PROVINCE.value, vintage, None)
    found = loaders.areas_of(ground, viewer=seen.viewer, language=seen.language)
    return dict(found.select("code", "name").iter_rows())


def choices_of(page: CommandPage, seen: Context) -> tuple[str, ...]:
    """Return what of a page the viewer may map; nothing of a page that is not for the public."""
    return tuple(key for key in page.choices if loaders.entry(key, viewer=seen.viewer))


def chosen_entry(page: CommandPage, seen: Context) -> Entry:
    """Return what is mapped, ranked and followed: the choice in the form asked for."""
    view, choices = filters.current(), choices_of(page, seen)
    if not choices:
        raise ScopeDenied(f"nothing of the page {page.key} is in view")
    key = view.indicator if view.indicator in choices else choices[0]
    formed = form_of(key, week=view.smooth == SMOOTH, rate=view.per == PER_PEOPLE)
    entry = loaders.entry(formed, viewer=seen.viewer)
    if entry is None:
        raise KeyError(formed)
    return entry


def asked_of(
    keys: tuple[str, ...], seen: Context, place: Place, *, denominator: str = ""
) -> tuple[Ask, ...]:
    """Return what the cards of some ids ask on the day on screen; nothing without a day."""
    known = tuple(key for key in keys if loaders.entry(key, viewer=seen.viewer))
    if seen.day is None or not known:
        return ()
    start = seen.day - loaders.LOOK_BACK
    return (Ask(ids=known, areas=place.areas, start=start, end=seen.day, denominator=denominator),)


def cards_of(keys: tuple[str, ...], seen: Context, place: Place) -> tuple[headline.Card, ...]:
    """Return the cards of some ids on the day on screen, in their order."""
    asks = asked_of(keys, seen, place)
    if seen.day is None:
        return ()
    return loaders_cards.cards(viewer=seen.viewer, asks=asks, day=seen.day, language=seen.language,
                               token=seen.token)  # fmt: skip


def sentence(key: str) -> None:
    """Draw the sentence on top."""
    page = COMMANDS[key]

    @section(f"{key}_sentence")
    def drawn() -> None:
        seen = look(key)
        if seen.day is None or not choices_of(page, seen):
            return
        place = place_of(seen)
        found = cards_of((page.lead, *page.said), seen, place)
        text = command_sentence.sentence(
            {card.entry.key: card for card in found},
            lead=page.lead,
            said=page.said,
            day=seen.day,
            place=place.name if place.code else None,
            t=seen.t,
            language=seen.language,
        )
        draw(element("p", text, " ", _watched(page, seen, place, seen.day), class_="td-lede"))

    drawn()


def _watched(page: CommandPage, seen: Context, place: Place, day: date) -> Markup | None:
    """Return which provinces crossed the page's line; nothing for a single province."""
    entry = loaders.entry(page.watch.id, viewer=seen.viewer)
    if place.code or entry is None:
        return None
    ask = Ask(ids=(entry.key,), level=Level.PROVINCE, start=day, end=day)
    found = loaders.figures(viewer=seen.viewer, ask=ask, token=seen.token)
    found = found.drop_nulls("value").sort("value", "area_code", descending=page.watch.above)
    limit, value = page.watch.limit, pl.col("value")
    crossed = found.filter(value >= limit if page.watch.above else value <= limit)
    names = loaders.names(loaders.vintage_for(day, None), language=seen.language)
    listed = [names.get(code, code) for code in crossed["area_code"]]
    if not found.height:
        return element("span", seen.t(f"{page.key}.watch_unknown"))
    if not listed:
        return element("span", seen.t(f"{page.key}.watch_none"))
    words = command_sentence.listed(listed, t=seen.t)
    return element("strong", seen.t(f"{page.key}.watch", n=len(listed), names=words))


def controls(key: str) -> None:
    """Offer area, indicator, days, form and denominator; each is in the address."""
    page, seen = COMMANDS[key], look(key)
    if not choices_of(page, seen):
        closed.instead(seen, "nothing")
        page_frame.closed(key, "date")
        st.stop()
    provinces = _provinces(seen, loaders.vintage_for(seen.day, None))
    with st.container(horizontal=True, vertical_alignment="bottom", key="td_filters"):
        if not seen.home:
            filters.choice(
                "area",
                label=seen.t("command.area"),
                options=(None, *provinces),
                format_option=lambda code: provinces.get(code) or seen.t("map.all_areas"),
            )
        titles = {
            one: entry.title(seen.language)
            for one in page.choices
            if (entry := loaders.entry(one, viewer=seen.viewer))
        }
        filters.indicator_choice(tuple(titles), format_option=titles.__getitem__)
        filters.choice(
            "span",
            label=seen.t("command.span"),
            options=(SPANS[1], SPANS[0], *SPANS[2:]),
            format_option=lambda days: _span_name(days, seen),
        )
        _forms(page, seen)


def _span_name(days: int, seen: Context) -> str:
    return seen.t("map.span_all") if days == SPANS[-1] else seen.t("map.span_days", n=days)


def _forms(page: CommandPage, seen: Context) -> None:
    chosen = filters.current().indicator or page.choices[0]
    groups = loaders.populations(loaders.population_group(chosen))
    if groups:
        labels = {one.id: one.label.get(seen.language, one.id) for one in groups}
        filters.choice(
            "denominator",
            label=seen.t("command.denominator"),
            options=(*labels,),
            format_option=labels.__getitem__,
        )
    filters.switch(
        "per",
        label=seen.t("command.per"),
        on=PER_PEOPLE,
        possible=form_of(chosen, rate=True) != chosen,
    )
    filters.switch("first", label=seen.t("settling.first_option"), on=FIRST,
                   possible=not seen.viewer.published_only)  # fmt: skip
    filters.switch(
        "smooth",
        label=seen.t("command.smooth"),
        on=SMOOTH,
        possible=form_of(chosen, week=True) != chosen,
    )


def _denominator(entry: Entry) -> str:
    """Return the population chosen, where the indicator is divided by one of its group."""
    chosen = filters.current().denominator
    known = {one.id for one in loaders.populations(loaders.population_group(entry.key))}
    return chosen if chosen in known else ""


def cards(key: str) -> None:
    """Draw the headline cards."""
    page = COMMANDS[key]

    @section(f"{key}_cards")
    def drawn() -> None:
        seen = look(key)
        if seen.day is None:
            return
        denominator = _denominator(chosen_entry(page, seen))
        place = place_of(seen)
        asks = asked_of(page.cards, seen, place)
        # Figures divided by another population are asked for again, by that one.
        fitting = tuple(
            one
            for one in page.cards
            if denominator
            and denominator in {p.id for p in loaders.populations(loaders.population_group(one))}
        )
        if fitting:
            asks += asked_of(fitting, seen, place, denominator=denominator)
        found = loaders_cards.drawn(
            viewer=seen.viewer, asks=asks, day=seen.day, language=seen.language, zone=seen.zone,
            token=seen.token,
        )  # fmt: skip
        card_grid.show(found, seen)

    drawn()


def map_and_ranking(key: str) -> None:
    """Draw the map beside its ranking; an area picked on it becomes the page's area."""
    page = COMMANDS[key]

    @section(f"{key}_map")
    def drawn() -> None:
        seen = look(key)
        if seen.day is None:
            return
        entry = chosen_entry(page, seen)
        denominator = _denominator(entry)
        _take_picked(seen)
        ground = map_view.ground_of(entry, seen, day=seen.day)
        left, right = st.columns([6, 5], gap="medium")
        with left:
            title = seen.t("overview.map", indicator=entry.title(seen.language))
            draw(element("h2", title, class_="td-section"))
            chosen = place_of(seen).code
            map_view.compact(
                entry, seen, selected=chosen, denominator=denominator, marks=page.marks
            )
        with right:
            ranking_table.show(entry, ground, seen, day=seen.day, denominator=denominator)

    drawn()


def _take_picked(seen: Context) -> None:
    picked, _ = map_view.news(map_view.COMPACT)
    if picked and not seen.home and picked != filters.current().area:
        filters.change(area=picked)
        st.rerun()


def trend(key: str) -> None:
    """Draw how the chosen indicator developed, with rules, holidays and what may still change."""
    page = COMMANDS[key]

    @section(f"{key}_trend")
    def drawn() -> None:
        seen = look(key)
        if seen.day is None:
            return
        entry, place = chosen_entry(page, seen), place_of(seen)
        title = f"{entry.title(seen.language)}: {place.name}"
        draw(element("h2", title, class_="td-section"))
        ask = Ask(
            ids=(entry.key,),
            areas=place.areas,
            start=start_of(seen.day),
            end=seen.day,
            denominator=_denominator(entry),
        )
        daily = loaders.figures(viewer=seen.viewer, ask=ask, token=seen.token).sort("date")
        shown = series.Series(
            daily=daily, entry=entry, place=place.name, area=place.code,
            expected=transmission.expected_of(entry, seen, area=place.code),
            first=_told_first(entry, seen, place),
        )  # fmt: skip
        series.show(shown, seen, key=f"{key}_trend_chart")

    drawn()


def start_of(day: date) -> date:
    """Return the first day of the page's period."""
    return day - timedelta(days=filters.current().span - 1)


def breakdowns(key: str) -> None:
    """Draw the page's breakdowns, two beside each other."""
    page = COMMANDS[key]

    @section(f"{key}_cuts")
    def drawn() -> None:
        seen = look(key)
        if seen.day is None:
            return
        place = place_of(seen)
        words = {
            "place": place.name,
            "start": formatting.day(start_of(seen.day), language=seen.language),
            "end": formatting.day(seen.day, language=seen.language),
        }
        draw(element("h2", seen.t("command.cuts", **words), class_="td-section"))
        sides = st.columns(2, gap="medium")
        for number, cut in enumerate(page.cuts):
            with sides[number % 2]:
                cuts.show(
                    cut, seen, areas=place.areas, start=start_of(seen.day),
                    key=f"{key}_cut_{number}",
                )  # fmt: skip

    drawn()


def definitions(key: str) -> None:
    """Draw what each figure of the page is, how it is computed and how fresh it usually is."""
    page = COMMANDS[key]

    @section(f"{key}_definitions")
    def drawn() -> None:
        seen = look(key)
        box = st.expander(seen.t("command.definitions"), key=f"{key}_words", on_change="rerun")
        if box.open:
            with box:
                keys = dict.fromkeys((*page.cards, *page.choices, *page.listed))
                rows = [
                    _definition(entry, seen)
                    for one in keys
                    if (entry := loaders.entry(one, viewer=seen.viewer))
                ]
                draw(element("dl", *rows, class_="td-definitions"))

    drawn()


def _settles(entry: Entry, seen: Context) -> str:
    """Return how far first figures move, and in how many days they settle; empty: not measured."""
    filled = _filled(entry, seen, place_of(seen))
    found = settling(filled.triangle) if filled else None
    if found is None:
        return ""
    return seen.t(
        "settling.said",
        moved=formatting.percent(found.moved, language=seen.language),
        days=formatting.number(found.settled_after, language=seen.language),
    )


def _filled(entry: Entry, seen: Context, place: Place) -> Filling | None:
    if seen.day is None:
        return None
    return loaders_bulletins.filling(viewer=seen.viewer, key=entry.key, area=place.code,
                                     day=seen.day, token=seen.token)  # fmt: skip


def _told_first(entry: Entry, seen: Context, place: Place) -> dict[date, float]:
    """Return what was told first of each day, where that is asked for and known."""
    filled = _filled(entry, seen, place) if filters.current().first else None
    if filled is None:
        return {}
    told = enumerate(firsts(filled.triangle))
    return {filled.first + timedelta(days=n): one for n, one in told if one is not None}


def _definition(entry: Entry, seen: Context) -> Markup:
    lag = seen.t("command.lag", n=loaders.lag_days(entry.key))
    unit = entry.unit_text(seen.t)
    about = entry.about(seen.language) or seen.t("fact.direct")
    small = " · ".join(part for part in (unit, lag, _settles(entry, seen), entry.key) if part)
    return element(
        "div",
        element("dt", entry.title(seen.language)),
        element("dd", about, " ", element("small", small)),
    )
