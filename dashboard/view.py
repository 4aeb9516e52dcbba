"""What a screen shows, as its address says it. Pure: parsing and writing of query parameters.

Every parameter is on a list and parsed by type; anything else in an address is ignored.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from dashboard.i18n import DEFAULT, LANGUAGES
from data_access.codes import PLATFORMS, Level

SPANS = (30, 90, 180, 800)
"""Lengths of the day slider; the last one stands for everything."""
PROJECTOR, LAYERS = "projector", ("sites", "laboratories", "clusters", "venues", "flows")
PER_PEOPLE, SMOOTH, INDEX, FIRST = "100k", "7d", "index", "1"
BOARDS = ("needs", "proposals")
MOST_AREAS = 6
"""Areas beside each other on one chart: more lines than that cannot be told apart."""
_CODE = re.compile(r"^[A-Za-z0-9_.:\-]{1,40}$")
_NUMBER = re.compile(r"[1-9][0-9]{0,5}")
_ROLE = re.compile(r"^(national|steward|operator|press|admin|province:[A-Za-z0-9_.\-]{1,20})$")
_LEVELS = (Level.PROVINCE.value, Level.DISTRICT.value)


@dataclass(frozen=True, kw_only=True)
class View:
    """One screen's choices; None means the product decides.

    Attributes:
        language: `vi` or `en`.
        role: role in a demonstration, as in `province:79`.
        day: the day looked at; None follows the newest.
        area: code of the area looked at.
        indicator: id on the map.
        indicator2: id on the second map; None: the first one's, where there is a second map.
        day2: day of the second map; None: the first one's. Without both there is one map.
        level: level of the areas on the map.
        vintage: area vintage of the map.
        span: days on the slider.
        as_of: instant whose knowledge is shown; None for the present.
        bulletin: number of the bulletin whose frozen figures are shown; None for live ones.
        rehearse: instant at which the press is looked over the shoulder; None: nobody rehearses.
        issue: number of the bulletin that is worked on or read about.
        first: `1` for what was told first beside what is told now.
        platform: platform on the sync desk.
        rule: rule whose contradictions are shown; None for all.
        cell: row and day picked on the sync desk's matrix, as `79.2021-08-21`.
        denominator: population that shares and rates are divided by.
        mode: `projector` for a screen in a briefing room: large, without controls, turning pages.
        layer: what stands on top of the map, one of `LAYERS`; None: nothing.
        per: `100k` for counts per 100,000 people.
        smooth: `7d` for seven days together.
        areas: codes of the areas compared, each once, at most `MOST_AREAS`.
        scale: `index` for curves that begin at 100.
        cluster: code of the cluster looked at; None for the register alone.
        setting: setting whose clusters are listed; None for all.
        state: status whose clusters or alerts are listed; None for all.
        alert: number of the alert opened; None: none.
        board: which work is on the board, one of `BOARDS`.
        item: code of the need or proposal that is opened, as in `N-3`.
        items: codes of the proposals compared.
    """

    language: str = DEFAULT
    role: str | None = None
    day: date | None = None
    area: str | None = None
    indicator: str | None = None
    indicator2: str | None = None
    day2: date | None = None
    level: str | None = None
    vintage: str | None = None
    span: int = SPANS[1]
    as_of: datetime | None = None
    bulletin: int | None = None
    rehearse: datetime | None = None
    issue: int | None = None
    first: str | None = None
    platform: str | None = None
    rule: str | None = None
    cell: str | None = None
    denominator: str | None = None
    mode: str | None = None
    layer: str | None = None
    per: str | None = None
    smooth: str | None = None
    areas: tuple[str, ...] = ()
    scale: str | None = None
    cluster: str | None = None
    setting: str | None = None
    state: str | None = None
    alert: int | None = None
    board: str | None = None
    item: str | None = None
    items: tuple[str, ...] = ()


def parse_view(parameters: Mapping[str, str]) -> View:
    """Return the view of an address; parameters that make no sense are left out."""
    span = parameters.get("span", "")
    return View(
        language=_one_of(parameters.get("lang"), LANGUAGES) or DEFAULT,
        role=_fitting(parameters.get("as"), _ROLE),
        day=_day(parameters.get("date")),
        area=_fitting(parameters.get("area"), _CODE),
        indicator=_fitting(parameters.get("indicator"), _CODE),
        indicator2=_fitting(parameters.get("indicator2"), _CODE),
        day2=_day(parameters.get("day2")),
        level=_one_of(parameters.get("level"), _LEVELS),
        vintage=_fitting(parameters.get("vintage"), _CODE),
        span=int(span) if span in map(str, SPANS) else SPANS[1],
        as_of=_instant(parameters.get("as_of")),
        bulletin=_number(parameters.get("bulletin")),
        rehearse=_instant(parameters.get("rehearse")),
        issue=_number(parameters.get("issue")),
        first=_one_of(parameters.get("first"), (FIRST,)),
        platform=_one_of(parameters.get("platform"), PLATFORMS),
        rule=_fitting(parameters.get("rule"), _CODE),
        cell=_fitting(parameters.get("cell"), _CODE),
        denominator=_fitting(parameters.get("denominator"), _CODE),
        mode=_one_of(parameters.get("mode"), (PROJECTOR,)),
        layer=_one_of(parameters.get("layer"), LAYERS),
        per=_one_of(parameters.get("per"), (PER_PEOPLE,)),
        smooth=_one_of(parameters.get("smooth"), (SMOOTH,)),
        areas=_several(parameters.get("areas", "")),
        scale=_one_of(parameters.get("scale"), (INDEX,)),
        cluster=_fitting(parameters.get("cluster"), _CODE),
        setting=_fitting(parameters.get("setting"), _CODE),
        state=_fitting(parameters.get("state"), _CODE),
        alert=_number(parameters.get("alert")),
        board=_one_of(parameters.get("board"), BOARDS),
        item=_fitting(parameters.get("item"), _CODE),
        items=_several(parameters.get("items", "")),
    )


def write_view(view: View, *, names: tuple[str, ...]) -> dict[str, str]:
    """Return the parameters of a view that a page uses, always with its language."""
    every = {
        "date": view.day.isoformat() if view.day else None,
        "area": view.area,
        "indicator": view.indicator,
        "indicator2": view.indicator2,
        "day2": view.day2.isoformat() if view.day2 else None,
        "level": view.level,
        "vintage": view.vintage,
        "span": str(view.span),
        "platform": view.platform,
        "rule": view.rule,
        "cell": view.cell,
        "denominator": view.denominator,
        "layer": view.layer,
        "per": view.per,
        "smooth": view.smooth,
        "areas": ",".join(view.areas) or None,
        "scale": view.scale,
        "cluster": view.cluster,
        "setting": view.setting,
        "state": view.state,
        "alert": str(view.alert) if view.alert else None,
        "board": view.board,
        "item": view.item,
        "items": ",".join(view.items) or None,
        "first": view.first,
        "issue": str(view.issue) if view.issue else None,
    }
    kept = {name: every[name] for name in names}
    bulletin = str(view.bulletin) if view.bulletin else None
    kept |= {"as_of": _written(view.as_of), "bulletin": bulletin, "as": view.role}
    kept |= {"rehearse": _written(view.rehearse)}
    kept |= {"lang": view.language, "mode": view.mode}
    return {name: value for name, value in kept.items() if value is not None}


def _written(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else None


def _one_of(text: str | None, allowed: tuple[str, ...]) -> str | None:
    return text if text in allowed else None


def _fitting(text: str | None, pattern: re.Pattern[str]) -> str | None:
    return text if text is not None and pattern.fullmatch(text) else None


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and _NUMBER.fullmatch(text) else None


def _several(text: str) -> tuple[str, ...]:
    """Return the codes of a list, each once, the first of too many; what is no code is left out."""
    found = (code for code in text.split(",") if _CODE.fullmatch(code))
    return tuple(dict.fromkeys(found))[:MOST_AREAS]


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def _instant(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None
