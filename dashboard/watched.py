"""Reads that are put on record: clusters, quarantine sites, files of refused rows.

On the screen's side of the cache: whoever is shown what was read before for another is noted too.
Whatever draws these asks here and not `loaders` (tested).
"""

from collections.abc import Callable
from datetime import date
from typing import Any

import polars as pl

from dashboard import access, loaders, loaders_maps
from data_access.chain.spread import Spread
from data_access.viewer import Viewer

MARKS = {
    "sites": ("quarantine.sites", "quarantine"),
    "clusters": ("cluster.list", "tracing"),
    "venues": ("venue.list", "tracing"),
}
"""What stands on top of a map → what is noted."""
Given = Any


def clusters(*, viewer: Viewer, day: date, areas: tuple[str, ...], token: str) -> pl.DataFrame:
    """Return the register of clusters; noted, as the whole of what the viewer may see."""
    access.note("cluster.list", "tracing", day=str(day))
    return loaders.clusters(viewer=viewer, day=day, areas=areas, token=token)


def cluster_cases(*, viewer: Viewer, code: str, day: date, token: str) -> pl.DataFrame:
    """Return the cases of a cluster; noted."""
    access.note("cluster.read", f"tracing/{code}", day=str(day))
    return loaders.cluster_cases(viewer=viewer, code=code, day=day, token=token)


def cluster_contacts(*, viewer: Viewer, code: str, day: date, token: str) -> pl.DataFrame:
    """Return the contacts of a cluster's cases; noted."""
    access.note("cluster.read", f"tracing/{code}", day=str(day))
    return loaders.cluster_contacts(viewer=viewer, code=code, day=day, token=token)


def spread(*, viewer: Viewer, start: date, day: date, areas: tuple[str, ...], token: str) -> Spread:
    """Return how the infection passed on; noted."""
    access.note("cluster.spread", "tracing", day=str(day), areas=",".join(areas))
    return loaders.spread(viewer=viewer, start=start, day=day, areas=areas, token=token)


def quarantine_sites(*, viewer: Viewer, day: date, token: str) -> pl.DataFrame:
    """Return the quarantine sites; noted."""
    access.note("quarantine.sites", "quarantine", day=str(day))
    return loaders.quarantine_sites(viewer=viewer, day=day, token=token)


def venues(*, viewer: Viewer, day: date, token: str) -> pl.DataFrame:
    """Return the places that cases visited while infectious; noted."""
    access.note("venue.list", "tracing", day=str(day))
    return loaders_maps.venues(viewer=viewer, day=day, token=token)


def map_message(*, marks: str = "", day: date, **asked: Given) -> bytes:
    """Return a map; noted where sites or clusters stand on it."""
    if marks in MARKS:
        access.note(*MARKS[marks], day=str(day))
    make: Callable[..., bytes] = loaders_maps.map_message
    return make(marks=marks, day=day, **asked)
