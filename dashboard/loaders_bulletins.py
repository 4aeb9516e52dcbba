"""What is remembered of bulletins: heads, differences, sign-offs, revisions. See `loaders`."""

from datetime import date

import polars as pl

from dashboard import resources
from dashboard.headline import HEADLINE
from dashboard.loaders import ENTRIES, LOOK_BACK, TTL, remember
from data_access.accounts.rows import list_accounts
from data_access.bulletins.model import Bulletin
from data_access.cube.query import Ask
from data_access.delays import Filling
from data_access.viewer import Viewer, system_viewer

FEW = 16
"""Differences of so many bulletins: each of them may hold tens of thousands of lines."""


@remember.cache_data(ttl=TTL, max_entries=ENTRIES)
def listed(*, viewer: Viewer, token: str) -> tuple[Bulletin, ...]:
    """Return the bulletins that a viewer may name, newest first."""
    del token  # part of the key: a commit makes a new one
    return tuple(resources.shared().bulletins.list(viewer=viewer))


@remember.cache_data(ttl=TTL, max_entries=ENTRIES)
def head(*, viewer: Viewer, token: str) -> Bulletin | None:
    """Return the bulletin that a viewer is at; None: the shared database as it is.

    Raises:
        UnknownBulletin: if the viewer names one that does not exist for them.
    """
    del token
    if viewer.bulletin is None:
        return None
    return resources.shared().bulletins.show(viewer.bulletin, viewer=viewer)


@remember.cache_data(ttl=TTL, max_entries=FEW)
def differences(*, viewer: Viewer, number: int, token: str) -> pl.DataFrame:
    """Return what moved against the last published bulletin: DIFFERENCE_SCHEMA, worst first."""
    del token
    return resources.shared().bulletins.diff(number, viewer=viewer)


@remember.cache_data(ttl=TTL, max_entries=FEW)
def signed(*, viewer: Viewer, number: int, token: str) -> pl.DataFrame:
    """Return who signed a bulletin: province, sha256, signed_by, signed_at (µs UTC)."""
    del token
    return resources.shared().bulletins.signed(number, viewer=viewer)


@remember.cache_data(ttl=TTL, max_entries=FEW)
def unsigned(*, viewer: Viewer, number: int, token: str) -> tuple[str, ...]:
    """Return the codes of the provinces that have not signed a bulletin."""
    del token
    return tuple(resources.shared().bulletins.unsigned(number, viewer=viewer))


@remember.cache_data(ttl=TTL, max_entries=FEW)
def public_revisions(*, viewer: Viewer, number: int, token: str) -> pl.DataFrame:
    """Return the public figures that a bulletin revised: PUBLIC_REVISION_SCHEMA."""
    del token
    return resources.shared().bulletins.public_revisions(number, viewer=viewer)


@remember.cache_data(ttl=TTL, max_entries=ENTRIES)
def sources(*, viewer: Viewer, token: str) -> tuple[str, ...]:
    """Return the names of whoever gave the headline figures that are in view, in order."""
    del token
    shared = resources.shared()
    measures = shared.measures(viewer=viewer)
    ids = tuple(
        key for key in HEADLINE
        if key in measures
        or (key in shared.indicators and shared.indicators[key].clearance <= viewer.clearance)
    )  # fmt: skip
    found = shared.figures(Ask(ids=ids), viewer=viewer)["source"].drop_nulls().unique()
    return tuple(sorted({part for name in found for part in str(name).split(" + ") if part}))


@remember.cache_data(ttl=TTL, max_entries=FEW)
def people(*, viewer: Viewer, token: str) -> dict[str, str]:
    """Return the names of accounts by id, for officials; nobody's for the press."""
    del token
    if viewer.published_only:
        return {}
    found = list_accounts(resources.shared().engine, viewer=system_viewer(viewer.now))
    return {one.account_id: one.name for one in found}


@remember.cache_data(ttl=TTL, max_entries=ENTRIES)
def filling(*, viewer: Viewer, key: str, area: str | None, day: date, token: str) -> Filling | None:
    """Return how a measure's days filled up, in a bulletin up to its cut-off; None: not known.

    Officials only: it is read from the live history.
    """
    del token
    shared = resources.shared()
    if viewer.published_only or key not in shared.measures(viewer=viewer):
        return None
    ask = Ask(ids=(key,), areas=(area,) if area else (), start=day - LOOK_BACK, end=day)
    named = shared.figures(ask, viewer=viewer)["source"].drop_nulls().unique()
    sources = frozenset(part for name in named for part in str(name).split(" + ") if part)
    at_cut_off = shared.at_cut_off(viewer)
    return shared.delays.filling(key, area=area, sources=sources, viewer=at_cut_off)
