"""The headline cards: value, day, change, sparkline, and where each number comes from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Protocol

from dashboard import formatting
from dashboard.components.markup import Markup, draw, element, join, picture
from dashboard.headline import BAD, GOOD, NEITHER, SPARK_DAYS, WINDOW_DAYS, Card, Change
from dashboard.i18n import Translate


class Looked(Protocol):
    """What a card needs to know of who looks."""

    @property
    def t(self) -> Translate:
        """Texts of their language."""
        ...

    @property
    def language(self) -> str:
        """Their language."""
        ...

    @property
    def zone(self) -> str:
        """Time zone of the country."""
        ...


@dataclass(frozen=True, kw_only=True)
class Words:
    """What a card needs to know of who looks, and nothing else.

    Attributes:
        t: texts of the language.
        language: `vi` or `en`.
        zone: the country's time zone.
    """

    t: Translate
    language: str
    zone: str


STEP, HEIGHT, PAD_X, PAD_Y = 10, 180, 4, 15  # units of the drawing, which is stretched to its place
FEWEST = 5  # days from which a line says more than dots
STROKE = "#2c8797"  # seen on both grounds: a picture cannot follow the theme


def show(cards: Markup, look: Looked) -> None:
    """Draw the cards that `grid` returned, under a heading for those who cannot see them."""
    heading = element("h2", look.t("overview.figures"), class_="td-hidden")
    draw(join([heading, cards]))


def grid(cards: Sequence[Card], look: Looked) -> Markup:
    """Return the cards as a list; those without any figure yet are named in one line."""
    full = [card for card in cards if not card.empty]
    missing = [card.entry.title(look.language) for card in cards if card.empty]
    listed = element(
        "div", *(one(card, look, role="listitem") for card in full), class_="td-cards", role="list"
    )
    absent = (
        element("p", look.t("card.none", names=" · ".join(missing)), class_="td-absent")
        if missing
        else None
    )
    return join([listed if full else None, absent])


def one(card: Card, look: Looked, *, role: str = "group") -> Markup:
    """Return one card; `role` says what it is to a screen reader where it stands."""
    return element(
        "div",
        element("h3", card.entry.title(look.language)),
        _figure(card, look),
        _change(card, look),
        sparkline(card, look),
        _why(card, look),
        class_=f"td-card td-{_tone(card)}",
        role=role,
        data_id=card.entry.key,
    )


def _tone(card: Card) -> str:
    """Return good or bad only where a figure is trusted."""
    return card.change.tone if card.change and not card.finding else NEITHER


def _figure(card: Card, look: Looked) -> Markup:
    if card.shown is None:
        return _no_figure(card, look)
    t, language = look.t, look.language
    day = card.last_day if card.stands_in and card.last_day else card.day
    when = t(
        "card.on_day" if card.entry.adds else "card.at_day",
        day=formatting.day(day, language=language),
    )
    unit = card.entry.unit_beside(t, language=language)
    return join(
        [
            element(
                "p",
                element("strong", card.entry.value(card.shown, language=language)),
                element("span", unit) if unit else None,
                class_="td-value",
            ),
            element("p", when, class_="td-when td-older" if card.stands_in else "td-when"),
            element("p", t(f"card.{card.finding}"), class_="td-finding") if card.finding else None,
        ]
    )


def _no_figure(card: Card, look: Looked) -> Markup:
    status = element("p", look.t(f"status.{card.status}"), class_="td-status")
    if card.last_value is None or card.last_day is None:
        return status
    value = card.entry.value(card.last_value, language=look.language)
    day = formatting.day(card.last_day, language=look.language)
    last = element("p", look.t("card.last_known", value=value, day=day), class_="td-when")
    return join([status, last])


def _change(card: Card, look: Looked) -> Markup | None:
    if card.shown is None or card.stands_in or card.finding == "sudden_zero":
        return None
    if card.change is None:
        return element("p", look.t("card.too_few"), class_="td-change td-neither")
    change, t = card.change, look.t
    text = change_text(card, look)
    return element(
        "p",
        element("b", _arrow(change), aria_hidden="true"),
        " ",
        t("card.week" if change.days == WINDOW_DAYS else "card.week_ago", change=text),
        until_text(change, t=t, language=look.language),
        _verdict(change, look),
        class_=f"td-change td-{change.tone}",
    )


def until_text(change: Change, *, t: Translate, language: str) -> Markup | None:
    """Return up to which day a comparison goes, where that is not the day on screen, and why."""
    if change.until is None:
        return None
    day = formatting.short_day(change.until, language=language)
    return element("span", t("card.until_short", day=day), title=t("card.until", day=day))


def _verdict(change: Change, look: Looked) -> Markup | None:
    if change.tone not in (GOOD, BAD):
        return None
    return element("em", look.t(f"card.{change.tone}"), class_="td-verdict")


def change_text(card: Card, look: Looked) -> str:
    """Return a change in words: percent where it can be had, else the difference."""
    change, language = card.change, look.language
    if change is None:
        return ""
    if change.difference == 0:
        return look.t("card.unchanged")
    if card.entry.is_ratio:
        points = card.entry.change(change.difference, language=language)
        return look.t("card.points", change=points)
    if change.relative is not None:
        sign = "+" if change.relative > 0 else ""
        return sign + formatting.percent(change.relative, language=language)
    return card.entry.change(change.difference, language=language)


def _arrow(change: Change) -> str:
    if change.difference == 0:
        return "="
    return "▲" if change.difference > 0 else "▼"


def sparkline(card: Card, look: Looked) -> Markup | None:
    """Return the last days as a small line; days without a figure are gaps."""
    known = [value for value in card.spark if value is not None]
    if len(known) < FEWEST:
        return element("div", class_="td-spark")
    low, high = min(0.0, *known), max(known)
    scale = (HEIGHT - 2 * PAD_Y) / ((high - low) or 1.0)
    points = [
        None if value is None else (PAD_X + n * STEP, round(HEIGHT - PAD_Y - (value - low) * scale))
        for n, value in enumerate(card.spark)
    ]
    label = look.t(
        "card.spark",
        day=formatting.day(card.day, language=look.language),
        low=card.entry.value(min(known), language=look.language),
        high=card.entry.value(high, language=look.language),
    )
    width = 2 * PAD_X + (SPARK_DAYS - 1) * STEP
    drawing = element(
        "svg",
        *_lines(points),
        xmlns="http://www.w3.org/2000/svg",
        preserveAspectRatio="none",
        viewBox=f"0 0 {width} {HEIGHT}",
        fill="none",
        stroke=STROKE,
        stroke_linejoin="round",
        stroke_linecap="round",
    )
    return element("div", picture(drawing, alt=label), class_="td-spark")


Point = tuple[int, int]


def _lines(points: Sequence[Point | None]) -> list[Markup | None]:
    """Return days that follow each other as lines, single ones and the last one as dots."""
    runs: list[list[Point]] = [[]]
    for point in points:
        if point is None:
            runs.append([])
        else:
            runs[-1].append(point)
    last = points[-1]
    return [
        _drawn([run for run in runs if len(run) > 1], width=1.6),
        _drawn([run for run in runs if len(run) == 1], width=2.6),
        _drawn([[last]] if last else [], width=5),
    ]


def _drawn(runs: Sequence[Sequence[Point]], *, width: float) -> Markup | None:
    if not runs:
        return None
    path = "".join(map(_path, runs))
    return element("path", d=path, stroke_width=width, vector_effect="non-scaling-stroke")


def _path(run: Sequence[Point]) -> str:
    """Return a run as a path: where it starts, then each step from the point before."""
    (x, y), steps = run[0], []
    for (x0, y0), (x1, y1) in pairwise(run):
        across, down = x1 - x0, y1 - y0
        steps.append(f"{across}{down}" if down < 0 else f"{across} {down}")
    # A line without length and with round ends is a dot that no stretching makes an egg.
    return f"M{x} {y}" + (f"l{' '.join(steps)}" if steps else "h0")


def _why(card: Card, look: Looked) -> Markup:
    rows = [
        join([element("dt", name), element("dd", text)]) for name, text in facts(card, look) if text
    ]
    return element(
        "details",
        element("summary", look.t("card.why")),
        element("dl", *rows),
        class_="td-why",
    )


def facts(card: Card, look: Looked) -> list[tuple[str, str]]:
    """Return where a figure comes from: name and text of each fact."""
    t, language, found = look.t, look.language, card.facts
    parts = _parts(card, look)
    known_at, day = found.get("known_at"), found.get("date")
    listed = [
        ("source", str(found.get("source") or "")),
        (
            "known_at",
            formatting.moment(known_at, language=language, zone=look.zone)  # type: ignore[arg-type]
            if known_at
            else "",
        ),
        ("day", formatting.day(day, language=language) if isinstance(day, date) else ""),
        ("about", card.entry.about(language) or t("fact.direct")),
        ("numerator", _count(found.get("numerator"), language)),
        ("denominator", _count(found.get("denominator"), language)),
        ("denominator_name", str(found.get("denominator_name") or "")),
        ("parts", parts),
        ("identifier", card.entry.key),
    ]
    return [(t(f"fact.{name}"), text) for name, text in listed]


def _count(value: object, language: str) -> str:
    if not isinstance(value, int | float):
        return ""
    decimals = 0 if value == round(value) else 1
    return formatting.number(value, language=language, decimals=decimals)


def _parts(card: Card, look: Looked) -> str:
    expected, missing = card.facts.get("n_expected"), card.facts.get("n_missing")
    if not isinstance(expected, int) or not isinstance(missing, int) or expected < 2:  # noqa: PLR2004 -- one part is the whole
        return ""
    return look.t("fact.parts_value", n=expected - missing, m=expected)
