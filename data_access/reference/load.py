"""Writes a country pack into the shared database; doing it again changes nothing.

An area keeps its number for ever: figures refer to it.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

import polars as pl
import sqlalchemy as sa

from data_access import tables
from data_access.codes import to_day
from data_access.errors import PackError
from data_access.meta import write_meta
from data_access.reference.areas import (
    COUNTRY_KEY,
    border_rows,
    numbered_areas,
    population_rows,
)
from data_access.reference.definition import country_of, from_json, to_json
from data_access.reference.model import Pack

_DEPENDENT = (tables.population, tables.neighbour, tables.succession)


def load_reference(connection: sa.Connection, pack: Pack) -> int:
    """Write a pack's areas, populations, successions, borders and country; return the areas held.

    The caller opens and commits the transaction. Areas are added or changed in place; the other
    tables are replaced. Another country's areas are replaced only while there are no figures.

    Raises:
        PackError: if the database holds figures of another country, or of an area that the pack
            no longer has.
    """
    known = _known_areas(connection)
    has_figures = _has_figures(connection)
    held = _held_country(connection)
    if held is not None and held != pack.code:
        if has_figures:
            reason = f"the database holds figures of {held}; it cannot take the pack of {pack.code}"
            raise PackError(reason)
        _delete(connection, known)
        known = {}
    numbered = numbered_areas(pack, known=known)
    _write_areas(connection, numbered, known, has_figures=has_figures)
    _replace(connection, pack, numbered)
    _write_meta(connection, {COUNTRY_KEY: to_json(country_of(pack))})
    return numbered.height


def _known_areas(connection: sa.Connection) -> dict[tuple[str, str], int]:
    area = tables.area.c
    rows = connection.execute(sa.select(area.code, area.vintage, area.area_id))
    return {(code, vintage): area_id for code, vintage, area_id in rows}


def _has_figures(connection: sa.Connection) -> bool:
    held = sa.or_(sa.exists(sa.select(tables.batch)), sa.exists(sa.select(tables.cube_history)))
    return bool(connection.execute(sa.select(held)).scalar())


def _held_country(connection: sa.Connection) -> str | None:
    query = sa.select(tables.meta.c.value).where(tables.meta.c.key == COUNTRY_KEY)
    text = connection.execute(query).scalar()
    return None if text is None else from_json(text).code


def _write_areas(
    connection: sa.Connection,
    numbered: pl.DataFrame,
    known: Mapping[tuple[str, str], int],
    *,
    has_figures: bool,
) -> None:
    rows = [_storable(row) for row in numbered.iter_rows(named=True)]
    held = _held_areas(connection)
    gone = known.keys() - {(row["code"], row["vintage"]) for row in rows}
    if gone and has_figures:
        code, vintage = min(gone)
        reason = f"the pack no longer has area {code} of vintage {vintage}, which figures may use"
        raise PackError(reason)
    for table in _DEPENDENT:
        connection.execute(sa.delete(table))
    _delete(connection, {key: known[key] for key in gone})
    new = [row for row in rows if (row["code"], row["vintage"]) not in known]
    if new:
        connection.execute(sa.insert(tables.area), new)
    changed = [row for row in rows if row["area_id"] in held and row != held[row["area_id"]]]
    if changed:
        _update(connection, changed)


def _held_areas(connection: sa.Connection) -> dict[int, dict[str, Any]]:
    rows = connection.execute(sa.select(tables.area)).mappings()
    return {row["area_id"]: dict(row) for row in rows}


def _update(connection: sa.Connection, rows: list[dict[str, Any]]) -> None:
    changing = [c.name for c in tables.area.c if c.name not in {"area_id", "code", "vintage"}]
    statement = (
        sa.update(tables.area)
        .where(tables.area.c.area_id == sa.bindparam("b_area_id"))
        .values({name: sa.bindparam(f"b_{name}") for name in changing})
    )
    bound = [{f"b_{name}": row[name] for name in ("area_id", *changing)} for row in rows]
    connection.execute(statement, bound)


def _delete(connection: sa.Connection, gone: Mapping[tuple[str, str], int]) -> None:
    if not gone:
        return
    for table in _DEPENDENT:
        connection.execute(sa.delete(table))
    statement = sa.delete(tables.area).where(tables.area.c.area_id == sa.bindparam("b_area_id"))
    connection.execute(statement, [{"b_area_id": area_id} for area_id in gone.values()])


def _replace(connection: sa.Connection, pack: Pack, numbered: pl.DataFrame) -> None:
    people = population_rows(pack, numbered).rename({"group": "grp"})
    past = pack.succession.rename({"from": "from_day"})
    beside = border_rows(pack, numbered)
    for table, frame in zip(_DEPENDENT, (people, beside, past), strict=True):
        rows = [_storable(row) for row in frame.iter_rows(named=True)]
        if rows:
            connection.execute(sa.insert(table), rows)


def _storable(row: dict[str, Any]) -> dict[str, Any]:
    stored = {k: to_day(v) if isinstance(v, date) else v for k, v in row.items()}
    if "parent_code" in stored:
        stored["parent_code"] = stored["parent_code"] or None
    return stored


def _write_meta(connection: sa.Connection, values: Mapping[str, str]) -> None:
    for key, value in values.items():
        write_meta(connection, key, value)
