"""Cached alerts: see `dashboard.loaders` for the rules that hold here too.

The token of these holds the mark of the alerts beside that of the figures: an alert that was just
handled is read anew, whether or not the process has noticed the commit.
"""

from datetime import date, timedelta

import polars as pl

from dashboard import resources
from dashboard.loaders import remember
from data_access.alerts.model import Alert, Severity, Step
from data_access.viewer import Viewer

TTL = timedelta(hours=6)
ENTRIES = 256


def mark(token: str, *, viewer: Viewer) -> str:
    """Return a change token that moves with the alerts too."""
    return f"{token}|{resources.shared().alerts.mark(viewer=viewer)}"


@remember.cache_data(ttl=TTL, max_entries=ENTRIES)
def counts(*, viewer: Viewer, token: str) -> tuple[int, int]:
    """Return how many alerts are open, and how many of them are serious."""
    del token  # part of the key: a commit makes a new one
    found = resources.shared().alerts.listed(viewer=viewer, is_open=True)
    return len(found), sum(one.severity is Severity.SERIOUS for one in found)


@remember.cache_data(ttl=TTL, max_entries=ENTRIES)
def listed(*, viewer: Viewer, token: str) -> list[Alert]:
    """Return every alert in the viewer's sight, in order of number."""
    del token
    return resources.shared().alerts.listed(viewer=viewer)


@remember.cache_data(ttl=TTL, max_entries=ENTRIES)
def evidence(*, viewer: Viewer, alert_id: int, token: str) -> pl.DataFrame:
    """Return the days that made an alert: `alerts.store.EVIDENCE_SCHEMA`."""
    del token
    return resources.shared().alerts.evidence(alert_id, viewer=viewer)


@remember.cache_data(ttl=TTL, max_entries=ENTRIES)
def steps(*, viewer: Viewer, alert_id: int, token: str) -> list[Step]:
    """Return what was done with an alert, oldest first."""
    del token
    return resources.shared().alerts.steps(alert_id, viewer=viewer)


@remember.cache_data(ttl=TTL, max_entries=ENTRIES)
def watches(*, viewer: Viewer, token: str) -> pl.DataFrame:
    """Return what came of the newest day of every rule and area: `alerts.store.WATCH_SCHEMA`."""
    del token
    return resources.shared().alerts.watches(viewer=viewer)


@remember.cache_data(ttl=TTL, max_entries=ENTRIES)
def curve(*, viewer: Viewer, one: Alert, end: date, token: str) -> pl.DataFrame:
    """Return the days around an alert: day, value, baseline, bound."""
    del token
    shared = resources.shared()
    return shared.alerts.curve(shared, one, viewer=viewer, end=end)
