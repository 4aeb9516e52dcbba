"""The table of steps: everything that was ever done with a need or a proposal, one row a step.

Where something stands is what its steps say; there is no row that is written over.
"""

import sqlalchemy as sa


def declare_workflow(into: sa.MetaData) -> None:
    """Add the table of steps to a metadata object."""
    sa.Table(
        "work_step",
        into,
        # need or proposal.
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        # 1, 2, 3, ...: two who act on the same version cannot both be kept.
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        # Province that what is worked on belongs to; empty: the nation. The same in all its steps.
        sa.Column("province", sa.Text, nullable=False, server_default=""),
        sa.Column("action", sa.Text, nullable=False),
        # Where it stands after the step.
        sa.Column("state", sa.Text, nullable=False),
        # Canonical JSON of the fields that were filled in.
        sa.Column("content", sa.Text, nullable=False),
    )
