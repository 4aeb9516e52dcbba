"""Which pseudonyms were delivered with which further identifiers, all of them keyed hashes."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "person_link",
        sa.Column("person_ref", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("first_known_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("person_ref", "token", name=op.f("pk_person_link")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_person_link_token", "person_link", ["token"])


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("person_link")
