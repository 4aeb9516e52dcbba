"""The province's place: its figures beside the nation's, its rank among all and among its like."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl
import streamlit as st

from dashboard import filters, formatting, loaders, navigation
from dashboard.catalogue import Entry
from dashboard.charts.standing import Bar, bars
from dashboard.components.command import Place
from dashboard.components.markup import Markup, draw, element, join
from dashboard.components.province_map import chosen_entry
from dashboard.components.province_page import PAGE, place_of, vintage_of
from dashboard.components.section import section
from dashboard.components.series import PLOTLY, status_text, value_text
from dashboard.components.tables import table
from dashboard.context import Context, look
from dashboard.province import RANKED
from dashboard.standing import Standing, newest_day, standing, values_on
from dashboard.view import MOST_AREAS
from data_access.codes import Level
from data_access.cube.query import Ask

BACK = timedelta(days=7)
OWN, NATION, NEIGHBOUR, PEER = "own", "nation", "neighbour", "peer"
GROUPS = {
    OWN: "province.group_own",
    NATION: "province.group_nation",
    NEIGHBOUR: "province.group_neighbour",
    PEER: "province.group_peer",
}


@dataclass(frozen=True, kw_only=True)
class Circle:
    """Who a province is compared with.

    Attributes:
        everyone: codes of all provinces.
        neighbours: those beside it.
        peers: those most like it.
        by_density: whether density counted among what makes alike.
    """

    everyone: tuple[str, ...]
    neighbours: tuple[str, ...]
    peers: tuple[str, ...]
    by_density: bool


def _heads(seen: Context) -> list[str]:
    """Return the columns: those who see their own figures alone get no empty ones for the rest."""
    others = ("nation", "rank", "beside", "alike") if seen.viewer.everywhere else ()
    return [seen.t(f"province.{name}") for name in ("indicator", "value", *others, "why")]


@section("province_place")
def place_section() -> None:
    """Draw the table of ranks, then the chosen indicator among neighbours and peers."""
    seen = look(PAGE)
    if seen.day is None:
        return
    place = place_of(seen)
    draw(element("h2", seen.t("province.place", name=place.name), class_="td-section"))
    circle = circle_of(place.code or "", seen)
    draw(element("p", _rule(circle, seen), class_="td-absent"))
    entries = [entry for key in RANKED if (entry := loaders.entry(key, viewer=seen.viewer))]
    own, nation = _figures(entries, seen)
    rows = [_row(entry, own, nation, circle, place, seen) for entry in entries]
    ranks = table(_heads(seen), rows, caption=seen.t("province.place", name=place.name),
                  numeric=range(1, len(_heads(seen)) - 1), wide=seen.viewer.everywhere)  # fmt: skip
    draw(element("div", ranks, class_="td-whole"))
    _people(circle, seen)
    if seen.viewer.everywhere:
        _among(circle, place, seen)


def circle_of(code: str, seen: Context) -> Circle:
    """Return who a province is compared with."""
    vintage = vintage_of(seen)
    areas = loaders.areas_of(
        (Level.PROVINCE.value, vintage, None), viewer=seen.viewer, language=seen.language
    )
    like = loaders.peers(code, vintage)
    return Circle(
        everyone=tuple(areas["code"]),
        neighbours=loaders.neighbours(code, vintage),
        peers=like.codes,
        by_density=like.by_density,
    )


def _rule(circle: Circle, seen: Context) -> str:
    t = seen.t
    alike = t("province.rule_density" if circle.by_density else "province.rule_people",
              n=len(circle.peers))  # fmt: skip
    if not seen.viewer.everywhere:
        return f"{t('province.own_only')} {alike}"
    return f"{t('province.rule')} {alike}"


def _figures(entries: list[Entry], seen: Context) -> tuple[pl.DataFrame, pl.DataFrame | None]:
    """Return the figures of all provinces in view and of the nation; None if it is not in view."""
    ids = tuple(entry.key for entry in entries)
    day = seen.day or seen.moment.date()
    levels = (Level.PROVINCE, Level.NATIONAL) if seen.viewer.everywhere else (Level.PROVINCE,)
    found = [
        loaders.figures(
            viewer=seen.viewer,
            ask=Ask(ids=ids, level=level, start=day - BACK, end=day),
            token=seen.token,
        )
        for level in levels
    ]
    return found[0], found[1] if len(found) > 1 else None


def _row(
    entry: Entry, own: pl.DataFrame, nation: pl.DataFrame | None, circle: Circle, place: Place,
    seen: Context,
) -> tuple[str | Markup, ...]:  # fmt: skip
    code, name = place.code or "", _indicator(entry, seen)
    day = newest_day(own, code, id_=entry.key)
    if day is None:
        none = () if nation is None else ("–",) * (len(_heads(seen)) - 3)
        return (name, _absent(own, entry, code, seen), *none, seen.t("province.no_week"))
    values = values_on(own, day, id_=entry.key)
    others: tuple[str, ...] = ()
    if nation is not None:
        whole = next(iter(values_on(nation, day, id_=entry.key).values()), None)
        groups = (circle.everyone, circle.neighbours, circle.peers)
        ranks = (_rank(standing(values, code, among=group), seen) for group in groups)
        others = (value_text(whole, entry, seen), *ranks)
    return (
        name,
        _value(values[code], entry, seen, day=day),
        *others,
        _why(own, entry, code, day, seen),
    )


def _indicator(entry: Entry, seen: Context) -> Markup:
    """Return the name of an indicator that opens to its definition."""
    about = entry.about(seen.language)
    return element("details", element("summary", entry.title(seen.language)),
                   element("small", about))  # fmt: skip


def _absent(own: pl.DataFrame, entry: Entry, code: str, seen: Context) -> str:
    rows = own.filter(
        pl.col("area_code") == code, pl.col("id") == entry.key, pl.col("date") == seen.day
    )
    return status_text(str(rows["status"][0]), seen) if rows.height else "–"


def _value(value: float | None, entry: Entry, seen: Context, *, day: date) -> Markup:
    text = value_text(value, entry, seen)
    unit = entry.unit_text(seen.t)
    when = None
    if day != seen.day:
        when = seen.t("card.at_day", day=formatting.short_day(day, language=seen.language))
    small = " · ".join(part for part in (unit, when) if part)
    return join([element("b", text), " " if small else None,
                 element("small", small) if small else None])  # fmt: skip


def _rank(stands: Standing, seen: Context) -> str:
    if stands.rank is None or stands.of < 2:  # noqa: PLR2004 -- alone there is no rank
        return seen.t("province.alone")
    return f"{stands.rank}/{stands.of}"


def _why(own: pl.DataFrame, entry: Entry, code: str, day: date, seen: Context) -> str:
    """Return numerator and denominator of the province's figure; a median has none."""
    row = own.filter(
        pl.col("area_code") == code, pl.col("id") == entry.key, pl.col("date") == day
    ).row(0, named=True)
    above, below = row["numerator"], row["denominator"]
    if above is None or below is None:
        return "–"
    shown = (
        formatting.number(one, language=seen.language, decimals=0 if one == round(one) else 1)
        for one in (above, below)
    )
    return " / ".join(shown)


def _people(circle: Circle, seen: Context) -> None:
    names = loaders.names(vintage_of(seen), language=seen.language)
    for key, codes in (("neighbours", circle.neighbours), ("peers", circle.peers)):
        listed = ", ".join(names.get(code, code) for code in codes)
        text = seen.t(f"province.{key}", names=listed or seen.t("province.nobody"))
        draw(element("p", text, class_="td-when"))


def _among(circle: Circle, place: Place, seen: Context) -> None:
    """Draw the chosen indicator of the province, the nation, neighbours and peers."""
    entry = chosen_entry(seen)
    title = seen.t("province.among", indicator=entry.title(seen.language), name=place.name)
    draw(element("h3", title, class_="td-part"))
    own, nation = _figures([entry], seen)
    day = newest_day(own, place.code or "", id_=entry.key)
    if day is None:
        draw(element("p", seen.t("province.no_week"), class_="td-absent"))
        return
    names = loaders.names(vintage_of(seen), language=seen.language)
    values = values_on(own, day, id_=entry.key)
    whole = values_on(nation, day, id_=entry.key) if nation is not None and _shared(entry) else {}
    shown = bars_of(circle, place, values, whole, names)
    groups = {key: seen.t(text) for key, text in GROUPS.items()}
    figure = bars(shown, groups, entry=entry, language=seen.language)
    st.plotly_chart(figure, key="province_among", alt=title, config=PLOTLY)
    draw(element("p", seen.t("command.as_at", day=formatting.day(day, language=seen.language)),
                 class_="td-when"))  # fmt: skip
    twin = st.expander(seen.t("chart.table"), key="province_among_twin", on_change="rerun")
    if twin.open:
        with twin:
            rows = [(bar.name, groups[bar.group], value_text(bar.value, entry, seen))
                    for bar in shown]  # fmt: skip
            heads = [seen.t(f"province.{name}") for name in ("area", "group", "value")]
            draw(table(heads, rows, caption=title, numeric=(2,)))
    if st.button(seen.t("province.compare"), type="tertiary", key="province_compare",
                 icon=":material/compare_arrows:"):  # fmt: skip
        filters.change(areas=(place.code or "", *circle.neighbours)[:MOST_AREAS])
        st.switch_page(navigation.streamlit_page("compare", title=seen.t("compare.title")))


def _shared(entry: Entry) -> bool:
    """Return whether the nation fits on the axis: a count of the whole dwarfs its parts."""
    return entry.unit not in ("count", "per_day")


def bars_of(
    circle: Circle, place: Place, values: Mapping[str, float | None],
    nation: Mapping[str, float | None], names: Mapping[str, str],
) -> tuple[Bar, ...]:  # fmt: skip
    """Return the bars, the largest first, those without a figure last; nobody stands twice.

    Args:
        circle: who is compared.
        place: the province.
        values: of the provinces by code.
        nation: of the nation by its code; empty where it is not shown.
        names: of all areas by code.
    """
    groups = dict.fromkeys(circle.peers, PEER)
    groups |= dict.fromkeys(circle.neighbours, NEIGHBOUR)
    groups[place.code or ""] = OWN
    groups |= dict.fromkeys(nation, NATION)
    known = {**values, **nation}
    found = [
        Bar(name=names.get(code, code), group=group, value=known.get(code))
        for code, group in groups.items()
    ]
    return tuple(sorted(found, key=lambda bar: (bar.value is None, -(bar.value or 0.0), bar.name)))
