"""What was published, as the press sees it, whoever looks: remembered like every other answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import polars as pl

from dashboard import resources
from dashboard.memory import Remembering
from data_access.bulletins.dictionary import Item, dictionary
from data_access.bulletins.model import Bulletin
from data_access.codes import Level
from data_access.cube.query import Ask
from data_access.errors import BadUse
from data_access.quotes import quotes as read_quotes
from data_access.viewer import Viewer, press_at

TTL, AT_ONCE = timedelta(hours=6), timedelta(seconds=1)
ENTRIES = 256
MOST_BULLETINS = 8
"""As many bulletins are held open at once; a figure's history goes back as far."""
remember = Remembering(resources.memory)


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a bulletin says of one figure; `value` is None where it says none."""

    head: Bulletin
    value: float | None
    status: str
    source: str
    known_at: datetime | None


@remember.cache_data(ttl=TTL, max_entries=ENTRIES)
def public_bulletins(*, viewer: Viewer, token: str) -> Sequence[Bulletin]:
    """Return the public bulletins, the newest first."""
    del token
    return tuple(resources.shared().bulletins.list(viewer=press_at(viewer.now)))


@remember.cache_data(ttl=TTL, max_entries=ENTRIES)
def current(*, viewer: Viewer, token: str) -> Bulletin | None:
    """Return the bulletin on screen: the one named if it is public, else the latest in force."""
    press = press_at(viewer.now)
    number = viewer.bulletin or resources.shared().published(press)
    listed = public_bulletins(viewer=viewer, token=token)
    found = next((one for one in listed if one.number == number), None)
    latest = resources.shared().published(press)
    return found or next((one for one in listed if one.number == latest), None)


@remember.cache_data(ttl=AT_ONCE, max_entries=ENTRIES)
def coming(*, viewer: Viewer, token: str) -> Sequence[datetime]:
    """Return when the next bulletins become public."""
    del token
    return tuple(resources.shared().bulletins.coming(viewer=press_at(viewer.now)))


@remember.cache_data(ttl=TTL, max_entries=ENTRIES)
def revised(*, viewer: Viewer, number: int, token: str) -> pl.DataFrame:
    """Return the public figures that a bulletin corrected, the largest change first."""
    del token
    found = resources.shared().bulletins.public_revisions(number, viewer=press_at(viewer.now))
    was, becomes = pl.col("was"), pl.col("becomes")
    size = (becomes - was).abs() / pl.max_horizontal(was.abs(), pl.lit(1.0))
    order = ["size", "id", "level", "area_code", "date"]
    return found.with_columns(size=size).sort(order, descending=[True, False, False, False, True])


@remember.cache_data(ttl=TTL, max_entries=ENTRIES)
def items(*, viewer: Viewer, number: int, token: str) -> Sequence[Item]:
    """Return what every public figure of a bulletin is."""
    del token
    press, book = press_at(viewer.now), resources.shared().bulletins.book
    head = book.require(number, viewer=press)
    catalogue = book.opened(head, viewer=press)[1].state(viewer=book.seen_by(press, head)).catalogue
    return tuple(dictionary(catalogue))


@remember.cache_data(ttl=TTL, max_entries=ENTRIES)
def history(
    *, viewer: Viewer, figure: str, area: str | None, day: date, token: str
) -> Sequence[Told]:
    """Return what each of the newest public bulletins says of one figure, the newest first."""
    listed = public_bulletins(viewer=viewer, token=token)[:MOST_BULLETINS]
    return tuple(_told(one, figure, area, day, viewer=press_at(viewer.now)) for one in listed)


def _told(head: Bulletin, figure: str, area: str | None, day: date, *, viewer: Viewer) -> Told:
    places = (area,) if area else ()
    level = None if area else Level.NATIONAL
    ask = Ask(ids=(figure,), level=level, areas=places, start=day, end=day)
    try:
        found = resources.shared().figures(ask, viewer=viewer.in_bulletin(head.number))
    except BadUse:  # it is not published, or that area was not there
        found = pl.DataFrame()
    if found.is_empty():
        return Told(head=head, value=None, status="", source="", known_at=None)
    row = found.row(0, named=True)
    return Told(head=head, value=row["value"], status=row["status"], source=row["source"] or "",
                known_at=row["known_at"])  # fmt: skip


@remember.cache_data(ttl=AT_ONCE, max_entries=ENTRIES)
def quotes(*, viewer: Viewer, token: str) -> pl.DataFrame:
    """Return the register of quoted numbers as it stands now: everybody sees it at once."""
    del token, viewer  # a number is registered between two commits
    shared = resources.shared()
    return read_quotes(shared.engine, viewer=press_at(shared.clock()))
