"""Keeps what the response chain needs between two runs: how far it came, what was touched, links.

Write side. What a delivery touched is noted in the gate's own transaction; links are added by the
chain's job, in short transactions of their own, before anything looks for them.
"""

import io
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass

import polars as pl
import sqlalchemy as sa

from data_access import tables
from data_access.carry import staged, upsert_into
from data_access.chain.keys import LINKS
from data_access.chain.records import CHAIN_META, NUMBERS, WATCHED
from data_access.engine import writing

LINKS_AT_ONCE = 200_000
"""Links that one transaction adds: pseudonyms are in no order, so few links touch as many pages of
the index as many do."""


@dataclass(frozen=True, kw_only=True)
class State:
    """How far the chain has come.

    Attributes:
        until: last batch of the ledger whose records are in the chain.
        known_at: latest moment of those records, microseconds UTC.
        rules: mark of the rules and the time zone it was worked out by.
        run: batch of the run that is still writing; 0: none is.
        seen_at: when that run last wrote, microseconds UTC of the machine's clock.
    """

    until: int
    known_at: int
    rules: str
    run: int = 0
    seen_at: int = 0


@dataclass(frozen=True, kw_only=True)
class Touched:
    """A part of what a delivery wrote: records of one kind and source.

    Attributes:
        batch_id: the delivery.
        part: which part of it.
        kind: (platform, kind of record).
        source_id: who delivered.
        known_at: moment of the delivery, microseconds UTC.
    """

    batch_id: int
    part: int
    kind: tuple[str, str]
    source_id: int
    known_at: int


def state(connection: sa.Connection) -> State | None:
    """Return how far the chain has come; None: it has to be worked out anew."""
    meta = tables.meta.c
    held = connection.execute(sa.select(meta.value).where(meta.key == CHAIN_META)).scalar()
    return None if held is None else State(**json.loads(held))


def put_state(connection: sa.Connection, now: State) -> None:
    """Enter how far the chain has come."""
    row = {"key": CHAIN_META, "value": json.dumps(asdict(now), sort_keys=True)}
    entering = upsert_into(connection, tables.meta)
    value = {"value": entering.excluded.value}
    entered = entering.on_conflict_do_update(index_elements=["key"], set_=value)
    connection.execute(entered, row)


def forget(connection: sa.Connection, *, links: bool) -> None:
    """Have the chain worked out anew next time; with `links`, without what is known of whom."""
    connection.execute(sa.delete(tables.meta).where(tables.meta.c.key == CHAIN_META))
    if links:
        connection.execute(sa.delete(tables.chain_link))


def newest_batch(connection: sa.Connection) -> int:
    """Return the number of the last delivery of any kind; 0: there is none."""
    query = sa.select(sa.func.coalesce(sa.func.max(tables.batch.c.batch_id), 0))
    return int(connection.execute(query).scalar_one())


def newest_moment(connection: sa.Connection) -> int | None:
    """Return the latest moment of all deliveries of watched records; None: there is none."""
    batch = tables.batch.c
    watched = sa.or_(
        *[sa.and_(batch.platform == of, batch.record_kind == name) for of, name in WATCHED]
    )
    found = connection.execute(sa.select(sa.func.max(batch.known_at)).where(watched)).scalar()
    return None if found is None else int(found)


# --- what was touched ---------------------------------------------------------------------------


def note_touched(connection: sa.Connection, which: Touched, *, record_ids: pl.Series) -> None:
    """Note which records a delivery wrote.

    Args:
        connection: inside the gate's write transaction.
        which: the delivery, and the part of what it wrote.
        record_ids: their ids.
    """
    payload = io.BytesIO()
    record_ids.alias("record_id").to_frame().write_parquet(payload, compression="zstd")
    row = {
        "batch_id": which.batch_id,
        "part": which.part,
        "kind": NUMBERS[which.kind],
        "source_id": which.source_id,
        "known_at": which.known_at,
        "payload": payload.getvalue(),
    }
    connection.execute(sa.insert(tables.chain_touched), row)


def touched(connection: sa.Connection, *, until: int) -> Iterator[tuple[Touched, pl.DataFrame]]:
    """Yield what deliveries up to a batch wrote and the chain has not followed yet.

    Shape: which delivery and part; its records (source_id, record_id).
    """
    held = tables.chain_touched.c
    wanted = sa.select(*held).where(held.batch_id <= until).order_by(held.batch_id, held.part)
    for row in connection.execute(wanted):
        which = Touched(
            batch_id=row.batch_id,
            part=row.part,
            kind=WATCHED[row.kind],
            source_id=row.source_id,
            known_at=row.known_at,
        )
        ids = pl.read_parquet(io.BytesIO(row.payload))
        source_id = pl.lit(row.source_id, dtype=pl.Int32).alias("source_id")
        yield which, ids.select(source_id, "record_id")


def is_touched(connection: sa.Connection) -> bool:
    """Return whether any record was written that the chain has not followed yet."""
    held = tables.chain_touched.c
    return connection.execute(sa.select(held.batch_id).limit(1)).scalar() is not None


def drop_touched(connection: sa.Connection, *, until: int) -> None:
    """Forget what deliveries up to a batch touched."""
    held = tables.chain_touched
    connection.execute(sa.delete(held).where(held.c.batch_id <= until))


# --- links --------------------------------------------------------------------------------------


def add_links(engine: sa.Engine, links: pl.DataFrame) -> None:
    """Add links (LINKS) that are not held yet, some at a time so that nobody waits long.

    Raises:
        DatabaseUnavailable: if the database does not answer.
    """
    held = tables.chain_link
    names = list(LINKS)
    if links.is_empty():
        return
    # In order of the key, inserts walk the index instead of jumping about.
    for some in links.sort(list(LINKS)).iter_slices(LINKS_AT_ONCE):
        with writing(engine) as connection, staged(connection, list(held.c), some) as stage:
            # SQLite cannot tell ON CONFLICT from a join's ON unless the SELECT has a WHERE.
            rows = sa.select(*[stage.c[name] for name in names]).where(sa.true())
            entering = upsert_into(connection, held).from_select(names, rows)
            connection.execute(entering.on_conflict_do_nothing())
