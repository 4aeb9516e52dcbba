"""Movements between provinces: arrows on a map, the same as a table, and a download."""

from datetime import date

import polars as pl
import streamlit as st

from dashboard import downloads, flow_arcs, formatting, loaders, loaders_maps
from dashboard.components import closed, command, download, map_view
from dashboard.components.markup import draw, element
from dashboard.components.section import section
from dashboard.components.tables import table
from dashboard.context import Context, look
from data_access.codes import Level

KEY = "map_flows"
GROUND = "checkpoint_scans_per_1000"
LISTED = 20
HEADS = ("origin", "destination", "persons_head", "back_head", "last_day")


def show(page: str) -> None:
    """Draw who moved from which province to which in the seven days up to the day on screen."""

    @section(f"{page}_flows")
    def drawn() -> None:
        seen = look(page)
        if seen.day is None:
            return
        place = command.place_of(seen)
        title = _title(place, seen, day=seen.day)
        draw(element("h2", title, class_="td-section"))
        if closed.instead(seen, "flows"):
            return
        found = loaders_maps.flows(viewer=seen.viewer, day=seen.day, token=seen.token)
        flows = flow_arcs.listed(found, area=place.code)
        if flows:
            left, right = st.columns([6, 5], gap="medium")
            with left:
                _map(place, seen, day=seen.day)
            with right:
                _table(flows, found, seen, title=title, day=seen.day)
        else:
            draw(element("p", seen.t("layers.flows_none"), class_="td-absent"))
        if not place.code or seen.home:
            _say_hidden(found, seen)
        draw(element("p", seen.t("layers.flows_note"), class_="td-when"))

    drawn()


def _title(place: command.Place, seen: Context, *, day: date) -> str:
    words = {
        "start": formatting.day(day - loaders_maps.WEEK, language=seen.language),
        "end": formatting.day(day, language=seen.language),
    }
    if place.code:
        return seen.t("layers.flows_of", name=place.name, **words)
    return seen.t("layers.flows_title", **words)


def _map(place: command.Place, seen: Context, *, day: date) -> None:
    entry = loaders.entry(GROUND, viewer=seen.viewer)
    if entry is None:
        return
    ground = map_view.Ground(level=Level.PROVINCE.value, vintage=loaders.vintage_for(day, None))
    map_view.compact(entry, seen, selected=place.code, marks="flows", ground=ground, key=KEY)


def _table(
    flows: tuple[flow_arcs.Flow, ...], found: pl.DataFrame, seen: Context, *, title: str, day: date
) -> None:  # fmt: skip
    names = loaders.names(loaders.vintage_for(day, None), language=seen.language)
    cells = [
        (
            names.get(one.origin, one.origin),
            names.get(one.destination, one.destination),
            formatting.number(one.persons, language=seen.language),
            "–" if one.back is None else formatting.number(one.back, language=seen.language),
            formatting.day(one.last_day, language=seen.language),
        )
        for one in flows[:LISTED]
    ]
    heads = tuple(seen.t(f"layers.{name}") for name in HEADS)
    draw(table(heads, cells, caption=title, numeric=(2, 3), wide=True))
    if len(flows) > LISTED:
        draw(element("p", seen.t("layers.flows_more", n=LISTED, of=len(flows)), class_="td-when"))
    pairs = [(one.origin, one.destination) for one in flows]
    shown = pl.DataFrame(pairs, schema={"origin": pl.String, "destination": pl.String},
                         orient="row")  # fmt: skip
    kept = shown.join(found, on=["origin", "destination"], maintain_order="left")
    download.offer(
        seen.t("layers.flows_download"),
        lambda: downloads.plain_csv(kept.drop("pairs")),
        file_name=f"flows_{day.isoformat()}.csv",
        key="flows_csv",
    )


def _say_hidden(found: pl.DataFrame, seen: Context) -> None:
    n = flow_arcs.hidden(found)
    if n:
        draw(element("p", seen.t("layers.flows_hidden", count=n, n=n), class_="td-when"))
