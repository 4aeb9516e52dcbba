"""What a curve shows besides itself: rules, holidays, turns; from a pack's `events.csv`."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from data_access.reference.tables_in import read_text_table, refuse_where

FILE = "events.csv"
COLUMNS = ("from", "until", "area", "kind", "vi", "en", "source")
KINDS = ("rule", "holiday", "event")
EVERYWHERE = "*"
_DAY = r"^\d{4}-\d{2}-\d{2}$"


@dataclass(frozen=True, kw_only=True)
class Event:
    """One thing to know when reading a curve.

    Attributes:
        since: its first day.
        until: its last day; None for a change that stays or a single day.
        area: code of the area it concerns; `*` for the whole country.
        kind: rule, holiday or event.
        vi: name in Vietnamese.
        en: name in English.
        source: the document that says so.
    """

    since: date
    until: date | None
    area: str
    kind: str
    vi: str
    en: str
    source: str


def load_events(folder: Path, *, areas: Iterable[str]) -> tuple[Event, ...]:
    """Return a pack's events, oldest first; empty where it has none.

    Args:
        folder: the pack.
        areas: codes there are, of any vintage.

    Raises:
        PackError: naming row, field and reason of the first fault.
    """
    path = folder / FILE
    if not path.is_file():
        return ()
    table = read_text_table(path, required=COLUMNS)
    known = [*areas, EVERYWHERE]
    for field, wrong, reason in (
        ("from", ~_is_day("from"), "is not a day (YYYY-MM-DD)"),
        ("until", ~(_is_day("until") | (pl.col("until") == "")), "is not a day (YYYY-MM-DD)"),
        ("until", (pl.col("until") != "") & (pl.col("until") < pl.col("from")), "lies before from"),
        ("area", ~pl.col("area").is_in(known), "is not the code of an area, or *"),
        ("kind", ~pl.col("kind").is_in(KINDS), f"is none of {', '.join(KINDS)}"),
        ("vi", pl.col("vi") == "", "must not be empty"),
        ("en", pl.col("en") == "", "must not be empty"),
    ):
        refuse_where(table, wrong, file=FILE, field=field, reason=reason)
    rows = table.sort("from", "vi").select(COLUMNS).iter_rows()
    return tuple(_event(*row) for row in rows)


def _is_day(column: str) -> pl.Expr:
    parsed = pl.col(column).str.to_date("%Y-%m-%d", strict=False)
    return pl.col(column).str.contains(_DAY) & parsed.is_not_null()


def _event(since: str, until: str, area: str, kind: str, *words: str) -> Event:
    vi, en, source = words
    return Event(
        since=date.fromisoformat(since),
        until=date.fromisoformat(until) if until else None,
        area=area, kind=kind, vi=vi, en=en, source=source,
    )  # fmt: skip
