"""The sentence on top of the overview, written from the figures. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from dashboard import formatting
from dashboard.headline import Card
from dashboard.i18n import Translate


@dataclass(frozen=True, kw_only=True)
class Movement:
    """A change of one figure of one area from one day to the next.

    Attributes:
        title: name of the indicator.
        area: name of the place.
        change: the difference as it is shown, with its sign.
        before: the earlier value as it is shown.
        after: the later value as it is shown.
        day: the later day.
        previous: the earlier day.
        rising: whether it went up.
        tone: good, bad or neither.
    """

    title: str
    area: str
    change: str
    before: str
    after: str
    day: date
    previous: date
    rising: bool
    tone: str


def sentence(
    cards: Mapping[str, Card],
    *,
    day: date,
    place: str | None,
    movement: Movement | None,
    t: Translate,
    language: str,
) -> str:
    """Return two or three sentences: cases, deaths, the largest change.

    Args:
        cards: the headline by id.
        day: the day on screen.
        place: name of the place; None for the nation.
        movement: the day's largest change, if any.
        t: texts of the language.
        language: `vi` or `en`.
    """
    where = place or t("sentence.nation")
    on = formatting.day(day, language=language)
    parts = [_cases(cards.get("cases"), on=on, where=where, t=t, language=language)]
    deaths = cards.get("deaths")
    if deaths is not None and deaths.value is not None and not deaths.finding:
        count = deaths.entry.value(deaths.value, language=language)
        parts.append(t("sentence.deaths", count=count))
    coverage = cards.get("vaccination_coverage_1")
    if coverage is not None and coverage.shown is not None and not coverage.finding:
        share = coverage.entry.value(coverage.shown, language=language)
        parts.append(t("sentence.coverage", share=share))
    if movement is not None:
        parts.append(
            t("sentence.most", what=_lower(movement.title), where=movement.area,
              change=movement.change)
        )  # fmt: skip
    return " ".join(parts)


def _lower(title: str) -> str:
    return title[:1].lower() + title[1:] if title[1:2].islower() or title[1:2] == " " else title


def _cases(card: Card | None, *, on: str, where: str, t: Translate, language: str) -> str:
    if card is None or card.value is None:
        return t("sentence.no_cases", place=where, day=on) + t("sentence.end")
    count = card.entry.value(card.value, language=language)
    text = t("sentence.cases", day=on, place=where, count=count)
    expected, missing = card.facts.get("n_expected"), card.facts.get("n_missing")
    if isinstance(expected, int) and isinstance(missing, int) and missing:
        counts = {"n": expected - missing, "m": expected}
        level = card.facts.get("part_level")
        key = "sentence.reported_district" if level == "district" else "sentence.reported"
        text += t(key, **counts)
    if card.finding:
        return text + t("sentence.doubtful") + t("sentence.end")
    return text + _trend(card, t=t, language=language) + t("sentence.end")


def _trend(card: Card, *, t: Translate, language: str) -> str:
    if card.change is None or card.change.relative is None:
        return ""
    until = card.change.until
    end = t("card.until", day=formatting.short_day(until, language=language)) if until else ""
    if card.change.difference == 0:
        return t("sentence.same") + end
    change = formatting.percent(abs(card.change.relative), language=language)
    return t("sentence.up" if card.change.difference > 0 else "sentence.down", change=change) + end
