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
        sa.Column("side", sa.SmallInteger(), nullable=False),
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("known_at", sa.BigInteger(), nullable=False),
        sa.Column("entries", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("side", "bucket", "batch_id", "part", name=op.f("pk_person_link")),
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("person_link")
