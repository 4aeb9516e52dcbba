"""What a grouped query over the cube's history answers, kept by partition until it moves.

The history's key begins with measure and month, and so does its change number: a commit costs a
new reading of the partitions it touched, whatever the length of the history.
"""

import threading
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Sequence

import polars as pl
import sqlalchemy as sa

from data_access.codes import to_us
from data_access.cube.hot import HotCube
from data_access.reader import Schema, frame_snapshot
from data_access.viewer import Viewer, system_viewer

MAX_PARTITIONS = 8192
LATEST = 2**62
"""The moment of "as known now": later than any that is stored."""
Key = tuple[int, int]
"""measure_id, month."""
Asked = Callable[[Sequence[int], int, int], sa.Select[tuple[object, ...]]]
"""(measure_ids, month, moment in µs) → query; its rows start with measure_id."""


class Partitions:
    """Answers of one query by measure and month. Safe to share between threads."""

    def __init__(self, cube: HotCube, asked: Asked, schema: Schema) -> None:
        """Hold what is given; read nothing yet.

        Args:
            cube: says which partitions there are, and which moved.
            asked: makes the query of some measures in a month.
            schema: columns of its rows, `measure_id` among them.
        """
        self._cube = cube
        self._asked = asked
        self._schema = schema
        self._lock = threading.Lock()
        self._held: OrderedDict[tuple[int, int, int], tuple[int, pl.DataFrame]] = OrderedDict()

    def read(
        self,
        months: Iterable[int] | None = None,
        *,
        viewer: Viewer,
        latest: bool = False,
        measures: frozenset[int] | None = None,
    ) -> pl.DataFrame:
        """Return the rows of some months (None: of all), as known at the viewer's moment.

        They are everybody's rows: the caller cuts them to the viewer.

        Args:
            months: as in `codes.month_of`.
            viewer: who looks; only their moment counts.
            latest: as known now, whatever the viewer's moment.
            measures: only these; None: all.
        """
        state = self._cube.state(viewer=viewer)
        moment = to_us(viewer.now)
        if latest or (state.newest is not None and moment >= state.newest):
            moment = LATEST
        wanted = None if months is None else set(months)
        changes = {
            key: number
            for key, number in state.changes.items()
            if (wanted is None or key[1] in wanted) and (measures is None or key[0] in measures)
        }
        with self._lock:
            found = {key: self._kept(key, number, moment) for key, number in changes.items()}
        missing = [key for key, frame in found.items() if frame is None]
        fresh = self._fresh(missing, moment, viewer=system_viewer(viewer.now))
        with self._lock:
            for key, frame in fresh.items():
                self._held[*key, moment] = (changes[key], frame)
            while len(self._held) > MAX_PARTITIONS:
                self._held.popitem(last=False)
        frames = [frame for frame in {**found, **fresh}.values() if frame is not None]
        filled = [frame for frame in frames if frame.height]
        return pl.concat(filled) if filled else pl.DataFrame(schema=self._schema)

    def _kept(self, key: Key, change_no: int, moment: int) -> pl.DataFrame | None:
        number, frame = self._held.get((*key, moment), (None, None))
        if number != change_no:
            return None
        self._held.move_to_end((*key, moment))
        return frame

    def _fresh(
        self, missing: Sequence[Key], moment: int, *, viewer: Viewer
    ) -> dict[Key, pl.DataFrame]:
        by_month: dict[int, list[int]] = defaultdict(list)
        for measure_id, month in missing:
            by_month[month].append(measure_id)
        empty = pl.DataFrame(schema=self._schema)
        made: dict[Key, pl.DataFrame] = {}
        if not by_month:
            return made
        with frame_snapshot(self._cube.engine, viewer=viewer) as reader:
            for month, measures in by_month.items():
                query = self._asked(sorted(measures), month, moment)
                rows = reader.read(query, self._schema, viewer=viewer)
                split = rows.partition_by("measure_id", as_dict=True)
                made |= {(one, month): split.get((one,), empty) for one in measures}
        return made
