"""Cuts days of records into what is sent together. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from simulations.feeds.model import SENT, FeedDay, Frames


@dataclass(frozen=True, kw_only=True)
class Tick:
    """What is sent at one moment.

    Attributes:
        until: the moment (UTC); every state in it was sent at it or before.
        records: rows in the order in which they were sent, with SENT and LAST.
    """

    until: datetime
    records: Frames


def midnight(day: date, *, zone: str) -> datetime:
    """Return the UTC instant at which a local day begins."""
    return datetime.combine(day, time(), tzinfo=ZoneInfo(zone)).astimezone(UTC)


def regular(start: datetime, *, step: timedelta, end: datetime) -> Iterator[datetime]:
    """Yield the ends of the ticks after `start`, up to `end` (included)."""
    n = 1
    while start + n * step <= end:
        yield start + n * step
        n += 1


def cut(days: Iterable[FeedDay], *, edges: Iterable[datetime], zone: str) -> Iterator[Tick]:
    """Yield, for each edge, the states sent since the edge before: each once, none early.

    Days are asked for only when an edge needs them. What is sent after the last edge is left.

    Args:
        days: in order, each holding the states that came about on it.
        edges: UTC instants, ascending.
        zone: time zone of the days.
    """
    coming = iter(days)
    waiting: Frames = {}
    complete: datetime | None = None
    for edge in edges:
        while complete is None or complete <= edge:
            made = next(coming, None)
            if made is None:
                break
            waiting = _joined(waiting, made.records)
            complete = midnight(made.day + timedelta(days=1), zone=zone)
        due = {key: rows.filter(pl.col(SENT) <= edge) for key, rows in waiting.items()}
        waiting = {key: rows.filter(pl.col(SENT) > edge) for key, rows in waiting.items()}
        records = {key: rows.sort(SENT, maintain_order=True) for key, rows in due.items()
                   if rows.height}  # fmt: skip
        yield Tick(until=edge, records=records)


def _joined(waiting: Frames, more: Frames) -> Frames:
    joined = dict(waiting)
    for key, rows in more.items():
        held = joined.get(key)
        joined[key] = rows if held is None or held.is_empty() else pl.concat(
            [held, rows], how="diagonal_relaxed"
        )  # fmt: skip
    return joined
