"""Writes the response chain into the cube: one job, after records have come in. Write side.

What it costs is what changed. The gate notes which records it wrote; the items of which these
records tell, now or before, are worked out twice, as of the last run's batch and as of now, and the
difference is added to the cells, at the moments at which it became known. So records may come in
any order, be corrected and be deleted, and a second run changes nothing. Where no last run can be
built upon, every item is worked out, some at a time.

Nobody waits for the work: it reads one state of the database. The write lock is held to enter what
came of it, and then it is made sure that nobody else did so meanwhile. Records that arrive during a
run belong to the next one.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl
import sqlalchemy as sa

from data_access import tables
from data_access.carry import select_frame
from data_access.chain import cells, gather, records, steps, store
from data_access.chain.cells import EVENTS, signed_changes
from data_access.chain.keys import LINKS
from data_access.chain.records import CHAIN_PLATFORM, CHAIN_SOURCE, WATCHED, chain_records
from data_access.chain.steps import Wanted, item_histories
from data_access.chain.store import State
from data_access.clock import Clock, machine_clock
from data_access.codes import Origin, from_us, to_us
from data_access.contracts import rules
from data_access.cube.history import CELL, HISTORY_SCHEMA, levels_of
from data_access.cube.intern import intern_source
from data_access.cube.merge import apply_events, replace_history
from data_access.engine import writing
from data_access.ingest import ledger
from data_access.ingest.ledger import Counts, Delivered, Outcome
from data_access.ingest.records import events_from
from data_access.reader import snapshot
from data_access.viewer import system_viewer

GIVEN_UP_US = 10 * 60 * 1_000_000
"""A run that has not written for so long will not come back: somebody else starts again."""
_TRIES = 3
_ROWS_AT_ONCE = 50_000
"""Changes of cells that one transaction of a run over everything enters."""
_MOST_GATHERED = 5_000_000
"""Changes of cells that are held before those of one cell and moment are summed."""
_PACKED = {
    "known_at": pl.Int64(),
    "measure": pl.Enum([cells.STARTED, cells.BEGAN, cells.ENDED, *cells.HOURS_MEASURES]),
    "dims": pl.Enum(
        [
            *(f"step={step}" for step in steps.STEPS),
            *(f"delay={code}" for code in rules.DELAY_BINS),
            *(f"age={age}|step={step}" for age in cells.AGES for step in steps.STEPS),
        ]
    ),
    "day": pl.Date(),
    "area_id": pl.Int32(),
    "n": pl.Int32(),
}
"""Changes of cells as numbers alone, for there are millions. Each item counts one, so that what it
adds to the value is what it adds to the number of items."""
_CELL_OF = [name for name in _PACKED if name != "n"]


@dataclass(frozen=True, kw_only=True)
class Refreshed:
    """What a refresh came to.

    Attributes:
        batch: number in the ledger; None: nothing was written.
        n_items: moments of items that were worked out.
        n_written: rows of the cube's history that were written or taken away.
        is_whole: whether every item was worked out.
        is_put_off: whether records are left to follow: another process is at it, or the run was
            not wanted any more.
    """

    batch: int | None = None
    n_items: int = 0
    n_written: int = 0
    is_whole: bool = False
    is_put_off: bool = False


class _OvertakenError(Exception):
    """Somebody else wrote the chain, or a key was replaced, since this run began."""


class _StoppedError(Exception):
    """Whoever asked for the run does not want it any more."""


@dataclass(frozen=True, kw_only=True)
class _Run:
    """What one run knows from its start on.

    Attributes:
        engine: the shared database.
        clock: for the times of the ledger.
        zone: time zone whose days count.
        wanted_still: whether to go on.
        met: how far the chain was found to be; it must still be there when this run writes.
        base: the same, where the cells can be built upon; None: they have to be worked out anew.
        goal: how far this run takes it.
    """

    engine: sa.Engine
    clock: Clock
    zone: str
    wanted_still: Callable[[], bool]
    met: State | None
    base: State | None
    goal: State

    def go_on(self) -> None:
        if not self.wanted_still():
            raise _StoppedError


def refresh(
    engine: sa.Engine,
    *,
    clock: Clock,
    zone: str,
    anew: bool = False,
    wanted_still: Callable[[], bool] = lambda: True,
) -> Refreshed:
    """Bring the response chain to what the records say; nothing is read if none came in.

    Args:
        engine: the shared database.
        clock: for the times of the ledger.
        zone: time zone whose days count.
        anew: work out every item, whatever the last run left.
        wanted_still: asked now and then; once it says no, the run ends and leaves what it found.

    Raises:
        DatabaseUnavailable: if the database does not answer.
    """
    for _ in range(_TRIES):
        run = _started(engine, clock=clock, zone=zone, anew=anew, wanted_still=wanted_still)
        if isinstance(run, Refreshed):
            return run
        try:
            return _worked_out_anew(run) if run.base is None else _followed(run, run.base)
        except _OvertakenError:
            continue
        except _StoppedError:
            break
    return Refreshed(is_put_off=True)


def _started(
    engine: sa.Engine,
    *,
    clock: Clock,
    zone: str,
    anew: bool,
    wanted_still: Callable[[], bool],
) -> _Run | Refreshed:
    """Return what there is to do, or, where there is nothing to do now, what came of it."""
    with snapshot(engine, viewer=system_viewer(clock())) as connection:
        held = store.state(connection)
        until = store.newest_batch(connection)
        if held is not None and held.run and not _is_given_up(held):
            return Refreshed(is_put_off=True)
        is_sound = held is not None and not held.run and held.rules == marked(zone)
        if is_sound and not anew and not store.is_touched(connection):
            return Refreshed()
        known_at = store.newest_moment(connection)
    if known_at is None:
        return Refreshed()
    goal = State(until=until, known_at=known_at, rules=marked(zone))
    return _Run(
        engine=engine,
        clock=clock,
        zone=zone,
        wanted_still=wanted_still,
        met=held,
        base=held if is_sound and not anew else None,
        goal=goal,
    )


def _is_given_up(held: State) -> bool:
    return to_us(machine_clock()) - held.seen_at > GIVEN_UP_US


def marked(zone: str) -> str:
    """Return what tells one set of rules from another: the text of the modules that hold them."""
    digest = hashlib.sha256(zone.encode())
    for module in (cells, records, rules, steps):
        digest.update(Path(str(module.__file__)).read_bytes())
    return digest.hexdigest()[:32]


# --- what changed -------------------------------------------------------------------------------


def _followed(run: _Run, base: State) -> Refreshed:
    """Add to the cells what the records touched since the last run change."""
    system = system_viewer(run.clock())
    with snapshot(run.engine, viewer=system) as connection:
        touched = _touched(connection, until=run.goal.until)
        links = pl.concat(
            [
                pl.DataFrame(schema=LINKS),
                *_links(connection, touched, go_on=run.go_on),
            ]
        ).unique()
        wanted = gather.affected(connection, touched, links)
    store.add_links(run.engine, links)
    with snapshot(run.engine, viewer=system) as connection:
        changes, n_items = _gathered(connection, gather.pieces(wanted), run, since=base.until)
    with writing(run.engine) as connection:
        _require(connection, run.met)
        batch_id, source_id = _open(connection, run)
        n_written = _added(connection, changes, batch_id=batch_id, source_id=source_id)
        store.put_state(connection, run.goal)
        store.drop_touched(connection, until=run.goal.until)
        _close(connection, run, batch_id=batch_id, n_written=n_written)
    return Refreshed(batch=batch_id, n_items=n_items, n_written=n_written)


def _touched(connection: sa.Connection, *, until: int) -> dict[gather.Kind, pl.DataFrame]:
    found = {kind: [pl.DataFrame(schema=gather.RECORD)] for kind in WATCHED}
    for which, written in store.touched(connection, until=until):
        found[which.kind].append(written)
    return {kind: pl.concat(parts).unique() for kind, parts in found.items()}


def _links(
    connection: sa.Connection,
    touched: Mapping[gather.Kind, pl.DataFrame],
    *,
    go_on: Callable[[], None],
) -> Iterator[pl.DataFrame]:
    for kind, written in touched.items():
        for some in written.sort(written.columns).iter_slices(gather.AT_ONCE):
            go_on()
            yield gather.told_by(connection, kind, some)


def _added(
    connection: sa.Connection, changes: pl.DataFrame, *, batch_id: int, source_id: int
) -> int:
    if changes.is_empty():
        return 0
    events = _events(connection, changes, source_id=source_id)
    return apply_events(connection, events, batch_id=batch_id, is_latest=False)


# --- everything ---------------------------------------------------------------------------------


def _worked_out_anew(run: _Run) -> Refreshed:
    """Work out every item, and put the cells that result in place of those held."""
    system = system_viewer(run.clock())
    for kind in WATCHED:
        _link_all(run, kind)
    with snapshot(run.engine, viewer=system) as connection:
        changes, n_items = _gathered(connection, gather.every_item(connection), run, since=None)
    claim = _claimed(run)
    try:
        n_written = 0
        for measure, days in _parts(run, changes):
            n_written += _replaced(run, claim, changes, measure=measure, days=days)
            claim = replace(claim, seen_at=to_us(machine_clock()))
        with writing(run.engine) as connection:
            _require_claim(connection, claim)
            store.put_state(connection, run.goal)
            store.drop_touched(connection, until=run.goal.until)
            _close(connection, run, batch_id=claim.run, n_written=n_written)
    except _OvertakenError:
        raise
    except BaseException:
        _let_go(run, claim)
        raise
    return Refreshed(batch=claim.run, n_items=n_items, n_written=n_written, is_whole=True)


def _link_all(run: _Run, kind: gather.Kind) -> None:
    """Add the links of all records of a kind.

    No state of the database is held on to meanwhile: SQLite would have to keep all that is written
    beside it. Records that arrive behind the page are noted, and linked by the next run.
    """
    gathered: list[pl.DataFrame] = []
    last: tuple[object, ...] | None = None
    while True:
        run.go_on()
        with snapshot(run.engine, viewer=system_viewer(run.clock())) as connection:
            page = gather.record_page(connection, kind, after=last)
            if page.height:
                gathered.append(gather.told_by(connection, kind, page))
        n_gathered = sum(each.height for each in gathered)
        if n_gathered and (n_gathered >= store.LINKS_AT_ONCE or page.is_empty()):
            store.add_links(run.engine, pl.concat(gathered).unique())
            gathered = []
        if page.is_empty():
            return
        last = page.row(-1)


def _claimed(run: _Run) -> State:
    """Enter that this run is about to write, so that no other one does."""
    with writing(run.engine) as connection:
        _require(connection, run.met)
        batch_id, _ = _open(connection, run)
        _close(connection, run, batch_id=batch_id, n_written=0)
        claim = replace(run.goal, run=batch_id, seen_at=to_us(machine_clock()))
        store.put_state(connection, claim)
    return claim


def _parts(run: _Run, changes: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
    """Yield (measure, days) of the cells that are or were there, a transaction's worth each.

    Shape of days: month (yyyymm), day (days since 1970), n (changes of cells).
    """
    day = pl.col("day").cast(pl.Int32)
    counted_new = changes.group_by("measure", "day").agg(n=pl.len().cast(pl.Int64))
    new = counted_new.with_columns(pl.col("measure").cast(pl.String), day=day)
    with snapshot(run.engine, viewer=system_viewer(run.clock())) as connection:
        old = _held_days(connection)
    counted = pl.concat([new, old]).group_by("measure", "day").agg(pl.col("n").sum())
    month = pl.col("day").cast(pl.Date)
    placed = counted.with_columns(month=month.dt.year() * 100 + month.dt.month().cast(pl.Int32))
    for (measure, _), days in placed.sort("measure", "month", "day").group_by(
        "measure", "month", maintain_order=True
    ):
        share = days.with_columns(_part=pl.col("n").cum_sum() // _ROWS_AT_ONCE)
        for _, some in share.group_by("_part", maintain_order=True):
            run.go_on()
            yield str(measure), some


def _held_days(connection: sa.Connection) -> pl.DataFrame:
    """Return how many rows of history each measure of the chain has on each day."""
    held, measure = tables.cube_history, tables.measure
    query = (
        sa.select(measure.c.key, held.c.day, sa.func.count())
        .join_from(held, measure, held.c.measure_id == measure.c.measure_id)
        .where(measure.c.platform == CHAIN_PLATFORM)
        .group_by(measure.c.key, held.c.day)
    )
    schema = {"measure": pl.String(), "day": pl.Int32(), "n": pl.Int64()}
    return select_frame(connection, query, schema=schema)


def _replaced(
    run: _Run, claim: State, changes: pl.DataFrame, *, measure: str, days: pl.DataFrame
) -> int:
    """Write the cells of one measure on some days of a month; return the rows written."""
    day = pl.col("day").cast(pl.Int32)
    some = changes.filter(
        (pl.col("measure") == measure) & day.is_between(days["day"].min(), days["day"].max())
    )
    with writing(run.engine) as connection:
        _require_claim(connection, claim)
        source_id = intern_source(connection, CHAIN_SOURCE, origin=Origin.RECORDS)
        events = _events(connection, some, source_id=source_id)
        return replace_history(
            connection,
            old=_history(connection, measure, days),
            levels=levels_of(events),
            batch_id=claim.run,
        )


def _history(connection: sa.Connection, measure: str, days: pl.DataFrame) -> pl.DataFrame:
    """Return the stored history of a measure's cells on some days of one month."""
    held = tables.cube_history.c
    number = sa.select(tables.measure.c.measure_id).where(tables.measure.c.key == measure)
    query = sa.select(*[held[name] for name in HISTORY_SCHEMA]).where(
        held.measure_id == number.scalar_subquery(),
        held.month == days.item(0, "month"),
        held.day.between(days["day"].min(), days["day"].max()),
    )
    return select_frame(connection, query, schema=HISTORY_SCHEMA).sort([*CELL, "known_at"])


def _require_claim(connection: sa.Connection, claim: State) -> None:
    """Make sure that this run may still write, and say that it does."""
    now = store.state(connection)
    if now is None or now.run != claim.run:
        raise _OvertakenError
    store.put_state(connection, replace(claim, seen_at=to_us(machine_clock())))


def _let_go(run: _Run, claim: State) -> None:
    """Have the next run start again at once, if the database can still be told so."""
    with writing(run.engine) as connection:
        now = store.state(connection)
        if now is not None and now.run == claim.run:
            store.put_state(connection, replace(now, seen_at=0))


# --- shared by both -----------------------------------------------------------------------------


def _gathered(
    connection: sa.Connection, pieces: Iterable[Wanted], run: _Run, *, since: int | None
) -> tuple[pl.DataFrame, int]:
    """Return what some items change in the cells, and how many of their moments were looked at.

    Shape: columns of _PACKED; a cell and moment may come several times.

    Args:
        connection: on which everything is read.
        pieces: the items.
        run: what is asked for.
        since: the batch up to which the cells tell of these items already; None: they do not.
    """
    found, n_items = [pl.DataFrame(schema=_PACKED)], 0
    n_held, most = 0, _MOST_GATHERED
    for wanted in pieces:
        run.go_on()
        versions = gather.versions_for(connection, wanted)
        items = _items(versions, wanted, until=run.goal.until, zone=run.zone)
        n_items += items.height
        found.append(_packed(items, zone=run.zone, sign=1))
        if since is not None:
            before = _items(versions, wanted, until=since, zone=run.zone)
            found.append(_packed(before, zone=run.zone, sign=-1))
        n_held += found[-1].height
        if n_held > most:
            found = [_summed(pl.concat(found))]
            n_held, most = found[0].height, max(most, 2 * found[0].height)
    return pl.concat(found), n_items


def _items(versions: gather.Versions, wanted: Wanted, *, until: int, zone: str) -> pl.DataFrame:
    seen = {kind: gather.in_force(every, until=until) for kind, every in versions.items()}
    return item_histories(**chain_records(seen, zone=zone), wanted=wanted)


def _packed(items: pl.DataFrame, *, zone: str, sign: int) -> pl.DataFrame:
    changes = signed_changes(items, zone=zone).with_columns(pl.col("n") * sign)
    return changes.select([pl.col(name).cast(dtype) for name, dtype in _PACKED.items()])


def _summed(changes: pl.DataFrame) -> pl.DataFrame:
    summed = changes.group_by(_CELL_OF).agg(pl.col("n").sum())
    return summed.filter(pl.col("n") != 0).select([pl.col(n).cast(d) for n, d in _PACKED.items()])


def _events(connection: sa.Connection, changes: pl.DataFrame, *, source_id: int) -> pl.DataFrame:
    """Return changes (_PACKED) as events of cells, each cell and moment once."""
    plain = _summed(changes).with_columns(value="n")
    named = plain.select([pl.col(name).cast(dtype) for name, dtype in EVENTS.items()])
    return events_from(connection, named, platform=CHAIN_PLATFORM, source_id=source_id)


def _require(connection: sa.Connection, held: State | None) -> None:
    """Make sure that the chain is where it was when this run began."""
    if store.state(connection) != held:
        raise _OvertakenError


def _open(connection: sa.Connection, run: _Run) -> tuple[int, int]:
    """Enter the run in the ledger; return the numbers of its batch and of its source.

    No file came: the hash is that of what the run is to follow.
    """
    source_id = intern_source(connection, CHAIN_SOURCE, origin=Origin.RECORDS)
    delivered = Delivered(
        origin=Origin.RECORDS.value,
        platform=CHAIN_PLATFORM,
        record_kind=CHAIN_SOURCE,
        file_name=CHAIN_SOURCE,
        sha256=hashlib.sha256(repr(run.goal).encode()).hexdigest(),
        n_bytes=0,
        known_at=from_us(run.goal.known_at),
        received_at=run.clock(),
    )
    return ledger.open_batch(connection, delivered, source_id=source_id), source_id


def _close(connection: sa.Connection, run: _Run, *, batch_id: int, n_written: int) -> None:
    outcome = Outcome(
        batch=batch_id,
        file_name=CHAIN_SOURCE,
        known_at=from_us(run.goal.known_at),
        counts=Counts(read=n_written, updated=n_written),
    )
    ledger.close_batch(connection, outcome, committed_at=run.clock())
