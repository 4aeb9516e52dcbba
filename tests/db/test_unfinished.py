"""A database file that is thrown away unless its build ends well: as atomic, whole at the end."""

import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from data_access.engine import make_engine, settle, writing

FULL, OFF = 2, 0


def counted(path: Path) -> int:
    engine = make_engine(f"sqlite:///{path}")
    try:
        with engine.connect() as connection:
            return int(connection.exec_driver_sql("SELECT count(*) FROM held").scalar_one())
    finally:
        engine.dispose()


@pytest.mark.parametrize(("is_unfinished", "waits"), [(False, FULL), (True, OFF)])
def test_only_an_unfinished_file_does_not_wait_for_the_disk(
    tmp_path: Path, *, is_unfinished: bool, waits: int
) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'a.sqlite'}", is_unfinished=is_unfinished)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar_one() == waits
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 1
    engine.dispose()


def test_an_unfinished_file_keeps_all_of_a_transaction_or_none_and_is_one_file_in_the_end(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.sqlite"
    engine = make_engine(f"sqlite:///{path}", is_unfinished=True)
    with writing(engine) as connection:
        connection.execute(sa.text("CREATE TABLE held (n INTEGER PRIMARY KEY)"))
        connection.execute(sa.text("INSERT INTO held VALUES (1)"))
    with pytest.raises(IntegrityError), writing(engine) as connection:
        connection.execute(sa.text("INSERT OR FAIL INTO held VALUES (2), (3), (1)"))
    engine.dispose()
    settle(path)
    alone = shutil.copy(path, tmp_path / "alone.sqlite")
    assert counted(Path(alone)) == 1


def test_a_file_that_is_not_there_cannot_be_settled(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        settle(tmp_path / "none.sqlite")
    assert not (tmp_path / "none.sqlite").exists()
