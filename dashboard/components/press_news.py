"""What the press reads first: the latest bulletin, what it corrected and why, what is coming."""

from dashboard import formatting, loaders, loaders_press
from dashboard.components.markup import Markup, draw, element
from dashboard.components.section import section
from dashboard.context import Context, look
from data_access.bulletins.model import Bulletin
from data_access.codes import Role

MOST = 3


@section("press_home")
def home_section() -> None:
    """Draw the news for the press; everybody else has the figures as they are."""
    seen = look("overview")
    if seen.viewer.role is Role.PRESS:
        _news(seen)
        more = element("a", seen.t("open_data.to_page"), href="/open_data", target="_self")
        draw(element("p", more, class_="td-links"))


@section("press_news")
def news_section() -> None:
    """Draw the news on the page of open data."""
    _news(look("open_data"))


def _news(seen: Context) -> None:
    head = loaders_press.current(viewer=seen.viewer, token=seen.token)
    if head is None:
        draw(element("p", seen.t("open_data.nothing"), class_="td-notice"))
        return
    lines = [element("p", _latest(head, seen), class_="td-lede")]
    if head.withdrawn_at is not None:
        gone = seen.t("open_data.withdrawn", moment=_moment(head.withdrawn_at, seen),
                      reason=head.withdrawn_reason)  # fmt: skip
        lines.append(element("p", gone, class_="td-notice td-warn", role="alert"))
    draw(element("div", *lines, _revised(head, seen), element("p", _coming(seen))))


def _latest(head: Bulletin, seen: Context) -> str:
    public = _moment(head.public_from, seen)
    title = head.title_en if seen.language == "en" and head.title_en else head.title_vi
    told = seen.t("open_data.latest", number=head.number, cut_off=_moment(head.cut_off, seen),
                  public=public)  # fmt: skip
    return f"{told} {title}".strip()


def _revised(head: Bulletin, seen: Context) -> Markup:
    found = loaders_press.revised(viewer=seen.viewer, number=head.number, token=seen.token)
    if head.base is None or found.is_empty():
        return element("p", seen.t("open_data.nothing_revised"))
    count = formatting.number(found.height, language=seen.language)
    first = element("p", seen.t("open_data.revised", n=count, number=head.base))
    listed = [element("li", revision(row, seen)) for row in found.head(MOST).to_dicts()]
    return element("div", first, element("ul", *listed))


def revision(row: dict[str, object], seen: Context) -> str:
    """Return one correction in words: what, where, which day, from, to, by which file."""
    entry = loaders.entry(str(row["id"]), viewer=seen.viewer)
    said = (value_of(row[name], str(row["id"]), seen) for name in ("was", "becomes"))
    change = " → ".join(said)
    title = entry.title(seen.language) if entry else str(row["id"])
    name = loaders.area_name(str(row["area_code"]), language=seen.language)
    day = formatting.day(row["date"], language=seen.language)  # type: ignore[arg-type]
    why = seen.t("open_data.by_file", files=row["files"]) if row["files"] else ""
    return f"{title}, {name}, {day}: {change}. {why}".strip()


def value_of(value: object, key: str, seen: Context) -> str:
    """Return a value as the screen writes it; a dash for none."""
    entry = loaders.entry(key, viewer=seen.viewer)
    if not isinstance(value, float):
        return "–"
    if entry is None:
        return formatting.number(value, language=seen.language)
    return entry.value(value, language=seen.language)


def _coming(seen: Context) -> str:
    moments = loaders_press.coming(viewer=seen.viewer, token=seen.token)
    if not moments:
        return seen.t("open_data.nothing_coming")
    return seen.t("open_data.coming", moment=_moment(moments[0], seen))


def _moment(moment: object, seen: Context) -> str:
    return formatting.moment(moment, language=seen.language, zone=seen.zone)  # type: ignore[arg-type]
