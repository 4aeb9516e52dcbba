"""The quarantine sites of an area: how full each is, and what it last said of itself."""

from datetime import date
from functools import partial
from typing import Any

import polars as pl

from dashboard import downloads, formatting, loaders, resources, site_rows, watched
from dashboard.code_names import code_name
from dashboard.components import closed, command, download
from dashboard.components.markup import draw, element
from dashboard.components.quarantine_outlook import PAGE
from dashboard.components.section import section
from dashboard.components.tables import table
from dashboard.context import Context, look
from dashboard.i18n import pick
from data_access.contracts.quarantine import SHORTAGE, SITE_STATE
from data_access.cube.query import Ask

TOP = 20
HEADS = ("site", "occupancy", "occupied", "beds", "overdue", "kind", "where", "report")
INSIDE, USABLE = "quarantine_occupied", "quarantine_beds"
Row = dict[str, Any]


@section("quarantine_sites")
def sites() -> None:
    """Draw the sites of the area chosen; of the nation the fullest."""
    seen = look(PAGE)
    if seen.day is None:
        return
    place = command.place_of(seen)
    shown = formatting.day(seen.day, language=seen.language)
    title = seen.t("quarantine.sites", place=place.name, day=shown)
    draw(element("h2", title, class_="td-section"))
    if closed.instead(seen, "sites"):
        return
    found = watched.quarantine_sites(viewer=seen.viewer, day=seen.day, token=seen.token)
    if place.code:
        found = found.filter(pl.col("area_code") == place.code)
    if found.is_empty():
        draw(element("p", seen.t("quarantine.sites_none"), class_="td-absent"))
        return
    _table(found, place, seen, day=seen.day, title=title)
    for text in _summed(site_rows.sums(found), place, seen, day=seen.day):
        draw(element("p", text, class_="td-when"))


def _table(
    found: pl.DataFrame, place: command.Place, seen: Context, *, day: date, title: str
) -> None:
    rows = site_rows.named(found)
    top = rows if place.code else rows.head(TOP)
    if top.height < rows.height:
        words = {"n": top.height, "of": formatting.number(rows.height, language=seen.language)}
        draw(element("p", seen.t("quarantine.sites_top", **words), class_="td-when"))
    vintage = loaders.vintage_for(day, None)
    names = loaders.names(vintage, language=seen.language)
    cells = [_cells(row, names, seen, alone=place.code is not None) for row in top.to_dicts()]
    heads = [seen.t(f"quarantine.{name}") for name in HEADS]
    if cells:
        draw(table(heads, cells, caption=title, numeric=(1, 2, 3, 4), wide=True))
        _download(rows, seen, day=day)


def _cells(row: Row, names: dict[str, str], seen: Context, *, alone: bool) -> tuple[str, ...]:
    return (
        _name(row, seen),
        site_rows.share_text(row["share"], language=seen.language),
        _number(row["occupied"], seen),
        f"{_number(row['beds_usable'], seen)}/{_number(row['beds_total'], seen)}",
        _number(row["overdue"], seen),
        code_name(row["kind"] or "", platform=PAGE, by="kind", t=seen.t, language=seen.language),
        _where(row, names, alone=alone),
        _report(row, seen),
    )


def _name(row: Row, seen: Context) -> str:
    code: str = row["facility_id"]
    if not row["is_registered"]:
        return f"{seen.t('quarantine.site_nameless')} ({code})"
    name: str = row["name"] or code
    return name if row["is_open"] else f"{name} ({seen.t('quarantine.site_closed')})"


def _where(row: Row, names: dict[str, str], *, alone: bool) -> str:
    area, code = str(row["area_code"]), str(row["district_code"] or "")
    province = names.get(area, area)
    district = names.get(code, code)
    if alone:
        return district or province
    return f"{district}, {province}" if district else province


def _report(row: Row, seen: Context) -> str:
    if row["reported_on"] is None:
        return seen.t("quarantine.report_none")
    state = _code(row["state"], SITE_STATE, seen)
    short = [_code(one, SHORTAGE, seen) for one in (row["shortages"] or "").split("|") if one]
    day = formatting.short_day(row["reported_on"], language=seen.language)
    if not short:
        return seen.t("quarantine.report_text", state=state, day=day)
    words = ", ".join(short).lower()
    return seen.t("quarantine.report_short", state=state, shortages=words, day=day)


def _code(code: str, labels: dict[str, tuple[str, str]], seen: Context) -> str:
    return pick(*labels[code], language=seen.language) if code in labels else code


def _number(value: int | None, seen: Context) -> str:
    return "–" if value is None else formatting.number(value, language=seen.language)


def _download(rows: pl.DataFrame, seen: Context, *, day: date) -> None:
    download.offer(
        seen.t("map.download"),
        partial(downloads.plain_csv, rows.drop("share")),
        file_name=resources.file_name(f"quarantine-sites-{day.isoformat()}.csv", t=seen.t),
        key="quarantine_sites_csv",
    )


# --- sums ---------------------------------------------------------------------------------------


def _summed(total: site_rows.Sums, place: command.Place, seen: Context, *, day: date) -> list[str]:
    """Return what is at no site, and whether the records add up to the page's figures."""

    def number(value: float) -> str:
        return formatting.number(value, language=seen.language)

    told = []
    if total.home or total.nowhere:
        words = {"home": number(total.home), "nowhere": number(total.nowhere)}
        told.append(seen.t("quarantine.outside", **words))
    if total.unregistered:
        words = {"n": number(total.unregistered), "sites": number(total.n_unregistered)}
        told.append(seen.t("quarantine.unregistered", **words))
    own = {"people": number(total.people), "beds": number(total.beds)}
    ask = Ask(ids=(INSIDE, USABLE), areas=place.areas, start=day, end=day)
    found = loaders.figures(viewer=seen.viewer, ask=ask, token=seen.token).drop_nulls("value")
    shown = dict(found.select("id", "value").iter_rows())
    if len(shown) < len(ask.ids):
        return [*told, seen.t("quarantine.sum_unknown", **own)]
    if (total.people, total.beds) == (shown[INSIDE], shown[USABLE]):
        return [*told, seen.t("quarantine.sum_fits", **own)]
    source = ", ".join(sorted(set(found["source"])))
    beside = {"shown_people": number(shown[INSIDE]), "shown_beds": number(shown[USABLE])}
    return [*told, seen.t("quarantine.sum_off", source=source, **own, **beside)]
