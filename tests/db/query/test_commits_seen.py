"""What another process commits is seen by a process that reads big frames all the while."""

import subprocess
import sys

import polars as pl
import pytest
import sqlalchemy as sa

from data_access import tables
from data_access.engine import adbc_uri, make_engine
from data_access.reader import frame_snapshot
from data_access.viewer import system_viewer
from tests.conftest import Database
from tests.cube_world import NOW

pytestmark = pytest.mark.db
N_COMMITS = 4
WRITER = """
import sys
import sqlalchemy as sa
from data_access import tables
from data_access.engine import make_engine, writing

engine = make_engine(sys.argv[1])
with writing(engine) as connection:
    connection.execute(sa.insert(tables.meta).values(key=sys.argv[2], value="x"))
engine.dispose()
"""


def test_every_commit_is_seen_between_big_frames(database: Database) -> None:
    viewer = system_viewer(NOW)
    schema = {"key": pl.String}
    count = sa.select(sa.func.count()).select_from(tables.meta)
    with database.engine.connect() as held:
        before = held.execute(count).scalar()
        held.rollback()
        for turn in range(1, N_COMMITS + 1):
            with frame_snapshot(database.engine, viewer=viewer) as reader:
                reader.read(sa.select(tables.meta.c.key), schema, viewer=viewer)
            subprocess.run([sys.executable, "-c", WRITER, database.url, f"turn-{turn}"], check=True)
            with frame_snapshot(database.engine, viewer=viewer) as reader:
                seen = reader.read(sa.select(tables.meta.c.key), schema, viewer=viewer)
            assert f"turn-{turn}" in set(seen["key"])
            # A connection that was open all the time sees it too.
            assert held.execute(count).scalar() == before + turn
            held.rollback()


def test_sqlite_has_no_address_for_adbc() -> None:
    with pytest.raises(ValueError, match="not read through ADBC"):
        adbc_uri(make_engine("sqlite://"))
