"""The province page: which province, its sentence, its six platforms."""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl
import streamlit as st

from dashboard import (
    command_sentence,
    filters,
    formatting,
    headline,
    loaders,
    loaders_cards,
    loaders_estimates,
    navigation,
)
from dashboard.catalogue import Entry
from dashboard.commands import COMMANDS, CommandPage
from dashboard.components import command, series, transmission
from dashboard.components.command import Place
from dashboard.components.markup import draw, element
from dashboard.components.section import section
from dashboard.context import Context, look
from dashboard.province import DISTRICT_CHOICES, LEAD, PLATFORM_CARDS, SAID
from data_access.codes import Level
from data_access.cube.query import Ask
from data_access.errors import UnknownId

PAGE = "province"
ADDRESS = ("date", "area", "indicator")
WEEK_CASES = "cases_7d_mean"


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line that a command page watches, for one province.

    Attributes:
        page: the command page.
        entry: what is watched.
        value: the newest figure, as its card shows it; None if there is none.
        limit: the line.
        above: whether values at or above it cross; else those at or below.
    """

    page: str
    entry: Entry
    value: float | None
    limit: float
    above: bool

    @property
    def crossed(self) -> bool:
        """Whether the figure is beyond the line; no figure crosses nothing."""
        if self.value is None:
            return False
        return self.value >= self.limit if self.above else self.value <= self.limit


def provinces(seen: Context) -> dict[str, str]:
    """Return the provinces in view: name by code."""
    ground = (Level.PROVINCE.value, vintage_of(seen), None)
    found = loaders.areas_of(ground, viewer=seen.viewer, language=seen.language)
    return dict(found.select("code", "name").iter_rows())


def vintage_of(seen: Context) -> str:
    """Return the edition of the map in force on the day on screen."""
    return loaders.vintage_for(seen.day, None)


def place_of(seen: Context) -> Place:
    """Return the viewer's province, else the one chosen, else the one with most cases.

    Raises:
        UnknownId: if the country has no province.
    """
    known = provinces(seen)
    chosen = filters.current().area
    code = seen.home or (chosen if chosen in known else None) or _heaviest(seen, known)
    name = loaders.area_name(code, language=seen.language, vintage=vintage_of(seen))
    return Place(code=code, name=name)


def _heaviest(seen: Context, known: dict[str, str]) -> str:
    ask = Ask(ids=(WEEK_CASES,), level=Level.PROVINCE, start=seen.day, end=seen.day)
    found = loaders.figures(viewer=seen.viewer, ask=ask, token=seen.token).drop_nulls("value")
    order = found.filter(pl.col("area_code").is_in(list(known))).sort(
        "value", "area_code", descending=[True, False]
    )
    first = order["area_code"][0] if order.height else min(known, default=None)
    if first is None:
        raise UnknownId("the country pack has no province")
    return str(first)


@section("province_sentence")
def sentence_section() -> None:
    """Draw the sentence on top: how it stands, which lines are crossed."""
    seen = look(PAGE)
    if seen.day is None:
        return
    place = place_of(seen)
    found = command.cards_of((LEAD, *SAID), seen, place)
    text = command_sentence.sentence(
        {card.entry.key: card for card in found},
        lead=LEAD,
        said=SAID,
        day=seen.day,
        place=place.name,
        t=seen.t,
        language=seen.language,
    )
    crossed = [line for line in lines_of(seen, place) if line.crossed]
    said = seen.t("province.crossed_none")
    if crossed:
        names = ", ".join(line.entry.title(seen.language) for line in crossed)
        said = seen.t("province.crossed", n=len(crossed), names=names)
    draw(element("p", text, " ", element("strong" if crossed else "span", said), class_="td-lede"))


def lines_of(seen: Context, place: Place) -> tuple[Line, ...]:
    """Return the watched lines of every command page for a province, crossed ones first."""
    pages = {page.watch.id: page for page in COMMANDS.values()}
    found = command.cards_of(tuple(pages), seen, place)
    lines = [_line(card, pages[card.entry.key]) for card in found]
    return tuple(sorted(lines, key=lambda line: not line.crossed))


def _line(card: headline.Card, page: CommandPage) -> Line:
    watch = page.watch
    return Line(
        page=page.key, entry=card.entry, value=card.shown, limit=watch.limit, above=watch.above
    )


def controls() -> None:
    """Offer the province and what is mapped and compared; both are in the address."""
    seen = look(PAGE)
    known = provinces(seen)
    with st.container(horizontal=True, vertical_alignment="bottom", key="td_filters"):
        if not seen.home:
            filters.change(area=place_of(seen).code)
            filters.choice(
                "area",
                label=seen.t("province.choose"),
                options=tuple(known),
                format_option=known.__getitem__,
            )
        titles = {
            key: entry.title(seen.language)
            for key in DISTRICT_CHOICES
            if (entry := loaders.entry(key, viewer=seen.viewer))
        }
        filters.indicator_choice(tuple(titles), format_option=titles.__getitem__)


@section("province_platforms")
def platforms_section() -> None:
    """Draw the six platforms, each with its cards and the way to its page."""
    seen = look(PAGE)
    if seen.day is None:
        return
    place = place_of(seen)
    words = {"name": place.name, "day": formatting.day(seen.day, language=seen.language)}
    draw(element("h2", seen.t("province.platforms", **words), class_="td-section"))
    sides = st.columns(2, gap="medium")
    for number, (platform, keys) in enumerate(PLATFORM_CARDS.items()):
        with sides[number % 2]:
            _platform(platform, keys, seen, place)


def _platform(platform: str, keys: tuple[str, ...], seen: Context, place: Place) -> None:
    title = seen.t(f"{platform}.title")
    with st.container(horizontal=True, vertical_alignment="center", key=f"td_to_{platform}"):
        draw(element("h3", title, class_="td-part"))
        # The session keeps the area: the page opens with this province.
        st.page_link(
            navigation.streamlit_page(platform, title=title),
            label=seen.t("province.open", page=title),
            icon=":material/arrow_forward:",
            icon_position="right",
        )
    if seen.day is None:
        return
    found = loaders_cards.drawn(
        viewer=seen.viewer, asks=command.asked_of(keys, seen, place), day=seen.day,
        language=seen.language, zone=seen.zone, token=seen.token,
    )  # fmt: skip
    draw(element("div", found, class_="td-platform-cards"))


@section("province_transmission")
def transmission_section() -> None:
    """Draw how fast it spreads in the province: its cases with what will be added, Rt, growth."""
    seen = look(PAGE)
    entry = loaders.entry(loaders_estimates.CASES, viewer=seen.viewer)
    if seen.day is None or entry is None:
        return
    place = place_of(seen)
    draw(element("h2", seen.t("transmission.title", place=place.name), class_="td-section"))
    start = seen.day - timedelta(days=transmission.SHOWN_DAYS - 1)
    ask = Ask(ids=(entry.key,), areas=place.areas, start=start, end=seen.day)
    daily = loaders.figures(viewer=seen.viewer, ask=ask, token=seen.token).sort("date")
    shown = series.Series(
        daily=daily, entry=entry, place=place.name, area=place.code,
        expected=transmission.expected_of(entry, seen, area=place.code),
    )  # fmt: skip
    series.show(shown, seen, key="province_cases")
    transmission.details(seen, area=place.code, place=place.name, key="province")
