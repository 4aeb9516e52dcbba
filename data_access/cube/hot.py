"""The hot cube: partitions (measure × month) as frames in memory, refreshed only when they moved.

The cost of an answer depends on cells, never on how many records stand behind them. A viewer who
looks from an earlier moment is answered from the history; row scope is applied on the way out.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Hashable, Mapping
from datetime import date
from typing import cast
from zoneinfo import ZoneInfo

import polars as pl
import sqlalchemy as sa

from data_access import tables
from data_access.clock import Clock
from data_access.codes import Status, from_us, month_of, to_us
from data_access.cube.catalogue import State
from data_access.cube.geography import Geography
from data_access.cube.kept import Kept
from data_access.cube.partition import FOREVER, in_force, make_partition
from data_access.cube.state import read_delivered, read_state, read_token
from data_access.cube.view import CELL_SCHEMA, CubeView, Partition
from data_access.errors import DatabaseUnavailable
from data_access.reader import FrameReader, Schema, frame_snapshot, snapshot
from data_access.viewer import Viewer, system_viewer

POLL_SECONDS = 0.5
MAX_BYTES = 768 * 1024 * 1024
MAX_DELIVERED = 256
MAX_STRETCHES = 7
MAX_KEPT = 4
_READ_SCHEMA: Schema = {
    "month": pl.Int32,
    **CELL_SCHEMA,
    "day": pl.Int32,
}


class HotCube:
    """Every process's copy of the cube. Safe to share between threads.

    Args:
        engine: the shared database.
        clock: what time it is; given to the system viewer that refreshes.
        geography: how areas add up.
        poll_seconds: the database is asked for news at most this often.
        max_bytes: memory for partitions; the least recently used go first.
    """

    def __init__(
        self,
        engine: sa.Engine,
        clock: Clock,
        *,
        geography: Geography,
        poll_seconds: float = POLL_SECONDS,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self.geography = geography
        self._engine = engine
        self._clock = clock
        self._poll_seconds = poll_seconds
        self._max_bytes = max_bytes
        self._lock = threading.RLock()
        self._reading = threading.Lock()
        self._state: State | None = None
        self._failure: DatabaseUnavailable | None = None
        self._polled = float("-inf")
        # Several stretches of moments may be held of one partition.
        self._held: OrderedDict[tuple[int, int], list[Partition]] = OrderedDict()
        self._n_bytes = 0
        self._delivered: OrderedDict[tuple[str, int], pl.DataFrame] = OrderedDict()
        self._kept: OrderedDict[tuple[object, ...], Kept] = OrderedDict()

    @property
    def engine(self) -> sa.Engine:
        """The shared database."""
        return self._engine

    @property
    def poll_seconds(self) -> float:
        """How often the database is asked for news at most."""
        return self._poll_seconds

    # --- what moved ---------------------------------------------------------------------------

    def state(self, *, viewer: Viewer) -> State:
        """Return the state of the database, at most `poll_seconds` old while it answers.

        While it is away, the last state stands: what was read of it can still be shown. Whether it
        is away, `token` says.

        Raises:
            DatabaseUnavailable: if it does not answer and never did.
        """
        del viewer  # names and change numbers only; figures are cut in `view`
        with self._lock:
            self._look()
            if self._state is None and self._failure is not None:
                raise DatabaseUnavailable(str(self._failure))
            return cast("State", self._state)

    def _look(self) -> None:
        """Poll the database if it was not asked for a while; note what it said."""
        if time.monotonic() - self._polled < self._poll_seconds:
            return
        try:
            self._state, self._failure = self._poll(self._state), None
        except DatabaseUnavailable as error:
            self._failure = error
        self._polled = time.monotonic()

    def _poll(self, held: State | None) -> State:
        system = system_viewer(self._clock())
        with snapshot(self._engine, viewer=system) as connection:
            token = read_token(connection, viewer=system)
            if held is not None and held.token == token:
                return held
            return read_state(connection, token, viewer=system)

    def token(self) -> str:
        """Return a text that differs whenever anything was committed; cheap enough to poll.

        Raises:
            DatabaseUnavailable: if the database does not answer.
        """
        with self._lock:
            token = self.state(viewer=system_viewer(self._clock())).token
            if self._failure is not None:
                raise DatabaseUnavailable(str(self._failure))
            return token

    def wait_changed(self, token: str, *, timeout: float) -> str:
        """Return the token as soon as it differs from the given one, or after `timeout` seconds."""
        ends = time.monotonic() + timeout
        while (now := self.token()) == token and time.monotonic() < ends:
            time.sleep(min(self._poll_seconds or 0.05, max(0.0, ends - time.monotonic())))
        return now

    # --- what is seen -------------------------------------------------------------------------

    def frame(self, measure: str, start: date, end: date, *, viewer: Viewer) -> pl.DataFrame:
        """Return the cells of a measure that a viewer may see: columns of CELL_SCHEMA.

        As known at `viewer.now`, days `start` to `end` inclusive, every grain and source.
        """
        seen = self.view({measure: (start, end)}, viewer=viewer)
        return seen.all_cells(measure).filter(pl.col("day").is_between(start, end))

    def view(self, needs: Mapping[str, tuple[date, date] | None], *, viewer: Viewer) -> CubeView:
        """Return what a viewer sees of some measures, all in one state of the database.

        Args:
            needs: measure id → first and last day needed (None: all time).
            viewer: who looks, and from which moment.

        Raises:
            DatabaseUnavailable: if something must be read and the database does not answer.
        """
        with self._lock:
            state = self.state(viewer=viewer)
            if viewer.is_blind:
                return self._assembled(state, {}, viewer=viewer, kept=Kept())
            found, missing = self._lookup(state, needs, to_us(viewer.now))
            if not missing:
                return self._seen(state, found, needs, viewer=viewer)
        # Whoever needs only what is held does not wait for what somebody else has to read.
        with self._reading:
            state, found = self._read(needs, viewer=viewer)
        with self._lock:
            return self._seen(state, found, needs, viewer=viewer)

    def _seen(
        self,
        state: State,
        found: Mapping[str, tuple[Partition, ...]],
        needs: Mapping[str, tuple[date, date] | None],
        *,
        viewer: Viewer,
    ) -> CubeView:
        # What is worked out from some months alone serves this question only.
        whole = all(days is None for days in needs.values())
        kept = self._kept_of(state, viewer=viewer) if whole else Kept()
        return self._assembled(state, found, viewer=viewer, kept=kept)

    def _kept_of(self, state: State, *, viewer: Viewer) -> Kept:
        """Return what is kept of a moment; what was written since is told apart in its keys.

        Of deliveries only the day matters: whether one came before a day had ended.
        """
        # Whoever does not know of a source must not meet what was worked out with it.
        hidden = state.catalogue.hidden(viewer=viewer)
        key = (self._moment_of(state, viewer=viewer), self.heard(viewer=viewer), hidden)
        held = self._kept.setdefault(key, Kept())
        self._kept.move_to_end(key)
        while len(self._kept) > MAX_KEPT:
            self._kept.popitem(last=False)
        return held

    def heard(self, *, viewer: Viewer) -> Hashable:
        """Return what differs when sources rank otherwise, or one delivered on another local day.

        The day of each source's last delivery of a platform, and the sources with their precedence.
        """
        state = self.state(viewer=viewer)
        zone = ZoneInfo(self.geography.areas.country.time_zone)
        rows = self._deliveries(state, viewer=viewer).iter_rows()
        days = frozenset((of, name, from_us(us).astimezone(zone).date()) for of, name, us in rows)
        return days, frozenset(state.catalogue.sources.rows())

    def _moment_of(self, state: State, *, viewer: Viewer) -> int:
        """Return the viewer's moment; one number for all from the last delivery on."""
        asked = to_us(viewer.now)
        return FOREVER if state.newest is not None and asked >= state.newest else asked

    def _assembled(
        self,
        state: State,
        found: Mapping[str, tuple[Partition, ...]],
        *,
        viewer: Viewer,
        kept: Kept,
    ) -> CubeView:
        ids = None
        if not viewer.everywhere:
            ids = pl.Series(self.geography.visible_ids(viewer), dtype=pl.Int32)
        return CubeView(
            state=state,
            geography=self.geography,
            viewer=viewer,
            partitions=found,
            delivered=self._deliveries(state, viewer=viewer).filter(
                ~pl.col("source_id").is_in(state.catalogue.hidden(viewer=viewer))
            ),
            visible=ids,
            kept=kept,
        )

    def _deliveries(self, state: State, *, viewer: Viewer) -> pl.DataFrame:
        # Sources are the same for everyone; only the moment decides.
        system = system_viewer(viewer.now)
        key = (state.token, self._moment_of(state, viewer=viewer))
        if key not in self._delivered:
            with snapshot(self._engine, viewer=system) as connection:
                self._delivered[key] = read_delivered(connection, viewer=system)
            while len(self._delivered) > MAX_DELIVERED:
                self._delivered.popitem(last=False)
        return self._delivered[key]

    # --- partitions ---------------------------------------------------------------------------

    def _lookup(
        self, state: State, needs: Mapping[str, tuple[date, date] | None], moment: int
    ) -> tuple[dict[str, tuple[Partition, ...]], dict[str, list[int]]]:
        found: dict[str, tuple[Partition, ...]] = {}
        missing: dict[str, list[int]] = {}
        for key, days in needs.items():
            months = _within(state.months(key), days)
            held = [self._held_at(state, key, month, moment) for month in months]
            found[key] = tuple(one for one in held if one is not None)
            lacking = [m for m, one in zip(months, held, strict=True) if one is None]
            if lacking:
                missing[key] = lacking
        return found, missing

    def _held_at(self, state: State, key: str, month: int, moment: int) -> Partition | None:
        number = state.catalogue.numbers[key]
        change_no = state.changes[number, month]
        for one in self._held.get((number, month), ()):
            if one.change_no == change_no and one.since <= moment < one.until:
                self._held.move_to_end((number, month))
                return one
        return None

    def _read(
        self, needs: Mapping[str, tuple[date, date] | None], *, viewer: Viewer
    ) -> tuple[State, dict[str, tuple[Partition, ...]]]:
        """Read what is missing in one snapshot; its change numbers and frames agree."""
        system = system_viewer(viewer.now)
        moment = to_us(viewer.now)
        for _ in range(5):
            polled = self._poll(self._state)
            with self._lock:
                self._state = state = polled
                found, missing = self._lookup(state, needs, moment)
                if not missing:
                    return state, found
            with frame_snapshot(self._engine, viewer=system) as reader:
                read = {
                    key: _Loader(reader, state, self.geography).load(key, months, viewer=system)
                    for key, months in missing.items()
                }
                agrees = _changes(reader, viewer=system) == dict(state.changes)
            if agrees:
                with self._lock:
                    for key, parts in read.items():
                        self._keep(state.catalogue.numbers[key], parts)
                    found, lacking = self._lookup(state, needs, moment)
                    self._trim()
                if not lacking:
                    return state, found
        raise DatabaseUnavailable("the shared database changes faster than it can be read")

    def _keep(self, number: int, parts: Mapping[int, Partition]) -> None:
        for month, one in parts.items():
            held = self._held.setdefault((number, month), [])
            kept = [old for old in held if old.change_no == one.change_no][-MAX_STRETCHES:]
            kept = [old for old in kept if (old.since, old.until) != (one.since, one.until)]
            self._n_bytes += one.n_bytes + sum(x.n_bytes for x in kept)
            self._n_bytes -= sum(x.n_bytes for x in held)
            self._held[number, month] = [*kept, one]

    def _trim(self) -> None:
        while self._n_bytes > self._max_bytes and len(self._held) > 1:
            _, gone = self._held.popitem(last=False)
            self._n_bytes -= sum(one.n_bytes for one in gone)

    @property
    def size(self) -> tuple[int, int]:
        """Partitions held, and the bytes they take."""
        return len(self._held), self._n_bytes


def _within(months: list[int], days: tuple[date, date] | None) -> list[int]:
    if days is None:
        return months
    first, last = month_of(days[0]), month_of(days[1])
    return [month for month in months if first <= month <= last]


def _changes(reader: FrameReader, *, viewer: Viewer) -> dict[tuple[int, int], int]:
    change = tables.partition_change.c
    schema: Schema = {"measure_id": pl.Int32, "month": pl.Int32, "change_no": pl.Int64}
    query = sa.select(change.measure_id, change.month, change.change_no)
    found = reader.read(query, schema, viewer=viewer)
    return {(of, month): number for of, month, number in found.iter_rows()}


class _Loader:
    """Reads partitions of one state inside one snapshot."""

    def __init__(self, reader: FrameReader, state: State, geography: Geography) -> None:
        self._reader = reader
        self._state = state
        self._geography = geography

    def load(self, key: str, months: list[int], *, viewer: Viewer) -> dict[int, Partition]:
        """Return the partitions of a measure as known at `viewer.now`, by month."""
        number = self._state.catalogue.numbers[key]
        moment = to_us(viewer.now)
        newest = self._newest(number, months, viewer=viewer)
        current = [m for m in months if newest.get(m, moment) <= moment]
        past = [m for m in months if newest.get(m, moment) > moment]
        made = self._current(number, current, newest, viewer=viewer)
        made |= self._past(number, past, viewer=viewer)
        return {month: made[month] for month in months}

    def _newest(self, number: int, months: list[int], *, viewer: Viewer) -> dict[int, int]:
        known = self._state.newest
        if known is not None and known <= to_us(viewer.now):
            return dict.fromkeys(months, known)
        of = tables.cube_history.c
        query = (
            sa.select(of.month, sa.func.max(of.known_at))
            .where(of.measure_id == number, of.month.in_(months))
            .group_by(of.month)
        )
        schema: Schema = {"month": pl.Int32, "newest": pl.Int64}
        return dict(self._reader.read(query, schema, viewer=viewer).iter_rows())

    def _current(
        self, number: int, months: list[int], newest: Mapping[int, int], *, viewer: Viewer
    ) -> dict[int, Partition]:
        if not months:
            return {}
        table = tables.cube_current
        query = cells_of(table).where(table.c.measure_id == number, table.c.month.in_(months))
        cells = self._reader.read(query, _READ_SCHEMA, viewer=viewer)
        return {
            month: self._partition(number, month, frame, newest.get(month, 0), FOREVER)
            for month, frame in _by_month(cells, months).items()
        }

    def _past(self, number: int, months: list[int], *, viewer: Viewer) -> dict[int, Partition]:
        if not months:
            return {}
        moment = to_us(viewer.now)
        table = tables.cube_history
        here = (table.c.measure_id == number, table.c.month.in_(months))
        query = cells_of(table).where(*here, table.c.known_at <= moment)
        cells = self._reader.read(query, _READ_SCHEMA, viewer=viewer)
        later = (
            sa.select(table.c.month, sa.func.min(table.c.known_at))
            .where(*here, table.c.known_at > moment)
            .group_by(table.c.month)
        )
        schema: Schema = {"month": pl.Int32, "until": pl.Int64}
        until = dict(self._reader.read(later, schema, viewer=viewer).iter_rows())
        made = {}
        for month, frame in _by_month(cells, months).items():
            since = max(frame["known_at"].to_list(), default=0)
            ends = until.get(month, FOREVER)
            made[month] = self._partition(number, month, in_force(frame), since, ends)
        return made

    def _partition(
        self, number: int, month: int, cells: pl.DataFrame, since: int, until: int
    ) -> Partition:
        return make_partition(
            cells,
            self._state.catalogue,
            self._geography,
            month=month,
            change_no=self._state.changes[number, month],
            since=since,
            until=until,
        )


def cells_of(table: sa.Table) -> sa.Select[tuple[object, ...]]:
    """Return the SELECT of a cube table's cells: month, then the columns of CELL_SCHEMA."""
    of = table.c
    has_no_value = sa.and_(of.value.is_(None), of.status == int(Status.VALUE), of.n != 0)
    status = sa.case((has_no_value, int(Status.NOT_REPORTED)), else_=of.status)
    # SQLite's driver takes a column's type from its first rows: no nulls.
    columns = {"value": sa.func.coalesce(of.value, 0.0), "status": status}
    return sa.select(*[columns[name] if name in columns else of[name] for name in _READ_SCHEMA])


def _by_month(cells: pl.DataFrame, months: list[int]) -> dict[int, pl.DataFrame]:
    split = cells.partition_by("month", as_dict=True)
    return {month: split.get((month,), cells.clear()) for month in months}
