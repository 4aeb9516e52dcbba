"""The sections of the overview."""

from collections.abc import Mapping
from datetime import date, timedelta

import streamlit as st

from dashboard import filters, formatting, headline, loaders, loaders_cards, navigation
from dashboard.catalogue import Entry
from dashboard.components import cards as card_grid
from dashboard.components import closed, map_view, transmission
from dashboard.components.markup import Markup, draw, element
from dashboard.components.section import section
from dashboard.context import Context, look
from dashboard.deliveries import Delivery, platforms
from dashboard.sentence import Movement, sentence
from data_access.cube.query import Ask

PAGE = "overview"
MAP_CHOICES = ("incidence_7d_per_100k", "cases", "deaths", "vaccination_coverage_1")


def _asked(seen: Context) -> Ask:
    areas = (seen.home,) if seen.home else ()
    keys = tuple(key for key in headline.HEADLINE if loaders.entry(key, viewer=seen.viewer))
    start = seen.day - loaders.LOOK_BACK if seen.day else None
    return Ask(ids=keys, start=start, end=seen.day, areas=areas)


def headline_cards(seen: Context) -> tuple[headline.Card, ...]:
    """Return the headline of the viewer's place on the day on screen."""
    if seen.day is None:
        return ()
    return loaders_cards.cards_with_last(viewer=seen.viewer, ask=_asked(seen), day=seen.day,
                                         language=seen.language, token=seen.token)  # fmt: skip


@section("sentence")
def sentence_section() -> None:
    """Draw the sentence on top."""
    seen = look(PAGE)
    if seen.day is None:
        return
    moves = movements_of(seen)
    text = sentence(
        {card.entry.key: card for card in headline_cards(seen)},
        day=seen.day,
        place=loaders.area_name(seen.home, language=seen.language) if seen.home else None,
        movement=moves[0] if moves else None,
        t=seen.t,
        language=seen.language,
    )
    spread = transmission.line(seen, area=seen.home)
    more = element("p", spread, class_="td-lede td-lede-more") if spread else None
    draw(element("div", element("p", text, class_="td-lede"), more))


@section("transmission")
def transmission_section() -> None:
    """Offer how fast it spreads; drawn when it is opened, so that it costs the page nothing."""
    seen = look(PAGE)
    name = loaders.area_name(seen.home or loaders.VIETNAM, language=seen.language)
    title = seen.t("transmission.title", place=name)
    box = st.expander(title, key="overview_transmission", on_change="rerun")
    if box.open:
        with box:
            transmission.details(seen, area=seen.home, place=name, key="overview")


@section("cards")
def cards_section() -> None:
    """Draw the headline cards."""
    seen = look(PAGE)
    if seen.day is None:
        return
    found = loaders_cards.drawn_with_last(
        viewer=seen.viewer, ask=_asked(seen), day=seen.day, language=seen.language, zone=seen.zone,
        token=seen.token,
    )  # fmt: skip
    card_grid.show(found, seen)


@section("overview_map")
def map_section() -> None:
    """Draw the map of the first indicator that has figures on the day."""
    seen = look(PAGE)
    entry = loaders.entry(_mapped(seen), viewer=seen.viewer)
    if seen.day is None or entry is None:
        return
    title = seen.t("overview.map", indicator=entry.title(seen.language))
    draw(element("h2", title, class_="td-section"))
    map_view.compact(entry, seen)
    _to_full_map(entry, seen)


def _mapped(seen: Context) -> str:
    shown = {card.entry.key: card.value for card in headline_cards(seen)}
    return next((key for key in MAP_CHOICES if shown.get(key) is not None), MAP_CHOICES[1])


def _to_full_map(entry: Entry, seen: Context) -> None:
    picked = map_view.picked(map_view.COMPACT)
    if picked and picked != filters.current().area:
        filters.change(area=picked, indicator=entry.key)
        st.switch_page(navigation.streamlit_page("map", title=seen.t("map.title")))
    if st.button(seen.t("overview.open_map"), type="tertiary", icon=":material/map:", key="to_map"):
        filters.change(indicator=entry.key)
        st.switch_page(navigation.streamlit_page("map", title=seen.t("map.title")))


@section("movements")
def movements_section() -> None:
    """Draw the five largest changes and where."""
    seen = look(PAGE)
    draw(element("h2", seen.t("overview.movements"), class_="td-section"))
    moves = movements_of(seen)
    if not moves:
        draw(element("p", seen.t("movement.none"), class_="td-absent"))
        return
    draw(element("ol", *(_movement(move, seen) for move in moves), class_="td-moves"))


def _movement(move: Movement, seen: Context) -> Markup:
    t, language = seen.t, seen.language
    arrow = "▲" if move.rising else "▼"
    days = t(
        "movement.on",
        day=formatting.short_day(move.day, language=language),
        before=formatting.short_day(move.previous, language=language),
    )
    return element(
        "li",
        element("b", f"{arrow} {move.change}", class_=f"td-{move.tone}"),
        element("span", element("strong", move.area), " ", move.title),
        element("small", t("movement.from_to", before=move.before, after=move.after), " · ", days),
    )


def movements_of(seen: Context) -> list[Movement]:
    """Return the largest changes of the day on screen in words, largest first."""
    if seen.day is None:
        return []
    found = loaders.movements(viewer=seen.viewer, day=seen.day, token=seen.token)
    return [
        move for row in found.iter_rows(named=True) if (move := _in_words(row, seen)) is not None
    ]


def _in_words(row: Mapping[str, object], seen: Context) -> Movement | None:
    entry = loaders.entry(str(row["id"]), viewer=seen.viewer)
    before, after, day = row["previous"], row["value"], row["date"]
    numbers = isinstance(before, float) and isinstance(after, float)
    if entry is None or not numbers or not isinstance(day, date):
        return None
    difference = float(after) - float(before)  # type: ignore[arg-type]
    change = entry.change(difference, language=seen.language)
    return Movement(
        title=entry.title(seen.language),
        area=loaders.area_name(str(row["area_code"]), language=seen.language),
        change=seen.t("card.points", change=change) if entry.is_ratio else change,
        before=entry.value(float(before), language=seen.language),  # type: ignore[arg-type]
        after=entry.value(float(after), language=seen.language),  # type: ignore[arg-type]
        day=day,
        previous=day - timedelta(days=1),
        rising=difference > 0,
        tone=headline.tone_of(difference, entry.higher_is_bad),
    )


@section("freshness")
def freshness_section() -> None:
    """Draw how each platform delivers."""
    seen = look(PAGE)
    if seen.viewer.published_only:  # deliveries are not published: nothing is known, not "never"
        return
    draw(element("h2", seen.t("overview.freshness"), class_="td-section"))
    if closed.instead(seen, "sync"):
        return
    found = loaders.freshness(viewer=seen.viewer, token=seen.token)
    rows = platforms(found)
    draw(element("ul", *(_platform(row, seen) for row in rows), class_="td-platforms"))


def _platform(row: Delivery, seen: Context) -> Markup:
    t, language = seen.t, seen.language
    last = formatting.day(row.last_day, language=language) if row.last_day else None
    moment = (
        formatting.moment(row.delivered, language=language, zone=seen.zone)
        if row.delivered
        else None
    )
    return element(
        "li",
        element("strong", t(f"platform.{row.platform}")),
        element("b", t(f"freshness.{row.state}", days=row.days), class_=f"td-{row.state}"),
        element("small", t("freshness.last_day", day=last)) if last else None,
        element("small", t("freshness.delivered", moment=moment)) if moment else None,
        class_=f"td-platform td-platform-{row.state}",
    )
