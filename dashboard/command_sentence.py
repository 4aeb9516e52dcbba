"""The sentence on top of a command page, written from its figures. Pure."""

from collections.abc import Mapping, Sequence
from datetime import date

from dashboard import formatting
from dashboard.headline import WINDOW_DAYS, Card
from dashboard.i18n import Translate

NAMED = 4
"""So many places are named; the others are counted."""


def sentence(
    cards: Mapping[str, Card], *, lead: str, said: Sequence[str], day: date, place: str | None,
    t: Translate, language: str,
) -> str:  # fmt: skip
    """Return one sentence: the place, the day, the lead with how it moved, what else matters.

    Args:
        cards: by id; those without a figure are left out, the lead is said to be missing.
        lead: id that comes first.
        said: ids that follow.
        day: the day on screen.
        place: name of the place; None for the nation.
        t: texts of the language.
        language: `vi` or `en`.
    """
    start = t(
        "command.on",
        place=place or t("sentence.nation"),
        day=formatting.day(day, language=language),
    )
    first = cards.get(lead)
    if first is None or first.shown is None:
        title = _lower(first.entry.title(language)) if first else lead
        parts = [t("command.unknown", what=title)]
    else:
        parts = [_clause(first, t=t, language=language)]
    others = (cards.get(key) for key in said)
    parts += [
        _clause(card, t=t, language=language)
        for card in others
        if card is not None and card.shown is not None
    ]
    text = start + t("command.and").join(parts) + "."
    return text[:1].upper() + text[1:]


def _clause(card: Card, *, t: Translate, language: str) -> str:
    unit = card.entry.unit_beside(t, language=language)
    value = card.entry.value(card.shown or 0.0, language=language)
    if card.stands_in and card.last_day:
        value += t("command.of_day", day=formatting.short_day(card.last_day, language=language))
    figure = f"{value} {unit}" if unit else value
    return t(
        "command.clause",
        what=_lower(card.entry.title(language)),
        figure=figure,
        change=_moved(card, t=t, language=language),
    )


def _moved(card: Card, *, t: Translate, language: str) -> str:
    change = card.change
    if change is None or card.finding or card.stands_in:
        return ""
    # A daily count is compared week against week, a level with what it was seven days ago.
    week = "_week" if change.days == WINDOW_DAYS else ""
    until = change.until
    end = t("card.until", day=formatting.short_day(until, language=language)) if until else ""
    if change.difference == 0:
        return t(f"command.same{week}") + end
    if card.entry.is_ratio:
        points = formatting.number(
            abs(change.difference) * 100, language=language, decimals=card.entry.decimals
        )
        size = t("card.points", change=points)
    elif change.relative is not None:
        size = formatting.percent(abs(change.relative), language=language)
    else:
        size = card.entry.value(abs(change.difference), language=language)
    return t(f"command.{'up' if change.difference > 0 else 'down'}{week}", change=size) + end


def _lower(title: str) -> str:
    return title[:1].lower() + title[1:] if title[1:2].islower() or title[1:2] == " " else title


def listed(names: Sequence[str], *, t: Translate) -> str:
    """Return names in words, those past the first few as a number."""
    shown = ", ".join(names[:NAMED])
    rest = len(names) - NAMED
    return t("command.and_more", names=shown, n=rest) if rest > 0 else shown
