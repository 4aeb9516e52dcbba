"""The table of the rollout: every version of everything that is said about it, none replaced."""

import sqlalchemy as sa


def declare_rollout(into: sa.MetaData) -> None:
    """Add the table to a metadata object."""
    sa.Table(
        "rollout_version",
        into,
        # What it is (deployment, ticket, ...), which one, and the how-manieth saying about it.
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("item", sa.Text, primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("known_at", sa.BigInteger, nullable=False),
        # Code of the province it belongs to, empty for the nation.
        sa.Column("province", sa.Text, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        # JSON: field name to text or null.
        sa.Column("content", sa.Text, nullable=False),
        sqlite_with_rowid=False,
    )
