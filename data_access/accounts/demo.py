"""Accounts of a demonstration: one per role. They exist only with TUYENDAU_DEMO."""

from datetime import datetime

import sqlalchemy as sa

from data_access import tables
from data_access.accounts import rows, sessions, trail
from data_access.accounts.manage import NewAccount, add_account
from data_access.accounts.model import Account
from data_access.actor import Actor
from data_access.codes import Level, Role
from data_access.engine import ACCOUNT_LOCK, writing
from data_access.errors import BadUse
from data_access.reference.areas import Areas

_NAMES = {
    Role.NATIONAL: "Ban Chỉ đạo quốc gia (trình diễn)",
    Role.PROVINCE: "Ban Chỉ đạo cấp tỉnh (trình diễn)",
    Role.STEWARD: "Quản lý dữ liệu (trình diễn)",
    Role.OPERATOR: "Vận hành nền tảng (trình diễn)",
    Role.PRESS: "Báo chí (trình diễn)",
    Role.ADMIN: "Quản trị hệ thống (trình diễn)",
}
_FAVOURITE = "79"  # Ho Chi Minh City, where the country has such a province


def make_demo_accounts(
    engine: sa.Engine, *, demo: bool, areas: Areas, actor: Actor, now: datetime
) -> list[tuple[Account, str]]:
    """Make one account per role, with new passwords; return each with its password.

    Raises:
        BadUse: outside a demonstration.
        DatabaseUnavailable: if the database does not answer.
    """
    if not demo:
        raise BadUse("accounts of a demonstration exist only with TUYENDAU_DEMO=1")
    remove_demo_accounts(engine, actor=actor, now=now)
    codes = areas.at(Level.PROVINCE.value, areas.default_vintage)["code"].to_list()
    province = _FAVOURITE if _FAVOURITE in codes else min(codes)
    made = []
    for role, name in _NAMES.items():
        new = NewAccount(
            login=f"demo.{role.value}",
            name=name,
            role=role,
            areas=frozenset({province}) if role is Role.PROVINCE else frozenset(),
            is_demo=True,
        )
        made.append(add_account(engine, new, areas=areas, actor=actor, now=now))
    return made


def remove_demo_accounts(engine: sa.Engine, *, actor: Actor, now: datetime) -> int:
    """Remove every account of a demonstration; return how many there were.

    Raises:
        ScopeDenied: if the actor may not.
        DatabaseUnavailable: if the database does not answer.
    """
    held = tables.account
    with writing(engine, lock=ACCOUNT_LOCK) as connection:
        rows.require_manager(connection, actor)
        ids = connection.execute(sa.select(held.c.account_id).where(held.c.is_demo == 1))
        gone = [str(found) for found in ids.scalars()]
        for account_id in gone:
            sessions.end_all(connection, account_id)
        connection.execute(sa.delete(held).where(held.c.is_demo == 1))
        trail.note(
            connection, at=now, actor=actor, action="account.remove_demo", subject="",
            detail={"accounts": str(len(gone))},
        )  # fmt: skip
    return len(gone)
