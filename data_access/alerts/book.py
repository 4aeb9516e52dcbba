"""The alerts of the shared database: raised when figures move, handled by people. Thread-safe."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

import polars as pl
import sqlalchemy as sa

from data_access.actor import Actor, viewer_of
from data_access.alerts import store
from data_access.alerts.judge import Series, judged, numbers
from data_access.alerts.life import following
from data_access.alerts.model import (
    Action,
    Alert,
    Evidence,
    Place,
    Rule,
    Standing,
    State,
    Step,
    UnknownAlert,
    Watch,
)
from data_access.alerts.reading import Reader, doubts_of, newest_day, watched
from data_access.alerts.rules import rules_of
from data_access.alerts.send import deliver, messages
from data_access.alerts.settings import AlertSettings
from data_access.clock import Clock, machine_clock
from data_access.codes import Role
from data_access.cube.query import Ask
from data_access.errors import BadUse, DatabaseUnavailable, ScopeDenied
from data_access.reference.places import Areas
from data_access.viewer import Viewer, system_viewer

AGAIN_DAYS = 7
"""Days that every run judges anew: what came late is judged when it is there."""
MOST_DAYS = 60
"""Days that a run after a long pause goes back to at most."""
CURVE_DAYS = 42
"""Days before an alert that its curve shows."""
HANDLERS = frozenset({Role.NATIONAL, Role.PROVINCE, Role.ADMIN})
READERS = HANDLERS | {Role.STEWARD, Role.OPERATOR, Role.SYSTEM}


class Figured(Protocol):
    """The shared database, as far as alerts read it."""

    def figures(self, ask: Ask, *, viewer: Viewer) -> pl.DataFrame:
        """Return the answer to a question with what its figures were made of."""

    def reporting(self, *, viewer: Viewer, start: date, end: date) -> pl.DataFrame:
        """Return how every province's days were reported."""


class Alerts:
    """What is raised, who has it, and what could not be judged.

    Args:
        engine: the shared database.
        clock: what time it is here.
        areas: the places of the country.
        pack: folder of the country pack; empty: the one that ships.
        settings: where alerts are sent to.
        poll_seconds: screens ask for news at most this often.
    """

    def __init__(
        self,
        engine: sa.Engine,
        clock: Clock,
        *,
        areas: Areas,
        pack: str | Path = "",
        settings: AlertSettings | None = None,
        poll_seconds: float = 0.5,
    ) -> None:
        """Hold what is given; read nothing yet."""
        self._engine = engine
        self._clock = clock
        self._areas = areas
        self._pack = str(pack)
        self._settings = settings or AlertSettings()
        self._poll_seconds = poll_seconds
        self._lock = threading.Lock()
        self._mark: int | None = None
        self._polled = float("-inf")

    @property
    def rules(self) -> Mapping[str, Rule]:
        """Every rule by key.

        Raises:
            PackError: if the pack's own cannot be used.
        """
        return rules_of(self._pack)

    # --- looking ----------------------------------------------------------------------------------

    def listed(self, *, viewer: Viewer, is_open: bool | None = None) -> list[Alert]:
        """Return the alerts in a viewer's sight, in order of number.

        Args:
            viewer: who looks; a province sees its own, the press none.
            is_open: only open ones, or only closed ones.

        Raises:
            ScopeDenied: if the role sees no alerts.
            DatabaseUnavailable: if the database does not answer.
        """
        _require(viewer)
        return store.read_alerts(self._engine, viewer=viewer, is_open=is_open)

    def show(self, alert_id: int, *, viewer: Viewer) -> Alert:
        """Return an alert.

        Raises:
            UnknownAlert: if there is none, or none in the viewer's sight: in the same words.
            ScopeDenied: as `listed`.
        """
        _require(viewer)
        found = store.read_alerts(self._engine, viewer=viewer, alert_id=alert_id)
        if not found:
            raise UnknownAlert(f"there is no alert {alert_id}")
        return found[0]

    def evidence(self, alert_id: int, *, viewer: Viewer) -> pl.DataFrame:
        """Return the days that made an alert: `store.EVIDENCE_SCHEMA`; none out of sight."""
        _require(viewer)
        return store.read_evidence(self._engine, alert_id, viewer=viewer)

    def steps(self, alert_id: int, *, viewer: Viewer) -> list[Step]:
        """Return what was done with an alert, oldest first; nothing out of sight."""
        _require(viewer)
        return store.read_steps(self._engine, alert_id, viewer=viewer)

    def watches(self, *, viewer: Viewer) -> pl.DataFrame:
        """Return what came of the newest day of every rule and area: `store.WATCH_SCHEMA`."""
        _require(viewer)
        return store.read_watches(self._engine, viewer=viewer)

    def mark(self, *, viewer: Viewer) -> int:
        """Return a number that grows with every change to any alert, at most half a second old.

        Raises:
            DatabaseUnavailable: if the database does not answer and never did.
        """
        with self._lock:
            if self._mark is None or time.monotonic() - self._polled >= self._poll_seconds:
                try:
                    self._mark = store.read_mark(self._engine, viewer=viewer)
                except DatabaseUnavailable:
                    if self._mark is None:
                        raise
                self._polled = time.monotonic()
            return self._mark

    # --- raising ----------------------------------------------------------------------------------

    def run(
        self, shared: Figured, *, wanted_still: Callable[[], bool] = lambda: True
    ) -> tuple[int, int]:
        """Judge what has come in, and raise or extend alerts.

        Running again, or in two processes at once, changes nothing: a day speaks once.

        Args:
            shared: where figures come from.
            wanted_still: asked between the rules; once it says no, the rest is left.

        Returns:
            How many alerts were raised or extended, how many rules were judged.

        Raises:
            DatabaseUnavailable: if the database does not answer.
            PackError: as `rules`.
        """
        now = self._clock()
        system = system_viewer(now)
        held = self._held(viewer=system)
        today = now.astimezone(self._zone).date()
        doubts = doubts_of(
            lambda start, end: shared.reporting(viewer=system, start=start, end=end), end=today
        )
        reader = Reader(
            figures=lambda ask: shared.figures(ask, viewer=system), areas=self._areas,
            doubts=doubts,
        )  # fmt: skip
        n_alerts = n_rules = 0
        for rule in self.rules.values():
            if not wanted_still():
                break
            n_alerts += self._judge(rule, reader, held.get(rule.key, {}), now=now)
            n_rules += 1
        if held.keys() - self.rules.keys():
            store.forget_watches(self._engine, list(self.rules))
        self._look_again()
        return n_alerts, n_rules

    @property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self._areas.country.time_zone)

    def _held(self, *, viewer: Viewer) -> dict[str, dict[tuple[str, str], Watch]]:
        found: dict[str, dict[tuple[str, str], Watch]] = {}
        for row in store.read_watches(self._engine, viewer=viewer).iter_rows(named=True):
            one = Watch(day=row["day"], state=Standing(row["state"]), reason=row["reason"])
            found.setdefault(row["rule"], {})[row["area_code"], row["vintage"]] = one
        return found

    def _judge(
        self, rule: Rule, reader: Reader, held: Mapping[tuple[str, str], Watch], *, now: datetime
    ) -> int:
        indicator = watched(rule)
        end = newest_day(indicator, now=now, zone=self._zone)
        last = max((one.day for one in held.values()), default=end)
        back = min(AGAIN_DAYS - 1 + max((end - last).days, 0), MOST_DAYS)
        start = end - timedelta(days=back)
        if not rule.is_in_force(end):
            return 0
        known = store.read_known(self._engine, rule.key, viewer=system_viewer(now))
        watches: dict[Place, Watch] = {}
        n_alerts = 0
        for place, series in reader.series(rule, start=start, end=end).items():
            found, watches[place] = judged(rule, series, start=start, end=end)
            new = [one for one in found if (place.code, place.vintage, one.day) not in known]
            n_alerts += bool(new) and self._enter(rule, place, new, now=now)
        store.note_watches(self._engine, rule, watches, at=now, clearance=int(indicator.clearance),
                           held=held)  # fmt: skip
        return n_alerts

    def _enter(self, rule: Rule, place: Place, new: list[Evidence], *, now: datetime) -> bool:
        number = store.enter(
            self._engine, rule, place, new, at=now, clearance=int(watched(rule).clearance),
            post=self._post(rule),
        )  # fmt: skip
        return number is not None

    def _post(self, rule: Rule | None) -> store.Post:
        def told(stands: Alert, made: Step, newest: Evidence | None) -> list[dict[str, object]]:
            if rule is None or made.action not in (Action.RAISE, Action.ESCALATE):
                return []
            area = self._areas.at(rule.level.value, stands.vintage)
            rows = area.filter(pl.col("code") == stands.area_code).select("name", "name_en").rows()
            name = rows[0] if rows else (stands.area_code, stands.area_code)
            return messages(self._settings, rule, stands, made, newest, at=machine_clock(),
                            name=name)  # fmt: skip

        return told

    def series(self, shared: Figured, rule: Rule, *, start: date, end: date,
               viewer: Viewer) -> dict[Place, Series]:  # fmt: skip
        """Return the days of every area of a rule as they are known now, for a back-test.

        How they were reported then plays no part.
        """
        _require(viewer)
        reader = Reader(
            figures=lambda ask: shared.figures(ask, viewer=viewer), areas=self._areas, doubts={}
        )
        return reader.series(rule, start=start, end=end)

    def curve(self, shared: Figured, one: Alert, *, viewer: Viewer, end: date) -> pl.DataFrame:
        """Return the days around an alert as known now: day, value, baseline, bound.

        Baseline and bound are those of the rule as it is today, null where it has none that day.

        Raises:
            ScopeDenied: if the area is out of sight.
        """
        _require(viewer)
        schema = {"day": pl.Date, "value": pl.Float64, "baseline": pl.Float64, "bound": pl.Float64}
        rule = self.rules.get(one.rule)
        if rule is None:
            return pl.DataFrame(schema=schema)
        only = replace(rule, areas=(one.area_code,))
        start = one.first_day - timedelta(days=CURVE_DAYS)
        reader = Reader(
            figures=lambda ask: shared.figures(replace(ask, areas=only.areas), viewer=viewer),
            areas=self._areas, doubts={}, vintage=one.vintage,
        )  # fmt: skip
        found = next(iter(reader.series(only, start=start, end=end).values()), None)
        days = [start + timedelta(days=n) for n in range((end - start).days + 1)]
        rows = [] if found is None else [_point(rule, found, day) for day in days]
        return pl.DataFrame(rows, schema=schema, orient="row")

    # --- handling ---------------------------------------------------------------------------------

    def act(
        self,
        actor: Actor,
        alert_id: int,
        action: Action,
        *,
        version: int,
        note: str = "",
        assignee: str = "",
    ) -> Alert:
        """Take a step with an alert; return it as it stands then.

        Args:
            actor: who does it.
            alert_id: which.
            action: what.
            version: that of the alert they saw.
            note: why; needed to escalate, to close and to note.
            assignee: to whom it is given; needed to assign.

        Raises:
            ScopeDenied: if the actor may not handle alerts.
            UnknownAlert: if there is none, or none of theirs: in the same words.
            AlertMoved: if somebody else changed it since it was read.
            AlertRefused: if the step may not be taken from where it stands.
            BadUse: if the note or the name is missing or too long.
        """
        now = self._clock()
        if actor.role not in HANDLERS:
            raise ScopeDenied(f"role {actor.role} may not handle alerts")
        if not actor.account.strip():
            raise BadUse("to handle an alert, an account must be named")
        viewer = viewer_of(actor, now=now)
        rule = self.rules.get(self.show(alert_id, viewer=viewer).rule)

        def decide(stands: Alert) -> State:
            return following(stands.state, action, note=note, assignee=assignee)

        store.step(
            self._engine, alert_id, decide, action=action, actor=actor, version=version, at=now,
            note=note.strip(), assignee=assignee.strip(), post=self._post(rule),
        )  # fmt: skip
        self._look_again()
        return self.show(alert_id, viewer=viewer)

    def _look_again(self) -> None:
        with self._lock:
            self._polled = float("-inf")

    # --- sending ----------------------------------------------------------------------------------

    def send(self, *, clock: Clock = machine_clock) -> int:
        """Send what is due by webhook and mail; return how many messages were taken.

        Raises:
            DatabaseUnavailable: if the database does not answer.
        """
        if not self._settings.channels:
            return 0
        return deliver(self._engine, self._settings, clock=clock)


def _point(
    rule: Rule, series: Series, day: date
) -> tuple[date, float | None, float | None, float | None]:
    made = numbers(rule, series, series.reliable, day)
    if isinstance(made, Evidence):
        return day, made.value, made.baseline, made.bound
    return day, series.values[series.at(day)], None, None


def _require(viewer: Viewer) -> None:
    if viewer.role not in READERS:
        raise ScopeDenied(f"role {viewer.role} sees no alerts")
