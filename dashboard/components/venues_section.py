"""Places cases visited while infectious: marks on a map, the same as a table, and a download."""

from datetime import date

import polars as pl
import streamlit as st

from dashboard import downloads, formatting, loaders, watched
from dashboard.code_names import code_name
from dashboard.components import command, download, map_view
from dashboard.components.markup import draw, element
from dashboard.components.section import section
from dashboard.components.tables import table
from dashboard.context import Context, look
from data_access.clusters import may_see

KEY = "map_venues"
GROUND = "cases"
LISTED = 20
HEADS = ("venue", "kind", "where", "cases_head", "people_head", "last_day")


def show(page: str) -> None:
    """Draw the places, for those who may see small counts."""

    @section(f"{page}_venues")
    def drawn() -> None:
        seen = look(page)
        if seen.day is None or not may_see(seen.viewer):
            return
        place = command.place_of(seen)
        day = formatting.day(seen.day, language=seen.language)
        title = seen.t("layers.venues_title", place=place.name, day=day)
        draw(element("h2", title, class_="td-section"))
        found = watched.venues(viewer=seen.viewer, day=seen.day, token=seen.token)
        if place.code:
            found = found.filter(pl.col("area_code") == place.code)
        if found.is_empty():
            draw(element("p", seen.t("layers.venues_none"), class_="td-absent"))
        else:
            _draw(found, place, seen, title=title, day=seen.day)
        draw(element("p", seen.t("layers.venues_note"), class_="td-when"))

    drawn()


def _draw(
    found: pl.DataFrame, place: command.Place, seen: Context, *, title: str, day: date
) -> None:  # fmt: skip
    people = formatting.number(int(found["people"].sum()), language=seen.language)
    said = seen.t("layers.venues_said", count=found.height, n=found.height, people=people)
    draw(element("p", said, class_="td-say"))
    left, right = st.columns([5, 6], gap="medium")
    with left:
        _map(place, seen, day=day)
    with right:
        _table(found, seen, title=title, day=day)


def _map(place: command.Place, seen: Context, *, day: date) -> None:
    entry = loaders.entry(GROUND, viewer=seen.viewer)
    if entry is not None:
        ground = map_view.inside(place.code, day=day)
        map_view.compact(entry, seen, marks="venues", ground=ground, key=KEY)


def _table(found: pl.DataFrame, seen: Context, *, title: str, day: date) -> None:
    names = loaders.names(loaders.vintage_for(day, None), language=seen.language)
    cells = [
        (
            row["name"] or row["place_code"],
            code_name(row["kind"] or "", platform="checkpoints", by="kind", t=seen.t,
                      language=seen.language),
            _where(row, names),
            formatting.number(row["cases"], language=seen.language),
            formatting.number(row["people"], language=seen.language),
            formatting.day(row["last_day"], language=seen.language),
        )
        for row in found.head(LISTED).iter_rows(named=True)
    ]  # fmt: skip
    heads = tuple(seen.t(f"layers.{name}") for name in HEADS)
    draw(table(heads, cells, caption=title, numeric=(3, 4), wide=True))
    if found.height > LISTED:
        words = {"n": LISTED, "of": found.height}
        draw(element("p", seen.t("layers.venues_more", **words), class_="td-when"))
    download.offer(
        seen.t("layers.venues_download"),
        lambda: downloads.plain_csv(found),
        file_name=f"venues_{day.isoformat()}.csv",
        key="venues_csv",
    )


def _where(row: dict[str, str | None], names: dict[str, str]) -> str:
    """Return ward, else district, and province in words."""
    near = row["ward_code"] or row["district_code"] or ""
    province = row["area_code"] or ""
    parts = [names.get(near, near), names.get(province, province)]
    return ", ".join(part for part in parts if part)
