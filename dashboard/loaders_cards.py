"""Headline cards, remembered: the same cards are asked for by several sections of a page."""

from datetime import date, timedelta

import polars as pl

from dashboard import headline, loaders, loaders_estimates, resources
from dashboard.components.cards import Words, grid
from dashboard.components.markup import Markup
from dashboard.i18n import translator
from dashboard.memory import Remembering
from data_access.codes import Level
from data_access.cube.query import Ask
from data_access.indicators.forms import indicator_of
from data_access.viewer import Viewer

LEVELS = (None, Level.NATIONAL, Level.PROVINCE)
TTL = timedelta(hours=6)
ENTRIES = 512
remember = Remembering(resources.memory)


def complete_of(ask: Ask, *, viewer: Viewer, day: date) -> dict[str, date]:
    """Return the last complete day of the ids of a question that are read off cases alone.

    Only where how the days fill up was measured: an assumed lag moves no comparison.
    """
    keys = [key for key in ask.ids if _of_cases(key)]
    if not keys or len(ask.areas) > 1 or ask.level not in LEVELS:
        return {}
    area = next(iter(ask.areas), None)
    if area is None and not viewer.everywhere:
        return {}
    if area is not None and area not in loaders.province_codes(loaders.vintage_for(day, None)):
        return {}
    spread = loaders_estimates.spread_of(
        viewer=loaders_estimates.as_anybody(viewer), area=area, day=day,
        token=loaders_estimates.version(viewer=viewer),
    )  # fmt: skip
    if spread is None or not spread.is_measured or spread.complete_until >= day:
        return {}
    return dict.fromkeys(keys, spread.complete_until)


def _of_cases(key: str) -> bool:
    indicator = indicator_of(key)
    measures = indicator.measures if indicator else (key,)
    return measures == (loaders_estimates.CASES,)


@remember.cache_data(ttl=TTL, max_entries=ENTRIES)
def cards(
    *, viewer: Viewer, asks: tuple[Ask, ...], day: date, language: str, token: str
) -> tuple[headline.Card, ...]:
    """Return the cards of some questions about one area, in the order of the first's ids.

    A later question tells of its ids what an earlier one told otherwise (another denominator).
    Ids that the viewer may not know of are left out.
    """
    found: dict[str, headline.Card] = {}
    for ask in asks:
        entries = tuple(
            entry for key in ask.ids if (entry := loaders.entry(key, viewer=viewer)) is not None
        )
        told = loaders.figures(viewer=viewer, ask=ask, token=token)
        named = loaders.with_names(told, language=language)
        found |= {
            card.entry.key: card
            for card in headline.cards(
                named, entries, day=day, complete=complete_of(ask, viewer=viewer, day=day)
            )
        }
    return tuple(found.values())


@remember.cache_data(ttl=TTL, max_entries=ENTRIES)
def cards_with_last(
    *, viewer: Viewer, ask: Ask, day: date, language: str, token: str
) -> tuple[headline.Card, ...]:
    """Return the cards of a question; an id silent in its days shows the last value it ever had."""
    entries = tuple(
        entry for key in ask.ids if (entry := loaders.entry(key, viewer=viewer)) is not None
    )
    recent = loaders.with_names(
        loaders.figures(viewer=viewer, ask=ask, token=token), language=language
    )
    known = set(recent.filter(pl.col("value").is_not_null())["id"].to_list())
    silent = tuple(entry.key for entry in entries if entry.key not in known)
    ever = None
    if silent:
        always = Ask(ids=silent, areas=ask.areas, start=None, end=ask.end)
        told = loaders.figures(viewer=viewer, ask=always, token=token)
        ever = loaders.with_names(told, language=language)
    complete = complete_of(ask, viewer=viewer, day=day)
    return headline.cards(recent, entries, day=day, ever=ever, complete=complete)


@remember.cache_data(ttl=TTL, max_entries=ENTRIES)
def drawn(
    *, viewer: Viewer, asks: tuple[Ask, ...], day: date, language: str, zone: str, token: str
) -> Markup:
    """Return `cards` as they are drawn."""
    found = cards(viewer=viewer, asks=asks, day=day, language=language, token=token)
    return grid(found, Words(t=translator(language), language=language, zone=zone))


@remember.cache_data(ttl=TTL, max_entries=ENTRIES)
def drawn_with_last(
    *, viewer: Viewer, ask: Ask, day: date, language: str, zone: str, token: str
) -> Markup:
    """Return `cards_with_last` as they are drawn."""
    found = cards_with_last(viewer=viewer, ask=ask, day=day, language=language, token=token)
    return grid(found, Words(t=translator(language), language=language, zone=zone))
