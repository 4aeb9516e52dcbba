"""Loaders of maps: their packed messages, and what stands on top of their areas.

The rules of `dashboard.loaders` hold here too, tested: keyword-only, viewer and token in the key,
an end and a bound, nothing drawn, no session read.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from dashboard import (
    cluster_marks,
    flow_arcs,
    lab_marks,
    loaders,
    resources,
    site_rows,
    venue_marks,
)
from dashboard.catalogue import Entry
from dashboard.i18n import translator
from dashboard.loaders import ENTRIES, TTL, remember
from dashboard.maps import payload
from dashboard.maps.marks import Marks
from data_access.clusters import may_see
from data_access.codes import Level
from data_access.cube.query import Ask
from data_access.viewer import Viewer

WEEK = timedelta(days=6)
"""From the first of seven days to the last."""


@remember.cache_data(ttl=TTL, max_entries=ENTRIES)
def flows(*, viewer: Viewer, day: date, token: str) -> pl.DataFrame:
    """Return movements between provinces in the seven days up to a day: `travel.flows`."""
    del token  # part of the key: a commit makes a new one
    return resources.shared().flows(viewer=viewer, start=day - WEEK, end=day)


@remember.cache_data(ttl=TTL, max_entries=ENTRIES)
def venues(*, viewer: Viewer, day: date, token: str) -> pl.DataFrame:
    """Return the places cases visited while infectious, see `data_access.venues`."""
    del token
    return resources.shared().venues(viewer=viewer, day=day)


@remember.cache_data(ttl=TTL, max_entries=ENTRIES)
def map_message(  # noqa: PLR0913 -- everything that a message depends on is in its key
    *,
    viewer: Viewer,
    ask: Ask,
    token: str,
    entry: Entry,
    ground: tuple[str, str, str | None],
    language: str,
    day: date,
    selected: str | None,
    compact: bool,
    marks: str = "",
    link: str = "",
    follows: bool = False,
    beside: Ask | None = None,
) -> bytes:
    """Return a map's packed message, see `dashboard.maps.payload`.

    `marks` names what stands on top of the areas, one of `view.LAYERS`; empty: nothing.
    Maps of one `link` have one camera; one that `follows` is played by the other. `beside` is the
    other's question where both show one indicator: then they share their classes.
    """
    found = resources.shared().figures(ask, viewer=viewer)
    asked = _Asked(viewer=viewer, day=day, token=token, ground=ground, language=language,
                   area=selected if compact else None)  # fmt: skip
    values: list[float] = []
    if beside:
        values = resources.shared().figures(beside, viewer=viewer)["value"].drop_nulls().to_list()
    make = LAYER_MARKS.get(marks)
    placed = make(asked) if make else None
    content = payload.message(
        payload.Slides(
            areas=loaders.areas_of(ground, viewer=viewer, language=language),
            figures=found,
            start=ask.start or day,
            end=ask.end or day,
        ),
        loaders.canvas_of(ground, language=language),
        entry=entry,
        t=translator(language),
        language=language,
        day=day,
        selected=selected,
        compact=compact,
        marks=placed,
        link=payload.Link(name=link, follows=follows, values=values) if link else None,
    )
    return payload.pack_message(content)


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """What a layer of a map depends on; `area`: flows that touch it alone, None: all."""

    viewer: Viewer
    day: date
    token: str
    ground: tuple[str, str, str | None]
    language: str
    area: str | None


def _sites(of: _Asked) -> Marks | None:
    """Return the quarantine sites as marks on a map; None where none can be placed."""
    _, vintage, inside = of.ground
    found = loaders.quarantine_sites(viewer=of.viewer, day=of.day, token=of.token)
    if inside:
        found = found.filter(pl.col("area_code") == inside)
    # A district's code may be a province's too: each is looked up among its own.
    return site_rows.marks(
        found,
        loaders.centres(Level.DISTRICT, vintage),
        loaders.centres(Level.PROVINCE, vintage),
        t=translator(of.language),
        language=of.language,
    )


def _clusters(of: _Asked) -> Marks | None:
    """Return the clusters as marks on a map; None for a viewer who may not see them."""
    if not may_see(of.viewer):
        return None
    _, vintage, inside = of.ground
    found = loaders.clusters(
        viewer=of.viewer, day=of.day, areas=(inside,) if inside else (), token=of.token
    )
    return cluster_marks.on_map(
        found,
        loaders.centres(Level.DISTRICT, vintage),
        loaders.centres(Level.PROVINCE, vintage),
        t=translator(of.language),
        language=of.language,
    )


def _laboratories(of: _Asked) -> Marks | None:
    """Return the laboratories as marks on a map; None where none can be placed."""
    _, vintage, inside = of.ground
    register = loaders.laboratories(viewer=of.viewer, day=of.day, token=of.token)
    ask = Ask(ids=("samples_resulted",), level=Level.PROVINCE, areas=(inside,) if inside else (),
              start=of.day - WEEK, end=of.day, by="lab", vintage=vintage)  # fmt: skip
    resulted = loaders.figures(viewer=of.viewer, ask=ask, token=of.token)
    if inside:
        register = register.filter(pl.col("area_code") == inside)
    return lab_marks.on_map(
        register,
        resulted,
        loaders.centres(Level.PROVINCE, vintage),
        t=translator(of.language),
        language=of.language,
    )


def _flows(of: _Asked) -> Marks | None:
    """Return movements between provinces as arrows; None inside a province or without any."""
    _, vintage, inside = of.ground
    if inside:
        return None
    return flow_arcs.on_map(
        flows(viewer=of.viewer, day=of.day, token=of.token),
        loaders.centres(Level.PROVINCE, vintage),
        loaders.names(vintage, language=of.language),
        area=of.area,
        t=translator(of.language),
        language=of.language,
    )


def _venues(of: _Asked) -> Marks | None:
    """Return the places cases visited as marks; None for a viewer who may not see them."""
    if not may_see(of.viewer):
        return None
    _, vintage, inside = of.ground
    found = venues(viewer=of.viewer, day=of.day, token=of.token)
    if inside:
        found = found.filter(pl.col("area_code") == inside)
    return venue_marks.on_map(
        found,
        loaders.centres(Level.DISTRICT, vintage),
        loaders.centres(Level.PROVINCE, vintage),
        t=translator(of.language),
        language=of.language,
    )


LAYER_MARKS: Mapping[str, Callable[[_Asked], Marks | None]] = {
    "sites": _sites,
    "laboratories": _laboratories,
    "clusters": _clusters,
    "venues": _venues,
    "flows": _flows,
}
"""What stands on top of a map, by the name of the layer."""
