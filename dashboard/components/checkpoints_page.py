"""What the checkpoints page alone has: registered against used, and silent wards by name."""

from datetime import timedelta

import polars as pl

from dashboard import formatting, loaders, place_tables
from dashboard.components import closed, command
from dashboard.components.markup import draw, element
from dashboard.components.section import section
from dashboard.components.tables import table
from dashboard.context import Context, look

PAGE = "checkpoints"
WEEK = timedelta(days=6)
LISTED = 30


def _activity(seen: Context) -> pl.DataFrame | None:
    if seen.day is None:
        return None
    found = loaders.place_activity(
        viewer=seen.viewer, start=seen.day - WEEK, end=seen.day, token=seen.token
    )
    place = command.place_of(seen)
    return found.filter(pl.col("area_code") == place.code) if place.code else found


@section("checkpoints_panel")
def panel_section() -> None:
    """Draw the week: places registered, new, active, scans."""
    seen = look(PAGE)
    title = seen.t("checkpoints_page.panel")
    draw(element("h2", title, class_="td-section"))
    if closed.instead(seen, "wards"):
        return
    found = _activity(seen)
    if found is None or found.is_empty():
        draw(element("p", seen.t("checkpoints_page.no_places"), class_="td-absent"))
        return
    cells = []
    for one in place_tables.panel(found):
        share = one.active_share
        numbers = (
            formatting.number(n, language=seen.language)
            for n in (one.places, one.new, one.active, one.scans)
        )
        places, new, active, scans = numbers
        shown = "–" if share is None else formatting.percent(share, language=seen.language)
        day = formatting.day(one.day, language=seen.language)
        cells.append((day, places, new, active, shown, scans))
    heads = ("day", "places", "new", "active", "active_share", "scans")
    titles = tuple(seen.t(f"checkpoints_page.{head}") for head in heads)
    draw(table(titles, cells, caption=title, numeric=(1, 2, 3, 4, 5)))
    draw(element("p", seen.t("checkpoints_page.panel_note"), class_="td-when"))


@section("checkpoints_silent")
def silent_section() -> None:
    """Draw the wards without a scan by name, and how often in the week."""
    seen = look(PAGE)
    if seen.viewer.published_only:
        return  # the section above says why
    found = _activity(seen)
    if found is None or seen.day is None:
        return
    title = seen.t("checkpoints_page.silent")
    draw(element("h2", title, class_="td-section"))
    rows = place_tables.silent_wards(found, day=seen.day)
    n_wards = place_tables.wards_counted(found, day=seen.day)
    day = formatting.day(seen.day, language=seen.language)
    if not n_wards:
        draw(element("p", seen.t("checkpoints_page.no_places"), class_="td-absent"))
        return
    said = seen.t("checkpoints_page.silent_said", n=len(rows), m=n_wards, day=day)
    draw(element("p", said, class_="td-say"))
    if not rows:
        return
    names = loaders.names(loaders.vintage_for(seen.day, None), language=seen.language)
    nameless = seen.t("checkpoints_page.no_ward")
    cells = [
        (
            names.get(row.ward_code, row.ward_code) or nameless,
            names.get(row.area_code, row.area_code),
            formatting.number(row.places, language=seen.language),
            seen.t("checkpoints_page.of_days", n=row.days, m=row.of_days),
        )
        for row in rows[:LISTED]
    ]
    heads = ("ward", "province", "places", "silent_days")
    titles = tuple(seen.t(f"checkpoints_page.{head}") for head in heads)
    draw(table(titles, cells, caption=title, numeric=(2, 3)))
    if len(rows) > LISTED:
        rest = len(rows) - LISTED
        draw(element("p", seen.t("checkpoints_page.more", n=rest), class_="td-when"))
