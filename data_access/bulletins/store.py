"""The tables of bulletins: what is read from them, and the few ways in which they are written.

Contents are only ever added. A head changes by steps of its life alone, each decided on what the
head says inside the same transaction.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

import polars as pl
import sqlalchemy as sa

from data_access import tables
from data_access.bulletins.freeze import Part
from data_access.bulletins.model import PART_SCHEMA, Bulletin, Kind, State, UnknownBulletin
from data_access.codes import from_us, to_us
from data_access.engine import writing
from data_access.reader import Schema, read_frame, snapshot
from data_access.viewer import Viewer

BULLETIN = tables.metadata.tables["bulletin"]
PART = tables.metadata.tables["bulletin_part"]
FROZEN = tables.metadata.tables["frozen_part"]
ACCEPTANCE = tables.metadata.tables["bulletin_acceptance"]
SIGNOFF = tables.metadata.tables["bulletin_signoff"]
_MOMENTS = ("cut_off", "cut_at", "approved_at", "published_at", "embargo_until", "withdrawn_at")
_NUMBERS = ("number", "supersedes", "base")
_HEAD: Schema = {
    name: pl.Int64 if name in (*_MOMENTS, *_NUMBERS) else pl.String
    for name in Bulletin.__dataclass_fields__
}
_ACCEPTED: Schema = {
    "id": pl.String, "area_code": pl.String, "day": pl.Int32, "was": pl.String,
    "becomes": pl.String, "note": pl.String, "accepted_by": pl.String, "accepted_at": pl.Int64,
}  # fmt: skip
_SIGNED: Schema = {
    "province": pl.String, "sha256": pl.String, "signed_by": pl.String, "signed_at": pl.Int64,
}  # fmt: skip
_AT_ONCE = 400
"""Hashes asked for in one statement."""


# --- reading ------------------------------------------------------------------------------------


def read_heads(engine: sa.Engine, *, viewer: Viewer) -> list[Bulletin]:
    """Return every bulletin in order of number."""
    query = sa.select(*[BULLETIN.c[name] for name in _HEAD]).order_by(BULLETIN.c.number)
    with snapshot(engine, viewer=viewer) as connection:
        found = read_frame(connection, query, _HEAD, viewer=viewer)
    return [_head(row) for row in found.iter_rows(named=True)]


def _head(row: Mapping[str, object]) -> Bulletin:
    moments = {name: from_us(us) if isinstance(us := row[name], int) else None for name in _MOMENTS}
    return Bulletin(**{**row, **moments, "state": State(str(row["state"]))})  # type: ignore[arg-type]


def read_parts(engine: sa.Engine, number: int, *, viewer: Viewer) -> pl.DataFrame:
    """Return the parts of a bulletin: columns of PART_SCHEMA, in order."""
    columns = [PART.c.kind, PART.c.measure, PART.c.month, PART.c.sha256, FROZEN.c.n_rows,
               FROZEN.c.n_bytes]  # fmt: skip
    query = (
        sa.select(*columns)
        .join_from(PART, FROZEN, PART.c.sha256 == FROZEN.c.sha256)
        .where(PART.c.number == number)
    )
    with snapshot(engine, viewer=viewer) as connection:
        found = read_frame(connection, query, PART_SCHEMA, viewer=viewer)
    return found.sort("kind", "measure", "month")


def read_payloads(engine: sa.Engine, hashes: Iterable[str], *, viewer: Viewer) -> dict[str, bytes]:
    """Return the payload of each hash; unknown hashes are absent."""
    wanted = sorted(set(hashes))
    schema: Schema = {"sha256": pl.String, "payload": pl.Binary}
    found: dict[str, bytes] = {}
    with snapshot(engine, viewer=viewer) as connection:
        for start in range(0, len(wanted), _AT_ONCE):
            some = wanted[start : start + _AT_ONCE]
            query = sa.select(FROZEN.c.sha256, FROZEN.c.payload).where(FROZEN.c.sha256.in_(some))
            found |= dict(read_frame(connection, query, schema, viewer=viewer).iter_rows())
    return found


def read_kept(engine: sa.Engine, *, viewer: Viewer) -> frozenset[str]:
    """Return the hashes of all contents that are kept."""
    with snapshot(engine, viewer=viewer) as connection:
        query = sa.select(FROZEN.c.sha256)
        found = read_frame(connection, query, {"sha256": pl.String}, viewer=viewer)
    return frozenset(found["sha256"].to_list())


def read_accepted(engine: sa.Engine, number: int, *, viewer: Viewer) -> pl.DataFrame:
    """Return the accepted changes of a bulletin."""
    query = sa.select(*[ACCEPTANCE.c[name] for name in _ACCEPTED]).where(
        ACCEPTANCE.c.number == number
    )
    with snapshot(engine, viewer=viewer) as connection:
        return read_frame(connection, query, _ACCEPTED, viewer=viewer)


def read_signed(engine: sa.Engine, number: int, *, viewer: Viewer) -> pl.DataFrame:
    """Return the sign-offs of a bulletin: province, sha256, signed_by, signed_at (µs)."""
    query = sa.select(*[SIGNOFF.c[name] for name in _SIGNED]).where(SIGNOFF.c.number == number)
    with snapshot(engine, viewer=viewer) as connection:
        return read_frame(connection, query, _SIGNED, viewer=viewer).sort("province")


def read_work(engine: sa.Engine, *, viewer: Viewer) -> str:
    """Return a text that differs whenever a note or a sign-off of any bulletin does; cheap."""
    accepted, signed = ACCEPTANCE.c, SIGNOFF.c
    counts: Schema = {"n": pl.Int64, "last": pl.Int64, "more": pl.Int64}
    n = sa.func.count().label("n")
    noted = [n, sa.func.max(accepted.accepted_at).label("last"),
             _whole(sa.func.sum(sa.func.length(accepted.note))).label("more")]  # fmt: skip
    signs = [n, sa.func.max(signed.signed_at).label("last"),
             _whole(sa.func.sum(signed.number)).label("more")]  # fmt: skip
    with snapshot(engine, viewer=viewer) as connection:
        rows = [read_frame(connection, sa.select(*one), counts, viewer=viewer).row(0)
                for one in (noted, signs)]  # fmt: skip
    return repr(rows)


def _whole(number: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
    return sa.cast(number, sa.BigInteger)


# --- writing ------------------------------------------------------------------------------------

Note = Callable[[sa.Connection, int], None]
"""Writes who did what into the same transaction; given the number of the bulletin."""


def add(engine: sa.Engine, head: Mapping[str, object], parts: Sequence[Part], *, note: Note) -> int:
    """Write a new bulletin and return its number.

    Args:
        engine: the shared database.
        head: columns of the head, without number.
        parts: everything in it.
        note: writes who did it.
    """
    with writing(engine) as connection:
        last = connection.execute(sa.select(sa.func.coalesce(sa.func.max(BULLETIN.c.number), 0)))
        number = int(last.scalar_one()) + 1
        _add_parts(connection, number, parts)
        connection.execute(sa.insert(BULLETIN).values(number=number, **head))
        note(connection, number)
    return number


def _add_parts(connection: sa.Connection, number: int, parts: Sequence[Part]) -> None:
    kept = set(connection.execute(sa.select(FROZEN.c.sha256)).scalars())
    contents = [
        {"sha256": one.sha256, "n_rows": one.n_rows, "n_bytes": len(one.payload),
         "payload": one.payload}
        for one in {part.sha256: part for part in parts if part.payload is not None}.values()
        if one.sha256 not in kept and one.payload is not None
    ]  # fmt: skip
    if contents:
        connection.execute(sa.insert(FROZEN), contents)
    listed = [
        {"number": number, "kind": one.kind.value, "measure": one.measure, "month": one.month,
         "sha256": one.sha256}
        for one in parts
    ]  # fmt: skip
    if listed:
        connection.execute(sa.insert(PART), listed)


def step(
    engine: sa.Engine,
    number: int,
    decide: Callable[[Bulletin], Mapping[str, object]],
    *,
    note: Note,
    parts: Sequence[Part] = (),
) -> None:
    """Change a bulletin's head by what `decide` says of it, all in one transaction.

    Args:
        engine: the shared database.
        number: which bulletin.
        decide: columns and their new values; raises if the step may not be taken.
        note: writes who did it.
        parts: derived parts to add.

    Raises:
        UnknownBulletin: if there is none of this number.
    """
    with writing(engine) as connection:
        changes = decide(locked(connection, number))
        _add_parts(connection, number, parts)
        connection.execute(sa.update(BULLETIN).where(BULLETIN.c.number == number).values(**changes))
        note(connection, number)


def locked(connection: sa.Connection, number: int) -> Bulletin:
    """Return a bulletin as it stands in a write transaction; nobody else changes it meanwhile.

    Raises:
        UnknownBulletin: if there is none of this number.
    """
    query = sa.select(*[BULLETIN.c[name] for name in _HEAD]).where(BULLETIN.c.number == number)
    found = connection.execute(query).mappings().one_or_none()
    if found is None:
        raise UnknownBulletin(f"there is no bulletin {number}")
    return _head(dict(found))


def accept(
    engine: sa.Engine,
    number: int,
    lines: Sequence[Mapping[str, object]],
    *,
    require: Callable[[Bulletin, frozenset[str]], None],
    note: Note,
) -> None:
    """Write acceptances in place of earlier ones of the same lines.

    Args:
        engine: the shared database.
        number: which bulletin.
        lines: id, area_code, day, was, becomes, note, accepted_by, accepted_at.
        require: raises if the bulletin, or provinces that signed it, do not allow it.
        note: writes who did it.
    """
    with writing(engine) as connection:
        signed = sa.select(SIGNOFF.c.province).where(SIGNOFF.c.number == number)
        require(locked(connection, number), frozenset(connection.execute(signed).scalars()))
        for line in lines:
            key = [ACCEPTANCE.c[name] == line[name] for name in ("id", "area_code", "day")]
            connection.execute(sa.delete(ACCEPTANCE).where(ACCEPTANCE.c.number == number, *key))
        if lines:
            connection.execute(sa.insert(ACCEPTANCE), [{"number": number, **one} for one in lines])
        note(connection, number)


def sign(
    engine: sa.Engine,
    number: int,
    provinces: Sequence[str],
    *,
    by: str,
    at: datetime,
    require: Callable[[Bulletin, frozenset[str]], None],
    note: Note,
) -> None:
    """Write the sign-off of provinces; `require` raises where one signed before."""
    with writing(engine) as connection:
        head = locked(connection, number)
        signed = sa.select(SIGNOFF.c.province).where(SIGNOFF.c.number == number)
        require(head, frozenset(connection.execute(signed).scalars()))
        rows = [
            {"number": number, "province": code, "sha256": head.sha256, "signed_by": by,
             "signed_at": to_us(at)}
            for code in provinces
        ]  # fmt: skip
        connection.execute(sa.insert(SIGNOFF), rows)
        note(connection, number)


def cell_hashes(parts: pl.DataFrame) -> dict[tuple[str, str, int], str]:
    """Return (kind, measure, month) → hash of a bulletin's parts."""
    rows = parts.select("kind", "measure", "month", "sha256").iter_rows()
    return {(kind, measure, month): sha for kind, measure, month, sha in rows}


def one_of(hashes: Mapping[tuple[str, str, int], str], kind: Kind) -> str | None:
    """Return the hash of the one part of a kind; None if there is none."""
    return hashes.get((kind.value, "", 0))
