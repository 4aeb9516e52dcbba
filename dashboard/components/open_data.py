"""The page of open data: one figure, bulletins, corrections, the way for programs."""

from collections.abc import Sequence
from urllib.parse import urlencode, urlsplit

import streamlit as st

from dashboard import filters, formatting, formulas, loaders, loaders_press, resources
from dashboard.components.markup import Child, Markup, draw, element
from dashboard.components.press_news import revision, value_of
from dashboard.components.section import section
from dashboard.components.tables import table
from dashboard.context import Context, look
from dashboard.i18n import pick
from dashboard.loaders_press import Told
from data_access.bulletins.dictionary import Item
from data_access.bulletins.model import Bulletin
from data_access.codes import Level
from data_access.indicators.registry import INDICATORS
from data_access.measures.registry import MEASURES

PAGE = "open_data"
ADDRESS = ("date", "indicator", "area")
API = "/api/v1"
MOST_REVISIONS, MOST_LISTED = 100, 30


def _head(seen: Context) -> Bulletin | None:
    return loaders_press.current(viewer=seen.viewer, token=seen.token)


def _items(seen: Context, head: Bulletin) -> dict[str, Item]:
    found = loaders_press.items(viewer=seen.viewer, number=head.number, token=seen.token)
    return {str(one["id"]): one for one in found}


def _title(item: Item, seen: Context) -> str:
    return pick(str(item["title_vi"]), str(item["title_en"]), language=seen.language)


def places(seen: Context) -> dict[str | None, str]:
    """Return the nation (None) and the provinces by code, in words."""
    vintage = resources.shared().areas.default_vintage
    named = loaders.names(vintage, language=seen.language)
    spots = {code: named.get(code, code) for code in loaders.province_codes(vintage)}
    nation = loaders.area_name(loaders.VIETNAM, language=seen.language)
    return {None: nation, **dict(sorted(spots.items(), key=lambda pair: pair[1]))}


@section("open_figure")
def figure_section() -> None:
    """Draw one figure: what it is, what every bulletin says of it, how to link and to cite it."""
    seen = look(PAGE)
    head = _head(seen)
    if head is None or seen.day is None:
        return
    known = _items(seen, head)
    draw(element("h2", seen.t("open_data.figure"), class_="td-section"))
    with st.container(horizontal=True, key="open_choice"):
        filters.indicator_choice(tuple(known), format_option=lambda key: _title(known[key], seen))
        names = places(seen)
        filters.choice("area", label=seen.t("open_data.area"), options=tuple(names),
                       format_option=names.__getitem__)  # fmt: skip
    item = known[str(filters.current().indicator)]
    told = loaders_press.history(
        viewer=seen.viewer, figure=str(item["id"]), area=filters.current().area, day=seen.day,
        token=seen.token,
    )  # fmt: skip
    left, right = st.columns(2, gap="medium")
    with left:
        draw(_meaning(item, told, seen))
    with right:
        draw(_history(item, told, seen))
        _permanent(item, head, seen)


def _meaning(item: Item, told: Sequence[Told], seen: Context) -> Markup:
    t = seen.t
    sources = {one.source for one in told if one.source}
    about = pick(str(item["about_vi"]), str(item["about_en"]), language=seen.language)
    rows: list[tuple[str, Child]] = [
        (t("open_data.definition"), about or t("fact.direct")),
        (t("open_data.formula"), _formula(item, seen)),
        (t("open_data.source"), " · ".join(sorted(sources)) or "–"),
        (t("open_data.limits"), t("open_data.limit_lag", n=item["typical_lag_days"])),
        ("", t("open_data.limit_small")),
        ("", t("open_data.limit_revised")),
    ]
    pairs = [part for name, text in rows
             for part in (element("dt", name), element("dd", text))]  # fmt: skip
    return element("dl", *pairs, class_="td-figure")


def _formula(item: Item, seen: Context) -> str:
    """Return the formula in the terms of the field; what is counted directly is its own."""
    one = INDICATORS.get(str(item["id"]))
    if one is None:
        return _title(item, seen)
    return formulas.formula(one, MEASURES, t=seen.t, language=seen.language)


def _history(item: Item, told: Sequence[Told], seen: Context) -> Markup:
    t = seen.t
    rows: list[list[Child]] = []
    for one in told:
        said = value_of(one.value, str(item["id"]), seen)
        if one.status:
            said = t(f"status.{one.status}")
        mark = t("open_data.mark_withdrawn") if one.head.withdrawn_at else ""
        moment = formatting.moment(one.head.cut_off, language=seen.language, zone=seen.zone)
        rows.append([f"{one.head.number} {mark}".strip(), moment, said])
    heads = [t("open_data.bulletin"), t("open_data.cut_off"), t("open_data.value")]
    day = formatting.day(seen.day, language=seen.language) if seen.day else ""
    caption = t("open_data.history", title=_title(item, seen), day=day)
    return element("div", element("h3", caption), table(heads, rows, caption=caption, numeric=(2,)))


def link(head: Bulletin, *, figure: str, area: str | None, day: str) -> str:
    """Return the address that always shows the same number."""
    asked = {"bulletin": str(head.number), "indicator": figure, "date": day}
    asked |= {"area": area} if area else {}
    return f"{_origin()}/open_data?{urlencode(asked)}"


def _origin() -> str:
    parts = urlsplit(st.context.url or "")
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def _permanent(item: Item, head: Bulletin, seen: Context) -> None:
    area, day = filters.current().area, seen.day.isoformat() if seen.day else ""
    address = link(head, figure=str(item["id"]), area=area, day=day)
    cite = seen.t(
        "open_data.citation", title=_title(item, seen), place=places(seen).get(area, area or ""),
        day=formatting.day(seen.day, language=seen.language) if seen.day else "",
        number=head.number, address=address,
        cut_off=formatting.moment(head.cut_off, language=seen.language, zone=seen.zone),
    )  # fmt: skip
    draw(element("p", seen.t("open_data.permanent")))
    st.code(address, language=None, wrap_lines=True)
    draw(element("p", seen.t("open_data.cite")))
    st.code(cite, language=None, wrap_lines=True)


@section("open_bulletins")
def bulletins_section() -> None:
    """Draw the list of public bulletins with their files."""
    seen = look(PAGE)
    t = seen.t
    draw(element("h2", t("open_data.bulletins"), class_="td-section"))
    rows: list[list[Child]] = []
    for one in loaders_press.public_bulletins(viewer=seen.viewer, token=seen.token)[:MOST_LISTED]:
        moments = [formatting.moment(m, language=seen.language, zone=seen.zone)
                   for m in (one.cut_off, one.public_from) if m]  # fmt: skip
        mark = t("open_data.mark_withdrawn") if one.withdrawn_at else ""
        file = element("a", t("open_data.zip", number=one.number), target="_self",
                       href=f"{API}/bulletins/{one.number}/download.zip")  # fmt: skip
        rows.append([f"{one.number} {mark}".strip(), *moments, element("code", one.sha256[:12]),
                     file])  # fmt: skip
    heads = [t("open_data.bulletin"), t("open_data.cut_off"), t("open_data.public_from"),
             t("open_data.hash"), t("open_data.file")]  # fmt: skip
    draw(table(heads, rows, caption=t("open_data.bulletins"), wide=True))


@section("open_revisions")
def revisions_section() -> None:
    """Draw what the bulletin on screen corrected."""
    seen = look(PAGE)
    head = _head(seen)
    if head is None:
        return
    draw(element("h2", seen.t("open_data.corrections", number=head.number), class_="td-section"))
    found = loaders_press.revised(viewer=seen.viewer, number=head.number, token=seen.token)
    if found.is_empty():
        draw(element("p", seen.t("open_data.nothing_revised"), class_="td-absent"))
        return
    shown = found.head(MOST_REVISIONS).to_dicts()
    draw(element("ul", *(element("li", revision(row, seen)) for row in shown)))
    if found.height > MOST_REVISIONS:
        more = formatting.number(found.height - MOST_REVISIONS, language=seen.language)
        draw(element("p", seen.t("open_data.more", rest=more)))


@section("open_api")
def programs_section() -> None:
    """Draw how programs read the same."""
    seen = look(PAGE)
    t, origin = seen.t, _origin()
    head = _head(seen)
    draw(element("h2", t("open_data.programs"), class_="td-section"))
    draw(element("p", t("open_data.programs_about")))
    number = f"&bulletin={head.number}" if head else ""
    level = Level.PROVINCE.value
    st.code(f"curl '{origin}{API}/data?ids=cases,deaths&level={level}&format=csv{number}'",
            language=None, wrap_lines=True)  # fmt: skip
    links = [
        element("li", element("a", t(f"open_data.{name}"), href=path, target="_self"))
        for name, path in (("description", f"{API}/openapi.json"),
                           ("feed", "/feeds/corrections.atom"),
                           ("dictionary", f"{API}/indicators"))
    ]  # fmt: skip
    draw(element("ul", *links, class_="td-links"))
