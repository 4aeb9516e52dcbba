"""Tables of bulletins: heads, the parts each is made of, the parts' content, and what was said.

The content of a part is kept once, whichever bulletins hold it.
"""

import sqlalchemy as sa


def declare_bulletins(into: sa.MetaData) -> None:
    """Add the tables of bulletins to a metadata object."""
    _heads(into)
    _parts(into)
    _said(into)
    _packages(into)


def _heads(into: sa.MetaData) -> None:
    sa.Table(
        "bulletin",
        into,
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        # draft, approved, published or withdrawn.
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("cut_off", sa.BigInteger, nullable=False),
        sa.Column("cut_at", sa.BigInteger, nullable=False),
        sa.Column("cut_by", sa.Text, nullable=False),
        sa.Column("approved_at", sa.BigInteger),
        sa.Column("approved_by", sa.Text, nullable=False, server_default=""),
        sa.Column("published_at", sa.BigInteger),
        sa.Column("published_by", sa.Text, nullable=False, server_default=""),
        sa.Column("embargo_until", sa.BigInteger),
        sa.Column("withdrawn_at", sa.BigInteger),
        sa.Column("withdrawn_by", sa.Text, nullable=False, server_default=""),
        sa.Column("withdrawn_reason", sa.Text, nullable=False, server_default=""),
        sa.Column("title_vi", sa.Text, nullable=False, server_default=""),
        sa.Column("title_en", sa.Text, nullable=False, server_default=""),
        sa.Column("sha256", sa.Text, nullable=False),
        # The withdrawn bulletin that it stands for.
        sa.Column("supersedes", sa.Integer),
        # The bulletin that its revisions were worked out against when it was published.
        sa.Column("base", sa.Integer),
        # Canonical JSON: rule sets with versions, default vintage, version of the program.
        sa.Column("rules", sa.Text, nullable=False),
    )


def _parts(into: sa.MetaData) -> None:
    sa.Table(
        "bulletin_part",
        into,
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        # cells, areas, population, succession, ...; `bulletins.model.Kind`.
        sa.Column("kind", sa.Text, primary_key=True),
        # Id of the measure and month yyyymm of cells; empty and 0 otherwise.
        sa.Column("measure", sa.Text, primary_key=True),
        sa.Column("month", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Index("ix_bulletin_part_sha256", "sha256"),
    )
    sa.Table(
        "frozen_part",
        into,
        # Of the canonical bytes of the content, not of the payload.
        sa.Column("sha256", sa.Text, primary_key=True),
        sa.Column("n_rows", sa.BigInteger, nullable=False),
        sa.Column("n_bytes", sa.BigInteger, nullable=False),
        # Parquet (zstd) of the content in canonical order.
        sa.Column("payload", sa.LargeBinary, nullable=False),
    )


def _said(into: sa.MetaData) -> None:
    sa.Table(
        "bulletin_acceptance",
        into,
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("area_code", sa.Text, primary_key=True),
        sa.Column("day", sa.Integer, primary_key=True, autoincrement=False),
        # What was accepted: the change from one value to the other, and no other change.
        sa.Column("was", sa.Text, nullable=False),
        sa.Column("becomes", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("accepted_by", sa.Text, nullable=False),
        sa.Column("accepted_at", sa.BigInteger, nullable=False),
    )
    sa.Table(
        "bulletin_signoff",
        into,
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("province", sa.Text, primary_key=True),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("signed_by", sa.Text, nullable=False),
        sa.Column("signed_at", sa.BigInteger, nullable=False),
    )


def _packages(into: sa.MetaData) -> None:
    sa.Table(
        "bulletin_package",
        into,
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        # published or withdrawn: one that was withdrawn says so inside.
        sa.Column("state", sa.Text, primary_key=True),
        # Of the bytes.
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("n_bytes", sa.BigInteger, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )
