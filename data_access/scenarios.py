"""Saved scenarios: who may keep one, who may see which, and which of its bands.

A scenario belongs to the nation or to one province. A province sees its own and the nation's, and
of either only the bands of its own area; the press sees none. Levers are text to this module.
"""

import hashlib
import io
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime

import polars as pl
import sqlalchemy as sa

from data_access import tables
from data_access.codes import EPOCH_DAY, Role, to_us
from data_access.engine import writing
from data_access.errors import BadUse, NameTaken, ScopeDenied
from data_access.reader import Schema, read_frame, snapshot
from data_access.viewer import Viewer

KEEPERS = frozenset({Role.NATIONAL, Role.PROVINCE, Role.STEWARD, Role.ADMIN})
LONGEST_NAME, LONGEST_LEVERS, LARGEST_BANDS = 80, 20_000, 16 * 2**20
QUANTILES = ("low95", "low80", "low50", "median", "high50", "high80", "high95")
BANDS: Schema = {
    "date": pl.Date, "area_code": pl.String, "quantity": pl.String,
    **dict.fromkeys(QUANTILES, pl.Float64),
}  # fmt: skip
_STORED: Schema = {
    **dict.fromkeys(("scenario_id", "name", "author", "role", "province"), pl.String),
    "created_at": pl.Int64, "levers": pl.String, "digest": pl.String, "seed": pl.Int64,
    "engine": pl.String, "start_day": pl.Int32, "as_of": pl.Int64,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A scenario to be saved.

    Attributes:
        name: for readers; 1 to 80 letters.
        author: an office, in free words; never a person's name. At most 80 letters.
        levers: canonical JSON.
        digest: of what decides its numbers.
        seed: of its draws.
        engine: version of what computed it.
        start_day: first day of its horizon.
        as_of: what was known until when (aware).
        bands: `date, area_code, quantity` and QUANTILES.
    """

    name: str
    author: str
    levers: str
    digest: str
    seed: int
    engine: str
    start_day: date
    as_of: datetime
    bands: pl.DataFrame


def may_save(*, viewer: Viewer) -> bool:
    """Return whether a viewer may save a scenario."""
    return viewer.role in KEEPERS and not viewer.is_blind and _owner(viewer) is not None


def _owner(viewer: Viewer) -> str | None:
    """Return whom a viewer's scenarios belong to: "" the nation; None: nobody, or it is unclear."""
    if viewer.everywhere:
        return ""
    return next(iter(viewer.areas)) if len(viewer.areas) == 1 else None


def save(engine: sa.Engine, kept: Kept, *, viewer: Viewer) -> str:
    """Save a scenario and return its id; of a province's, the bands of its own area alone.

    Saving the same again at the same moment changes nothing. A name is one owner's once: letters
    composed or decomposed, upper or lower case, and runs of blanks make no other name.

    Raises:
        ScopeDenied: if the viewer may not save.
        NameTaken: if the owner has another scenario of that name.
        BadUse: if a text is too long, or the bands are not bands.
    """
    owner = _owner(viewer)
    if owner is None or not may_save(viewer=viewer):
        raise ScopeDenied(f"role {viewer.role} may not save scenarios")
    content = _content(_check(kept), viewer=viewer)
    row = {
        "name": plain_name(kept.name), "author": kept.author.strip(), "role": viewer.role.value,
        "province": owner, "created_at": to_us(viewer.now), "levers": kept.levers,
        "digest": kept.digest, "seed": kept.seed, "engine": kept.engine,
        "start_day": (kept.start_day - EPOCH_DAY).days, "as_of": to_us(kept.as_of),
    }  # fmt: skip
    number = hashlib.sha256(repr(sorted(row.items())).encode()).hexdigest()[:16]
    table = tables.scenario
    with writing(engine) as connection:
        there = sa.select(table.c.scenario_id).where(table.c.scenario_id == number)
        if connection.execute(there).first() is None:
            # Writers queue, so that two who choose one name at once cannot both find it free.
            names = sa.select(table.c.name).where(table.c.province == owner)
            if _same(plain_name(kept.name)) in {_same(name) for name in connection.scalars(names)}:
                raise NameTaken("a scenario of that name is saved already")
            connection.execute(sa.insert(table), [{"scenario_id": number, "bands": content, **row}])
    return number


def plain_name(name: str) -> str:
    """Return a name as it is kept: letters composed, one blank between words, none around."""
    return " ".join(unicodedata.normalize("NFC", name).split())


def _same(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()


def _check(kept: Kept) -> Kept:
    if not 0 < len(plain_name(kept.name)) <= LONGEST_NAME:
        raise BadUse(f"the name of a scenario has between 1 and {LONGEST_NAME} letters")
    if len(kept.author) > LONGEST_NAME or len(kept.levers) > LONGEST_LEVERS:
        raise BadUse("the author or the levers of a scenario are too long")
    if dict(kept.bands.schema) != BANDS:
        raise BadUse(f"bands have the columns {', '.join(BANDS)}")
    return kept


def _content(kept: Kept, *, viewer: Viewer) -> bytes:
    held = io.BytesIO()
    _in_scope(kept.bands, viewer=viewer).write_parquet(held)
    if held.tell() > LARGEST_BANDS:
        raise BadUse(f"the bands of a scenario take at most {LARGEST_BANDS} bytes")
    return held.getvalue()


def _in_scope(bands: pl.DataFrame, *, viewer: Viewer) -> pl.DataFrame:
    if viewer.everywhere and not viewer.is_blind:
        return bands
    seen = [] if viewer.is_blind else sorted(viewer.areas)
    return bands.filter(pl.col("area_code").is_in(seen))


def saved(engine: sa.Engine, *, viewer: Viewer) -> pl.DataFrame:
    """Return the scenarios in a viewer's sight, newest first, without their bands.

    Shape: `scenario_id, name, author, role, province, created_at (UTC), levers, digest, seed,
    engine, start_day, as_of (UTC)`.
    """
    columns = [tables.scenario.c[name] for name in _STORED]
    query = sa.select(*columns).where(*_visible(viewer))
    with snapshot(engine, viewer=viewer) as connection:
        found = read_frame(connection, query, _STORED, viewer=viewer)
    moments = pl.col("created_at", "as_of").cast(pl.Datetime("us", "UTC"))
    return found.sort("created_at", "scenario_id", descending=True).with_columns(
        moments, pl.col("start_day").cast(pl.Date)
    )


def bands_of(engine: sa.Engine, scenario_id: str, *, viewer: Viewer) -> pl.DataFrame:
    """Return the bands of a saved scenario, of areas in the viewer's sight alone.

    A scenario that does not exist and one out of sight look the same: no rows.
    """
    table = tables.scenario
    query = sa.select(table.c.bands).where(table.c.scenario_id == scenario_id, *_visible(viewer))
    with snapshot(engine, viewer=viewer) as connection:
        found = read_frame(connection, query, {"bands": pl.Binary}, viewer=viewer)
    if found.is_empty():
        return pl.DataFrame(schema=BANDS)
    return _in_scope(pl.read_parquet(io.BytesIO(found["bands"][0])), viewer=viewer)


def _visible(viewer: Viewer) -> tuple[sa.ColumnElement[bool], ...]:
    table = tables.scenario
    known = table.c.created_at <= to_us(viewer.now)
    if viewer.is_blind or viewer.role is Role.PRESS:
        return known, sa.false()
    if viewer.everywhere:
        return (known,)
    return known, table.c.province.in_(["", *sorted(viewer.areas)])
