"""Estimates, cached as all figures are (the rules are those of `loaders`)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

import polars as pl

from dashboard import loaders, resources
from data_access.codes import Clearance, Role
from data_access.cube.query import Ask
from data_access.estimates.nowcast import Triangle
from data_access.estimates.transmission import SETTLED_AGE, Transmission, transmission
from data_access.viewer import Viewer

CASES, DIMENSION, FROM_ABROAD = "cases", "detected_in", "nhap_canh"
WINDOW = 28
HISTORY = timedelta(days=119)
"""Days that Rt is worked out from: far more than any serial interval."""


def version(*, viewer: Viewer) -> str:
    """Return what differs whenever cases do: a commit of anything else costs no estimate."""
    return str(resources.shared().version((CASES,), viewer=viewer))


def as_anybody(viewer: Viewer) -> Viewer:
    """Return who sees the same nation with the least clearance.

    Cases are public: the estimates of all who see the whole nation are worked out once, and none
    of them is handed what needs more clearance.
    """
    if not viewer.everywhere or viewer.published_only:
        return viewer
    return replace(viewer, role=Role.STEWARD, clearance=Clearance.PUBLIC)


@loaders.remember.cache_data(ttl=loaders.TTL, max_entries=loaders.ENTRIES)
def spread_of(*, viewer: Viewer, area: str | None, day: date, token: str) -> Transmission | None:
    """Return how fast the infection spreads in a province (None: the nation); None without cases.

    Args:
        viewer: who looks.
        area: code of the province.
        day: the day on screen.
        token: see `version`.
    """
    del token
    ask = Ask(ids=(CASES,), areas=(area,) if area else (), start=day - HISTORY, end=day)
    found = resources.shared().figures(ask, viewer=viewer).sort("date")
    known = found.filter(pl.col("value").is_not_null())
    if known.is_empty():
        return None
    # Days before the first report are no gap: the series begins with it.
    first: date = known["date"].min()  # type: ignore[assignment]
    values = dict(found.select("date", "value").iter_rows())
    days = [first + timedelta(days=n) for n in range((day - first).days + 1)]
    complete = resources.shared().at_cut_off(viewer).now.date() - timedelta(
        days=loaders.lag_days(CASES) + 1
    )
    return transmission(
        first,
        [values.get(one) for one in days],
        imported=_imported(values, days, area=area, viewer=viewer),
        triangle=_filling(known, area=area, viewer=viewer),
        usually_complete_until=complete,
    )


def _imported(
    totals: Mapping[date, float | None], days: list[date], *, area: str | None, viewer: Viewer
) -> list[float | None]:
    """Return cases from abroad by day; empty where the places of detection are not the total's."""
    ask = Ask(ids=(CASES,), by=DIMENSION, areas=(area,) if area else (), start=days[0],
              end=days[-1])  # fmt: skip
    found = resources.shared().figures(ask, viewer=viewer)
    if found.is_empty() or DIMENSION not in found.columns:
        return []
    abroad = pl.col("value").filter(pl.col(DIMENSION) == FROM_ABROAD).sum()
    sums = found.group_by("date").agg(pl.col("value").sum(), abroad=abroad)
    parts = {one: (value, away) for one, value, away in sums.iter_rows()}
    known = {one: value for one, value in totals.items() if value is not None}
    if any(parts.get(one, (None,))[0] != value for one, value in known.items()):
        return []
    return [parts[one][1] if one in known else None for one in days]


def _filling(
    known: pl.DataFrame, *, area: str | None, viewer: Viewer
) -> tuple[date, Triangle] | None:
    if viewer.published_only:
        return None  # how days filled up is no part of a bulletin
    # Today may come from another source than the days that have settled: its filling is not theirs.
    settled = known.sort("date").head(max(known.height - SETTLED_AGE, 1)).tail(WINDOW)
    sources = {part for name in settled["source"].unique().to_list() for part in name.split(" + ")}
    # Read from the live figures, up to the cut-off.
    found = resources.shared().delays.filling(
        CASES, area=area, sources=frozenset(sources), viewer=resources.shared().at_cut_off(viewer)
    )
    return (found.first, found.triangle) if found else None
