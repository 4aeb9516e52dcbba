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
    waiting: dict[tuple[str, str], list[pl.DataFrame]] = {}
    complete: datetime | None = None
    for edge in edges:
        while complete is None or complete <= edge:
            made = next(coming, None)
            if made is None:
                break
            for key, rows in made.records.items():
                waiting.setdefault(key, []).append(rows)
            complete = midnight(made.day + timedelta(days=1), zone=zone)
        records: Frames = {}
        for key, parts in waiting.items():
            rows = pl.concat(parts, how="diagonal_relaxed")
            due = rows.filter(pl.col(SENT) <= edge)
            waiting[key] = [rows.filter(pl.col(SENT) > edge)]
            if due.height:
                records[key] = due.sort(SENT, maintain_order=True)
        yield Tick(until=edge, records=records)
