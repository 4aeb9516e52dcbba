"""The audit log, with triggers that let it grow and do nothing else; the clearance of a source."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_REFUSED = "the audit log only grows"
_REFUSE = f"BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END"
# name: on which event of which table. The third is there because INSERT OR REPLACE removes
# the old row without asking the second.
_SQLITE = {
    "audit_no_update": "BEFORE UPDATE ON audit",
    "audit_no_delete": "BEFORE DELETE ON audit",
    "audit_at_the_end": "BEFORE INSERT ON audit"
    " WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM audit)",
    "audit_head_no_delete": "BEFORE DELETE ON audit_head",
    "audit_head_forward": "BEFORE UPDATE ON audit_head"
    " WHEN NEW.seq <= OLD.seq OR NEW.head_id <> OLD.head_id",
    "audit_head_once": "BEFORE INSERT ON audit_head WHEN EXISTS (SELECT 1 FROM audit_head)",
}
_POSTGRESQL = {
    "audit_no_change": "BEFORE UPDATE OR DELETE OR TRUNCATE ON audit FOR EACH STATEMENT",
    "audit_head_no_delete": "BEFORE DELETE OR TRUNCATE ON audit_head FOR EACH STATEMENT",
    "audit_head_forward": "BEFORE UPDATE ON audit_head FOR EACH ROW"
    " WHEN (NEW.seq <= OLD.seq OR NEW.head_id <> OLD.head_id)",
}
_FUNCTION = (
    "CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS"
    f" $$ BEGIN RAISE EXCEPTION '{_REFUSED}'; END $$"
)


def upgrade() -> None:
    """Create the tables and their triggers; every source is as public as its measures."""
    clearance = sa.Column("clearance", sa.SmallInteger(), server_default="0", nullable=False)
    op.add_column("source", clearance)
    op.create_table(
        "audit",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("previous_hash", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit")),
    )
    op.create_table(
        "audit_head",
        sa.Column("head_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("seal", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("head_id", name=op.f("pk_audit_head")),
    )
    if op.get_bind().dialect.name == "sqlite":
        for name, event in _SQLITE.items():
            op.execute(f"CREATE TRIGGER {name} {event} {_REFUSE}")
        return
    op.execute(_FUNCTION)
    for name, event in _POSTGRESQL.items():
        op.execute(f"CREATE TRIGGER {name} {event} EXECUTE FUNCTION audit_refuse()")


def downgrade() -> None:
    """Drop them."""
    op.drop_column("source", "clearance")
    op.drop_table("audit_head")
    op.drop_table("audit")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION audit_refuse()")
