"""The gate against a plain load of the same rows into a table with the same keys."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks import doses, plain
from benchmarks.databases import SECRET, intake_of, ready_engine
from benchmarks.measure import Run, in_turns, ratio, seconds_of, spread
from benchmarks.report import Figure
from data_access.contracts.registry import record_kind
from data_access.ingest import front
from data_access.ingest.intake import Intake
from data_access.ingest.ledger import Outcome
from data_access.ingest.records import RecordDelivery, ingest_records
from data_access.ingest.seam import Admitted

GOAL = 0.4
DOSE = record_kind("vaccination", kind="dose")
FIRST_DELIVERY = datetime(2022, 2, 1, tzinfo=UTC)
DELIVERY_DAY = 150


@dataclass(frozen=True, kw_only=True)
class Load:
    """One size and kind of delivery.

    Attributes:
        rows: rows of a file.
        ending: "csv" or "parquet".
        turns: how many files, each with doses of its own.
        whole_campaign: doses of 300 days in one file, instead of one day's with its laggards.
    """

    rows: int
    ending: str
    turns: int
    whole_campaign: bool = False

    @property
    def name(self) -> str:
        """What a reader sees."""
        span = "300 days in one file" if self.whole_campaign else "one day's delivery"
        return f"{self.rows:,} rows, {self.ending.upper()}, {span}"


def measure_gate(url: str, *, load: Load, folder: Path) -> list[Figure]:
    """Return the gate's speed as a share of the plain load's, on a fresh database."""
    with ready_engine(url) as engine:
        plain.plain_table().create(engine)
        gate = _Gate(intake_of(engine, folder=folder), load=load, folder=folder)
        gate.warm_up()
        taken = in_turns(gate.runs(), turns=load.turns)
        plain.plain_table().drop(engine)
    baseline = "COPY" if engine.dialect.name == "postgresql" else "executemany"
    return _figures(taken, load=load, baseline=baseline)


def _figures(taken: dict[str, list[float]], *, load: Load, baseline: str) -> list[Figure]:
    names = {"plain": baseline, "gate": "whole gate", "front": "front alone", "back": "back alone"}
    speeds = ", ".join(
        f"{names[name]} {load.rows / sorted(times)[len(times) // 2]:,.0f} rows/s"
        for name, times in taken.items()
    )
    shown = f"{speeds}; whole gate {spread(taken['plain'], taken['gate'])}"
    # Only the daily delivery is the goal's case; a file with the whole past comes once.
    goal = None if load.whole_campaign else GOAL
    whole = Figure(
        name=f"whole gate ÷ {baseline}, {load.name}",
        found=ratio(taken["plain"], taken["gate"]),
        goal=goal,
        at_least=True,
        note=shown,
    )
    parts = [
        Figure(
            name=f"{names[part]} ÷ {baseline}",
            found=ratio(taken["plain"], taken[part]),
            goal=None,
            note={
                "front": "read, check, place, pseudonym: no database",
                "back": "merge, roll-up, cube, ledger: rows already checked",
            }[part],
        )
        for part in ("front", "back")
    ]
    return [whole, *parts]


class _Gate:
    """Files of doses, and the ways to load them that are timed."""

    def __init__(self, intake: Intake, *, load: Load, folder: Path) -> None:
        self._intake = intake
        self._load = load
        self._folder = folder

    def warm_up(self) -> None:
        """Load a small file: compiling statements and filling caches is not what is measured."""
        path = self._written(99, rows=2_000)
        self._intake.records(path, platform="vaccination", source="warm", known_at=_moment(-1))
        path.unlink()

    def runs(self) -> dict[str, Run]:
        """Return what is timed. Each prepares its turn outside the clock."""
        return {"plain": self._plain, "gate": self._whole, "front": self._front, "back": self._back}

    def _plain(self, turn: int) -> float:
        rows = plain.as_stored([chunk.accepted for chunk in self._admitted(turn)])
        engine = self._intake.engine
        if engine.dialect.name == "postgresql":
            text = plain.as_csv(rows)
            return seconds_of(lambda: plain.copy_in(engine, text))
        tuples = rows.rows()
        return seconds_of(lambda: plain.execute_many(engine, tuples))

    def _whole(self, turn: int) -> float:
        path = self._file(turn)
        outcomes: list[Outcome] = []
        taken = seconds_of(
            lambda: outcomes.append(
                self._intake.records(
                    path, platform="vaccination", source="whole", known_at=_moment(turn)
                )
            )
        )
        self._expect_all_new(outcomes[0])
        return taken

    def _front(self, turn: int) -> float:
        self._file(turn)
        return seconds_of(lambda: deque(self._admitted(turn), maxlen=0))

    def _back(self, turn: int) -> float:
        chunks = list(self._admitted(turn))
        delivery = RecordDelivery(
            path=self._file(turn),
            platform="vaccination",
            kind=DOSE,
            source="back",
            known_at=_moment(turn),
        )
        return seconds_of(
            lambda: ingest_records(
                self._intake.engine,
                delivery,
                chunks=chunks,
                clock=self._intake.clock,
                zone=self._intake.zone,
                rejects_folder=self._intake.rejects_folder,
            )
        )

    def _expect_all_new(self, outcome: Outcome) -> None:
        counts = outcome.counts
        if (counts.read, counts.new) != (self._load.rows, self._load.rows):
            raise RuntimeError(f"the gate did not take all rows as new: {counts}")

    def _admitted(self, turn: int) -> Iterator[Admitted]:
        return front.admit_records(
            self._file(turn),
            DOSE,
            areas=self._intake.areas,
            known_at=_moment(turn),
            pseudonym_key=SECRET,
            zone=self._intake.zone,
        )

    def _file(self, turn: int) -> Path:
        path = self._path(turn)
        return path if path.exists() else self._written(turn, rows=self._load.rows)

    def _path(self, turn: int) -> Path:
        return self._folder / f"doses-{turn}.{self._load.ending}"

    def _written(self, turn: int, *, rows: int) -> Path:
        part = doses.Part(
            seed=11,
            first=turn * self._load.rows,
            of=self._load.rows,
            on_day=None if self._load.whole_campaign else DELIVERY_DAY,
        )
        doses.write_frame(doses.delivered(rows, part=part), self._path(turn))
        return self._path(turn)


def _moment(turn: int) -> datetime:
    return FIRST_DELIVERY + timedelta(hours=turn)
