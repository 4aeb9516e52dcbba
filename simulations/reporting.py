"""What the provinces of the simulated country say of the rollout as its clock goes.

A province says once a day that what stands still stands: at its own hour, on some days not, and
some are silent for good. Which is drawn from the seed, the province and the day alone, so that a
run that was interrupted says the same as one that was not.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from data_access.rollout import ledger
from data_access.rollout.ledger import Book, RefusedRows
from data_access.rollout.model import MANDATED, Change, Kind
from data_access.viewer import Viewer
from simulations.rollout import ACTOR, MARK

SILENT, LEFT_OUT = 0.12, 0.22
"""Shares of provinces that say nothing any more, and of days on which one that reports does not."""
FIRST_HOUR, LAST_HOUR = 7.0, 19.0


def tell(  # noqa: PLR0913 -- who says what to whom, and when
    engine: Any,  # noqa: ANN401 -- an engine, which is no word of this layer
    *,
    provinces: Sequence[str],
    until: datetime,
    zone: str,
    seed: int,
    viewer: Viewer,
) -> int:
    """Say what is due since the simulation last spoke; return how many versions.

    Nothing where it never spoke. What an officer said later than a report is not said over.

    Raises:
        DatabaseUnavailable: if the database does not answer.
    """
    held = ledger.history(engine, viewer=replace(viewer, now=max(viewer.now, until)))
    own = held.filter(pl.col("account") == ACTOR.account)
    if own.is_empty():
        return 0
    after: datetime = own["known_at"].max()  # type: ignore[assignment]
    stands = {
        (kind, item): at
        for kind, item, at in ledger.latest(held).select("kind", "item", "known_at").iter_rows()
    }
    told = [
        one
        for one in due(provinces, after=after, until=until, zone=ZoneInfo(zone), seed=seed)
        if (one.kind.value, one.item) in stands and stands[one.kind.value, one.item] <= one.at
    ]
    if not told:
        return 0
    book = Book(engine=engine, zone=ZoneInfo(zone), provinces=provinces)
    # An officer who wrote in between was first: the report is said again with the next tick.
    with suppress(RefusedRows):
        return book.put_many(told, actor=ACTOR, origin=MARK)
    return 0


def due(
    provinces: Sequence[str], *, after: datetime, until: datetime, zone: ZoneInfo, seed: int
) -> list[Change]:
    """Return what is said in (after, until], in order of time: reports that move nothing.

    Args:
        provinces: their codes.
        after: moment up to which everything was said.
        until: moment up to which it is asked for.
        zone: the country's time zone.
        seed: of chance.
    """
    first, last = (moment.astimezone(zone).date() for moment in (after, until))
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    told = [
        (at, code)
        for code in sorted(provinces)
        if not _is_silent(code, seed)
        for day in days
        if (at := _moment(code, day, zone=zone, seed=seed)) is not None and after < at <= until
    ]
    return [one for at, code in sorted(told) for one in _again(code, at)]


def _again(code: str, at: datetime) -> list[Change]:
    """Return a report of a province: its deployments and its team, nothing new of any."""
    items = [(Kind.DEPLOYMENT, f"{code}/{platform}") for platform in MANDATED]
    return [
        Change(kind=kind, item=item, content={}, base=-1, at=at, reason="")
        for kind, item in [*items, (Kind.TEAM, code)]
    ]


def _chance(code: str, number: int, seed: int) -> np.random.Generator:
    return np.random.default_rng([seed, 11, *code.encode(), number])


def _is_silent(code: str, seed: int) -> bool:
    return bool(_chance(code, 0, seed).random() < SILENT)


def _moment(code: str, day: date, *, zone: ZoneInfo, seed: int) -> datetime | None:
    """Return when a province reports on a day; None: it does not."""
    chance = _chance(code, day.toordinal(), seed)
    if chance.random() < LEFT_OUT:
        return None
    hour = float(chance.uniform(FIRST_HOUR, LAST_HOUR))
    local = datetime.combine(day, time(), tzinfo=zone) + timedelta(hours=hour)
    return local.replace(microsecond=0)
