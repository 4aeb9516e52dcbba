"""The three countries, filled once."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import streamlit as st

from dashboard import access, resources
from data_access.settings import Settings
from data_access.shared import Shared, open_shared
from tests.app.proof import world
from tests.app.proof.screen import Files, Session

Open = Callable[[str], Session]


@dataclass(frozen=True)
class Countries:
    """Databases by name.

    Attributes:
        plain: published, and nothing later.
        changed: the same with other records of the other provinces.
        later: plain, and a later state that is not published.
    """

    plain: str
    changed: str
    later: str


@pytest.fixture(scope="session")
def builder(tmp_path_factory: pytest.TempPathFactory) -> world.Builder:
    """The records of the country."""
    return world.make_builder(tmp_path_factory.mktemp("proof"))


@pytest.fixture(scope="session")
def countries(builder: world.Builder) -> Countries:
    """The three databases, on SQLite."""
    folder: Path = builder.folder
    urls = {name: f"sqlite:///{folder / name}.sqlite" for name in ("plain", "changed", "later")}
    builder.fill(urls["plain"], builder.frames, name="a")
    builder.publish(urls["plain"])
    builder.fill(urls["changed"], world.changed(builder.frames), name="b")
    builder.publish(urls["changed"])
    shutil.copy(folder / "plain.sqlite", folder / "later.sqlite")
    builder.later(urls["later"])
    return Countries(**urls)


@pytest.fixture
def visit(monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """Opens a new session on a database, in a demonstration, at the moment of the tests."""
    monkeypatch.setenv("TUYENDAU_DEMO", "1")
    monkeypatch.setenv("TUYENDAU_NOW", world.NOW.isoformat())
    # Without a browser there is no cookie; AppTest's stand-in would count as a stale one.
    monkeypatch.setattr(access, "_cookies", dict)
    files = Files(monkeypatch)
    held: list[Shared] = []

    def kept(settings: Settings) -> Shared:
        held.append(open_shared(settings))
        return held[-1]

    monkeypatch.setattr(resources, "open_shared", kept)

    def leave() -> None:
        st.cache_data.clear()
        st.cache_resource.clear()
        while held:
            held.pop().close()

    def opened(url: str) -> Session:
        leave()
        monkeypatch.setenv("TUYENDAU_DATABASE_URL", url)
        return Session(files)

    yield opened
    leave()
