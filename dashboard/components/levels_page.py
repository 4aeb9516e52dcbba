"""The levels page: the sentence, the controls, the map beside its ranking, the rules in words."""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from functools import partial

import streamlit as st

from dashboard import downloads, filters, formatting, levels, loaders, loaders_levels, resources
from dashboard.components import download, map_view
from dashboard.components.markup import Child, Markup, draw, element
from dashboard.components.section import section
from dashboard.components.tables import table
from dashboard.context import Context, look
from dashboard.maps import component
from data_access.codes import Level
from data_access.levels.book import Standing
from data_access.rules.catalogue import in_force, rule_sets
from data_access.rules.model import HIGHEST, LOWEST, RuleSet, Value

PAGE = "levels"
ADDRESS = ("date", "area", "level", "rule")
MAP = "map_levels"
MOST_COLUMNS = 3


@dataclass(frozen=True, kw_only=True)
class Board:
    """What the page shows.

    Attributes:
        seen: who looks, at which day.
        day: the day assessed.
        spot: ground of the map.
        rule: id of the rule shown; None: the one in force on each day.
        is_reference: whether the reading for reference stands in for the rule in force.
        found: standings by area and week.
        names: names of the areas.
        is_live: whether what is said by hand counts up to now, not up to a moment of the past.
        token: what differs once figures moved or more was said.
    """

    seen: Context
    day: date
    spot: loaders_levels.Spot
    rule: str | None
    is_reference: bool
    found: dict[str, list[Standing]]
    names: dict[str, str]
    is_live: bool
    token: str

    @property
    def ruleset(self) -> RuleSet:
        """The rule that the day is assessed by."""
        return rule_sets()[self.rule] if self.rule else in_force(self.day)

    @property
    def area(self) -> str | None:
        """The area opened: the one chosen, else the viewer's, where it is on the map."""
        chosen = filters.current().area
        return next((one for one in (chosen, self.seen.home) if one in self.found), None)


def board() -> Board | None:
    """Return what the page shows; None while there are no figures."""
    seen = look(PAGE)
    if seen.day is None:
        return None
    spot, asked = _spot(seen), filters.current().rule
    rule = asked if asked in rule_sets() else None
    is_live = not filters.current().as_of and seen.viewer.bulletin is None
    token = loaders_levels.token(seen.token, viewer=seen.viewer, is_live=is_live)
    keyed = partial(
        loaders_levels.standings,
        viewer=seen.viewer, spot=spot, day=seen.day, is_live=is_live, token=token,
    )  # fmt: skip
    found = keyed(rule=rule)
    shown = levels.shown_rule(rule, found, day=seen.day)
    if shown != rule:
        found = keyed(rule=shown)
    return Board(
        seen=seen,
        day=seen.day,
        spot=spot,
        rule=shown,
        is_reference=shown is not None and rule is None,
        found=found,
        names=loaders.names(spot[1], language=seen.language),
        is_live=is_live,
        token=token,
    )


def _spot(seen: Context) -> loaders_levels.Spot:
    """Return the ground: provinces, or the districts of the province looked at."""
    vintage = loaders.vintage_for(seen.day, None)
    inside = _province(seen, vintage)
    wants = filters.current().level == Level.DISTRICT.value
    if wants and inside and loaders.has_level(Level.DISTRICT.value, vintage, inside):
        return Level.DISTRICT.value, vintage, inside
    return Level.PROVINCE.value, vintage, None


def _province(seen: Context, vintage: str) -> str | None:
    """Return the province whose districts may be shown: that of the area looked at."""
    if seen.home:
        return seen.home
    area = filters.current().area
    if area is None or not loaders.is_area(area, vintage):
        return None
    return area if area in loaders.province_codes(vintage) else loaders_levels.parent(area, vintage)


# --- on top ---------------------------------------------------------------------------------------


@section("levels_sentence")
def sentence_section() -> None:
    """Draw the sentence: which rule, how many areas at each level, who rose."""
    one = board()
    if one is None:
        return
    t, language = one.seen.t, one.seen.language
    counts = Counter(rows[-1].assessment.level for rows in one.found.values())
    told = [
        t("levels.n_at", n=counts[level], name=levels.level_name(level, one.ruleset.scheme, t=t))
        for level in range(HIGHEST, LOWEST - 1, -1)
        if counts[level]
    ]
    told += [t("levels.n_undetermined", n=counts[None])] if counts[None] else []
    text = t("levels.sentence", day=formatting.day(one.day, language=language),
             rule=one.ruleset.name(language), said="; ".join(told))  # fmt: skip
    draw(element("p", text, " ", _risen(one), class_="td-lede"))
    _notices(one)


def _risen(one: Board) -> Markup | None:
    risen = [
        one.names.get(area, area)
        for area, rows in one.found.items()
        if len(rows) > 1 and _rose(rows[-2].assessment.level, rows[-1].assessment.level)
    ]
    if not risen:
        return element("span", one.seen.t("levels.none_rose"))
    names = ", ".join(risen[:5]) + (" …" if len(risen) > 5 else "")  # noqa: PLR2004 -- a line's worth
    return element("strong", one.seen.t("levels.rose", n=len(risen), names=names))


def _rose(before: int | None, after: int | None) -> bool:
    return before is not None and after is not None and after > before


def _notices(one: Board) -> None:
    t, language = one.seen.t, one.seen.language
    official = in_force(one.day)
    said = []
    if one.is_reference:
        said.append(t("levels.reference", rule=official.name(language)))
    elif one.rule and one.ruleset.fallback:
        said.append(t("levels.chosen_reference"))
    elif one.rule and not one.ruleset.is_in_force(one.day):
        said.append(t("levels.trial", rule=one.ruleset.name(language)))
    if one.ruleset.incomplete:
        said.append(t("levels.incomplete"))
    for text in said:
        draw(element("p", text, class_="td-notice td-warn"))


def controls() -> None:
    """Offer area, level and rule; each is in the address."""
    seen = look(PAGE)
    vintage = loaders.vintage_for(seen.day, None)
    with st.container(horizontal=True, vertical_alignment="bottom", key="td_filters"):
        _area_choice(seen, vintage)
        inside = _province(seen, vintage)
        drill = bool(inside) and loaders.has_level(Level.DISTRICT.value, vintage, inside or "")
        name = loaders.area_name(inside or "", language=seen.language, vintage=vintage)
        wording = {
            Level.PROVINCE.value: seen.t("map.level_province"),
            Level.DISTRICT.value: seen.t("map.level_district", name=name),
        }
        filters.choice(
            "level",
            label=seen.t("map.level"),
            options=tuple(wording) if drill else (Level.PROVINCE.value,),
            format_option=wording.__getitem__,
        )
        filters.choice(
            "rule",
            label=seen.t("levels.rule"),
            options=(None, *rule_sets()),
            format_option=lambda key: _rule_label(key, seen),
        )


def _area_choice(seen: Context, vintage: str) -> None:
    spot = _spot(seen)
    if spot[0] == Level.PROVINCE.value and seen.home:
        return
    found = loaders.areas_of(spot, viewer=seen.viewer, language=seen.language)
    known: dict[str | None, str] = dict(found.select("code", "name").iter_rows())
    top = _province(seen, vintage) if spot[2] else None
    first = {top: seen.t("levels.all_of") if top else seen.t("map.all_areas")}
    names = {**first, **known}
    filters.choice(
        "area", label=seen.t("command.area"), options=tuple(names), format_option=names.__getitem__
    )


def _rule_label(key: str | None, seen: Context) -> str:
    if key is None:
        return seen.t("levels.by_date")
    rule = rule_sets()[key]
    if rule.fallback:
        return seen.t("levels.rule_reference", rule=rule.name(seen.language))
    is_now = seen.day is not None and rule.is_in_force(seen.day)
    return rule.name(seen.language) if is_now else seen.t(
        "levels.rule_trial", rule=rule.name(seen.language)
    )  # fmt: skip


# --- map and ranking ------------------------------------------------------------------------------


@section("levels_map")
def map_section() -> None:
    """Draw the map by level beside the ranking with what is nearest to change."""
    one = board()
    if one is None:
        return
    key = f"{MAP}_{one.spot[0]}"
    picked, _ = map_view.news(key)
    if picked and picked in one.found and picked != filters.current().area:
        filters.change(area=picked)
        st.rerun()
    left, right = st.columns([5, 6], gap="medium")
    with left:
        draw(element("h2", one.seen.t("levels.map"), class_="td-section"))
        packed = loaders_levels.map_message(
            one.found, one.spot, viewer=one.seen.viewer, day=one.day,
            language=one.seen.language, selected=one.area,
        )  # fmt: skip
        component.paint(packed, key=key)
    with right:
        _ranking(one)


def badge(level: int | None, possible: tuple[int, int], seen: Context) -> Markup:
    """Return a level as a coloured sign with its number; undetermined says what is possible."""
    if level is None:
        low, high = possible
        span = f"{low}" if low == high else f"{low}–{high}"
        text = seen.t("levels.undetermined_span", span=span)
        return element("span", text, class_="td-level td-level-0")
    return element("span", seen.t("levels.level", n=level), class_=f"td-level td-level-{level}")


def columns_of(rule: RuleSet) -> list[str]:
    """Return the criteria that stand in the ranking: those that every rule's reader asks for."""
    return [key for key in levels.RANKED if key in {one.key for one in rule.criteria}][
        :MOST_COLUMNS
    ]


def _ranking(one: Board) -> None:
    seen, t = one.seen, one.seen.t
    title = t("levels.ranking", day=formatting.day(one.day, language=seen.language))
    draw(element("h2", title, class_="td-section"))
    codes, keys = levels.ordered(one.found), columns_of(one.ruleset)
    rows = [_row(one, code, keys) for code in codes]
    heads = (t("levels.area"), t("levels.title_level"), *(t(f"levels.s_{key}") for key in keys),
             t("levels.nearest"), t("levels.missing"))  # fmt: skip
    numeric = tuple(range(2, 2 + len(keys)))
    chosen = codes.index(one.area) if one.area in codes else None
    draw(table(heads, rows, caption=title, numeric=numeric, chosen=chosen, wide=True))
    download.offer(
        t("map.download"),
        lambda: downloads.plain_csv(levels.table_of(one.found, one.names, t=t)),
        file_name=resources.file_name(f"levels-{one.day.isoformat()}.csv", t=t),
        key="levels_csv",
    )


def _row(one: Board, code: str, keys: list[str]) -> tuple[Child, ...]:
    standing = one.found[code][-1]
    made, seen = standing.assessment, one.seen
    values: dict[str, Value] = {part.criterion.key: part.value for part in made.per_criterion}
    cells = [
        levels.value_text(values.get(key), made.ruleset.criterion(key), t=seen.t,
                          language=seen.language)
        for key in keys
    ]  # fmt: skip
    lead = keys[0] if keys else ""
    return (
        one.names.get(code, code),
        badge(made.level, made.possible, seen),
        *cells,
        levels.near_sign(standing, lead, t=seen.t, language=seen.language),
        seen.t("levels.n_missing", n=len(made.missing)) if made.missing else "",
    )


# --- the rules ------------------------------------------------------------------------------------


@section("levels_rules")
def rules_section() -> None:
    """Draw which rules there are, from when to when, how sure they are, and where they are from."""
    seen = look(PAGE)
    box = st.expander(seen.t("levels.rules"), key="levels_rules_box", on_change="rerun")
    if box.open:
        with box:
            rows = [_rule_words(rule, seen) for rule in rule_sets().values()]
            draw(element("dl", *rows, class_="td-definitions"))
            draw(element("p", seen.t("levels.method"), class_="td-when"))


def _rule_words(rule: RuleSet, seen: Context) -> Markup:
    language, t = seen.language, seen.t
    vi = language == "vi"
    until = rule.valid_until
    span = t(
        "levels.valid",
        since=formatting.day(rule.valid_from, language=language),
        until=formatting.day(until, language=language) if until else t("levels.open_end"),
    )
    sure = t(
        "levels.confidence", n=formatting.percent(rule.confidence, language=language, decimals=0)
    )
    flag = [t("levels.incomplete_flag")] if rule.incomplete else []
    small = " · ".join((span, sure, *flag, *rule.sources))
    return element(
        "div",
        element("dt", f"{rule.name(language)} ({rule.issuer_vi if vi else rule.issuer_en})"),
        element("dd", rule.note_vi if vi else rule.note_en, " ", element("small", small)),
    )
