"""The rollout as a CSV: read whole or not at all, written so that it can be read again."""

import csv
import io
import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from data_access.errors import BadInput
from data_access.rollout.model import FIELDS, Change, Kind, Refused, checked, item_of

HEAD = ("kind", "item", "at", "reason")
"""Columns of every row; then the fields, those of other kinds left empty."""
NAMES = tuple(dict.fromkeys(field.name for fields in FIELDS.values() for field in fields))
MOST_ROWS = 100_000
MOST_NAMED = 20


def read_changes(path: Path, *, now: datetime) -> list[Change]:
    """Return the rows of a file as changes on top of what stands.

    Columns: `kind`, `item` (may be left out for deployments and teams), `at` (ISO instant with its
    zone; empty: now), `reason`, and fields.

    Raises:
        BadInput: naming row, field and reason of what cannot be read; the head is row 1.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path.name}: cannot be read as UTF-8 text") from error
    rows = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        unknown = sorted(set(rows.fieldnames or ()) - {*HEAD, *NAMES})
        if "kind" not in (rows.fieldnames or ()) or unknown:
            raise BadInput(f"{path.name}: unknown columns {', '.join(unknown) or '(no kind)'}")
        return _changes(list(rows), name=path.name, now=now)
    except csv.Error as error:
        raise BadInput(f"{path.name}: not a CSV: {error}") from error


def _changes(rows: list[dict[str, str]], *, name: str, now: datetime) -> list[Change]:
    if len(rows) > MOST_ROWS:
        raise BadInput(f"{name}: more than {MOST_ROWS} rows")
    made, refused = [], []
    for number, row in enumerate(rows, start=2):
        try:
            made.append(_change(dict(row.items()), now=now))
        except Refused as error:
            refused.append((number, error))
    if refused:
        raise BadInput(told(name, refused))
    return made


def told(name: str, refused: list[tuple[int, Refused]]) -> str:
    """Return one line that names row, field and reason of what was refused."""
    parts = [f"row {number}, {error}" for number, error in refused[:MOST_NAMED]]
    more = len(refused) - len(parts)
    listed = "; ".join(parts) + (f"; and {more} more" if more else "")
    return f"{name}: {listed}; nothing was taken in"


def _change(row: Mapping[Any, Any], *, now: datetime) -> Change:
    if None in row or None in row.values():
        raise Refused("", "columns", "has more or fewer cells than the head")
    held = {str(key): str(value).strip() for key, value in row.items()}
    if held["kind"] not in list(Kind):
        raise Refused("kind", "choice", f"{held['kind']!r} is none of {', '.join(Kind)}")
    kind = Kind(held["kind"])
    own = [field.name for field in FIELDS[kind]]
    foreign = [name for name in NAMES if held.get(name) and name not in own]
    if foreign:
        raise Refused(foreign[0], "unknown_field", f"a {kind} has no such field")
    content = checked(kind, {name: held[name] for name in own if name in held})
    item = held.get("item") or item_of(kind, content)
    if not item:
        raise Refused("item", "required", "is needed")
    return Change(
        kind=kind, item=item, content=content, base=-1, reason=held.get("reason", ""),
        at=_moment(held.get("at", ""), now=now),
    )  # fmt: skip


def _moment(text: str, *, now: datetime) -> datetime:
    if not text:
        return now
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Refused("at", "bad_instant", f"{text!r} is no instant") from error
    if moment.tzinfo is None:
        raise Refused("at", "bad_instant", f"{text!r} has no time zone")
    if moment > now:
        raise Refused("at", "future", "lies in the future")
    return moment


def write_changes(found: pl.DataFrame, *, reason: str = "") -> str:
    """Return versions, of what `ledger.history` returned, as a CSV that `read_changes` takes.

    `reason` stands where none was given: a state without its past needs one to be taken in.
    """
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, [*HEAD, *NAMES], restval="", lineterminator="\n")
    writer.writeheader()
    for row in found.sort("known_at", "kind", "item", "version").iter_rows(named=True):
        content = {key: value or "" for key, value in json.loads(row["content"]).items()}
        writer.writerow(
            {"kind": row["kind"], "item": row["item"], "at": row["known_at"].isoformat(),
             "reason": row["reason"] or reason, **content}
        )  # fmt: skip
    return out.getvalue()
