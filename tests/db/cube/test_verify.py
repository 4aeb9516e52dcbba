"""verify finds what is wrong with the cube, and nothing when nothing is."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from data_access import tables
from data_access.cube.verify import verify
from data_access.viewer import system_viewer
from tests.conftest import NOW, Database
from tests.db.probe import PROBE, ZONE, Batch, Version, deliver, prepare


@pytest.fixture
def filled(database: Database, tmp_path: Path) -> Database:
    prepare(database.engine)
    batches = (
        Batch(1, (Version("a", amount=3), Version("b", amount=4, district=11))),
        Batch(5, (Version("a", version=1, amount=2), Version("c", deleted=True))),
        Batch(3, (Version("a", amount=7, method="rapid"), Version("b", deleted=True))),
        Batch(3, (Version("d", amount=None), Version("d", version=2, province=2))),
    )
    for batch in batches:
        deliver(database.engine, batch, tmp_path)
    return database


def differences(engine: sa.Engine, *, n_moments: int | None = None) -> list[tuple[object, ...]]:
    verdict = verify(
        engine,
        viewer=system_viewer(NOW),
        zone=ZONE,
        contracts=(PROBE,),
        n_moments=n_moments,
    )
    return verdict.differences.select("table", "measure", "expected", "found").rows()


@pytest.mark.parametrize("n_moments", [None, 1, 2])
def test_a_sound_cube_has_no_differences(filled: Database, n_moments: int | None) -> None:
    assert differences(filled.engine, n_moments=n_moments) == []


def test_a_changed_value_is_found(filled: Database) -> None:
    cube = tables.cube_current
    with filled.engine.begin() as connection:
        key = connection.execute(sa.select(cube.c.measure_id).order_by(cube.c.value)).first()
        assert key is not None
        change = sa.update(cube).where(cube.c.measure_id == key.measure_id)
        connection.execute(change.values(value=cube.c.value + 1))
    found = differences(filled.engine)
    assert found
    assert {row[0] for row in found} == {"current"}


def test_a_lost_history_row_is_found(filled: Database) -> None:
    cube = tables.cube_history
    with filled.engine.begin() as connection:
        earliest = connection.execute(sa.select(sa.func.min(cube.c.known_at))).scalar_one()
        connection.execute(sa.delete(cube).where(cube.c.known_at == earliest))
    found = differences(filled.engine)
    assert ("history", "nothing") in {(row[0], row[3]) for row in found}


def test_a_forged_record_is_found(filled: Database) -> None:
    winner, _ = tables.record_tables("probe", "visit")
    with filled.engine.begin() as connection:
        forged = sa.update(winner).where(winner.c.record_id == "a")
        connection.execute(forged.values(amount=99))
    assert differences(filled.engine)
