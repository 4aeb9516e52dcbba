"""Needs and proposals on both databases: two at once, scope, conflicts, a second person, audit."""

import json
import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa

from data_access import audit, tables
from data_access.actor import viewer_of
from data_access.cli.program import main
from data_access.codes import Role
from data_access.engine import make_engine, writing
from data_access.errors import ScopeDenied
from data_access.needs.desk import Needs
from data_access.proposals.desk import Proposals
from data_access.reference.load import load_reference
from data_access.viewer import make_viewer, press_at
from data_access.workflow.fields import FieldsRefused
from data_access.workflow.model import MovedMeanwhile, StepRefused, UnknownItem
from tests.conftest import NOW, Database
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
    STEWARD,
    ZONE,
    points,
)

pytestmark = pytest.mark.db
CANARY = "CANARY-79-đừng-lộ"


@pytest.fixture
def ticking():
    moments = iter(NOW + timedelta(minutes=n) for n in range(10_000))
    return lambda: next(moments)


@pytest.fixture
def needs(database: Database, ticking) -> Needs:
    return Needs(database.engine, ticking, zone=ZONE)


@pytest.fixture
def proposals(database: Database, ticking) -> Proposals:
    return Proposals(database.engine, ticking, zone=ZONE)


def later(actor):
    return viewer_of(actor, now=NOW + timedelta(days=30))


def evaluated(proposals: Proposals) -> int:
    """A proposal at its technical evaluation; nobody has declared anything."""
    number = proposals.add(OPERATOR, PROPOSAL).number
    for way, given in (("sang_loc", {}), ("giao_nhom", GROUP), ("tham_dinh_ky_thuat", {})):
        proposals.take(OPERATOR, number, way=way, given=given, expected=None)
    return number


def piloted(proposals: Proposals) -> int:
    """A proposal in its pilot, with every score in."""
    number = evaluated(proposals)
    for who in (OPERATOR, STEWARD, MINISTRY, SECOND):
        proposals.take(who, number, way="declare", given={"conflict": "no"}, expected=None)
    for state, who, after, given in (
        ("tham_dinh_ky_thuat", (OPERATOR, STEWARD), "tham_dinh_y_te", {}),
        ("tham_dinh_y_te", (MINISTRY, SECOND), "an_toan_thong_tin", {}),
        ("an_toan_thong_tin", (OPERATOR,), "thi_diem", {"place": "Huế", "until": "2021-12-01"}),
    ):
        for one in who:
            proposals.take(one, number, way="score", given=points(state), expected=None)
        proposals.take(OPERATOR, number, way=after, given=given, expected=None)
    return number


# --- needs ----------------------------------------------------------------------------------------


def test_two_officers_at_once_one_is_kept_the_other_told(needs: Needs, database) -> None:
    item = needs.add(MINISTRY, NEED)
    barrier, told = threading.Barrier(2), []

    def act(owner: str) -> None:
        engine = make_engine(database.url)
        desk = Needs(engine, lambda: NOW + timedelta(hours=1), zone=ZONE)
        barrier.wait()
        try:
            desk.take(OPERATOR, item.number, way="tiep_nhan", given={**PLAN, "owner": owner},
                      expected=item.version)  # fmt: skip
            told.append(owner)
        except MovedMeanwhile:
            told.append("moved")
        finally:
            engine.dispose()

    threads = [threading.Thread(target=act, args=(name,)) for name in ("A", "B")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept = needs.show(item.number, viewer=later(MINISTRY))
    assert sorted(told) == sorted([kept.text("owner"), "moved"])
    assert (kept.version, kept.state) == (2, "tiep_nhan")


def test_what_was_decided_on_an_older_version_changes_nothing(needs: Needs) -> None:
    item = needs.add(MINISTRY, NEED)
    needs.take(OPERATOR, item.number, way="tiep_nhan", given=PLAN, expected=1)
    needs.take(OPERATOR, item.number, way="plan", given={**PLAN, "owner": "B", "reason": "đổi"},
               expected=2)  # fmt: skip
    with pytest.raises(MovedMeanwhile, match="version 3"):
        needs.take(OPERATOR, item.number, way="thiet_ke", given={}, expected=2)
    found = needs.show(item.number, viewer=later(OPERATOR))
    assert [step.content.get("owner") for step in found.steps] == [None, PLAN["owner"], "B"]


def test_a_province_sees_its_own_and_the_nation_s_never_another_s(needs: Needs) -> None:
    needs.add(MINISTRY, NEED)
    secret = needs.add(HCM, {**NEED, "title": CANARY, "description": CANARY})
    needs.take(OPERATOR, secret.number, way="tiep_nhan", given={**PLAN, "note": CANARY},
               expected=None)  # fmt: skip
    assert CANARY not in repr(needs.list(viewer=later(HANOI)))
    assert [item.number for item in needs.list(viewer=later(HANOI))] == [1]
    assert CANARY in repr(needs.list(viewer=later(HCM)))
    with pytest.raises(UnknownItem) as unseen:
        needs.show(secret.number, viewer=later(HANOI))
    with pytest.raises(UnknownItem) as nothing:
        needs.show(99, viewer=later(HANOI))
    assert str(unseen.value).replace("N-2", "N-99") == str(nothing.value)
    with pytest.raises(UnknownItem):
        needs.take(HANOI, secret.number, way="comment", given={"note": "x"}, expected=None)


def test_a_province_says_nothing_on_what_the_nation_raised(needs: Needs) -> None:
    item = needs.add(MINISTRY, NEED)
    with pytest.raises(StepRefused, match="raised itself"):
        needs.take(HCM, item.number, way="comment", given={"note": CANARY}, expected=None)


@pytest.mark.parametrize("who", [PRESS, OPERATOR, STEWARD, ADMIN])
def test_who_may_not_raise_is_refused(needs: Needs, who) -> None:
    with pytest.raises(ScopeDenied):
        needs.add(who, NEED)
    assert needs.list(viewer=later(MINISTRY)) == []


def test_the_press_sees_nothing(needs: Needs, proposals: Proposals) -> None:
    needs.add(MINISTRY, NEED)
    proposals.add(OPERATOR, PROPOSAL)
    for viewer in (press_at(NOW + timedelta(days=9)), later(PRESS)):
        assert needs.list(viewer=viewer) == []
        assert proposals.list(viewer=viewer) == []


def test_the_past_is_as_it_was(needs: Needs) -> None:
    item = needs.add(MINISTRY, NEED)
    needs.take(OPERATOR, item.number, way="tiep_nhan", given=PLAN, expected=None)
    before = make_viewer(Role.NATIONAL, now=item.opened_at)
    assert needs.show(item.number, viewer=before).state == "de_xuat"
    assert needs.list(viewer=before.at(item.opened_at - timedelta(seconds=1))) == []


def test_faults_are_named_and_nothing_is_kept(needs: Needs) -> None:
    item = needs.add(MINISTRY, NEED)
    with pytest.raises(FieldsRefused) as refused:
        needs.take(OPERATOR, item.number, way="tiep_nhan", given={"due": "2021-09-01"},
                   expected=None)  # fmt: skip
    assert refused.value.faults == {"owner": "missing", "due": "past"}
    assert needs.show(item.number, viewer=later(MINISTRY)).version == 1


def test_the_audit_log_says_who_did_what_and_in_no_words_of_theirs(
    needs: Needs, database: Database
) -> None:
    item = needs.add(HCM, {**NEED, "title": CANARY})
    needs.take(OPERATOR, item.number, way="tiep_nhan", given={**PLAN, "note": CANARY},
               expected=None)  # fmt: skip
    log = audit.read(database.engine, viewer=make_viewer(Role.ADMIN, now=NOW))
    rows = log.sort("seq").select("account", "action", "object", "detail").rows()
    assert [row[:3] for row in rows] == [
        ("hcm", "need.open", "need/N-1"), ("tttt", "need.tiep_nhan", "need/N-1"),
    ]  # fmt: skip
    assert json.loads(rows[1][3]) == {"was": "de_xuat", "becomes": "tiep_nhan", "version": "2"}
    assert CANARY not in repr(rows)
    assert audit.verify(database.engine, viewer=make_viewer(Role.ADMIN, now=NOW)).broken is None


def test_a_step_without_its_audit_row_is_not_kept(
    needs: Needs, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(audit, "record", fails)
    with pytest.raises(RuntimeError):
        needs.add(MINISTRY, NEED)
    with database.engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(tables.work_step)) == 0


# --- proposals ------------------------------------------------------------------------------------


def test_who_has_not_declared_does_not_score(proposals: Proposals) -> None:
    number = evaluated(proposals)
    with pytest.raises(StepRefused) as refused:
        proposals.take(OPERATOR, number, way="score", given=points("tham_dinh_ky_thuat"),
                       expected=None)  # fmt: skip
    assert refused.value.why == "undeclared"


def test_a_conflict_bars_the_score_and_cannot_be_taken_back(proposals: Proposals) -> None:
    number = evaluated(proposals)
    with pytest.raises(FieldsRefused, match="what"):
        proposals.take(STEWARD, number, way="declare", given={"conflict": "yes"}, expected=None)
    yes = {"conflict": "yes", "what": "từng làm việc ở đó"}
    proposals.take(STEWARD, number, way="declare", given=yes, expected=None)
    for way, given in (("score", points("tham_dinh_ky_thuat")), ("declare", {"conflict": "no"}),
                       ("open_scores", {"reason": "x"})):  # fmt: skip
        with pytest.raises(StepRefused) as refused:
            proposals.take(STEWARD, number, way=way, given=given, expected=None)
        assert refused.value.why == "conflict"
    _, found = proposals.show(number, viewer=later(MINISTRY))
    assert found.sheets["tham_dinh_ky_thuat"].barred == ("du-lieu",)


def test_a_conflict_found_later_takes_the_score_out(proposals: Proposals) -> None:
    number = evaluated(proposals)
    for who, value in ((OPERATOR, 4), (STEWARD, 10)):
        proposals.take(who, number, way="declare", given={"conflict": "no"}, expected=None)
        proposals.take(who, number, way="score", given=points("tham_dinh_ky_thuat", value),
                       expected=None)  # fmt: skip
    assert proposals.show(number, viewer=later(MINISTRY))[1].total() == pytest.approx(7)
    yes = {"conflict": "yes", "what": "mới biết"}
    proposals.take(STEWARD, number, way="declare", given=yes, expected=None)
    assert proposals.show(number, viewer=later(MINISTRY))[1].total() == pytest.approx(4)


def test_scores_are_seen_by_nobody_else_until_all_are_in(proposals: Proposals) -> None:
    number = evaluated(proposals)
    proposals.take(OPERATOR, number, way="declare", given={"conflict": "no"}, expected=None)
    given = {**points("tham_dinh_ky_thuat"), "why_fit": CANARY}
    proposals.take(OPERATOR, number, way="score", given=given, expected=None)
    for who in (STEWARD, MINISTRY, ADMIN):
        seen = proposals.show(number, viewer=later(who), account=who.account)
        assert CANARY not in repr(seen)
        assert seen[1].total() is None
    assert CANARY in repr(proposals.show(number, viewer=later(OPERATOR), account="TTTT "))
    with pytest.raises(StepRefused) as refused:
        proposals.take(OPERATOR, number, way="tham_dinh_y_te", given={}, expected=None)
    assert refused.value.why == "scores"
    answered = proposals.take(STEWARD, number, way="declare", given={"conflict": "no"},
                              expected=None)  # fmt: skip
    assert CANARY not in repr(answered)
    proposals.take(STEWARD, number, way="score", given=points("tham_dinh_ky_thuat"), expected=None)
    assert CANARY in repr(proposals.show(number, viewer=later(MINISTRY), account="by-te"))


def test_the_chair_opens_scores_with_a_reason_and_none_changes_after(proposals: Proposals) -> None:
    number = evaluated(proposals)
    for who in (OPERATOR, STEWARD):
        proposals.take(who, number, way="declare", given={"conflict": "no"}, expected=None)
    proposals.take(OPERATOR, number, way="score", given=points("tham_dinh_ky_thuat"), expected=None)
    with pytest.raises(StepRefused, match="only the chair"):
        proposals.take(MINISTRY, number, way="open_scores", given={"reason": "x"}, expected=None)
    proposals.take(STEWARD, number, way="open_scores", given={"reason": "hết hạn"}, expected=None)
    _, found = proposals.show(number, viewer=later(MINISTRY))
    assert found.total() == pytest.approx(7)
    for who in (OPERATOR, STEWARD):
        with pytest.raises(StepRefused) as refused:
            proposals.take(who, number, way="score", given=points("tham_dinh_ky_thuat", 1),
                           expected=None)  # fmt: skip
        assert refused.value.why == "scores_open"


def test_weights_are_those_of_the_file(proposals: Proposals) -> None:
    number = piloted(proposals)
    _, found = proposals.show(number, viewer=later(MINISTRY))
    assert found.total() == pytest.approx(7)
    other = evaluated(proposals)
    for who in (OPERATOR, STEWARD):
        proposals.take(who, other, way="declare", given={"conflict": "no"}, expected=None)
        given = points("tham_dinh_ky_thuat", 0) | {"score_fit": "10"}
        proposals.take(who, other, way="score", given=given, expected=None)
    _, found = proposals.show(other, viewer=later(MINISTRY))
    assert found.sheets["tham_dinh_ky_thuat"].total() == pytest.approx(3.5)


def test_a_decision_takes_a_second_person(proposals: Proposals) -> None:
    number = piloted(proposals)
    decision = {"outcome": "chap_nhan", "reason": "đạt"}
    asked = proposals.take(MINISTRY, number, way="decide", given=decision, expected=None)
    assert asked.state == "thi_diem"
    with pytest.raises(StepRefused) as refused:
        proposals.take(MINISTRY, number, way="confirm", given={}, expected=None)
    assert refused.value.why == "second"
    again = type(MINISTRY)(account=" By-Te", role=Role.OPERATOR)
    with pytest.raises(StepRefused):
        proposals.take(again, number, way="confirm", given={}, expected=None)
    assert proposals.take(SECOND, number, way="confirm", given={}, expected=None).state == (
        "chap_nhan"
    )


def test_an_objection_ends_a_decision_and_another_may_follow(proposals: Proposals) -> None:
    number = piloted(proposals)
    for outcome in ("chap_nhan", "tu_choi"):
        given = {"outcome": outcome, "reason": "vì"}
        proposals.take(MINISTRY, number, way="decide", given=given, expected=None)
        with pytest.raises(StepRefused, match="second person"):
            proposals.take(OPERATOR, number, way="decide", given=given, expected=None)
        if outcome == "chap_nhan":
            proposals.take(OPERATOR, number, way="object", given={"reason": "chưa"}, expected=None)
    made = proposals.take(OPERATOR, number, way="confirm", given={}, expected=None)
    assert made.state == "tu_choi"


def test_nothing_is_accepted_before_its_pilot(proposals: Proposals) -> None:
    number = evaluated(proposals)
    given = {"outcome": "chap_nhan", "reason": "vội"}
    with pytest.raises(FieldsRefused, match="no_pilot"):
        proposals.take(MINISTRY, number, way="decide", given=given, expected=None)


@pytest.mark.parametrize("who", [SECOND, OPERATOR])
def test_who_has_a_conflict_decides_nothing(proposals: Proposals, who) -> None:
    """Evaluator or not, and when it is found out during the pilot."""
    number = piloted(proposals)
    yes, decision = {"conflict": "yes", "what": "người nhà"}, {"outcome": "tu_choi", "reason": "x"}
    proposals.take(who, number, way="declare", given=yes, expected=None)
    with pytest.raises(StepRefused) as refused:
        proposals.take(who, number, way="decide", given=decision, expected=None)
    assert refused.value.why == "conflict"
    proposals.take(MINISTRY, number, way="decide", given=decision, expected=None)
    for way, given in (("confirm", {}), ("object", {"reason": "x"})):
        with pytest.raises(StepRefused) as refused:
            proposals.take(who, number, way=way, given=given, expected=None)
        assert refused.value.why == "conflict"


def test_evaluators_of_open_scores_stay(proposals: Proposals) -> None:
    number = piloted(proposals)
    with pytest.raises(StepRefused):
        proposals.take(OPERATOR, number, way="reassign", given={**GROUP, "reason": "x"},
                       expected=None)  # fmt: skip


# --- the command line -----------------------------------------------------------------------------


def test_the_command_line_takes_the_same_steps(
    database: Database, vn_pack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with writing(database.engine) as connection:
        load_reference(connection, vn_pack)
    monkeypatch.setenv("TUYENDAU_DATABASE_URL", database.url)
    monkeypatch.setenv("TUYENDAU_NOW", NOW.isoformat())

    def run(*words: str) -> tuple[int, str, str]:
        code = main(words)
        said = capsys.readouterr()
        return code, said.out, said.err

    fields = ["--field=title=Tin nhắn", "--field=description=Trả kết quả",
              "--field=platform=testing", "--field=priority=high"]  # fmt: skip
    code, out, _ = run("needs", "add", "--by", "hcm", "--as", "province:79", "--json", *fields)
    assert (code, json.loads(out)["code"]) == (0, "N-1")
    code, _, err = run("needs", "move", "N-1", "--by", "hn", "--as", "province:01",
                       "--step", "comment", "--field=note=x")  # fmt: skip
    assert (code, err.count("\n")) == (2, 1)
    code, out, _ = run("needs", "move", "N-1", "--by", "tttt", "--as", "operator", "--json",
                       "--step=tiep_nhan", "--field=owner=A", "--field=due=2021-10-01")  # fmt: skip
    assert json.loads(out)["state"] == "tiep_nhan"
    code, out, _ = run("needs", "show", "n-1", "--json")
    assert [step["action"] for step in json.loads(out)["steps"]] == ["open", "tiep_nhan"]
    assert json.loads(run("needs", "list", "--json", "--as", "province:01")[1]) == []
    assert run("needs", "list", "--as", "press")[:2] == (0, "")
    assert run("proposals", "show", "P-x")[0] == 2
