"""The small country on both kinds of database."""

from pathlib import Path

import pytest

from tests.conftest import Database
from tests.cube_world import World, make_world


@pytest.fixture
def world(database: Database, tmp_path: Path) -> World:
    """The small country, without figures."""
    return make_world(database.engine, tmp_path / "pack")
