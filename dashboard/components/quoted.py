"""The register of numbers said in briefings, beside what was published; its form for the nation."""

from datetime import datetime
from zoneinfo import ZoneInfo

import streamlit as st

from dashboard import access, catalogue, filters, formatting, loaders, loaders_press, resources
from dashboard.components.markup import Child, draw, element
from dashboard.components.open_data import PAGE, link, places
from dashboard.components.section import section
from dashboard.components.tables import table
from dashboard.context import Context, look
from dashboard.i18n import pick
from data_access.errors import BadUse, ScopeDenied
from data_access.indicators.model import Unit
from data_access.indicators.registry import INDICATORS
from data_access.quotes import KEEPERS, LONGEST, Quote, register

MOST = 50
FORM = "quote_form"
TOLERANCE = 0.005
"""Of the published number: said in round words, it is still the same number."""


@section("open_quotes")
def register_section() -> None:
    """Draw what was said and what was published."""
    seen = look(PAGE)
    t = seen.t
    draw(element("h2", t("open_data.quotes"), class_="td-section"))
    draw(element("p", t("open_data.quotes_about")))
    found = loaders_press.quotes(viewer=seen.viewer, token=seen.token).head(MOST)
    if found.is_empty():
        draw(element("p", t("open_data.no_quotes"), class_="td-absent"))
    else:
        heads = [t(f"open_data.{name}") for name in
                 ("figure", "area", "day", "said", "published", "who")]  # fmt: skip
        rows = [_row(row, seen) for row in found.to_dicts()]
        draw(table(heads, rows, caption=t("open_data.quotes"), numeric=(3, 4), wide=True))
    if access.identity().role in KEEPERS:
        with st.expander(t("open_data.register"), key="quote_box"):
            _form(seen)


def _row(row: dict[str, object], seen: Context) -> list[Child]:
    key, area, day = str(row["figure"]), str(row["area_code"]), row["day"]
    entry = catalogue.of_indicator(INDICATORS[key]) if key in INDICATORS else None
    title = entry.title(seen.language) if entry else key
    place = None if area == loaders.VIETNAM else area
    head = loaders_press.current(viewer=seen.viewer, token=seen.token)
    name: Child = title
    if head:
        address = link(head, figure=key, area=place, day=day.isoformat())  # type: ignore[attr-defined]
        name = element("a", title, href=address, target="_self")
    value = float(row["value"])  # type: ignore[arg-type]
    said = entry.value(value, language=seen.language) if entry else f"{value:g}"
    moment = formatting.moment(row["said_at"], language=seen.language, zone=seen.zone)  # type: ignore[arg-type]
    gone = seen.t("open_data.retracted", reason=row["reason"]) if row["retracted"] else ""
    return [
        name, loaders.area_name(area, language=seen.language),
        formatting.day(day, language=seen.language), said,  # type: ignore[arg-type]
        published(key, place, day, value, seen), f"{row['said_by']}, {moment} {gone}".strip(),
    ]  # fmt: skip


def published(key: str, area: str | None, day: object, said: float, seen: Context) -> str:
    """Return what the bulletin on screen says of a number that was said, in words."""
    head = loaders_press.current(viewer=seen.viewer, token=seen.token)
    told = loaders_press.history(viewer=seen.viewer, figure=key, area=area, day=day,  # type: ignore[arg-type]
                                 token=seen.token)  # fmt: skip
    found = next((one for one in told if head and one.head.number == head.number), None)
    if found is None or found.value is None:
        withheld = found is not None and found.status == "suppressed"
        return seen.t("status.suppressed" if withheld else "open_data.unpublished")
    entry = catalogue.of_indicator(INDICATORS[key])
    value = entry.value(found.value, language=seen.language)
    same = abs(found.value - said) <= TOLERANCE * abs(found.value)
    return f"{value} ({seen.t('open_data.same' if same else 'open_data.differs')})"


def _form(seen: Context) -> None:
    t, now = seen.t, resources.shared().clock().astimezone(ZoneInfo(seen.zone))
    titles = {key: pick(one.vi, one.en, language=seen.language) for key, one in INDICATORS.items()}
    names = places(seen)
    with st.form(FORM, clear_on_submit=True):
        figure = st.selectbox(t("open_data.figure"), list(titles), format_func=titles.__getitem__,
                              help=t("open_data.share_help"))  # fmt: skip
        area = st.selectbox(t("open_data.area"), [code or loaders.VIETNAM for code in names],
                            format_func=lambda code: names.get(code, names[None]))  # fmt: skip
        day = st.date_input(t("open_data.day"), value=seen.day, format="DD/MM/YYYY")
        value = st.number_input(t("open_data.said"), value=None, format="%g")
        who = st.text_input(t("open_data.said_by"), max_chars=LONGEST)
        said_day = st.date_input(t("open_data.said_day"), value=now.date(), format="DD/MM/YYYY")
        said_time = st.time_input(t("open_data.said_time"), value=now.time().replace(second=0))
        sent = st.form_submit_button(t("open_data.register"))
    if not sent:
        return
    if value is None or day is None:
        st.warning(t("open_data.refused"))
        return
    moment = datetime.combine(said_day, said_time, tzinfo=ZoneInfo(seen.zone))
    share = INDICATORS[figure].unit is Unit.RATIO
    quote = Quote(figure=figure, area_code=area, day=day, value=value / 100 if share else value,
                  said_by=who, said_at=moment)  # fmt: skip
    _register(quote)


def _register(quote: Quote) -> None:
    shared = resources.shared()
    try:
        register(shared.engine, quote, areas=shared.areas, actor=access.identity().player,
                 now=shared.clock())  # fmt: skip
    except (BadUse, ScopeDenied):
        st.warning(filters.t("open_data.refused"))
        return
    st.toast(filters.t("open_data.registered"))
    st.rerun()
