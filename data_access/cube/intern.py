"""Gives names their small numbers: sources, measures, breakdowns, feeds. Write side only.

Every function needs the write transaction (`engine.writing`): numbers are handed out one after
the other, and two writers at once would hand out the same.
"""

from collections.abc import Iterable, Mapping

import polars as pl
import sqlalchemy as sa

from data_access import tables
from data_access.codes import Clearance, Origin
from data_access.errors import BadInput
from data_access.measures.model import MeasureKind
from data_access.measures.registry import MEASURES

PRECEDENCE = {Origin.RECORDS: 10, Origin.TABLE: 100}
"""Smaller is preferred. What a mapping may overrule with `precedence`."""


def intern_source(
    connection: sa.Connection,
    name: str,
    *,
    origin: Origin,
    precedence: int | None = None,
    clearance: Clearance = Clearance.PUBLIC,
) -> int:
    """Return the number of a source, giving it one if it is new.

    A precedence that is named and differs from the stored one replaces it. A clearance only rises:
    what was once declared less public does not become public by a file that does not say so.
    """
    source = tables.source
    query = sa.select(source.c.source_id, source.c.precedence, source.c.clearance).where(
        source.c.name == name, source.c.origin == origin.value
    )
    found = connection.execute(query).one_or_none()
    if found is None:
        chosen = PRECEDENCE[origin] if precedence is None else precedence
        number = _next(connection, source.c.source_id)
        row = {"source_id": number, "name": name, "origin": origin.value, "precedence": chosen,
               "clearance": int(clearance)}  # fmt: skip
        connection.execute(sa.insert(source), row)
        return number
    change = sa.update(source).where(source.c.source_id == found.source_id)
    if precedence is not None and precedence != found.precedence:
        connection.execute(change.values(precedence=precedence))
    if clearance > found.clearance:
        connection.execute(change.values(clearance=int(clearance)))
    return int(found.source_id)


def register_measures(connection: sa.Connection) -> None:
    """Write the measures of the registry; known ones get its names and clearance."""
    measure = tables.measure
    held = {row.key: row for row in connection.execute(sa.select(measure))}
    for declared in MEASURES.values():
        row = {
            "kind": declared.kind.value,
            "unit": declared.unit,
            "platform": declared.platform,
            "clearance": int(declared.clearance),
            "vi": declared.vi,
            "en": declared.en,
        }
        known = held.get(declared.key)
        if known is None:
            number = _next(connection, measure.c.measure_id)
            connection.execute(
                sa.insert(measure), {"measure_id": number, "key": declared.key, **row}
            )
        elif any(getattr(known, name) != value for name, value in row.items()):
            change = sa.update(measure).where(measure.c.key == declared.key)
            connection.execute(change.values(**row))


def intern_measures(
    connection: sa.Connection,
    keys: Iterable[str],
    *,
    platform: str = "",
    unknown: Mapping[str, Mapping[str, str]] | None = None,
) -> dict[str, int]:
    """Return the number of each measure.

    Args:
        connection: inside the write transaction.
        keys: measure ids.
        platform: platform of the measures that must be registered.
        unknown: id → {"kind", "unit", "vi", "en", "clearance"} for ids that the registry does not
            have; a clearance higher than the one it was registered with is taken over.

    Raises:
        BadInput: if an id is neither known nor described.
    """
    measure = tables.measure
    query = sa.select(measure.c.key, measure.c.measure_id)
    held = {key: int(number) for key, number in connection.execute(query)}
    described = unknown or {}
    _raise_clearances(connection, {key: described[key] for key in described if key in held})
    numbers = {}
    for key in keys:
        if key not in held:
            row = _measure_row(key, platform=platform, described=(unknown or {}).get(key))
            held[key] = _next(connection, measure.c.measure_id)
            connection.execute(sa.insert(measure), {"measure_id": held[key], **row})
        numbers[key] = held[key]
    return numbers


def _raise_clearances(
    connection: sa.Connection, described: Mapping[str, Mapping[str, str]]
) -> None:
    measure = tables.measure.c
    for key, words in described.items():
        level = int(_clearance(words))
        lower = sa.and_(measure.key == key, measure.clearance < level)
        if key not in MEASURES and words.get("clearance"):
            connection.execute(sa.update(tables.measure).where(lower).values(clearance=level))


def _clearance(described: Mapping[str, str]) -> Clearance:
    return Clearance[described.get("clearance", "").upper() or Clearance.OFFICIAL.name]


def _measure_row(
    key: str, *, platform: str, described: Mapping[str, str] | None
) -> dict[str, str | int]:
    declared = MEASURES.get(key)
    if declared is not None:
        return {
            "key": key,
            "kind": declared.kind.value,
            "unit": declared.unit,
            "platform": declared.platform,
            "clearance": int(declared.clearance),
            "vi": declared.vi,
            "en": declared.en,
        }
    if not described or described.get("kind") not in {kind.value for kind in MeasureKind}:
        raise BadInput(f"no measure has the id {key!r}; to register it give kind and unit")
    return {
        "key": key,
        "kind": described["kind"],
        "unit": described.get("unit", ""),
        "platform": platform,
        "clearance": int(_clearance(described)),
        "vi": described.get("vi") or key,
        "en": described.get("en") or key,
    }


def intern_breakdowns(connection: sa.Connection, dims: Iterable[str]) -> dict[str, int]:
    """Return the number of each breakdown text (`a=x|b=y`, "" for a total)."""
    breakdown = tables.breakdown
    query = sa.select(breakdown.c.dims, breakdown.c.breakdown_id)
    held = {text: int(number) for text, number in connection.execute(query)}
    wanted = sorted(set(dims))
    new = [text for text in wanted if text not in held]
    first = _next(connection, breakdown.c.breakdown_id) if new else 0
    rows = [
        {"breakdown_id": first + position, "dims": text, "cut": cut_of(text)}
        for position, text in enumerate(new)
    ]
    if rows:
        connection.execute(sa.insert(breakdown), rows)
    held |= {text: first + position for position, text in enumerate(new)}
    return {text: held[text] for text in wanted}


def numbered(column: str, numbers: Mapping[str, int]) -> pl.Expr:
    """Return the numbers (Int32) of the names in a column; every name must be there."""
    if not numbers:
        # Polars would leave the texts of an empty column as they are.
        return pl.lit(None, dtype=pl.Int32)
    return pl.col(column).replace_strict(numbers, return_dtype=pl.Int32)


def cut_of(dims: str) -> str:
    """Return the dimensions of a breakdown text alone, as in `a,b`."""
    return ",".join(part.partition("=")[0] for part in dims.split("|")) if dims else ""


def intern_feed(connection: sa.Connection, key: str, *, measure_id: int, source_id: int) -> int:
    """Return the number of a feed, giving it one if it is new."""
    feed = tables.feed
    found = connection.execute(sa.select(feed.c.feed_id).where(feed.c.key == key)).scalar()
    if found is not None:
        return int(found)
    number = _next(connection, feed.c.feed_id)
    row = {"feed_id": number, "key": key, "measure_id": measure_id, "source_id": source_id}
    connection.execute(sa.insert(feed), row)
    return number


def _next(connection: sa.Connection, column: sa.Column[int]) -> int:
    return int(
        connection.execute(sa.select(sa.func.coalesce(sa.func.max(column), 0) + 1)).scalar_one()
    )
