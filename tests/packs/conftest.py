"""The shared data of a checkout that has it, and what is built from it."""

from pathlib import Path

import pytest

from data_access.reference.pack import Pack, load_pack
from tests.packs.build_my_pack import build

SHARED = Path(__file__).resolve().parents[3] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of the shared data."""
    if not (SHARED / "data").is_dir():
        pytest.skip("the shared data (../shared/data) is not beside this checkout")
    return SHARED


@pytest.fixture(scope="session")
def my_pack(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Pack:
    """The pack of Malaysia, built for this test run."""
    return load_pack(build(shared, tmp_path_factory.mktemp("packs") / "my"))
