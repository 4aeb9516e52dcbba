"""The table of what people say for the levels of areas: every version, none replaced."""

import sqlalchemy as sa


def declare_levels(into: sa.MetaData) -> None:
    """Add the table to a metadata object."""
    sa.Table(
        "level_input",
        into,
        sa.Column("area", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        # 1, 2, 3, ...: two who said the same version cannot both be kept.
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("known_at", sa.BigInteger, nullable=False),
        # Code of the province that the area lies in.
        sa.Column("province", sa.Text, nullable=False),
        # Days on which the value holds; until is empty where it holds on.
        sa.Column("since", sa.Integer, nullable=False),
        sa.Column("until", sa.Integer),
        # As it was written; empty: from that day on it is not known.
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sqlite_with_rowid=False,
    )
