"""Items as they were folded last, for as long as no step was added. Safe between threads.

A look asks how many steps are in sight and of when the newest is: steps are only ever added, so
that the same two numbers mean the same steps. Items are immutable and shared.
"""

import threading
from collections import OrderedDict

import polars as pl
import sqlalchemy as sa

from data_access import tables
from data_access.codes import to_us
from data_access.reader import Schema, read_frame, snapshot
from data_access.viewer import Viewer
from data_access.workflow import store
from data_access.workflow.model import Flow, Item

MOST = 64
_MARK: Schema = {"n": pl.Int64, "newest": pl.Int64}
Key = tuple[bool, frozenset[str], int, int]


class Shelf:
    """The items of one flow.

    Args:
        engine: the shared database.
        flow: which kind.
    """

    def __init__(self, engine: sa.Engine, flow: Flow) -> None:
        """Hold what is given; read nothing yet."""
        self._engine = engine
        self._flow = flow
        self._lock = threading.Lock()
        self._kept: OrderedDict[Key, tuple[Item, ...]] = OrderedDict()

    def items(self, *, viewer: Viewer) -> tuple[Item, ...]:
        """Return the items in a viewer's sight as known at their moment, by number.

        Raises:
            DatabaseUnavailable: if the database does not answer.
            BrokenHistory: if what is kept cannot have been.
        """
        n_steps, newest = self._mark(viewer=viewer)
        if not n_steps:
            return ()
        key = (viewer.everywhere, viewer.areas, n_steps, newest)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        found = tuple(store.read(self._engine, self._flow, viewer=viewer))
        # A step that came between the two looks would stand under the wrong mark.
        if sum(len(item.steps) for item in found) == n_steps:
            with self._lock:
                self._kept[key] = found
                while len(self._kept) > MOST:
                    self._kept.popitem(last=False)
        return found

    def _mark(self, *, viewer: Viewer) -> tuple[int, int]:
        held = tables.work_step.c
        query = sa.select(sa.func.count(), sa.func.coalesce(sa.func.max(held.at), 0)).where(
            held.kind == self._flow.kind,
            store.visible(self._flow, viewer),
            held.at <= to_us(viewer.now),
        )
        with snapshot(self._engine, viewer=viewer) as connection:
            found = read_frame(connection, query, _MARK, viewer=viewer)
        return found.row(0) if found.height else (0, 0)
