"""Two people ask every loader in turn: each gets what they would get alone.

Loaders are found by reflection, and asked by the names of their arguments: a loader with an
argument that is not known here fails until somebody says what to ask it.
"""

import importlib
import inspect
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
import streamlit as st

from dashboard import resources
from dashboard.catalogue import of_measure
from dashboard.components.markup import Markup
from data_access.codes import Level
from data_access.cube.query import Ask
from data_access.errors import DataAccessError
from data_access.measures.registry import MEASURES
from data_access.viewer import Viewer, parse_viewer
from tests.app.proof import world
from tests.app.proof.conftest import Countries, Open
from tests.app.proof.screen import ROOT

pytestmark = [pytest.mark.app, pytest.mark.slow]
DAY = date(2021, 8, 31)
WEEK = timedelta(days=6)
FIRST, SECOND = f"province:{world.OWN}", f"province:{world.NEIGHBOUR}"
ASK = Ask(
    ids=("samples_collected", "cases"), level=Level.PROVINCE, start=DAY - WEEK, end=DAY
)  # fmt: skip
CARDS = Ask(ids=("samples_collected", "cases"), start=DAY - WEEK, end=DAY)
GROUND = (Level.PROVINCE.value, "63", None)
ARGUMENTS: Mapping[str, object] = {
    "ask": CARDS,
    "asks": (CARDS,),
    "start": DAY - WEEK,
    "end": world.NOW.date(),
    "day": DAY,
    "area": None,
    "areas": (),
    "code": None,
    "batch_id": 1,
    "scenario_id": "none",
    "span": (DAY - WEEK, DAY),
    "scale": 1,
    "rule": None,
    "language": "vi",
    "zone": "Asia/Ho_Chi_Minh",
    "ground": GROUND,
    "spot": GROUND,
    "entry": of_measure(MEASURES["samples_collected"]),
    "selected": None,
    "compact": False,
    "is_live": True,
    "token": "1",
    "number": 1,
    "key": "samples_collected",
    "vintage": "63",
}
"""What a loader is asked, by the name of its argument. `OWN_AREA`: an area of whoever asks."""
SAME = {
    "scenario_bands": "asked for a scenario that is not there: nobody gets anything",
    "scenario_scores": "asked for a scenario that is not there: nobody gets anything",
    "reject_file": "every row was accepted: nobody gets anything",
    "sync_deliveries": "one source delivers for several provinces: its batches are nobody's own",
    "last_commit": "when anything came in is told to everybody",
    "reject_reasons": "every row was accepted: nobody gets anything",
    "days_known": "both report the same days",
    "day_range": "both report the same days",
    "counts": "no alert was raised",
    "watches": "no alert was raised",
    "history": "nothing was said of the rollout",
    "listed": "the one bulletin is published: everybody may name it",
    "head": "asked for the live figures: no bulletin",
    "differences": "the first bulletin has none",
    "public_revisions": "the first bulletin has none",
    "signed": "nobody signed",
    "filling": "asked for the nation's history, which no province may have",
    "people": "names of accounts: the same for every official",
    "sources": "both see figures of the same sources",
    "pace": "asked for the reader's own province by `OWN`",
}
"""Loaders that may answer two provinces alike, and why. One that stops to must leave the list."""
OWN: Mapping[str, frozenset[str]] = {
    "pace": frozenset({"area"}),
    "control": frozenset({"area"}),
    "spread_of": frozenset({"area"}),
    "observed": frozenset({"area"}),
    "scenario_scores": frozenset({"area"}),
}
"""Arguments that are the code of the reader's own province."""
EXCUSED = {
    "curve": "of one alert, which the desk hands out by scope: tests/db/alerts",
    "evidence": "as curve",
    "steps": "as curve",
    "board": "laid out from `history` and `figures`, which are asked here",
}
"""Loaders that are not asked here, and why."""
Loader = Callable[..., object]


def loaders() -> dict[str, Loader]:
    """Return every remembered function of every module of loaders; the press has areas of none."""
    found: dict[str, Loader] = {}
    for path in sorted((ROOT / "dashboard").glob("loaders*.py")):
        module = importlib.import_module(f"dashboard.{path.stem}")
        for name, function in inspect.getmembers(module, inspect.isfunction):
            mine = function.__module__ == module.__name__ and hasattr(function, "__wrapped__")
            if mine and name not in EXCUSED and path.stem != "loaders_press":
                found[f"{path.stem}.{name}"] = function
    return found


LOADERS = loaders()


def ask(name: str, viewer: Viewer) -> object:
    """Return a loader's answer, or the refusal."""
    short = name.partition(".")[2]
    given: dict[str, Any] = {"viewer": viewer}
    for one in inspect.signature(LOADERS[name]).parameters.values():
        if one.name in ARGUMENTS:
            given[one.name] = ARGUMENTS[one.name]
        elif one.name not in given and one.default is inspect.Parameter.empty:
            pytest.fail(f"{name} takes {one.name}: say in ARGUMENTS what to ask it")
        if one.name in OWN.get(short, ()):
            given[one.name] = min(viewer.areas)
        if one.name == "code":
            given["code"] = cluster_of(world.OWN)
    if short == "map_message":
        given["ask"] = ASK
    try:
        return plain(LOADERS[name](**given))
    except DataAccessError as error:
        return type(error).__name__, str(error)


def cluster_of(province: str) -> str:
    viewer = parse_viewer(f"province:{province}", now=world.NOW)
    held = resources.shared().clusters.register(viewer=viewer, day=DAY, areas=())
    return str(held.sort("code")["code"][0])


def plain(value: object) -> object:
    """Return a value that two of can be compared."""
    if isinstance(value, pl.DataFrame):
        return value.columns, value.rows()
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, Markup):
        return str(value)
    told = value if isinstance(value, str | bytes | int | float) else repr(value)
    assert " at 0x" not in str(told)[:200], f"say how two {type(value)} are compared"
    return told


@pytest.fixture
def _opened(countries: Countries, visit: Open) -> Iterator[None]:
    visit(countries.plain)
    yield
    st.cache_resource.clear()


def test_there_are_loaders_and_no_exception_is_stale() -> None:
    short = {name.partition(".")[2] for name in LOADERS}
    assert len(short) > 20
    assert set(SAME) <= short
    assert set(OWN) <= short


@pytest.mark.usefixtures("_opened")
def test_two_scopes_in_turn_on_every_loader() -> None:
    one, two = (parse_viewer(role, now=world.NOW) for role in (FIRST, SECOND))
    alone: dict[tuple[str, str], object] = {}
    for viewer in (one, two):
        resources.memory.clear()
        resources.shared.clear()
        for name in LOADERS:
            alone[name, min(viewer.areas)] = ask(name, viewer)
    alike = {
        name.partition(".")[2]
        for name in LOADERS
        if alone[name, world.OWN] == alone[name, world.NEIGHBOUR]
    }
    assert alike == set(SAME)
    resources.memory.clear()
    resources.shared.clear()
    for name in LOADERS:
        for viewer in (one, two, one, two):
            assert ask(name, viewer) == alone[name, min(viewer.areas)], name
    together(alone, (one, two))


def together(alone: Mapping[tuple[str, str], object], viewers: tuple[Viewer, Viewer]) -> None:
    """Ask every loader from four threads at once, from nothing."""
    resources.memory.clear()
    resources.shared.clear()
    resources.shared()
    wrong: list[str] = []

    def run(viewer: Viewer, order: int) -> None:
        for name in list(LOADERS)[::order]:
            if ask(name, viewer) != alone[name, min(viewer.areas)]:
                wrong.append(name)

    threads = [
        threading.Thread(target=run, args=(viewer, order))
        for viewer in viewers
        for order in (1, -1)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
