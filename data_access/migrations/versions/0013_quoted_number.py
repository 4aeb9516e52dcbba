"""Figures said in a briefing, with triggers that let the list grow and do nothing else."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_REFUSED = "the register of quoted numbers only grows"
_REFUSE = f"BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END"
_SQLITE = {
    "quoted_number_no_update": "BEFORE UPDATE ON quoted_number",
    "quoted_number_no_delete": "BEFORE DELETE ON quoted_number",
    # INSERT OR REPLACE removes the old row without asking the second.
    "quoted_number_new": "BEFORE INSERT ON quoted_number"
    " WHEN EXISTS (SELECT 1 FROM quoted_number WHERE quote_id = NEW.quote_id)",
}
_FUNCTION = (
    "CREATE FUNCTION quoted_number_refuse() RETURNS trigger LANGUAGE plpgsql AS"
    f" $$ BEGIN RAISE EXCEPTION '{_REFUSED}'; END $$"
)


def upgrade() -> None:
    """Create the table and its triggers."""
    op.create_table(
        "quoted_number",
        sa.Column("quote_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("figure", sa.Text(), nullable=False),
        sa.Column("area_code", sa.Text(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("said_by", sa.Text(), nullable=False),
        sa.Column("said_at", sa.BigInteger(), nullable=False),
        sa.Column("registered_at", sa.BigInteger(), nullable=False),
        sa.Column("registered_by", sa.Text(), nullable=False),
        sa.Column("retracts", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("quote_id", name=op.f("pk_quoted_number")),
    )
    if op.get_bind().dialect.name == "sqlite":
        for name, event in _SQLITE.items():
            op.execute(f"CREATE TRIGGER {name} {event} {_REFUSE}")
        return
    op.execute(_FUNCTION)
    op.execute(
        "CREATE TRIGGER quoted_number_no_change BEFORE UPDATE OR DELETE OR TRUNCATE"
        " ON quoted_number FOR EACH STATEMENT EXECUTE FUNCTION quoted_number_refuse()"
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("quoted_number")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION quoted_number_refuse()")
