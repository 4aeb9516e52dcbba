"""Needs and proposals as state machines: whatever people try, in whatever order."""

import itertools
from datetime import timedelta

import hypothesis.strategies as st
import sqlalchemy as sa
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from data_access import tables
from data_access.actor import viewer_of
from data_access.codes import Role
from data_access.engine import make_engine
from data_access.needs.desk import Needs
from data_access.needs.flow import rounds
from data_access.proposals.desk import Proposals
from data_access.viewer import system_viewer
from data_access.workflow import store
from data_access.workflow.fields import FieldsRefused
from data_access.workflow.model import MovedMeanwhile, StepRefused, UnknownItem
from tests.depth import THOROUGH
from tests.work_world import (
    ADMIN,
    GROUP,
    HANOI,
    HCM,
    MINISTRY,
    NEED,
    OPERATOR,
    PLAN,
    PRESS,
    PROPOSAL,
    SECOND,
    START,
    STEWARD,
    ZONE,
    points,
)  # fmt: skip

# The graphs once more, written from the domain's text and not from the program.
NEED_EDGES = {
    ("de_xuat", "tiep_nhan"), ("tiep_nhan", "thiet_ke"), ("thiet_ke", "xay_dung"),
    ("xay_dung", "gop_y"), ("gop_y", "sua"), ("sua", "gop_y"), ("gop_y", "nghiem_thu"),
    ("nghiem_thu", "trien_khai"), ("trien_khai", "dong"),
}  # fmt: skip
NEED_ROLES = {
    "tiep_nhan": "operator", "thiet_ke": "operator", "xay_dung": "operator", "gop_y": "operator",
    "sua": "national", "nghiem_thu": "national", "trien_khai": "operator", "dong": "national",
}  # fmt: skip
LINE = ["tiep_nhan", "sang_loc", "giao_nhom", "tham_dinh_ky_thuat", "tham_dinh_y_te",
        "an_toan_thong_tin", "thi_diem"]  # fmt: skip
ENDS = {"chap_nhan", "tich_hop", "tu_choi", "tam_hoan", "rut"}
PROPOSAL_EDGES = (
    set(itertools.pairwise(LINE))
    | {("thi_diem", end) for end in ENDS}
    | {(state, end) for state in LINE[1:] for end in ("tu_choi", "tam_hoan")}
    | {(state, "rut") for state in LINE}
)
PEOPLE = [MINISTRY, SECOND, OPERATOR, STEWARD, HCM, HANOI, PRESS, ADMIN]
SYSTEM = system_viewer(START + timedelta(days=10_000))
REFUSED = (StepRefused, FieldsRefused, UnknownItem, MovedMeanwhile)


class Desk(RuleBasedStateMachine):
    """What both have in common: a database, a clock, a shadow of what was allowed."""

    def __init__(self) -> None:
        super().__init__()
        self.engine = make_engine("sqlite://")
        tables.metadata.create_all(
            self.engine,
            tables=[tables.work_step, tables.audit, tables.audit_head],
        )
        self.now = START
        self.log: dict[int, list[str]] = {}

    def clock(self):
        self.now += timedelta(hours=7)
        return self.now

    def teardown(self) -> None:
        self.engine.dispose()

    def items(self):
        return store.read(self.engine, self.desk.flow, viewer=SYSTEM)

    @invariant()
    def history_replays_to_the_state(self) -> None:
        with self.engine.connect() as connection:
            held = tables.work_step.c
            rows = connection.execute(sa.select(held.number, held.state).order_by(
                held.number, held.version)).fetchall()  # fmt: skip
        last = dict(rows)
        found = {item.number: item for item in self.items()}
        assert {number: item.state for number, item in found.items()} == last
        for number, item in found.items():
            walked = [state for state, _ in itertools.groupby(step.state for step in item.steps)]
            assert walked == [stay.state for stay in item.stays] == self.log[number]
            assert [step.version for step in item.steps] == list(range(1, len(item.steps) + 1))
            assert all(a.until == b.since for a, b in itertools.pairwise(item.stays))

    @invariant()
    def every_step_is_in_the_audit_log(self) -> None:
        with self.engine.connect() as connection:
            n_steps = connection.scalar(sa.select(sa.func.count()).select_from(tables.work_step))
            n_rows = connection.scalar(sa.select(sa.func.count()).select_from(tables.audit))
        assert n_steps == n_rows


class NeedLife(Desk):
    """Anybody tries any step of any need."""

    def __init__(self) -> None:
        super().__init__()
        self.desk = Needs(self.engine, self.clock, zone=ZONE)

    @precondition(lambda self: len(self.log) < 3)
    @rule(who=st.sampled_from([MINISTRY, HCM, HANOI]))
    def raise_need(self, who) -> None:
        made = self.desk.add(who, NEED)
        self.log[made.number] = ["de_xuat"]
        assert made.province == ("" if who is MINISTRY else next(iter(who.areas)))

    @precondition(lambda self: self.log)
    @rule(
        who=st.sampled_from(PEOPLE), data=st.data(),
        way=st.sampled_from([*NEED_ROLES, "plan", "amend", "comment", "open", "xoa"]),
        stale=st.booleans(),
    )  # fmt: skip
    def anybody_tries_anything(self, who, data, way, stale) -> None:
        self.attempt(who, data.draw(st.sampled_from(sorted(self.log))), way, stale=stale)

    @precondition(lambda self: self.log)
    @rule(data=st.data(), fits=st.booleans())
    def who_may_takes_the_next_step(self, data, fits) -> None:
        number = data.draw(st.sampled_from(sorted(self.log)))
        leads = sorted(b for a, b in NEED_EDGES if a == self.log[number][-1])
        if leads:
            way = leads[-1] if fits else leads[0]
            who = OPERATOR if NEED_ROLES[way] == "operator" else MINISTRY
            before = self.log[number][-1]
            self.attempt(who, number, way, stale=False)
            assert (before, self.log[number][-1]) == (before, way)

    def attempt(self, who, number, way, *, stale) -> None:
        item = next(one for one in self.items() if one.number == number)
        before = self.log[number][-1]
        given = {
            "tiep_nhan": PLAN, "gop_y": {"note": "xong"}, "sua": {"reason": "thiếu"},
            "nghiem_thu": {"note": "đạt"}, "trien_khai": {"note": "đã dùng"},
            "plan": {"owner": "A", "due": "2099-01-01", "reason": "chậm"},
            "amend": {**NEED, "reason": "rõ hơn"}, "comment": {"note": "lưu ý"},
        }.get(way, {})  # fmt: skip
        if way == "tiep_nhan":
            given = {**PLAN, "due": "2099-01-01"}
        expected = item.version - 1 if stale else item.version
        try:
            after = self.desk.take(who, number, way=way, given=given, expected=expected)
        except REFUSED:
            assert [one for one in self.items() if one.number == number] == [item]
            return
        assert way == "comment" or not stale
        assert who.role is not Role.PRESS
        assert who.role is not Role.PROVINCE or item.province in who.areas
        if after.state != before:
            assert (before, after.state) in NEED_EDGES
            assert NEED_ROLES[after.state] == who.role.value
            self.log[number].append(after.state)
        assert after.version == item.version + 1

    @invariant()
    def rounds_are_the_times_it_was_handed_over(self) -> None:
        for item in self.items():
            assert rounds(item) == self.log[item.number].count("gop_y")
            assert rounds(item) >= self.log[item.number].count("sua")

    @invariant()
    def what_is_remembered_is_what_is_kept(self) -> None:
        assert self.desk.list(viewer=SYSTEM) == self.items()

    @invariant()
    def a_province_sees_its_own_and_the_nation_s(self) -> None:
        for who in (HCM, HANOI):
            seen = {i.province for i in self.desk.list(viewer=viewer_of(who, now=self.clock()))}
            assert seen <= {"", *who.areas}
        assert self.desk.list(viewer=viewer_of(PRESS, now=self.clock())) == []


class ProposalLife(Desk):
    """Anybody tries any step of any proposal; scores, conflicts and decisions among them."""

    def __init__(self) -> None:
        super().__init__()
        self.desk = Proposals(self.engine, self.clock, zone=ZONE)
        self.conflicted: dict[int, set[str]] = {}
        self.asked: dict[int, str | None] = {}

    @precondition(lambda self: len(self.log) < 2)
    @rule()
    def register(self) -> None:
        made = self.desk.add(OPERATOR, PROPOSAL)
        self.log[made.number] = ["tiep_nhan"]
        self.conflicted[made.number], self.asked[made.number] = set(), None

    @precondition(lambda self: self.log)
    @rule(
        who=st.sampled_from(PEOPLE), data=st.data(), conflict=st.sampled_from(["no", "no", "yes"]),
        way=st.sampled_from([*LINE[1:], "reassign", "declare", "score", "open_scores", "decide",
                             "confirm", "object", "rut", "comment"]),
        outcome=st.sampled_from(["chap_nhan", "tich_hop", "tu_choi", "tam_hoan"]),
    )  # fmt: skip
    def anybody_tries_anything(self, who, data, way, conflict, outcome) -> None:
        number = data.draw(st.sampled_from(sorted(self.log)))
        self.attempt(who, number, way, conflict=conflict, outcome=outcome)

    @precondition(lambda self: self.log)
    @rule(data=st.data(), outcome=st.sampled_from(["chap_nhan", "tich_hop", "tu_choi"]))
    def the_usual_way(self, data, outcome) -> None:
        number = data.draw(st.sampled_from(sorted(self.log)))
        for who in (OPERATOR, STEWARD, MINISTRY, SECOND):
            self.attempt(who, number, "declare", conflict="no", outcome=outcome)
            self.attempt(who, number, "score", conflict="no", outcome=outcome)
        place = self.log[number][-1]
        if place in LINE[:-1]:
            self.attempt(OPERATOR, number, LINE[LINE.index(place) + 1], conflict="no",
                         outcome=outcome)  # fmt: skip
        else:
            self.attempt(MINISTRY, number, "decide", conflict="no", outcome=outcome)
            self.attempt(SECOND, number, "confirm", conflict="no", outcome=outcome)

    def attempt(self, who, number, way, *, conflict, outcome) -> None:
        item = next(one for one in self.items() if one.number == number)
        before = self.log[number][-1]
        given = {
            "giao_nhom": GROUP, "reassign": {**GROUP, "reason": "đủ người"},
            "thi_diem": {"place": "Đà Nẵng", "until": "2099-01-01"},
            "declare": {"conflict": conflict, "what": "cổ phần" if conflict == "yes" else ""},
            "score": points(before) if before in LINE[3:6] else {},
            "open_scores": {"reason": "gấp"}, "decide": {"outcome": outcome, "reason": "vì"},
            "object": {"reason": "chưa rõ"}, "rut": {"reason": "tự rút"},
            "comment": {"note": "lưu ý"},
        }.get(way, {})  # fmt: skip
        try:
            after = self.desk.take(who, number, way=way, given=given, expected=item.version)
        except REFUSED:
            assert [one for one in self.items() if one.number == number] == [item]
            return
        assert who.role in {Role.NATIONAL, Role.OPERATOR, Role.STEWARD}
        if way in {"score", "decide", "confirm", "object", "open_scores"}:
            assert who.account not in self.conflicted[number]
        if way == "declare" and conflict == "yes":
            self.conflicted[number].add(who.account)
        if way in {"confirm", "object"}:
            assert self.asked[number] not in {None, who.account}
        self.asked[number] = {"decide": who.account, "confirm": None, "object": None}.get(
            way, self.asked[number])  # fmt: skip
        if after.state != before:
            assert (before, after.state) in PROPOSAL_EDGES
            assert (way == "confirm") == (after.state in ENDS - {"rut"})
            self.log[number].append(after.state)

    @invariant()
    def a_barred_evaluator_s_score_never_counts(self) -> None:
        for item, found in self.desk.list(viewer=SYSTEM, account="by-te"):
            for sheet in found.sheets.values():
                assert not self.conflicted[item.number] & set(sheet.done)
                assert {one.account for one in sheet.scores} <= set(sheet.done)

    @invariant()
    def scores_that_are_not_open_are_hidden(self) -> None:
        for who in PEOPLE:
            for item, found in self.desk.list(viewer=SYSTEM, account=who.account):
                shut = {state for state, sheet in found.sheets.items() if not sheet.is_open}
                for step in item.steps:
                    if step.action == "score" and step.state in shut:
                        assert not step.content or step.account == who.account
                for state in shut:
                    assert {s.account for s in found.sheets[state].scores} <= {who.account}
                    assert found.sheets[state].total() is None

    @invariant()
    def neither_province_nor_press_sees_any(self) -> None:
        for who in (HCM, PRESS):
            assert self.desk.list(viewer=viewer_of(who, now=self.clock())) == []


_FEW = settings(max_examples=25 if THOROUGH else 12, stateful_step_count=30, deadline=None)
TestNeedLife = NeedLife.TestCase
TestNeedLife.settings = _FEW
TestProposalLife = ProposalLife.TestCase
TestProposalLife.settings = _FEW
