"""Tables of accounts, their sessions and failed attempts. No password, code or address is in them.

Must import nothing of the program: `tables` declares these among the others.
"""

import sqlalchemy as sa


def declare_accounts(into: sa.MetaData) -> tuple[sa.Table, sa.Table, sa.Table]:
    """Add the tables to a metadata object and return (account, account_session, login_throttle)."""
    account = sa.Table(
        "account",
        into,
        sa.Column("account_id", sa.Text, primary_key=True),
        sa.Column("login", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        # Codes of provinces joined by "|"; only a province's account has any.
        sa.Column("areas", sa.Text, nullable=False, server_default=""),
        sa.Column("password_hash", sa.Text, nullable=False),
        sa.Column("must_change", sa.SmallInteger, nullable=False),
        # Sealed with a key of the environment (`accounts.keys`); empty: no second factor.
        sa.Column("totp_secret", sa.Text, nullable=False, server_default=""),
        # The newest time step whose code was used: none opens anything twice.
        sa.Column("totp_step", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("is_demo", sa.SmallInteger, nullable=False, server_default="0"),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False, server_default=""),
        sa.Column("password_at", sa.BigInteger, nullable=False),
        sa.Column("signed_in_at", sa.BigInteger),
        sa.Column("disabled_at", sa.BigInteger),
        sa.UniqueConstraint("login"),
    )
    session = sa.Table(
        "account_session",
        into,
        # SHA-256 of the cookie's name and value: whoever reads the table can open nothing.
        sa.Column("session_sha256", sa.Text, primary_key=True),
        sa.Column("account_id", sa.Text, nullable=False, index=True),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("seen_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
    )
    throttle = sa.Table(
        "login_throttle",
        into,
        # Keyed hash of a login or an address: neither can be read from it.
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("refused", sa.Integer, nullable=False),
        sa.Column("last_at", sa.BigInteger, nullable=False),
        sa.Column("locked_until", sa.BigInteger, nullable=False),
    )
    return account, session, throttle
