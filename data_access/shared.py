"""What a server process holds of the shared database: one object, safe between threads.

Every figure the screens show comes through here, and every method names its viewer.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import sqlalchemy as sa

from data_access import freshness as fresh
from data_access import migrations, quarantine_sites, quotes, travel, venues
from data_access.alerts.book import Alerts
from data_access.alerts.settings import read_alert_settings
from data_access.bulletins.life import Bulletins
from data_access.bulletins.shelf import pack
from data_access.bulletins.tolerances import chosen_file
from data_access.clock import Clock, make_clock
from data_access.clusters import Clusters
from data_access.codes import from_us, to_us
from data_access.cube import movements as moved
from data_access.cube.geography import Geography
from data_access.cube.hot import HotCube
from data_access.cube.query import Ask, answer, figures, find, measures_of
from data_access.cube.sharing import Sharing
from data_access.cube.source import Cube
from data_access.delays import Delays
from data_access.delivered import newest_batch
from data_access.demonstration import database_clock
from data_access.engine import make_engine
from data_access.errors import DataAccessError, UnknownId
from data_access.indicators.model import Indicator
from data_access.indicators.registry import INDICATORS
from data_access.laboratories import laboratories
from data_access.measures.model import Measure
from data_access.needs.desk import Needs
from data_access.places import place_activity
from data_access.proposals.desk import Proposals
from data_access.reconcile import engine as reconciled
from data_access.reference.areas import Areas, load_areas
from data_access.settings import Settings
from data_access.sync import desk
from data_access.sync.files import reject_file
from data_access.sync.ledger import Owners
from data_access.sync.receipts import Receipts
from data_access.sync.reporting import reporting
from data_access.viewer import Viewer, press_at, system_viewer

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
        delays: how the days of a measure filled up.
        bulletins: frozen states, and what is done with them.
        alerts: what is raised when figures move, and what is done with it.
        needs: what the ministry and provinces ask to have built.
        proposals: what organisations offer, and how it is judged.
    """

    def __init__(
        self,
        engine: sa.Engine,
        clock: Clock,
        *,
        areas: Areas,
        cube: HotCube,
        tolerances: Path | None = None,
        alerts: Alerts | None = None,
    ) -> None:
        """Hold what is given; read nothing yet."""
        self.engine = engine
        self.clock = clock
        self.areas = areas
        self.cube = cube
        self.indicators: Mapping[str, Indicator] = INDICATORS
        self.delays = Delays(cube)
        self._sharing = Sharing(cube=cube, kept=self._kept, version=self.version)
        self.bulletins = Bulletins(
            engine, clock, areas=areas, tolerances=tolerances, poll_seconds=cube.poll_seconds
        )
        self.bulletins.pack = partial(pack, self)
        self.alerts = alerts or Alerts(engine, clock, areas=areas)
        self.clusters = Clusters(
            engine, zone=areas.country.time_zone, kept=self._kept, seen=self.at_cut_off
        )
        self.needs = Needs(engine, clock, zone=areas.country.time_zone)
        self.proposals = Proposals(engine, clock, zone=areas.country.time_zone)
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
        cube, seen = self._reading(viewer)
        found = cube.state(viewer=seen).catalogue.measures
        return {key: one for key, one in found.items() if one.clearance <= viewer.clearance}

    def answer(self, ask: Ask, *, viewer: Viewer) -> pl.DataFrame:
        """Return the answer to a question: see `cube.query.answer`."""
        cube, seen = self._reading(viewer)
        return self._kept(("answer", ask), lambda: answer(cube, ask, viewer=seen),
                          ids=ask.ids, viewer=viewer, cube=cube)  # fmt: skip

    def figures(self, ask: Ask, *, viewer: Viewer) -> pl.DataFrame:
        """Return the answer with what its figures were made of: see `cube.query.figures`."""
        cube, seen = self._reading(viewer)
        if cube is self.cube:
            return self._kept(("figures", ask), lambda: self._sharing.figures(ask, viewer=viewer),
                              ids=ask.ids, viewer=viewer)  # fmt: skip
        return self._kept(("figures", ask), lambda: figures(cube, ask, viewer=seen),
                          ids=ask.ids, viewer=viewer, cube=cube)  # fmt: skip

    def movements(
        self,
        *,
        viewer: Viewer,
        day: date | None = None,
        ids: Sequence[str] = moved.WATCHED,
        top: int = moved.TOP,
    ) -> pl.DataFrame:
        """Return the largest changes against the day before: see `cube.movements.movements`."""
        cube, seen = self._reading(viewer)
        return self._kept(
            ("movements", day, tuple(ids), top),
            lambda: moved.movements(cube, viewer=seen, day=day, ids=ids, top=top),
            ids=ids,
            viewer=viewer,
            cube=cube,
        )

    # --- bulletins ----------------------------------------------------------------------------

    def published(self, viewer: Viewer) -> int | None:
        """Return the latest bulletin that is public at the viewer's moment; None: none is."""
        return self.bulletins.book.published(viewer=viewer)

    def pinned(self, viewer: Viewer) -> Viewer:
        """Return the viewer of one run: who sees only what was published gets its number, once.

        Everything that is read with the result comes from one and the same bulletin.
        """
        if viewer.published_only and viewer.bulletin is None:
            number = self.published(viewer)
            return viewer if number is None else viewer.in_bulletin(number)
        return viewer

    def at_cut_off(self, viewer: Viewer) -> Viewer:
        """Return the viewer for whom records are read: in a bulletin, from its cut-off.

        Whoever sees only what was published sees no records, in a bulletin or not.

        Raises:
            UnknownBulletin: if the viewer names one that does not exist for them.
        """
        if viewer.bulletin is None:
            return viewer
        head = self.bulletins.show(viewer.bulletin, viewer=viewer)
        return replace(viewer, bulletin=None).at(head.cut_off)

    def _reading(self, viewer: Viewer) -> tuple[Cube, Viewer]:
        """Return the cube that answers a viewer, and the viewer as it must be asked."""
        return self.bulletins.book.reading(self.cube, viewer=viewer)

    # --- records ------------------------------------------------------------------------------

    def freshness(self, *, viewer: Viewer) -> pl.DataFrame:
        """Return how fresh every source of every platform is: see `freshness.freshness`."""
        viewer = self.at_cut_off(viewer)
        return fresh.freshness(self.cube, self.engine, viewer=viewer)

    def latest_batches(self, *, viewer: Viewer, limit: int = 50) -> pl.DataFrame:
        """Return the newest deliveries: see `freshness.latest_batches`."""
        viewer = self.at_cut_off(viewer)
        return fresh.latest_batches(self.engine, viewer=viewer, limit=limit)

    def reporting(self, *, viewer: Viewer, start: date, end: date) -> pl.DataFrame:
        """Return how every province's days were reported: see `sync.reporting.reporting`."""
        viewer = self.at_cut_off(viewer)
        return self._kept(
            # Not due turns into silent with the hour, also when nothing is committed.
            ("reporting", start, end, to_us(viewer.now)),
            lambda: reporting(self.cube, self._receipts, viewer=viewer, start=start, end=end),
            viewer=viewer,
        )

    def sync_deliveries(self, *, viewer: Viewer, start: date, end: date) -> pl.DataFrame:
        """Return the batches of some days with their open rejects: see `sync.desk`."""
        viewer = self.at_cut_off(viewer)
        return desk.delivered(self.cube, self._owners, viewer=viewer, start=start, end=end)

    def reject_reasons(self, *, viewer: Viewer, start: date, end: date) -> pl.DataFrame:
        """Return refused rows by platform, source and reason: see `sync.desk`."""
        viewer = self.at_cut_off(viewer)
        return desk.reject_reasons(self.cube, self._owners, viewer=viewer, start=start, end=end)

    def reject_file(self, batch_id: int, *, viewer: Viewer) -> tuple[str, bytes] | None:
        """Return the file of a batch's refused rows: see `sync.files.reject_file`."""
        viewer = self.at_cut_off(viewer)
        return reject_file(self.cube, self._owners, batch_id, viewer=viewer)

    def data_debt(self, *, viewer: Viewer, start: date, end: date) -> pl.DataFrame:
        """Return the data debt of every province by its parts: see `sync.desk`."""
        viewer = self.at_cut_off(viewer)
        found = self.reporting(viewer=viewer, start=start, end=end)
        findings = self.findings(viewer=viewer, start=start, end=end)
        return desk.data_debt(
            self.cube, self._owners, found, viewer=viewer, start=start, end=end, findings=findings
        )

    def quarantine_sites(self, *, viewer: Viewer, day: date) -> pl.DataFrame:
        """Return the quarantine sites at a day's end: see `quarantine_sites.sites`.

        They are counted again when their platform delivered, not when another one did.
        """
        viewer = self.at_cut_off(viewer)
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
        viewer = self.at_cut_off(viewer)
        return self._kept(
            ("findings", start, end),
            lambda: reconciled.findings(
                self.cube, self.engine, viewer=viewer, start=start, end=end
            ),
            viewer=viewer,
        )

    def duplicates(self, *, viewer: Viewer, start: date, end: date) -> pl.DataFrame:
        """Return events delivered twice, counted: see `reconcile.engine.duplicates`."""
        viewer = self.at_cut_off(viewer)
        return self._kept(
            ("duplicates", start, end),
            lambda: reconciled.duplicates(
                self.cube, self.engine, viewer=viewer, start=start, end=end
            ),
            viewer=viewer,
        )

    def laboratories(self, *, viewer: Viewer, day: date) -> pl.DataFrame:
        """Return the laboratories at work on a day: see `laboratories.laboratories`."""
        viewer = self.at_cut_off(viewer)
        return self._kept(
            ("laboratories", day),
            lambda: laboratories(self.cube, self.engine, viewer=viewer, day=day),
            ids=("laboratory_capacity", "laboratories"),
            viewer=viewer,
        )

    def place_activity(self, *, viewer: Viewer, start: date, end: date) -> pl.DataFrame:
        """Return what QR places did by ward and day: see `places.place_activity`."""
        viewer = self.at_cut_off(viewer)
        return self._kept(
            ("place_activity", start, end),
            lambda: place_activity(self.cube, self.engine, viewer=viewer, start=start, end=end),
            ids=("checkpoint_scans", "checkpoint_places"),
            viewer=viewer,
        )

    def flows(self, *, viewer: Viewer, start: date, end: date) -> pl.DataFrame:
        """Return movements between provinces from QR scans: see `travel.flows`."""
        viewer = self.at_cut_off(viewer)
        return self._kept(
            ("flows", start, end),
            lambda: travel.flows(
                self.engine, self.cube.geography, viewer=viewer, start=start, end=end
            ),
            viewer=viewer,
            version=lambda: newest_batch(self.engine, ("checkpoints",), viewer=viewer),
        )

    def venues(self, *, viewer: Viewer, day: date) -> pl.DataFrame:
        """Return the places cases visited while infectious: see `venues.venues`."""
        viewer = self.at_cut_off(viewer)
        platforms = ("checkpoints", "tracing")
        return self._kept(
            ("venues", day),
            lambda: venues.venues(self.engine, self.cube.geography, viewer=viewer, day=day),
            viewer=viewer,
            version=lambda: newest_batch(self.engine, platforms, viewer=viewer),
        )

    def token(self) -> str:
        """Return a text that differs whenever anything was committed; cheap enough to poll.

        Also when a bulletin was published or changed, when an embargo passes, and when an alert was
        raised or handled.

        Raises:
            DatabaseUnavailable: if the database does not answer.
        """
        live = self.cube.token()
        system = system_viewer(self.clock())
        alerts = self.alerts.mark(viewer=system)
        return f"{live}|{self.bulletins.book.mark(viewer=system)}|{alerts}"

    def public_token(self) -> str:
        """Return a text that moves with what everybody may know, never with a delivery.

        With what is published, withdrawn or announced, and with the register of quoted numbers.

        Raises:
            DatabaseUnavailable: if the database does not answer.
        """
        press = press_at(self.clock())
        said = quotes.mark(self.engine, viewer=system_viewer(press.now))
        return f"{self.bulletins.book.public_mark(viewer=press)}.{said}"

    def wait_changed(self, token: str, *, timeout: float) -> str:
        """Return the token as soon as it differs from the given one, or after `timeout` s."""
        ends = time.monotonic() + timeout
        while (now := self.token()) == token and time.monotonic() < ends:
            time.sleep(min(self.cube.poll_seconds or 0.05, max(0.0, ends - time.monotonic())))
        return now

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
            token=self.token(),
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
        cube, seen = self._reading(viewer)
        if cube is not self.cube:
            return cube.heard(viewer=seen)
        state = cube.state(viewer=viewer)
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
        cube: Cube | None = None,
    ) -> pl.DataFrame:
        """Return what was made before of the same state, or make it.

        Args:
            what: everything else that it depends on.
            make: makes it.
            ids: the measures and indicators it reads; None: it reads more than the cube.
            viewer: who looks.
            version: what differs whenever the answer may; None: that of the ids.
            cube: what answers; None: the shared database as it is.
        """
        who = (viewer.role, viewer.areas, viewer.everywhere, viewer.clearance,
               viewer.published_only, viewer.bulletin)  # fmt: skip
        if cube is not None and cube is not self.cube:
            # A bulletin never changes, and its own moment is the only one.
            return self._held_or((cube.heard(viewer=viewer), who, *what), make)
        version = version or (lambda: self.version(ids, viewer=viewer))
        state, before = self.cube.state(viewer=viewer), version()
        moment = to_us(viewer.now)
        if state.newest is not None and moment >= state.newest:
            # Nothing newer is known: until midnight, only a commit changes the answer.
            moment = viewer.now.astimezone(self.zone).date().toordinal()
        key = (before, moment, who, *what)
        return self._held_or(key, make, if_still=lambda: version() == before)

    def _held_or(
        self,
        key: tuple[object, ...],
        make: Callable[[], pl.DataFrame],
        *,
        if_still: Callable[[], bool] = lambda: True,
    ) -> pl.DataFrame:
        """Return what is held under a key, or make it, and hold it if it still is of that key."""
        with self._lock:
            if key in self._answers:
                self._answers.move_to_end(key)
                return self._answers[key]
        made = make()
        if if_still():
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
    engine = make_engine(settings.database_url, audit_key=settings.audit_key)
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
    tolerances = chosen_file(settings.tolerances, settings.pack)
    alerts = Alerts(engine, clock, areas=areas, pack=settings.pack, settings=read_alert_settings())
    return Shared(engine, clock, areas=areas, cube=cube, tolerances=tolerances, alerts=alerts)
