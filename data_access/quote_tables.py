"""The table of figures that were said in a briefing.

Must import nothing of the program: `tables` declares it among the others.
"""

import sqlalchemy as sa


def declare_quotes(into: sa.MetaData) -> sa.Table:
    """Add the table to a metadata object and return it."""
    return sa.Table(
        "quoted_number",
        into,
        sa.Column("quote_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("figure", sa.Text, nullable=False),
        sa.Column("area_code", sa.Text, nullable=False),
        sa.Column("day", sa.Integer, nullable=False),
        sa.Column("value", sa.Double, nullable=False),
        sa.Column("said_by", sa.Text, nullable=False),
        sa.Column("said_at", sa.BigInteger, nullable=False),
        sa.Column("registered_at", sa.BigInteger, nullable=False),
        sa.Column("registered_by", sa.Text, nullable=False),
        # Rows are never changed: one that was wrong is taken back by a later one.
        sa.Column("retracts", sa.BigInteger),
        sa.Column("reason", sa.Text, nullable=False, server_default=""),
    )
