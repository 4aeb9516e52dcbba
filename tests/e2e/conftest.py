"""Databases that are built once and handed out, as the command line builds them."""

import shutil
from pathlib import Path

import pytest

from tests.e2e.command import Command


@pytest.fixture(scope="session")
def initialised(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file after `init`: Vietnam's reference data, no figures."""
    path = tmp_path_factory.mktemp("e2e") / "initialised.sqlite"
    # A process of its own: when it ends, everything is in the one file that is copied below.
    done = Command(url=f"sqlite:///{path}").outside("init")
    assert done.code == 0, done.err
    return path


@pytest.fixture(scope="session")
def vietnam(initialised: Path, tmp_path_factory: pytest.TempPathFactory) -> Command:
    """An initialised database that no test may change."""
    return _copy(initialised, tmp_path_factory.mktemp("shared"))


@pytest.fixture
def fresh(initialised: Path, tmp_path: Path) -> Command:
    """An initialised database of this test alone."""
    return _copy(initialised, tmp_path)


@pytest.fixture
def uninitialised(tmp_path: Path) -> Command:
    """A database nobody ran `init` on."""
    return Command(url=f"sqlite:///{tmp_path / 'nothing.sqlite'}")


def _copy(path: Path, folder: Path) -> Command:
    into = folder / "figures.sqlite"
    shutil.copy(path, into)
    return Command(url=f"sqlite:///{into}")
