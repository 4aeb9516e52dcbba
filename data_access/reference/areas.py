"""Reads the reference data of the shared database: once, then it is kept in memory."""

from functools import partial

import polars as pl
import sqlalchemy as sa

from data_access import tables
from data_access.codes import Level
from data_access.errors import SchemaMismatch
from data_access.reader import Schema, read_frame, snapshot
from data_access.reference.definition import Country, from_json
from data_access.reference.model import AREA_SCHEMA
from data_access.reference.places import (
    AREA_ID,
    BORDER_SCHEMA,
    PEOPLE_SCHEMA,
    Areas,
    border_rows,
    numbered_areas,
    population_rows,
    wards_below,
    with_province,
)
from data_access.viewer import Viewer

__all__ = [
    "Areas", "border_rows", "load_areas", "load_wards", "numbered_areas", "population_rows",
]  # fmt: skip

COUNTRY_KEY = "country"
_NUMBERED_SCHEMA: Schema = {"area_id": AREA_ID, **AREA_SCHEMA}
_SUCCESSION_SCHEMA: Schema = {
    "old_code": pl.String,
    "old_vintage": pl.String,
    "new_code": pl.String,
    "new_vintage": pl.String,
    "from": pl.Date,
}


def load_areas(engine: sa.Engine, *, viewer: Viewer) -> Areas:
    """Return the reference data of the shared database; its wards are read when asked for.

    Raises:
        SchemaMismatch: if no country pack has been loaded into it.
        DatabaseUnavailable: if it does not answer.
    """
    with snapshot(engine, viewer=viewer) as connection:
        country = _read_country(connection, viewer=viewer)
        query = _areas_where(tables.area.c.level != Level.WARD.value)
        numbered = read_frame(connection, query, _as_stored(_NUMBERED_SCHEMA), viewer=viewer)
        people, past, beside = (
            read_frame(connection, select, _as_stored(schema), viewer=viewer)
            for select, schema in _other_reads()
        )
    frame = with_province(_with_days(numbered))
    return Areas(
        country=country,
        frame=frame,
        populations=_with_days(people),
        successions=_with_days(past),
        borders=beside,
        ward_source=partial(load_wards, engine, frame, viewer=viewer),
    )


def load_wards(engine: sa.Engine, frame: pl.DataFrame, *, viewer: Viewer) -> pl.DataFrame:
    """Return the wards that lie in the areas of a frame, in its columns.

    Raises:
        DatabaseUnavailable: if the shared database does not answer.
    """
    query = _areas_where(tables.area.c.level == Level.WARD.value)
    with snapshot(engine, viewer=viewer) as connection:
        found = read_frame(connection, query, _as_stored(_NUMBERED_SCHEMA), viewer=viewer)
    return wards_below(frame, _with_days(found))


def _areas_where(holds: sa.ColumnElement[bool]) -> sa.Select[tuple[object, ...]]:
    columns = [tables.area.c[name] for name in _NUMBERED_SCHEMA]
    return sa.select(*columns).where(holds).order_by(tables.area.c.area_id)


def _read_country(connection: sa.Connection, *, viewer: Viewer) -> Country:
    query = sa.select(tables.meta.c.value).where(tables.meta.c.key == COUNTRY_KEY)
    found = read_frame(connection, query, {"value": pl.String}, viewer=viewer)
    if found.is_empty():
        raise SchemaMismatch("the database holds no country pack yet: run init first")
    return from_json(found["value"][0])


def _other_reads() -> list[tuple[sa.Select[tuple[object, ...]], Schema]]:
    people, past, beside = tables.population.c, tables.succession.c, tables.neighbour.c
    return [
        (
            sa.select(
                people.area_id, people.grp, people.source, people.population, people.as_of,
                people.confidence,
            ).order_by(people.area_id, people.grp, people.source),
            PEOPLE_SCHEMA,
        ),
        (
            sa.select(
                past.old_code, past.old_vintage, past.new_code, past.new_vintage, past.from_day
            ).order_by(past.old_vintage, past.old_code),
            _SUCCESSION_SCHEMA,
        ),
        (
            sa.select(beside.area_a, beside.area_b, beside.border_km).order_by(
                beside.area_a, beside.area_b
            ),
            BORDER_SCHEMA,
        ),
    ]  # fmt: skip


def _as_stored(schema: Schema) -> Schema:
    # Days are stored as whole numbers; `_with_days` turns them back.
    return {name: pl.Int32 if dtype is pl.Date else dtype for name, dtype in schema.items()}


def _with_days(stored: pl.DataFrame) -> pl.DataFrame:
    days = [name for name in ("valid_from", "valid_to", "as_of", "from") if name in stored.columns]
    return stored.with_columns(pl.col(days).cast(pl.Date)).with_columns(
        pl.col("parent_code").fill_null("") if "parent_code" in stored.columns else []
    )
