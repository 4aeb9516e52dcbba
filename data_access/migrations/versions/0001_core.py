"""The core tables: reference data, ledger, deliveries, cube."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    _create_meta()
    _create_area()
    _create_population()
    _create_succession()
    _create_neighbour()
    _create_source()
    _create_measure()
    _create_breakdown()
    _create_batch()
    _create_batch_flag()
    _create_confirmation()
    _create_feed()
    _create_delivery()
    _create_cube_current()
    _create_cube_history()
    _create_partition_change()


def downgrade() -> None:
    """Drop the tables, those that refer to others first."""
    for name in (
        "partition_change",
        "cube_history",
        "cube_current",
        "delivery",
        "feed",
        "confirmation",
        "batch_flag",
        "batch",
        "breakdown",
        "measure",
        "source",
        "neighbour",
        "succession",
        "population",
        "area",
        "meta",
    ):
        op.drop_table(name)


def _create_meta() -> None:
    op.create_table(
        "meta",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_meta")),
    )


def _create_area() -> None:
    op.create_table(
        "area",
        sa.Column("area_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("vintage", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("parent_code", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("aliases", sa.Text(), server_default="", nullable=False),
        sa.Column("region", sa.Text(), server_default="", nullable=False),
        sa.Column("kind", sa.Text(), server_default="", nullable=False),
        sa.Column("valid_from", sa.Integer(), nullable=True),
        sa.Column("valid_to", sa.Integer(), nullable=True),
        sa.Column("lon", sa.Double(), nullable=True),
        sa.Column("lat", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("area_id", name=op.f("pk_area")),
        sa.UniqueConstraint("code", "vintage", name=op.f("uq_area_code_vintage")),
    )


def _create_population() -> None:
    op.create_table(
        "population",
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column("grp", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("population", sa.BigInteger(), nullable=False),
        sa.Column("as_of", sa.Integer(), nullable=True),
        sa.Column("confidence", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["area_id"],
            ["area.area_id"],
        ),
        sa.PrimaryKeyConstraint("area_id", "grp", "source", name=op.f("pk_population")),
    )


def _create_succession() -> None:
    op.create_table(
        "succession",
        sa.Column("old_code", sa.Text(), nullable=False),
        sa.Column("old_vintage", sa.Text(), nullable=False),
        sa.Column("new_code", sa.Text(), nullable=False),
        sa.Column("new_vintage", sa.Text(), nullable=False),
        sa.Column("from_day", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "old_code", "old_vintage", "new_code", "new_vintage", name=op.f("pk_succession")
        ),
    )


def _create_neighbour() -> None:
    op.create_table(
        "neighbour",
        sa.Column("area_a", sa.Integer(), nullable=False),
        sa.Column("area_b", sa.Integer(), nullable=False),
        sa.Column("border_km", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["area_a"],
            ["area.area_id"],
        ),
        sa.ForeignKeyConstraint(
            ["area_b"],
            ["area.area_id"],
        ),
        sa.PrimaryKeyConstraint("area_a", "area_b", name=op.f("pk_neighbour")),
    )


def _create_source() -> None:
    op.create_table(
        "source",
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("precedence", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("source_id", name=op.f("pk_source")),
        sa.UniqueConstraint("name", "origin", name=op.f("uq_source_name_origin")),
    )


def _create_measure() -> None:
    op.create_table(
        "measure",
        sa.Column("measure_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("clearance", sa.SmallInteger(), nullable=False),
        sa.Column("vi", sa.Text(), nullable=False),
        sa.Column("en", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("measure_id", name=op.f("pk_measure")),
        sa.UniqueConstraint("key", name=op.f("uq_measure_key")),
    )


def _create_breakdown() -> None:
    op.create_table(
        "breakdown",
        sa.Column("breakdown_id", sa.Integer(), nullable=False),
        sa.Column("dims", sa.Text(), nullable=False),
        sa.Column("cut", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("breakdown_id", name=op.f("pk_breakdown")),
        sa.UniqueConstraint("dims", name=op.f("uq_breakdown_dims")),
    )


def _create_batch() -> None:
    op.create_table(
        "batch",
        sa.Column(
            "batch_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("record_kind", sa.Text(), server_default="", nullable=False),
        sa.Column("mode", sa.Text(), server_default="", nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("n_bytes", sa.BigInteger(), nullable=False),
        sa.Column("known_at", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("committed_at", sa.BigInteger(), nullable=False),
        sa.Column("n_read", sa.BigInteger(), nullable=False),
        sa.Column("n_new", sa.BigInteger(), nullable=False),
        sa.Column("n_updated", sa.BigInteger(), nullable=False),
        sa.Column("n_unchanged", sa.BigInteger(), nullable=False),
        sa.Column("n_stale", sa.BigInteger(), nullable=False),
        sa.Column("n_rejected", sa.BigInteger(), nullable=False),
        sa.Column("n_flagged", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("n_retracted", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("rejects_file", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["source.source_id"],
        ),
        sa.PrimaryKeyConstraint("batch_id", name=op.f("pk_batch")),
    )
    op.create_index("ix_batch_sha256", "batch", ["sha256"], unique=False)
    op.create_index("ix_batch_source_id_known_at", "batch", ["source_id", "known_at"], unique=False)


def _create_batch_flag() -> None:
    op.create_table(
        "batch_flag",
        sa.Column("batch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("n_rows", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"],
            ["batch.batch_id"],
        ),
        sa.PrimaryKeyConstraint("batch_id", "reason", name=op.f("pk_batch_flag")),
    )


def _create_confirmation() -> None:
    op.create_table(
        "confirmation",
        sa.Column("batch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("part", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("record_kind", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("known_at", sa.BigInteger(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"],
            ["batch.batch_id"],
        ),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["source.source_id"],
        ),
        sa.PrimaryKeyConstraint("batch_id", "part", name=op.f("pk_confirmation")),
    )
    op.create_index(
        "ix_confirmation_lookup",
        "confirmation",
        ["platform", "record_kind", "source_id", "known_at"],
        unique=False,
    )


def _create_feed() -> None:
    op.create_table(
        "feed",
        sa.Column("feed_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("measure_id", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["measure_id"],
            ["measure.measure_id"],
        ),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["source.source_id"],
        ),
        sa.PrimaryKeyConstraint("feed_id", name=op.f("pk_feed")),
        sa.UniqueConstraint("key", name=op.f("uq_feed_key")),
    )


def _create_delivery() -> None:
    op.create_table(
        "delivery",
        sa.Column("batch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("feed_id", sa.Integer(), nullable=False),
        sa.Column("known_at", sa.BigInteger(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("n_cells", sa.BigInteger(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"],
            ["batch.batch_id"],
        ),
        sa.ForeignKeyConstraint(
            ["feed_id"],
            ["feed.feed_id"],
        ),
        sa.PrimaryKeyConstraint("batch_id", "feed_id", name=op.f("pk_delivery")),
    )
    op.create_index(
        "ix_delivery_feed_id_known_at", "delivery", ["feed_id", "known_at"], unique=False
    )


def _create_cube_current() -> None:
    op.create_table(
        "cube_current",
        sa.Column("measure_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("month", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("area_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("breakdown_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("source_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("known_at", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "measure_id",
            "month",
            "day",
            "area_id",
            "breakdown_id",
            "source_id",
            name=op.f("pk_cube_current"),
        ),
        sqlite_with_rowid=False,
    )


def _create_cube_history() -> None:
    op.create_table(
        "cube_history",
        sa.Column("measure_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("month", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("area_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("breakdown_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("source_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("known_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "measure_id",
            "month",
            "day",
            "area_id",
            "breakdown_id",
            "source_id",
            "known_at",
            name=op.f("pk_cube_history"),
        ),
        sqlite_with_rowid=False,
    )


def _create_partition_change() -> None:
    op.create_table(
        "partition_change",
        sa.Column("measure_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("month", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("change_no", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("measure_id", "month", name=op.f("pk_partition_change")),
        sqlite_with_rowid=False,
    )
