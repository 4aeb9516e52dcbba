"""The demonstration database: published figures of Vietnam, through the gate, day by day.

Holds no figure itself (they are in `facts/`) and invents none: between two published days there
is nothing.
"""

import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

import polars as pl
import sqlalchemy as sa

from data_access.clock import machine_clock
from data_access.demonstration import Demonstration, write_demonstration
from data_access.engine import writing
from data_access.errors import BadInput, BadUse
from data_access.ingest.intake import Intake
from data_access.reference.areas import load_areas
from data_access.viewer import system_viewer

FACTS = Path(__file__).resolve().parent / "facts"
COUNTRY = "VN"
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
BULLETIN_TIME = time(19)
"""Local time by which a day's bulletin is out: 18:30 in August 2021, 16:00 to 18:00 in 2022."""
NOW = "2022-01-22T20:00:00+07:00"
"""The demonstration's clock: the evening of the last day for which all provinces are known."""
NOTICE = {
    "vi": "Bản trình diễn: số liệu quan sát được đã công bố, không phải dữ liệu trực tiếp",
    "en": "Demonstration: published observations, not live data",
}


class Progress(Protocol):
    """Is told how far a long step is."""

    def __call__(self, share: float, what: str = "") -> None:
        """Take a share from 0 to 1 and a word on what is being done."""


@dataclass(frozen=True, kw_only=True)
class Slice:
    """What one file of facts says about one day.

    Attributes:
        known_at: UTC instant at which it was published.
        mapping: table mapping that reads it.
        rows: the file's columns as text, the rows of that day.
        name: file name in the ledger.
    """

    known_at: datetime
    mapping: Path
    rows: pl.DataFrame
    name: str


def build(engine: sa.Engine, pack: Path, *, progress: Progress) -> None:
    """Fill an initialised database with the published figures, in the order they were published.

    Doing it again changes nothing.

    Args:
        engine: database with schema and Vietnam's reference data.
        pack: country pack the database was initialised with.
        progress: told the share done, 0 to 1.

    Raises:
        BadUse: if the pack is another country's.
        BadInput: if a shipped file breaks its mapping (a fault of the product).
    """
    _require_vietnam(pack)
    progress(0.0, NOTICE["vi"])
    slices = sorted(published(), key=lambda found: (found.known_at, found.name))
    with tempfile.TemporaryDirectory(prefix="tuyendau-facts-") as folder:
        intake = _intake(engine, Path(folder))
        for done, found in enumerate(slices):
            _deliver(intake, found, folder=Path(folder))
            progress((done + 1) / len(slices), f"số liệu đã công bố {found.rows['date'][0]}")
    with writing(engine) as connection:
        write_demonstration(connection, Demonstration(now=NOW, notice=NOTICE))


def published() -> Iterator[Slice]:
    """Yield every (file, day) of the shipped facts."""
    for mapping in sorted(FACTS.glob("*.toml")):
        facts = pl.read_csv(mapping.with_suffix(".csv"), infer_schema_length=0)
        for (day,), rows in facts.group_by("date", maintain_order=True):
            yield Slice(
                known_at=published_at(date.fromisoformat(str(day))),
                mapping=mapping,
                rows=rows,
                name=f"{mapping.stem}-{day}.csv",
            )


def published_at(day: date) -> datetime:
    """Return the UTC instant by which the figures of a day were public."""
    return datetime.combine(day, BULLETIN_TIME, tzinfo=ZONE).astimezone(UTC)


def _require_vietnam(pack: Path) -> None:
    text = (pack / "pack.toml").read_text(encoding="utf-8")
    if tomllib.loads(text).get("code") != COUNTRY:
        raise BadUse("the demonstration holds figures of Vietnam: build it with Vietnam's pack")


def _intake(engine: sa.Engine, folder: Path) -> Intake:
    return Intake(
        engine=engine,
        areas=load_areas(engine, viewer=system_viewer(machine_clock())),
        clock=machine_clock,
        pseudonym_key="",
        rejects_folder=folder / "rejects",
    )


def _deliver(intake: Intake, found: Slice, *, folder: Path) -> None:
    delivered = folder / found.name
    found.rows.write_csv(delivered)
    outcome = intake.table((delivered,), mapping=found.mapping, known_at=found.known_at)
    if outcome.counts.rejected:
        raise BadInput(f"{found.name}: {outcome.counts.rejected} shipped rows were rejected")
