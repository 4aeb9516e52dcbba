"""What the dashboard's own role may do on PostgreSQL: read what pages show, and add a few things.

Everything else is for the owner of the tables: taking in deliveries, migrating, rekeying.
"""

import re

import sqlalchemy as sa

from data_access import tables
from data_access.engine import writing
from data_access.errors import BadUse, DataAccessError

HIDDEN = frozenset(
    {"token", "person_link", "chain_link", "chain_touched", "confirmation", "delivery", "feed"}
)
"""No page reads these: hashes of secrets, links between people, files as they were delivered."""
INSERTED = (
    "audit", "audit_head", "scenario",
    "account_session", "login_throttle",
    "bulletin", "bulletin_part", "frozen_part", "bulletin_acceptance", "bulletin_signoff",
    "bulletin_package",
    "rollout_version", "alert_step", "alert_outbox", "work_step", "quoted_number", "level_input",
)  # fmt: skip
"""What people on pages leave behind: signing in, bulletins; accounts are made by their owner."""
UPDATED = {
    "audit_head": ("seq", "hash", "seal"),
    "account": (
        "password_hash", "password_at", "must_change", "totp_secret", "totp_step", "signed_in_at",
    ),
    "account_session": ("seen_at",),
    "alert": ("state", "version", "assignee", "closed_at", "open_key", "moved"),
    "login_throttle": ("failures", "refused", "last_at", "locked_until"),
    "bulletin": (
        "state", "approved_at", "approved_by", "published_at", "published_by", "embargo_until",
        "withdrawn_at", "withdrawn_by", "withdrawn_reason", "base",
    ),
}  # fmt: skip
DELETED = ("account_session", "login_throttle")
_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")


def statements(reader: str) -> list[str]:
    """Return the statements that let a role read and no more; giving them again changes nothing.

    Raises:
        BadUse: if that cannot be the name of a role.
    """
    if not _NAME.fullmatch(reader):
        raise BadUse("a role's name has small letters, digits and _ only, and begins with none")
    seen = ["alembic_version", *sorted(set(tables.SHIPPED_TABLES) - HIDDEN)]
    return [
        f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {reader}",
        f"REVOKE ALL ON SCHEMA public FROM {reader}",
        f"GRANT USAGE ON SCHEMA public TO {reader}",
        f"GRANT SELECT ON {', '.join(seen)} TO {reader}",
        f"GRANT INSERT ON {', '.join(INSERTED)} TO {reader}",
        f"GRANT DELETE ON {', '.join(DELETED)} TO {reader}",
        *(
            f"GRANT UPDATE ({', '.join(columns)}) ON {table} TO {reader}"
            for table, columns in UPDATED.items()
        ),
    ]


def apply(engine: sa.Engine, reader: str) -> None:
    """Give the rights, all or none. Whoever does it must own the tables.

    Raises:
        BadUse: on SQLite, or if there is no such role.
        DataAccessError: if the role goes round row-level security.
        DatabaseUnavailable: if the database does not answer.
    """
    wanted = statements(reader)
    if engine.dialect.name != "postgresql":
        raise BadUse("SQLite has no roles: grants are for PostgreSQL")
    with writing(engine) as connection:
        asked = sa.text("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = :name")
        goes_round = connection.scalar(asked, {"name": reader})
        if goes_round is None:
            raise BadUse(f"there is no role {reader}: CREATE ROLE {reader} LOGIN PASSWORD ...")
        if goes_round:
            raise DataAccessError(f"role {reader} goes round row-level security: take another one")
        for statement in wanted:
            connection.execute(sa.text(statement))
