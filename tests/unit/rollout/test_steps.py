"""Every step of a deployment and a ticket against the rules written down a second time."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_access.actor import Actor
from data_access.codes import Role
from data_access.rollout.model import FIELDS, SIDES, STAGES, Kind, Refused, checked
from data_access.rollout.steps import check_step, may_write

TODAY = date(2021, 9, 2)
DAYS = st.dates(TODAY - timedelta(days=20), TODAY + timedelta(days=2)).map(date.isoformat)


def deployment(**fields: str | None) -> dict[str, str | None]:
    given_: dict[str, str | None] = {
        "province": "79", "platform": "testing", "stage": "chua_bat_dau", "owner": "Sở TTTT",
        "date": "2021-08-01", "evidence": "QĐ 12", **fields,
    }  # fmt: skip
    return checked(Kind.DEPLOYMENT, given_)


@st.composite
def deployments(draw: st.DrawFn) -> dict[str, str | None]:
    side = draw(st.sampled_from(SIDES))
    return deployment(
        stage=draw(st.sampled_from(STAGES)),
        side=side,
        integrated=draw(st.sampled_from(["yes", "no"])) if side == "he_thong_rieng" else None,
        date=draw(DAYS),
        evidence=draw(st.sampled_from(["QĐ 12", None])),
    )


def is_allowed(before: dict[str, str | None], after: dict[str, str | None], reason: str) -> bool:
    """The rules of docs/rollout.md, written without looking at the program."""
    order = {stage: number for number, stage in enumerate(STAGES)}
    move = order[str(after["stage"])] - order[str(before["stage"])]
    if str(after["date"]) > TODAY.isoformat():
        return False
    if move == 0:
        pausing = after["side"] == "tam_dung" and before["side"] != "tam_dung"
        return bool(reason) or not pausing
    if "tam_dung" in (before["side"], after["side"]):
        return False
    if after["stage"] != "chua_bat_dau" and not after["evidence"]:
        return False
    if (move < 0 or move > 1) and not reason:
        return False
    return not (move > 0 and str(after["date"]) < str(before["date"]))


@given(deployments(), deployments(), st.sampled_from(["", "đính chính"]))
def test_a_step_is_taken_exactly_where_the_rules_allow_it(
    before: dict[str, str | None], after: dict[str, str | None], reason: str
) -> None:
    try:
        check_step(Kind.DEPLOYMENT, before, after, reason=reason, today=TODAY)
        taken = True
    except Refused:
        taken = False
    assert taken == is_allowed(before, after, reason)


@given(st.lists(deployments(), max_size=8))
def test_without_a_reason_no_chain_of_steps_goes_back_or_leaves_one_out(
    wanted: list[dict[str, str | None]],
) -> None:
    stands = deployment()
    numbers = [0]
    for after in wanted:
        try:
            check_step(Kind.DEPLOYMENT, stands, after, reason="", today=TODAY)
        except Refused:
            continue
        stands = after
        numbers.append(STAGES.index(str(after["stage"])))
    assert all(0 <= b - a <= 1 for a, b in zip(numbers, numbers[1:], strict=False))


@pytest.mark.parametrize(
    ("fields", "field", "code"),
    [
        ({"stage": "da_lap_to"}, "reason", "reason_skip"),
        ({"stage": "da_ban_hanh_van_ban", "evidence": None}, "evidence", "required"),
        ({"date": "2021-09-03"}, "date", "future"),
        ({"side": "tam_dung"}, "reason", "reason_pause"),
        ({"side": "he_thong_rieng"}, "integrated", "own_system"),
        ({"integrated": "yes"}, "integrated", "own_system"),
        ({"platform": "vaccination"}, "platform", "fixed"),
    ],
)
def test_a_refusal_names_the_field(fields: dict[str, str | None], field: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        check_step(Kind.DEPLOYMENT, deployment(), deployment(**fields), reason="", today=TODAY)
    assert (refused.value.field, refused.value.code) == (field, code)


INSTANTS = st.none() | st.integers(0, 5).map(
    lambda hours: (datetime(2021, 9, 1, tzinfo=UTC) + timedelta(hours=hours)).isoformat()
)


def ticket(**fields: str | None) -> dict[str, str | None]:
    return checked(Kind.TICKET, {
        "province": "79", "platform": "testing", "severity": "S2", "channel": "phone",
        "summary": "Không đăng nhập được", "opened": "2021-09-01T01:00:00+00:00", **fields,
    })  # fmt: skip


@given(INSTANTS, INSTANTS, INSTANTS, INSTANTS, st.sampled_from(["", "mở lại"]))
def test_a_ticket_is_acknowledged_before_it_is_resolved_and_reopened_with_a_reason(
    seen: str | None, done: str | None, seen2: str | None, done2: str | None, reason: str
) -> None:
    opened = "2021-09-01T01:00:00+00:00"

    def is_ordered(one: str | None, two: str | None) -> bool:
        return not (two and (one is None or one < opened or two < one)) and not (
            one and one < opened
        )

    undone = (seen and not seen2) or (done and not done2)
    expected = is_ordered(seen2, done2) and (bool(reason) or not undone)
    before = ticket() | {"acknowledged": seen, "resolved": done}
    try:
        check_step(Kind.TICKET, before, ticket(acknowledged=seen2, resolved=done2),
                   reason=reason, today=TODAY)  # fmt: skip
        taken = True
    except Refused:
        taken = False
    assert taken == expected


def test_a_province_writes_its_own_and_the_press_nothing() -> None:
    own = Actor(account="a", role=Role.PROVINCE, areas=frozenset({"79"}))
    assert may_write(own, Kind.DEPLOYMENT, "79")
    assert not may_write(own, Kind.DEPLOYMENT, "01")
    assert not may_write(own, Kind.MANDATE, "")
    operator = Actor(account="b", role=Role.OPERATOR)
    assert may_write(operator, Kind.TICKET, "01")
    assert not may_write(operator, Kind.DEPLOYMENT, "01")
    for kind in Kind:
        assert may_write(Actor(account="c", role=Role.STEWARD), kind, "01")
        assert not may_write(Actor(account="d", role=Role.PRESS), kind, "01")


@pytest.mark.parametrize("kind", Kind)
def test_a_field_that_is_needed_is_asked_for(kind: Kind) -> None:
    needed = [field.name for field in FIELDS[kind] if field.required]
    with pytest.raises(Refused) as refused:
        checked(kind, {})
    assert (refused.value.field, refused.value.code) == (needed[0], "required")


def test_texts_are_kept_in_one_form() -> None:
    made = deployment(owner="  Sở   TTTT ", districts_live="007")
    assert (made["owner"], made["districts_live"]) == ("Sở TTTT", "7")
