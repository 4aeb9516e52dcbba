"""Runs a simulated country into the shared database: built in one go, then as it happens.

Where it stands is noted after each tick. Whoever is killed in between goes on at the tick on its
way: its files are the same bytes again, and those that the ledger holds are not sent twice.
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path
from threading import Event
from typing import Any
from zoneinfo import ZoneInfo

from data_access.chain.refresh import refresh
from data_access.clock import Clock, machine_clock
from data_access.ingest.ledger import Counts
from data_access.reference.areas import Areas, load_areas
from data_access.rollout import ledger
from data_access.simulated import TICK, Simulated, begin_simulated, note_simulated
from data_access.viewer import Viewer
from simulations import level_words, reporting, rollout
from simulations.live.country import Country
from simulations.live.reports import Reports
from simulations.live.send import Sender
from simulations.live.ticks import Tick, cut, midnight, regular

Say = Callable[[str], None]
Progress = Callable[[float, str], None]


@dataclass(frozen=True, kw_only=True)
class Runner:
    """A country and the database it runs into.

    Attributes:
        engine: the shared database, initialised.
        viewer: the program itself.
        country: what runs.
        key: secret of the pseudonyms.
        real: the machine's clock.
    """

    engine: Any
    viewer: Viewer
    country: Country
    key: str
    real: Clock = machine_clock

    def build(
        self,
        progress: Progress,
        *,
        with_chain: bool = True,
        ticks: Iterator[Tick] | None = None,
    ) -> None:
        """Send everything up to the opening in few deliveries; goes on after an interruption.

        Args:
            progress: told the share done, 0 to 1, and a word.
            with_chain: whether the response chain follows; else `run` has it follow first.
            ticks: the country's deliveries where they are made elsewhere (`live.ahead`).

        Raises:
            BadUse: if the database holds other figures.
            DatabaseUnavailable: if it does not answer.
        """
        with self._sender() as (sender, state):
            edges = self.country.edges(zone=sender.areas.country.time_zone)
            for done, tick in enumerate(ticks or self._ticks(sender.areas, edges)):
                if tick.until <= state.sent:
                    sender.pass_over(tick)
                    continue
                early = tick.until < self.country.opening
                sender.send(tick, last_states=True, spread=early, is_resumed=True)
                self._note(state, tick.until, speed=0.0)
                progress((done + 1) / (len(edges) + 1), f"mô phỏng {tick.until:%d/%m/%Y}")
            if with_chain and state.sent < self.country.opening:
                self._follow(sender)
        progress(1.0, "")

    def run(self, *, speed: float, until: datetime | None, stop: Event, say: Say) -> None:
        """Send tick after tick at a speed until told to stop, or the simulated moment is reached.

        Args:
            speed: simulated seconds per real second.
            until: simulated instant; None: as long as the country runs.
            stop: ends the run between two ticks.
            say: takes a line for each tick.

        Raises:
            BadUse: if the database holds other figures.
            DatabaseUnavailable: if it does not answer.
        """
        with self._sender() as (sender, state):
            pace = Pace(simulated=state.sent, real=self.real(), speed=speed)
            self._note(state, state.sent, speed=speed)
            resumed = True
            sender.moment.at = state.sent
            try:
                self._follow(sender)
                for tick in self._live_ticks(sender.areas, state.sent, until=until):
                    if tick.until <= state.sent:
                        sender.pass_over(tick)
                        continue
                    if stop.wait(pace.wait(tick.until, real=self.real())):
                        break
                    counts = sender.send(tick, is_resumed=resumed)
                    resumed = False
                    self._note(state, tick.until, speed=speed)
                    self._follow(sender)
                    self._report(sender, tick.until)
                    say(sentence(tick.until, counts, zone=sender.areas.country.time_zone))
            finally:
                self._note(state, max(sender.sent, state.sent), speed=0.0)

    def tell_rollout(self) -> int:
        """Say how rollout and plans stand at the opening; nothing where it was said before.

        Raises:
            DatabaseUnavailable: if the database does not answer.
        """
        viewer = replace(self.viewer, now=max(self.viewer.now, self.country.opening))
        if ledger.count(self.engine, viewer=viewer):
            return 0
        areas = load_areas(self.engine, viewer=self.viewer)
        provinces = self.country.provinces or province_codes(areas)
        level_words.tell(self.engine, areas=areas, provinces=provinces,
                         opening=self.country.opening, seed=self.country.seed)  # fmt: skip
        return rollout.tell(
            self.engine,
            provinces=provinces,
            opening=self.country.opening,
            zone=areas.country.time_zone,
            seed=self.country.seed,
        )

    @contextmanager
    def _sender(self) -> Iterator[tuple[Sender, Simulated]]:
        areas = load_areas(self.engine, viewer=self.viewer)
        zone = areas.country.time_zone
        start = midnight(self.country.first_day, zone=zone)
        state = begin_simulated(
            self.engine,
            Simulated(spec=self.country.spec, scale=self.country.scale, sent=start,
                      real=self.real(), speed=0.0),
        )  # fmt: skip
        provinces = self.country.provinces or province_codes(areas)
        with tempfile.TemporaryDirectory(prefix="tuyendau-live-") as folder:
            reports = Reports(provinces=provinces, first_day=self.country.first_day, zone=zone)
            yield (
                Sender(engine=self.engine, areas=areas, key=self.key, folder=Path(folder),
                       reports=reports, viewer=self.viewer, sent=start),
                state,
            )  # fmt: skip

    def _ticks(self, areas: Areas, edges: list[datetime]) -> Iterator[Tick]:
        zone = areas.country.time_zone
        return cut(self.country.feed(areas.frame), edges=edges, zone=zone)

    def _live_ticks(
        self, areas: Areas, sent: datetime, *, until: datetime | None
    ) -> Iterator[Tick]:
        """Yield what was sent in the steps of the fast build, then quarters of an hour."""
        zone = areas.country.time_zone
        start = midnight(self.country.first_day, zone=zone)
        end = until or start + timedelta(days=self.country.days)
        before = [edge for edge in self.country.edges(zone=zone) if edge <= sent]
        edges = chain(before, regular(max([start, sent]), step=TICK, end=end))
        if before and before[-1] < sent or not before and start < sent:
            edges = chain(before, [sent], regular(sent, step=TICK, end=end))
        return cut(self.country.feed(areas.frame), edges=edges, zone=zone)

    def _note(self, state: Simulated, sent: datetime, *, speed: float) -> None:
        note_simulated(self.engine, replace(state, sent=sent, real=self.real(), speed=speed))

    def _report(self, sender: Sender, until: datetime) -> None:
        """Let the provinces say how their rollout stands, as far as they do."""
        reporting.tell(
            self.engine,
            provinces=self.country.provinces or province_codes(sender.areas),
            until=until,
            zone=sender.areas.country.time_zone,
            seed=self.country.seed,
            viewer=self.viewer,
        )

    def _follow(self, sender: Sender) -> None:
        refresh(self.engine, clock=sender.moment, zone=sender.areas.country.time_zone)


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How simulated time goes with real time."""

    simulated: datetime
    real: datetime
    speed: float

    def due(self, moment: datetime) -> datetime:
        """Return the real instant at which a simulated one is due."""
        return self.real + (moment - self.simulated) / self.speed

    def wait(self, moment: datetime, *, real: datetime) -> float:
        """Return the seconds left until then; 0 when it is past."""
        return max((self.due(moment) - real).total_seconds(), 0.0)


def province_codes(areas: Areas) -> tuple[str, ...]:
    """Return the codes of all provinces, sorted."""
    held = areas.at("province", areas.default_vintage)
    return tuple(sorted(held["code"].to_list()))


def sentence(until: datetime, counts: Counts, *, zone: str) -> str:
    """Return a line on a tick that was sent."""
    local = until.astimezone(ZoneInfo(zone))
    return (
        f"{local:%Y-%m-%d %H:%M}  {counts.read} rows: {counts.new} new, {counts.updated} updated,"
        f" {counts.unchanged} unchanged, {counts.rejected} rejected"
    )
