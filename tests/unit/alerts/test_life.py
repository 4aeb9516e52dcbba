"""The life of alerts as a state machine, against a plain model, on a real database."""

import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from data_access import audit, tables
from data_access.actor import Actor
from data_access.alerts import store
from data_access.alerts.book import Alerts
from data_access.alerts.life import following, possible
from data_access.alerts.model import (
    Action,
    AlertMoved,
    AlertRefused,
    Evidence,
    Place,
    State,
)
from data_access.alerts.rules import SHIPPED, read_rules
from data_access.codes import Role
from data_access.engine import make_engine
from data_access.errors import BadUse
from data_access.viewer import system_viewer
from tests.memory_cube import country

RULE = read_rules(SHIPPED)["cases_c2"]
AN = Actor(account="an", role=Role.NATIONAL)
START = datetime(2021, 9, 1, tzinfo=UTC)
AREAS = ("01", "02")
# Written out from the order raised → acknowledged → assigned → escalated → closed.
ALLOWED = {
    "raised": {"acknowledge", "assign", "escalate", "note"},
    "acknowledged": {"assign", "escalate", "note", "close"},
    "assigned": {"assign", "escalate", "note", "close"},
    "escalated": {"assign", "note", "close"},
    "closed": {"note"},
}
AFTER = {"acknowledge": "acknowledged", "assign": "assigned", "escalate": "escalated",
         "close": "closed"}  # fmt: skip


def spoken(day: int) -> Evidence:
    return Evidence(day=date(2021, 8, 1) + timedelta(days=day), value=20.0 + day, baseline=5.0,
                    spread=2.0, bound=11.0, statistic=7.5, n_days=7, rule_version=1)  # fmt: skip


class Life(RuleBasedStateMachine):
    """Alerts beside a model of them."""

    alerts_known = Bundle("alerts_known")

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.engine = make_engine(f"sqlite:///{Path(self.folder.name) / 'a.sqlite'}")
        names = ("alert", "alert_evidence", "alert_step", "alert_watch", "alert_outbox", "audit",
                 "audit_head", "account")  # fmt: skip
        tables.metadata.create_all(self.engine, tables=[tables.metadata.tables[n] for n in names])
        self.now = START
        self.book = Alerts(self.engine, lambda: self.now, areas=country().areas)
        self.states: dict[int, str] = {}
        self.versions: dict[int, int] = {}
        self.areas: dict[int, str] = {}
        self.days: dict[tuple[str, int], int] = {}
        self.n_steps = 0

    def teardown(self) -> None:
        self.engine.dispose()
        self.folder.cleanup()

    @rule(target=alerts_known, area=st.sampled_from(AREAS),
          days=st.lists(st.integers(0, 30), min_size=1, max_size=4, unique=True))  # fmt: skip
    def speak(self, area: str, days: list[int]) -> int:
        self.now += timedelta(hours=5)
        place = Place(code=area, vintage="old", province=area)
        made = store.enter(self.engine, RULE, place, [spoken(day) for day in days], at=self.now,
                           clearance=0, post=self.book._post(RULE))  # fmt: skip
        new = [day for day in days if (area, day) not in self.days]
        if not new:
            assert made is None
            return self.days[area, days[0]]
        assert made is not None
        held = [n for n, state in self.states.items()
                if state != "closed" and self.areas[n] == area]  # fmt: skip
        assert made == (held[0] if held else len(self.states) + 1)
        if not held:
            self.states[made], self.versions[made], self.areas[made] = "raised", 1, area
            self.n_steps += 1
        self.days |= {(area, day): made for day in new}
        return made

    @rule(number=alerts_known, action=st.sampled_from([a for a in Action if a is not Action.RAISE]),
          is_stale=st.booleans(), note=st.sampled_from(["", "vì sao"]))  # fmt: skip
    def act(self, number: int, action: Action, is_stale: bool, note: str) -> None:
        self.now += timedelta(minutes=7)
        to = "binh" if action is Action.ASSIGN else ""
        version = self.versions[number] - int(is_stale)
        lacks = action in {Action.ESCALATE, Action.NOTE, Action.CLOSE} and not note
        if is_stale:
            wanted: type[Exception] | None = AlertMoved
        elif action.value not in ALLOWED[self.states[number]]:
            wanted = AlertRefused
        else:
            wanted = BadUse if lacks else None
        if wanted:
            with pytest.raises(wanted):
                self.book.act(AN, number, action, version=version, note=note, assignee=to)
            return
        made = self.book.act(AN, number, action, version=version, note=note, assignee=to)
        self.states[number] = AFTER.get(action.value, self.states[number])
        self.versions[number] += 1
        self.n_steps += 1
        assert made.state.value == self.states[number]
        assert made.version == self.versions[number]

    @invariant()
    def the_book_is_the_model(self) -> None:
        viewer = system_viewer(self.now)
        found = self.book.listed(viewer=viewer)
        assert {a.alert_id: a.state.value for a in found} == self.states
        held = [(a.rule, a.area_code) for a in found if a.is_open]
        assert len(held) == len(set(held))
        kept = {}
        for one in found:
            for day in self.book.evidence(one.alert_id, viewer=viewer)["day"]:
                kept[one.area_code, (day - date(2021, 8, 1)).days] = one.alert_id
        assert kept == self.days
        steps = [self.book.steps(a.alert_id, viewer=viewer) for a in found]
        assert all([s.seq for s in one] == list(range(1, len(one) + 1)) for one in steps)
        assert sum(map(len, steps)) == self.n_steps
        assert all(a.previous is None or self.states[a.previous] == "closed" for a in found)

    @invariant()
    def every_step_is_on_record(self) -> None:
        with self.engine.connect() as connection:
            n_rows = connection.scalar(sa.select(sa.func.count()).select_from(tables.audit))
        assert n_rows == self.n_steps
        verdict = audit.verify(self.engine, viewer=system_viewer(self.now))
        assert verdict.broken is None


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=8, stateful_step_count=15, deadline=None)


@pytest.mark.parametrize("state", list(State))
def test_the_machine_is_the_one_written_out(state: State) -> None:
    assert {one.value for one in possible(state)} == ALLOWED[state.value]
    for action in possible(state):
        to = "x" if action is Action.ASSIGN else ""
        after = following(state, action, note="n", assignee=to)
        assert after.value == AFTER.get(action.value, state.value)


@pytest.mark.parametrize(
    ("action", "note", "to"),
    [(Action.ASSIGN, "n", " "), (Action.ACKNOWLEDGE, "", "x"), (Action.NOTE, " ", ""),
     (Action.NOTE, "n" * 1001, ""), (Action.ASSIGN, "", "x" * 101)],
)  # fmt: skip
def test_a_step_needs_its_words(action: Action, note: str, to: str) -> None:
    with pytest.raises(BadUse):
        following(State.RAISED, action, note=note, assignee=to)
