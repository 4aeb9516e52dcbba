"""Sends a tick through the gate: a file for each kind of record, and the provinces' report."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import chain, pairwise
from pathlib import Path
from typing import Any, TypeAlias

from data_access.clock import machine_clock
from data_access.codes import MICROSECOND
from data_access.contracts.registry import record_kind
from data_access.ingest.ahead import starting
from data_access.ingest.intake import Begin, Intake, rejects_folder
from data_access.ingest.ledger import Counts, Outcome, fingerprint
from data_access.reference.areas import Areas
from data_access.simulated import delivered
from data_access.viewer import Viewer
from simulations.feeds.model import LAST, SENT, Frames
from simulations.live.reports import MAPPING, Reports
from simulations.live.ticks import Tick

FIRST = ("facility", "laboratory", "site", "place")
"""Kinds that others refer to."""
VINTAGES = 40
"""Mornings whose reports a fast build delivers one by one: from them the delays are learnt."""
Key: TypeAlias = tuple[str, str]
"""Platform and kind of record."""


@dataclass
class SimulatedMoment:
    """A clock that stands at the tick being sent."""

    at: datetime = field(default_factory=machine_clock)

    def __call__(self) -> datetime:
        """Return the moment."""
        return self.at


@dataclass(kw_only=True)
class Sender:
    """Sends ticks in order.

    Attributes:
        engine: the shared database.
        areas: the country's areas.
        key: secret of the pseudonyms.
        folder: for the files of one tick at a time.
        reports: what the provinces report.
        viewer: the program itself.
        sent: the moment up to which everything is sent.
    """

    engine: Any
    areas: Areas
    key: str
    folder: Path
    reports: Reports
    viewer: Viewer
    sent: datetime

    def __post_init__(self) -> None:
        """Open the gate."""
        self.moment = SimulatedMoment(self.sent)
        self._intake = Intake(
            engine=self.engine, areas=self.areas, clock=self.moment, pseudonym_key=self.key,
            rejects_folder=rejects_folder(self.engine),
        )  # fmt: skip
        self._mapping = self.folder / "mo-phong-bao-cao-tinh.toml"
        self._mapping.write_text(MAPPING, encoding="utf-8")

    def pass_over(self, tick: Tick) -> None:
        """Take note of a tick that was sent before."""
        self.reports.learn(tick.records)
        self._reports(tick)
        self.sent = tick.until

    def send(
        self,
        tick: Tick,
        *,
        last_states: bool = False,
        spread: bool = False,
        is_resumed: bool = False,
    ) -> Counts:
        """Send a tick; return what became of its rows.

        Args:
            tick: the next one.
            last_states: only the last state of each record in it is sent: the same figures, a
                coarser history.
            spread: each file is known a microsecond after the one before: the cube takes what is
                later than all else of its source in place, which is less work.
            is_resumed: part of it may have been sent: what the ledger holds is not sent again.
        """
        self.moment.at = tick.until
        self.reports.learn(tick.records)
        files = [self._write(key, tick, last_states=last_states) for key in _ordered(tick.records)]
        reports = self._reports(tick, n_before=VINTAGES * spread)
        held = self._held([*(path for _, path in files), *(path for path, _ in reports)],
                          look=is_resumed)  # fmt: skip
        moments = [tick.until + number * MICROSECOND * spread for number in range(len(files))]
        total = self._sent(
            [(key, path, at) for (key, path), at in zip(files, moments, strict=True)
             if path.name not in held]
        )  # fmt: skip
        for _, path in files:
            path.unlink()
        self.moment.at = moments[-1] if moments else tick.until
        for report, at in reports:
            if report.name not in held:
                done = self._intake.table((report,), mapping=self._mapping, known_at=at)
                total = total.plus(done.counts)
            report.unlink()
        self.sent = tick.until
        return total

    def _sent(self, files: list[tuple[Key, Path, datetime]]) -> Counts:
        """Send files of records in order: each is checked while the one before is written."""
        total = Counts()
        with starting() as before:
            begun = (self._begun(*each, before=before) for each in files)
            for take_in, _coming in pairwise(chain(begun, [None])):
                if take_in is not None:
                    total = total.plus(self._records(take_in).counts)
        return total

    def _begun(self, key: Key, path: Path, at: datetime, *, before: Begin) -> Callable[[], Outcome]:
        platform, kind = key
        take_in = self._intake.begun(
            path, platform=platform, kind=kind, source=f"mo-phong-{platform}", known_at=at,
            before=before,
        )  # fmt: skip

        def at_its_moment() -> Outcome:
            self.moment.at = at
            return take_in()

        return at_its_moment

    def _records(self, take_in: Callable[[], Outcome]) -> Outcome:
        return take_in()

    def _write(self, key: Key, tick: Tick, *, last_states: bool) -> tuple[Key, Path]:
        rows = tick.records[key]
        if last_states:
            rows = rows.unique(record_kind(key[0], kind=key[1]).key, keep="last",
                               maintain_order=True)  # fmt: skip
        path = self.folder / f"{tick.until:%Y%m%dT%H%M}-{'-'.join(key)}.parquet"
        rows.drop(SENT, LAST).write_parquet(path, compression="uncompressed")
        return key, path

    def _reports(self, tick: Tick, *, n_before: int = 0) -> list[tuple[Path, datetime]]:
        """Write the report that is due with a tick, and those of mornings before it."""
        day = self.reports.last_day(self.sent, tick.until)
        if day is None:
            return []
        due = [(at.date() - timedelta(days=1), at)
               for at in self.reports.mornings(tick.until, n=n_before) if n_before]  # fmt: skip
        found = []
        for last_day, at in [*due, (day, tick.until)]:
            said = self.reports.changed(last_day, at=at)
            if said.is_empty():
                continue
            path = self.folder / f"{at.astimezone(UTC):%Y%m%dT%H%M}-bao-cao-tinh.csv"
            said.write_csv(path)
            found.append((path, at))
        return found

    def _held(self, paths: list[Path], *, look: bool) -> set[str]:
        """Return the names of those files that the ledger holds, byte for byte."""
        if not look or not paths:
            return set()
        found = delivered(self.engine, [path.name for path in paths], viewer=self.viewer)
        return {path.name for path in paths if (path.name, fingerprint((path,))[0]) in found}


def _ordered(records: Frames) -> list[tuple[str, str]]:
    return sorted(records, key=lambda key: (key[1] not in FIRST, key))
