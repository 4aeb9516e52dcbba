"""For all t: what the press reads at t was published with its embargo up to t; page and command.

Schedules are invented; what is public when is told again in plain Python.
"""

import io
import re
import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

import hypothesis
import polars as pl
import pytest
import streamlit as st
from hypothesis import strategies

from data_access.cli import program
from data_access.engine import make_engine
from tests.app.conftest import html, run
from tests.app.proof.screen import content
from tests.cube_world import DAY, KNOWN, NOW, Cell, make_world
from tests.db.bulletins.conftest import desk_of
from tests.db.bulletins.desk import BINH, HOUR, Desk
from tests.depth import THOROUGH

pytestmark = [pytest.mark.app, pytest.mark.slow]
CARD = re.compile(r'data-id="cases">.*?<strong>([\d.]+)</strong>')
SCHEDULES = count(1)


@dataclass(frozen=True)
class Plan:
    """What becomes of one bulletin.

    Attributes:
        published: whether it is.
        embargo: hours from its publication until it is public.
        withdrawn: hours from its publication until it is withdrawn; None: never.
    """

    published: bool
    embargo: int
    withdrawn: int | None


plans = strategies.builds(
    Plan,
    published=strategies.sampled_from([True, True, True, False]),
    embargo=strategies.integers(0, 5),
    withdrawn=strategies.sampled_from([None, None, 1, 3]),
)


@dataclass
class Told:
    """One bulletin in plain Python: its cases, since when it is public, since when withdrawn."""

    value: int
    since: datetime | None = None
    gone: datetime | None = None

    def is_public(self, at: datetime) -> bool:
        if self.since is None or at < self.since:
            return False
        return self.gone is None or self.gone > self.since

    def is_latest(self, at: datetime) -> bool:
        return self.is_public(at) and (self.gone is None or self.gone > at)


def carry_out(desk: Desk, schedule: list[Plan]) -> dict[int, Told]:
    """Cut one bulletin an hour, and do with it what is planned when its time has come."""
    told: dict[int, Told] = {}
    for number, plan in enumerate(schedule, 1):
        value = 7_100_000 + 1_111 * number
        known = KNOWN + timedelta(minutes=number)
        cell = Cell(area="XX", source="n", value=float(value), precedence=1, known=known)
        desk.deliver(f"{number}.csv", cell)
        told[number] = Told(value)
        head = desk.cut()
        assert head.number == number
        if plan.published:
            since = desk.world.now + plan.embargo * HOUR
            # No later bulletin may become public before the one that it revises.
            since = max([since, *(one.since for one in told.values() if one.since)])
            desk.out(number, since)
            told[number].since = since
        if plan.published and plan.withdrawn == 1:
            desk.bulletins.withdraw(BINH, number, "a mistake")
            told[number].gone = desk.world.now
        desk.wait()
    for number, plan in enumerate(schedule, 1):
        if plan.published and plan.withdrawn == 3:
            desk.bulletins.withdraw(BINH, number, "a mistake")
            told[number].gone = desk.world.now
    desk.wait()
    return told


def shown(patch: pytest.MonkeyPatch, at: datetime, **query: str) -> tuple[set[int], str]:
    """Return which numbers of the schedule are on the press's page at a moment, and its text."""
    st.cache_data.clear()
    st.cache_resource.clear()
    patch.setenv("TUYENDAU_NOW", at.isoformat())
    app = run("overview", **{"as": "press", "lang": "vi", "date": DAY.isoformat()}, **query)
    assert not app.exception
    whole = "\n".join(content(app))
    found = {int(one.replace(".", "")) for one in re.findall(r"\b7\.1\d\d\.\d{3}\b", whole)}
    found |= {int(one) for one in re.findall(r"\b71\d{5}\b", whole)}
    return found, html(app)


def printed(
    patch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], at: datetime, *words: str
) -> set[int]:
    """Return what the command prints for the press at a moment."""
    patch.setenv("TUYENDAU_NOW", at.isoformat())
    capfd.readouterr()
    code = program.main(["query", "cases", "--as", "press", "--from", DAY.isoformat(),
                         "--to", DAY.isoformat(), *words])  # fmt: skip
    out, error = capfd.readouterr()
    if code:
        assert re.search(r"71\d{5}", out + error) is None
        return set()
    return {int(one) for one in pl.read_csv(io.StringIO(out))["value"].drop_nulls()}


@pytest.fixture
def template(request: pytest.FixtureRequest) -> Path:
    """A database at the newest schema, to be copied."""
    found: Path = request.getfixturevalue("_migrated_sqlite")
    return found


@hypothesis.given(strategies.lists(plans, min_size=2, max_size=4))
@hypothesis.settings(
    max_examples=8,
    phases=[hypothesis.Phase.explicit, *([hypothesis.Phase.generate] if THOROUGH else [])],
    suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture,
                           hypothesis.HealthCheck.too_slow],
)  # fmt: skip
@hypothesis.example([Plan(True, 0, None), Plan(True, 3, None), Plan(False, 0, None)])
@hypothesis.example([Plan(True, 0, 3), Plan(True, 0, 1)])
def test_at_every_moment_the_press_reads_what_is_public(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str],
    template: Path, schedule: list[Plan],
) -> None:  # fmt: skip
    path = Path(shutil.copy(template, tmp_path / f"schedule-{next(SCHEDULES)}.sqlite"))
    engine = make_engine(f"sqlite:///{path}")
    world = make_world(engine, tmp_path / "pack")
    told = carry_out(desk_of(world), schedule)
    engine.dispose()
    monkeypatch.setenv("TUYENDAU_DATABASE_URL", f"sqlite:///{path}")
    monkeypatch.setenv("TUYENDAU_PACK", str(tmp_path / "pack"))
    monkeypatch.setenv("TUYENDAU_DEMO", "1")
    # The moment of each change, and one just before it.
    moments = {NOW, world.now, world.now + 9 * HOUR}
    moments |= {one.since for one in told.values() if one.since}
    moments |= {one.since - timedelta(seconds=1) for one in told.values() if one.since}
    for at in sorted(moments):
        public = {one.value for one in told.values() if one.is_public(at)}
        latest = [one.value for one in told.values() if one.is_latest(at)]
        found, text = shown(monkeypatch, at)
        # The home tells what was revised: from a number that is public to the latest one.
        assert set(latest[-1:]) <= found <= public, at
        assert bool(CARD.search(text)) == bool(latest)
        assert printed(monkeypatch, capfd, at) == set(latest[-1:])
        for number, one in told.items():
            mine = {one.value} & public
            assert printed(monkeypatch, capfd, at, "--bulletin", str(number)) == mine, (at, number)
    number = len(told)
    found, _ = shown(monkeypatch, world.now, bulletin=str(number))
    assert found == ({told[number].value} if told[number].is_public(world.now) else set())
