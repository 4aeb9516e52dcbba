"""What a server process holds of the shared database: one object, safe between threads.

Every figure the screens show comes through here, and every method names its viewer.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

import polars as pl
import sqlalchemy as sa

from data_access import freshness as fresh
from data_access import migrations, quarantine_sites
from data_access.clock import Clock, make_clock
from data_access.clusters import Clusters
from data_access.codes import from_us, to_us
from data_access.cube import movements as moved
from data_access.cube.geography import Geography
from data_access.cube.hot import HotCube
from data_access.cube.query import Ask, answer, find, measures_of
from data_access.cube.sharing import Sharing
from data_access.demonstration import database_clock
from data_access.engine import make_engine
from data_access.errors import DataAccessError, UnknownId
from data_access.indicators.model import Indicator
from data_access.indicators.registry import INDICATORS
from data_access.laboratories import laboratories
from data_access.measures.model import Measure
from data_access.places import place_activity
from data_access.reconcile import engine as reconciled
from data_access.reference.areas import Areas, load_areas
from data_access.settings import Settings
from data_access.sync import desk
from data_access.sync.files import reject_file
from data_access.sync.ledger import Owners
from data_access.sync.receipts import Receipts
from data_access.sync.reporting import reporting
from data_access.viewer import Viewer, system_viewer

MAX_ANSWERS = 4096
MAX_ANSWER_ROWS = 4_000_000
"""Answers kept in memory: at most this many, and this many rows altogether."""


@dataclass(frozen=True, kw_only=True)
class Health:
    """The state of the shared database.

    Attributes:
        token: differs whenever anything was committed.
        newest: newest moment of any delivery; None: none yet.
        n_partitions: partitions held in memory.
        n_bytes: memory they take.
    """

    token: str
    newest: datetime | None
    n_partitions: int
    n_bytes: int


class Shared:
    """The shared database as a server process sees it. Get one from `open_shared`.

    Attributes:
        engine: the database.
        clock: what time it is here.
        areas: the places of the country.
        cube: the figures in memory.
        indicators: every indicator by id.
        clusters: clusters, chains of infection and contacts.
    """

    def __init__(self, engine: sa.Engine, clock: Clock, *, areas: Areas, cube: HotCube) -> None:
        """Hold what is given; read nothing yet."""
        self.engine = engine
        self.clock = clock
        self.areas = areas
        self.cube = cube
        self.indicators: Mapping[str, Indicator] = INDICATORS
        self.clusters = Clusters(engine, zone=areas.country.time_zone, kept=self._kept)
        self._sharing = Sharing(cube=cube, kept=self._kept, version=self.version)
        self._receipts = Receipts(cube)
        self._owners = Owners(cube)
        self._lock = threading.Lock()
        self._answers: OrderedDict[tuple[object, ...], pl.DataFrame] = OrderedDict()
        self._n_rows = 0

    @property
    def zone(self) -> ZoneInfo:
        """The country's time zone."""
        return ZoneInfo(self.areas.country.time_zone)

    def measures(self, *, viewer: Viewer) -> Mapping[str, Measure]:
        """Return the measures a viewer may know of, those of mappings included."""
        found = self.cube.state(viewer=viewer).catalogue.measures
        return {key: one for key, one in found.items() if one.clearance <= viewer.clearance}

    def answer(self, ask: Ask, *, viewer: Viewer) -> pl.DataFrame:
        """Return the answer to a question: see `cube.query.answer`."""
        return self._kept(("answer", ask), lambda: answer(self.cube, ask, viewer=viewer),
                          ids=ask.ids, viewer=viewer)  # fmt: skip

    def figures(self, ask: Ask, *, viewer: Viewer) -> pl.DataFrame:
        """Return the answer with what its figures were made of: see `cube.query.figures`."""
        return self._kept(("figures", ask), lambda: self._sharing.figures(ask, viewer=viewer),
                          ids=ask.ids, viewer=viewer)  # fmt: skip

    def movements(
        self,
        *,
        viewer: Viewer,
        day: date | None = None,
        ids: Sequence[str] = moved.WATCHED,
        top: int = moved.TOP,
    ) -> pl.DataFrame:
        """Return the largest changes against the day before: see `cube.movements.movements`."""
        return self._kept(
            ("movements", day, tuple(ids), top),
            lambda: moved.movements(self.cube, viewer=viewer, day=day, ids=ids, top=top),
            ids=ids,
            viewer=viewer,
        )

    def freshness(self, *, viewer: Viewer) -> pl.DataFrame:
        """Return how fresh every source of every platform is: see `freshness.freshness`."""
        return fresh.freshness(self.cube, self.engine, viewer=viewer)

    def latest_batches(self, *, viewer: Viewer, limit: int = 50) -> pl.DataFrame:
        """Return the newest deliveries: see `freshness.latest_batches`."""
        return fresh.latest_batches(self.engine, viewer=viewer, limit=limit)

    def reporting(self, *, viewer: Viewer, start: date, end: date) -> pl.DataFrame:
        """Return how every province's days were reported: see `sync.reporting.reporting`."""
        return self._kept(
            # Not due turns into silent with the hour, also when nothing is committed.
            ("reporting", start, end, to_us(viewer.now)),
            lambda: reporting(self.cube, self._receipts, viewer=viewer, start=start, end=end),
            viewer=viewer,
        )

    def sync_deliveries(self, *, viewer: Viewer, start: date, end: date) -> pl.DataFrame:
        """Return the batches of some days with their open rejects: see `sync.desk`."""
        return desk.delivered(self.cube, self._owners, viewer=viewer, start=start, end=end)

    def reject_reasons(self, *, viewer: Viewer, start: date, end: date) -> pl.DataFrame:
        """Return refused rows by platform, source and reason: see `sync.desk`."""
        return desk.reject_reasons(self.cube, self._owners, viewer=viewer, start=start, end=end)

    def reject_file(self, batch_id: int, *, viewer: Viewer) -> tuple[str, bytes] | None:
        """Return the file of a batch's refused rows: see `sync.files.reject_file`."""
        return reject_file(self.cube, self._owners, batch_id, viewer=viewer)

    def data_debt(self, *, viewer: Viewer, start: date, end: date) -> pl.DataFrame:
        """Return the data debt of every province by its parts: see `sync.desk`."""
        found = self.reporting(viewer=viewer, start=start, end=end)
        findings = self.findings(viewer=viewer, start=start, end=end)
        return desk.data_debt(
            self.cube, self._owners, found, viewer=viewer, start=start, end=end, findings=findings
        )

    def quarantine_sites(self, *, viewer: Viewer, day: date) -> pl.DataFrame:
        """Return the quarantine sites at a day's end: see `quarantine_sites.sites`.

        They are counted again when their platform delivered, not when another one did.
        """
        return self._kept(
            ("sites", day, quarantine_sites.version(self.engine, viewer=viewer)),
            lambda: quarantine_sites.sites(
                self.engine, self.cube.geography, viewer=viewer, day=day
            ),
            ids=quarantine_sites.WATCHED,
            viewer=viewer,
        )

    def findings(self, *, viewer: Viewer, start: date, end: date) -> pl.DataFrame:
        """Return where two records of the same thing disagree: see `reconcile.engine.findings`."""
        return self._kept(
            ("findings", start, end),
            lambda: reconciled.findings(
                self.cube, self.engine, viewer=viewer, start=start, end=end
            ),
            viewer=viewer,
        )

    def duplicates(self, *, viewer: Viewer, start: date, end: date) -> pl.DataFrame:
        """Return events delivered twice, counted: see `reconcile.engine.duplicates`."""
        return self._kept(
            ("duplicates", start, end),
            lambda: reconciled.duplicates(
                self.cube, self.engine, viewer=viewer, start=start, end=end
            ),
            viewer=viewer,
        )

    def laboratories(self, *, viewer: Viewer, day: date) -> pl.DataFrame:
        """Return the laboratories at work on a day: see `laboratories.laboratories`."""
        return self._kept(
            ("laboratories", day),
            lambda: laboratories(self.cube, self.engine, viewer=viewer, day=day),
            ids=("laboratory_capacity", "laboratories"),
            viewer=viewer,
        )

    def place_activity(self, *, viewer: Viewer, start: date, end: date) -> pl.DataFrame:
        """Return what QR places did by ward and day: see `places.place_activity`."""
        return self._kept(
            ("place_activity", start, end),
            lambda: place_activity(self.cube, self.engine, viewer=viewer, start=start, end=end),
            ids=("checkpoint_scans", "checkpoint_places"),
            viewer=viewer,
        )

    def token(self) -> str:
        """Return a text that differs whenever anything was committed; cheap enough to poll."""
        return self.cube.token()

    def wait_changed(self, token: str, *, timeout: float) -> str:
        """Return the token as soon as it differs from the given one, or after `timeout` s."""
        return self.cube.wait_changed(token, timeout=timeout)

    def health(self) -> Health:
        """Return the state of the database.

        Raises:
            DatabaseUnavailable: if it does not answer.
            SchemaMismatch: if it has another schema than this program.
        """
        migrations.require_current(self.engine)
        state = self.cube.state(viewer=system_viewer(self.clock()))
        n_partitions, n_bytes = self.cube.size
        return Health(
            token=state.token,
            newest=None if state.newest is None else from_us(state.newest),
            n_partitions=n_partitions,
            n_bytes=n_bytes,
        )

    def close(self) -> None:
        """Let go of the database; the object is of no use afterwards."""
        self.engine.dispose()

    def version(self, ids: Sequence[str] | None, *, viewer: Viewer) -> Hashable:
        """Return what differs whenever an answer about these ids may differ.

        A commit that touches none of their measures leaves it as it is, unless a source delivered
        for the first time that day: then what was not synchronised may be by now. Without ids the
        answer is about everything: any commit is news.
        """
        state = self.cube.state(viewer=viewer)
        if ids is None:
            return state.token
        try:
            items = [find(state.catalogue, key, viewer=viewer) for key in ids]
        except UnknownId:
            return state.token
        keys = {key for item in items for key in measures_of(state.catalogue, item)}
        return state.version(*sorted(keys)), self.cube.heard(viewer=viewer)

    def _kept(
        self,
        what: tuple[object, ...],
        make: Callable[[], pl.DataFrame],
        *,
        ids: Sequence[str] | None = None,
        viewer: Viewer,
        version: Callable[[], Hashable] | None = None,
    ) -> pl.DataFrame:
        """Return what was made before of the same state, or make it.

        Args:
            what: everything else that it depends on.
            make: makes it.
            ids: the measures and indicators it reads; None: it reads more than the cube.
            viewer: who looks.
            version: what differs whenever the answer may; None: that of the ids.
        """
        version = version or (lambda: self.version(ids, viewer=viewer))
        state, before = self.cube.state(viewer=viewer), version()
        moment = to_us(viewer.now)
        if state.newest is not None and moment >= state.newest:
            # Nothing newer is known: until midnight, only a commit changes the answer.
            moment = viewer.now.astimezone(self.zone).date().toordinal()
        who = (viewer.role, viewer.areas, viewer.everywhere, viewer.clearance)
        key = (before, moment, who, viewer.published_only, viewer.bulletin, *what)
        with self._lock:
            if key in self._answers:
                self._answers.move_to_end(key)
                return self._answers[key]
        made = make()
        if version() == before:
            self._keep(key, made)
        return made

    def _keep(self, key: tuple[object, ...], made: pl.DataFrame) -> None:
        with self._lock:
            if key in self._answers:
                return
            self._answers[key] = made
            self._n_rows += made.height
            while len(self._answers) > MAX_ANSWERS or self._n_rows > MAX_ANSWER_ROWS:
                _, gone = self._answers.popitem(last=False)
                self._n_rows -= gone.height


def open_shared(settings: Settings) -> Shared:
    """Return the shared database that the settings name.

    Raises:
        DatabaseUnavailable: if it does not answer.
        SchemaMismatch: if `init` has not been run, or by another version.
        SettingsError: if the clock setting cannot be used.
    """
    engine = make_engine(settings.database_url)
    try:
        migrations.require_current(engine)
        system = system_viewer(make_clock("", zone="UTC")())
        areas = load_areas(engine, viewer=system)
        zone = areas.country.time_zone
        clock = database_clock(engine, now=settings.now, zone=zone, viewer=system)
    except DataAccessError:
        engine.dispose()
        raise
    cube = HotCube(engine, clock, geography=Geography(areas))
    return Shared(engine, clock, areas=areas, cube=cube)
