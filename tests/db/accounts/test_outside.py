"""Sessions of people from outside: they end as ours do, and no two people are one."""

import json
from datetime import timedelta

import pytest
import sqlalchemy as sa

from data_access import tables
from data_access.accounts import outside, sessions
from data_access.accounts.model import console
from data_access.actor import Actor
from data_access.codes import Role
from data_access.errors import ScopeDenied
from data_access.viewer import make_viewer, system_viewer
from tests.db.accounts.conftest import World

COOKIE = "_streamlit_user"
STAMP = "https://id.vn/realms/y-te\nf2c1\nonce"
LAN = Actor(account="oidc:f2c1", role=Role.PROVINCE, areas=frozenset({"79", "01"}))


def stay(world: World, stamp: str = STAMP, *, cookie: str = COOKIE) -> outside.Stay | None:
    return outside.find(
        world.engine, stamp, cookie=cookie, now=world.now, viewer=system_viewer(world.now)
    )


def begin(world: World, stamp: str = STAMP, actor: Actor = LAN) -> bool:
    return outside.begin(world.engine, stamp, cookie=COOKIE, actor=actor, now=world.now)


def on_record(world: World) -> list[tuple[str, str, str, dict[str, str]]]:
    held = tables.audit.c
    with world.engine.connect() as connection:
        query = sa.select(held.account, held.role, held.action, held.detail).order_by(held.seq)
        found = connection.execute(query.where(held.action.like("session.%"))).all()
    return [(row.account, row.role, row.action, json.loads(row.detail)) for row in found]


def test_a_sign_in_is_a_session_and_is_on_record(world: World) -> None:
    assert stay(world) is None
    assert begin(world)
    found = stay(world)
    assert found
    assert found.account_id == "oidc:f2c1"
    assert found.expires_at - world.now == timedelta(hours=12)
    assert on_record(world) == [
        ("oidc:f2c1", "province", "session.begin", {"way": "oidc", "areas": "01|79"})
    ]
    assert stay(world, STAMP + "x") is None
    assert stay(world, cookie="td_session") is None


def test_the_same_sign_in_is_taken_once(world: World) -> None:
    assert begin(world)
    assert not begin(world)
    assert begin(world, STAMP.replace("once", "another time"))
    assert [row[2] for row in on_record(world)] == [
        "session.begin", "session.refused", "session.begin",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("minutes", "open_still"), [([59, 59, 59], True), ([61], False), ([59] * 12 + [13], False)]
)
def test_it_ends_after_an_hour_without_use_and_after_twelve(
    world: World, minutes: list[int], open_still: bool
) -> None:
    assert begin(world)
    for gone in minutes:
        found = stay(world)
        assert found
        sessions.touch(world.engine, STAMP, cookie=COOKIE, seen=found.seen_at, now=world.now)
        world.later(minutes=gone)
    assert (stay(world) is not None) is open_still


def test_leaving_ends_it_under_their_own_name(world: World) -> None:
    assert begin(world)
    sessions.end(world.engine, STAMP, cookie=COOKIE, now=world.now, actor=LAN)
    assert stay(world) is None
    assert on_record(world)[-1] == ("oidc:f2c1", "province", "session.end", {})
    # Nothing to end, nothing on record.
    sessions.end(world.engine, STAMP, cookie=COOKIE, now=world.now, actor=LAN)
    assert len(on_record(world)) == 2


def test_an_account_of_ours_of_the_same_name_is_somebody_else(world: World) -> None:
    account = world.add("f2c1", Role.NATIONAL)
    mine = world.sign_in("f2c1")
    assert begin(world)
    assert world.who(STAMP, cookie=COOKIE) is None
    same_id = Actor(account=f"oidc:{account.account_id}", role=Role.PRESS)
    assert begin(world, "its stamp", same_id)
    sessions.end_everywhere(world.engine, same_id.account, actor=console("tests"), now=world.now)
    assert world.who(mine)
    assert stay(world)
    assert stay(world, "its stamp") is None
    with pytest.raises(ValueError, match="outside"):
        begin(world, "another", account.actor)


def test_administrators_see_and_end_it(world: World) -> None:
    world.add("admin", Role.ADMIN)
    assert world.sign_in("admin")
    assert begin(world)
    admin = make_viewer(Role.ADMIN, now=world.now)
    found = sessions.listed(world.engine, now=world.now, viewer=admin)
    assert {one.login for one in found} == {"admin", "oidc:f2c1"}
    other = Actor(account="oidc:other", role=Role.NATIONAL)
    with pytest.raises(ScopeDenied):
        sessions.end_everywhere(world.engine, "oidc:f2c1", actor=other, now=world.now)
    assert (
        sessions.end_everywhere(world.engine, "oidc:f2c1", actor=console("tests"), now=world.now)
        == 1
    )
    assert stay(world) is None


def test_nothing_that_opens_anything_is_kept(world: World) -> None:
    assert begin(world)
    with world.engine.connect() as connection:
        kept = connection.execute(sa.select(tables.account_session)).mappings().all()
    told = str([dict(row) for row in kept]) + str(on_record(world))
    assert "once" not in told
    assert "id.vn" not in told
    assert len(kept) == 1
