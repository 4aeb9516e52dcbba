"""Writers at once, two of them under one source, and a reader that must not wait for any."""

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from benchmarks.concurrency import run_together, writers
from data_access import tables
from data_access.cube.verify import verify
from data_access.engine import make_engine, writing
from data_access.ingest import cell_changes
from data_access.ingest.intake import Intake
from data_access.reference.areas import load_areas
from data_access.viewer import system_viewer
from tests.conftest import Database

pytestmark = pytest.mark.vietnam


@pytest.fixture
def prepared(database: Database) -> Database:
    return database


@pytest.mark.slow
def test_nothing_is_lost_doubled_or_torn(prepared: Database, tmp_path: Path) -> None:
    crew = writers(rows=300, ids=900)
    found = run_together(prepared.url, writers=crew, seconds=4, folder=tmp_path)
    assert found.files >= len(crew)
    assert found.reads_ms
    assert (found.torn, found.lost, found.differences) == (0, 0, 0)


def test_a_reader_does_not_wait_for_a_writer(prepared: Database) -> None:
    meta = tables.meta
    reading = make_engine(prepared.url)
    try:
        with writing(prepared.engine) as connection:
            connection.execute(sa.insert(meta), {"key": "half", "value": "done"})
            started = time.monotonic()
            with reading.connect() as other:
                query = sa.select(sa.func.count()).where(meta.c.key == "half")
                seen = other.execute(query).scalar_one()
            waited = time.monotonic() - started
    finally:
        reading.dispose()
    assert seen == 0
    assert waited < 5


def test_many_cells_are_entered_month_by_month(
    prepared: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cell_changes, "CELLS_AT_ONCE", 1)
    now = datetime(2021, 9, 2, 9, tzinfo=UTC)
    intake = Intake(
        engine=prepared.engine,
        areas=load_areas(prepared.engine, viewer=system_viewer(now)),
        clock=lambda: now,
        pseudonym_key="secret",  # pragma: allowlist secret
        rejects_folder=tmp_path,
    )
    path = tmp_path / "doses.csv"
    days = ("2021-06-30", "2021-07-01", "2021-07-31", "2021-08-01")
    rows = [f"k{n},1,AZ,{day}T09:00:00+07:00,01" for n, day in enumerate(days)]
    head = "dose_event_id,dose_no,vaccine_code,vaccinated_at,province_code"
    path.write_text("\n".join([head, *rows]) + "\n")
    intake.records(path, platform="vaccination", source="s", known_at=now)
    found = verify(prepared.engine, viewer=system_viewer(now), zone="Asia/Ho_Chi_Minh")
    assert found.differences.is_empty()
    months = sa.select(tables.cube_current.c.month).distinct()
    with prepared.engine.connect() as connection:
        assert set(connection.execute(months).scalars()) == {202106, 202107, 202108}


def test_the_loser_of_two_writers_starts_from_what_the_winner_left(
    prepared: Database, tmp_path: Path
) -> None:
    """Whoever waited for the lock meets records that were not there when its file was read."""
    now = datetime(2021, 9, 2, 9, tzinfo=UTC)
    intake = Intake(
        engine=prepared.engine,
        areas=load_areas(prepared.engine, viewer=system_viewer(now)),
        clock=lambda: now,
        pseudonym_key="secret",  # pragma: allowlist secret
        rejects_folder=tmp_path,
    )
    counts = []
    for name, keys in (("first", ("a", "b")), ("second", ("b", "c"))):
        path = tmp_path / f"{name}.csv"
        rows = [f"{key},1,AZ,2021-08-01T09:00:00+07:00,01" for key in keys]
        head = "dose_event_id,dose_no,vaccine_code,vaccinated_at,province_code"
        path.write_text("\n".join([head, *rows]) + "\n")
        counts.append(intake.records(path, platform="vaccination", source="s", known_at=now).counts)
    assert [(c.new, c.unchanged) for c in counts] == [(2, 0), (1, 1)]
