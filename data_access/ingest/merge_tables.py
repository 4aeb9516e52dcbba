"""Merges table deliveries into the cube, feed by feed. Write side: one transaction per delivery.

A feed is one stream of deliveries about the same cells. After a snapshot its state is exactly
what was delivered; an increment replaces the cells it gives. What was delivered is kept, so that
a late delivery can be put in its place: it changes the cells from its moment up to the next
moment that says otherwise.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl
import sqlalchemy as sa

from data_access import tables
from data_access.cube.history import CELL, HISTORY_SCHEMA, LEVEL_SCHEMA
from data_access.cube.merge import append, load_history, replace_history

SNAPSHOT, INCREMENT = "snapshot", "increment"
PAYLOAD = {
    "day": pl.Int32(),
    "area_id": pl.Int32(),
    "breakdown_id": pl.Int32(),
    "value": pl.Float64(),
    "status": pl.Int8(),
}
"""Columns of a stored delivery; in an increment a null status ends the cell."""

_CELL_IN_FEED = ["day", "area_id", "breakdown_id"]
_STATE = ["value", "status"]


@dataclass(frozen=True, kw_only=True)
class FeedDelivery:
    """What one delivery says about one feed.

    Attributes:
        feed_id: the feed.
        measure_id: its measure.
        source_id: its source.
        batch_id: number in the ledger.
        known_at: moment of the delivery, microseconds UTC.
        mode: snapshot or increment.
        cells: columns of PAYLOAD and row_no; one row per cell.
    """

    feed_id: int
    measure_id: int
    source_id: int
    batch_id: int
    known_at: int
    mode: str
    cells: pl.DataFrame


@dataclass(frozen=True, kw_only=True)
class FeedOutcome:
    """What a delivery changed in one feed.

    Attributes:
        rows: row_no, existed, changed, moves_present (Boolean): one row per delivered cell.
        n_retracted: cells that were there and that the snapshot no longer holds.
    """

    rows: pl.DataFrame
    n_retracted: int


def merge_feed(connection: sa.Connection, delivery: FeedDelivery) -> FeedOutcome:
    """Store a delivery and write what it changes; the same delivery again changes nothing."""
    compared = _compared(_state_known(connection, delivery), delivery)
    later = _later(connection, delivery, compared.filter("changed"))
    _store(connection, delivery)
    _write(connection, delivery, compared.filter("changed"), later=later)
    spoken = pl.concat([compared.clear(), *later.said.values()], how="diagonal")
    moving = compared.filter("changed").join(spoken, on=_CELL_IN_FEED, how="anti")
    rows = compared.filter(pl.col("row_no").is_not_null()).join(
        moving.select(*_CELL_IN_FEED, moves_present=pl.lit(value=True)),
        on=_CELL_IN_FEED,
        how="left",
    )
    return FeedOutcome(
        rows=rows.select(
            "row_no", "existed", "changed", pl.col("moves_present").fill_null(value=False)
        ),
        n_retracted=compared.filter(pl.col("row_no").is_null()).height,
    )


# --- what the feed said -------------------------------------------------------------------------


def _state_known(connection: sa.Connection, delivery: FeedDelivery) -> pl.DataFrame:
    """Return the state (PAYLOAD) of the feed at the delivery's moment, without the delivery.

    For an increment only its own cells matter, and the history knows them; a snapshot speaks
    of every cell of its feed, and only the deliveries know which those are.
    """
    if delivery.mode == SNAPSHOT:
        state = pl.DataFrame(schema=PAYLOAD)
        for mode, cells in _deliveries_until(connection, delivery):
            state = _told(state, cells, mode=mode)
        return state.filter(pl.col("status").is_not_null())
    held = load_history(connection, _cells(delivery, delivery.cells))
    last = (
        held.filter(pl.col("known_at") <= delivery.known_at)
        .sort("known_at")
        .unique(CELL, keep="last", maintain_order=True)
    )
    return last.filter(pl.col("n") > 0).select(list(PAYLOAD))


def _told(state: pl.DataFrame, cells: pl.DataFrame, *, mode: str) -> pl.DataFrame:
    if mode == SNAPSHOT or state.is_empty():
        return cells
    return pl.concat([state.join(cells, on=_CELL_IN_FEED, how="anti"), cells])


def _deliveries_until(
    connection: sa.Connection, delivery: FeedDelivery
) -> Iterator[tuple[str, pl.DataFrame]]:
    """Yield (mode, cells) of what makes up the state at a moment: a snapshot and what follows."""
    told = tables.delivery.c
    of_feed = (told.feed_id == delivery.feed_id) & (told.known_at <= delivery.known_at)
    query = sa.select(told.known_at, told.batch_id, told.mode).where(of_feed)
    order = connection.execute(query.order_by(told.known_at, told.batch_id)).all()
    snapshots = [place for place, (_, _, mode) in enumerate(order) if mode == SNAPSHOT]
    for _, batch_id, mode in order[snapshots[-1] if snapshots else 0 :]:
        yield mode, _payload(connection, delivery.feed_id, batch_id)


def _payload(connection: sa.Connection, feed_id: int, batch_id: int) -> pl.DataFrame:
    told = tables.delivery.c
    query = sa.select(told.payload).where(told.feed_id == feed_id, told.batch_id == batch_id)
    return pl.read_parquet(io.BytesIO(connection.execute(query).scalar_one()))


def _compared(state: pl.DataFrame, delivery: FeedDelivery) -> pl.DataFrame:
    """Return one row per cell of the delivery and per retracted cell.

    Columns: PAYLOAD (of the delivery), row_no (null for a retraction), existed, changed.
    """
    held = state.rename({name: f"{name}_held" for name in _STATE}).with_columns(
        existed=pl.lit(value=True)
    )
    joined = delivery.cells.join(held, on=_CELL_IN_FEED, how="left", maintain_order="left")
    same = pl.all_horizontal([pl.col(name).eq_missing(pl.col(f"{name}_held")) for name in _STATE])
    told = joined.with_columns(existed=pl.col("existed").fill_null(value=False)).with_columns(
        # Ending a cell that is not there changes nothing.
        changed=~((pl.col("existed") & same) | (~pl.col("existed") & pl.col("status").is_null()))
    )
    columns = [*PAYLOAD, "row_no", "existed", "changed"]
    if delivery.mode != SNAPSHOT:
        return told.select(columns)
    gone = state.join(delivery.cells, on=_CELL_IN_FEED, how="anti").with_columns(
        pl.lit(None, dtype=pl.Float64).alias("value"),
        pl.lit(None, dtype=pl.Int8).alias("status"),
        row_no=pl.lit(None, dtype=pl.Int64),
        existed=pl.lit(value=True),
        changed=pl.lit(value=True),
    )
    return pl.concat([told.select(columns), gone.select(columns)])


# --- writing ------------------------------------------------------------------------------------


def _store(connection: sa.Connection, delivery: FeedDelivery) -> None:
    """Keep what was delivered, unless the last delivery of the same moment said just that."""
    cells = delivery.cells.select(list(PAYLOAD)).sort(_CELL_IN_FEED)
    told = tables.delivery.c
    same_moment = (told.feed_id == delivery.feed_id) & (told.known_at == delivery.known_at)
    query = sa.select(told.batch_id, told.mode).where(same_moment).order_by(told.batch_id.desc())
    last = connection.execute(query.limit(1)).one_or_none()
    if last is not None and last.mode == delivery.mode:
        before = _payload(connection, delivery.feed_id, last.batch_id)
        if before.equals(cells):
            return
    payload = io.BytesIO()
    cells.write_parquet(payload, compression="zstd")
    row = {
        "batch_id": delivery.batch_id,
        "feed_id": delivery.feed_id,
        "known_at": delivery.known_at,
        "mode": delivery.mode,
        "n_cells": cells.height,
        "payload": payload.getvalue(),
    }
    connection.execute(sa.insert(tables.delivery), row)


def _cells(delivery: FeedDelivery, cells: pl.DataFrame) -> pl.DataFrame:
    """Return the cube's keys (CELL) of cells of the feed."""
    date = pl.col("day").cast(pl.Int32).cast(pl.Date)
    return cells.select(
        measure_id=pl.lit(delivery.measure_id, dtype=pl.Int32),
        month=(date.dt.year() * 100 + date.dt.month().cast(pl.Int32)).cast(pl.Int32),
        day=pl.col("day"),
        area_id=pl.col("area_id"),
        breakdown_id=pl.col("breakdown_id"),
        source_id=pl.lit(delivery.source_id, dtype=pl.Int32),
    )


def _levels(delivery: FeedDelivery, cells: pl.DataFrame, *, known_at: int) -> pl.DataFrame:
    """Return cells as levels from a moment on; a cell with a null status is one that ended."""
    ended = cells["status"].is_null()
    return _cells(delivery, cells).with_columns(
        pl.lit(known_at, dtype=pl.Int64).alias("known_at"),
        cells["value"],
        (~ended).cast(pl.Int64).alias("n"),
        cells["status"].fill_null(0),
    )


@dataclass(frozen=True, kw_only=True)
class _Later:
    """What deliveries after this one say about the cells that it moves.

    Attributes:
        said: moment → cells (PAYLOAD) it speaks of; a null status ends the cell.
        settled: the moment from which nothing depends on this delivery; None if it still does.
        is_alone: whether the feed has no delivery at this moment or after it.
    """

    said: dict[int, pl.DataFrame]
    settled: int | None
    is_alone: bool


def _later(connection: sa.Connection, delivery: FeedDelivery, moved: pl.DataFrame) -> _Later:
    """Gather what follows, up to the first snapshot: it settles every cell of the feed."""
    told = tables.delivery.c
    query = (
        sa.select(told.known_at, told.batch_id, told.mode)
        .where(told.feed_id == delivery.feed_id, told.known_at >= delivery.known_at)
        .order_by(told.known_at, told.batch_id)
    )
    following = connection.execute(query).all()
    keys = moved.select(_CELL_IN_FEED)
    said: dict[int, pl.DataFrame] = {}
    settled: int | None = None
    for known_at, batch_id, mode in following:
        if known_at == delivery.known_at or moved.is_empty():
            continue
        if settled is not None and known_at > settled:
            break
        cells = _payload(connection, delivery.feed_id, batch_id)
        if mode == SNAPSHOT:
            settled = known_at
            said[known_at] = keys.join(cells, on=_CELL_IN_FEED, how="left")
        else:
            spoken = cells.join(keys, on=_CELL_IN_FEED, how="semi")
            said[known_at] = _told(said.get(known_at, spoken.clear()), spoken, mode=INCREMENT)
    return _Later(said=said, settled=settled, is_alone=not following)


def _write(
    connection: sa.Connection, delivery: FeedDelivery, moved: pl.DataFrame, *, later: _Later
) -> None:
    if moved.is_empty():
        return
    levels = _levels(delivery, moved, known_at=delivery.known_at)
    if later.is_alone:
        rows = levels.with_columns(batch_id=pl.lit(delivery.batch_id, dtype=pl.Int64))
        append(
            connection,
            rows.select(list(HISTORY_SCHEMA)),
            existing=rows.select(CELL).filter(moved["existed"]),
            batch_id=delivery.batch_id,
        )
        return
    old = load_history(connection, levels.select(CELL))
    before = old.filter(pl.col("known_at") < delivery.known_at)
    settled = later.settled
    after = old.clear() if settled is None else old.filter(pl.col("known_at") > settled)
    between = [_levels(delivery, cells, known_at=moment) for moment, cells in later.said.items()]
    columns = [*CELL, *LEVEL_SCHEMA]
    new = pl.concat([part.select(columns) for part in (before, levels, *between, after)])
    replace_history(connection, old=old, levels=new, batch_id=delivery.batch_id)
