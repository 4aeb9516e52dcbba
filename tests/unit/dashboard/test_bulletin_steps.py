"""The way of a bulletin as a screen tells it, and why somebody may not take a step."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from dashboard.bulletin_steps import (
    APPROVE,
    CUT,
    PUBLISH,
    REHEARSE,
    REVIEW,
    SIGN,
    WITHDRAW,
    Work,
    stages,
    why_not,
)  # fmt: skip
from data_access.actor import Actor
from data_access.bulletins.model import Bulletin, State
from data_access.codes import Role

NOW = datetime(2021, 9, 2, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
AN = Actor(account="an", role=Role.NATIONAL)
BINH = Actor(account="binh", role=Role.NATIONAL)
CHI = Actor(account="chi", role=Role.PROVINCE, areas=frozenset({"79"}))
PRESS = Actor(account="", role=Role.PRESS)
DRAFT = Bulletin(
    number=1, state=State.DRAFT, cut_off=NOW, cut_at=NOW, cut_by="an", approved_at=None,
    approved_by="", published_at=None, published_by="", embargo_until=None, withdrawn_at=None,
    withdrawn_by="", withdrawn_reason="", title_vi="", title_en="", sha256="0" * 64,
    supersedes=None, base=None, rules="{}",
)  # fmt: skip
APPROVED = replace(DRAFT, state=State.APPROVED, approved_at=NOW + HOUR, approved_by="binh")
PUBLISHED = replace(APPROVED, state=State.PUBLISHED, published_at=NOW + 2 * HOUR,
                    published_by="binh", embargo_until=NOW + 4 * HOUR)  # fmt: skip
GONE = replace(PUBLISHED, state=State.WITHDRAWN, withdrawn_at=NOW + 5 * HOUR, withdrawn_by="an")


def told(head: Bulletin, work: Work, *, now: datetime = NOW) -> dict[str, str]:
    return {one.key: one.state for one in stages(head, work, now=now)}


@pytest.mark.parametrize(
    ("work", "wanted"),
    [
        (Work(n_open=2, n_late=63), {"review": "now", "sign": "ahead", "approve": "ahead"}),
        (Work(n_late=63), {"review": "done", "sign": "now", "approve": "now"}),
        (Work(), {"review": "done", "sign": "done", "approve": "now"}),
    ],
)
def test_a_draft_is_reviewed_signed_and_approved(work: Work, wanted: dict[str, str]) -> None:
    assert told(DRAFT, work) == {"cut": "done", **wanted, "publish": "ahead", "public": "ahead"}


def test_provinces_that_never_signed_are_not_told_as_signed() -> None:
    assert told(APPROVED, Work(n_late=63))["sign"] == "stopped"
    assert told(PUBLISHED, Work(n_late=1))["sign"] == "stopped"
    assert told(PUBLISHED, Work())["sign"] == "done"


def test_public_is_after_the_embargo_and_gone_after_withdrawal() -> None:
    assert told(APPROVED, Work())["publish"] == "now"
    assert told(PUBLISHED, Work(), now=NOW + 3 * HOUR)["public"] == "now"
    assert told(PUBLISHED, Work(), now=NOW + 4 * HOUR)["public"] == "done"
    assert told(GONE, Work(), now=NOW + 6 * HOUR)["withdraw"] == "stopped"


@pytest.mark.parametrize(
    ("step", "head", "actor", "work", "why"),
    [
        (CUT, None, AN, None, ""),
        (CUT, None, CHI, None, "role_cut"),
        (CUT, None, PRESS, None, "role_cut"),
        (REVIEW, DRAFT, AN, None, ""),
        (SIGN, DRAFT, CHI, None, ""),
        (SIGN, DRAFT, AN, None, "role_sign"),
        (SIGN, DRAFT, CHI, Work(signed=frozenset({"79"})), "signed"),
        (SIGN, DRAFT, CHI, Work(n_open=1), "open"),
        (SIGN, APPROVED, CHI, None, "not_draft"),
        (APPROVE, DRAFT, AN, None, "second"),
        (APPROVE, DRAFT, replace(AN, account=" AN "), None, "second"),
        (APPROVE, DRAFT, BINH, Work(n_open=1), "open"),
        (APPROVE, DRAFT, BINH, None, ""),
        (APPROVE, PUBLISHED, BINH, None, "not_draft"),
        (PUBLISH, DRAFT, BINH, None, "not_approved"),
        (PUBLISH, APPROVED, AN, None, "second"),
        (PUBLISH, APPROVED, BINH, None, ""),
        (PUBLISH, PUBLISHED, BINH, None, "not_draft"),
        (WITHDRAW, PUBLISHED, AN, None, ""),
        (WITHDRAW, GONE, AN, None, "gone"),
        (WITHDRAW, PUBLISHED, PRESS, None, "role_withdraw"),
        (REHEARSE, DRAFT, AN, None, ""),
        (REHEARSE, DRAFT, PRESS, None, "role_rehearse"),
    ],
)
def test_a_reason_is_given(
    step: str, head: Bulletin | None, actor: Actor, work: Work | None, why: str
) -> None:
    assert why_not(step, head, actor, work=work) == why
