"""The shared schema, the only description of it. Encodings are explained in docs/architecture.md.

Instants are BIGINT microseconds UTC; days are INTEGER days since 1970-01-01; record tables are
derived from the contracts.
"""

import sqlalchemy as sa

from data_access.account_tables import declare_accounts
from data_access.alert_tables import declare_alerts
from data_access.bulletin_tables import declare_bulletins
from data_access.contracts.model import Contract, Field, Kind, RecordKind
from data_access.contracts.registry import CONTRACTS
from data_access.level_tables import declare_levels
from data_access.quote_tables import declare_quotes
from data_access.rollout_tables import declare_rollout
from data_access.workflow_tables import declare_workflow

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite numbers rows by itself only for INTEGER keys.
_Id = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_COLUMN_TYPES: dict[Kind, type[sa.types.TypeEngine]] = {  # type: ignore[type-arg]
    Kind.TEXT: sa.Text,
    Kind.INTEGER: sa.BigInteger,
    Kind.NUMBER: sa.Double,
    Kind.DATE: sa.Integer,
    Kind.INSTANT: sa.BigInteger,
    Kind.BOOLEAN: sa.SmallInteger,
    Kind.CODE: sa.Text,
    Kind.CODES: sa.Text,
}

meta = sa.Table(
    "meta",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)

area = sa.Table(
    "area",
    metadata,
    sa.Column("area_id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("vintage", sa.Text, nullable=False),
    sa.Column("level", sa.Text, nullable=False),
    sa.Column("parent_code", sa.Text),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("name_en", sa.Text, nullable=False),
    sa.Column("aliases", sa.Text, nullable=False, server_default=""),
    sa.Column("region", sa.Text, nullable=False, server_default=""),
    sa.Column("kind", sa.Text, nullable=False, server_default=""),
    sa.Column("valid_from", sa.Integer),
    sa.Column("valid_to", sa.Integer),
    sa.Column("lon", sa.Double),
    sa.Column("lat", sa.Double),
    sa.UniqueConstraint("code", "vintage"),
)

population = sa.Table(
    "population",
    metadata,
    sa.Column("area_id", sa.ForeignKey("area.area_id"), primary_key=True),
    sa.Column("grp", sa.Text, primary_key=True),
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("population", sa.BigInteger, nullable=False),
    sa.Column("as_of", sa.Integer),
    sa.Column("confidence", sa.Text, nullable=False, server_default=""),
)

succession = sa.Table(
    "succession",
    metadata,
    sa.Column("old_code", sa.Text, primary_key=True),
    sa.Column("old_vintage", sa.Text, primary_key=True),
    sa.Column("new_code", sa.Text, primary_key=True),
    sa.Column("new_vintage", sa.Text, primary_key=True),
    sa.Column("from_day", sa.Integer, nullable=False),
)

neighbour = sa.Table(
    "neighbour",
    metadata,
    sa.Column("area_a", sa.ForeignKey("area.area_id"), primary_key=True),
    sa.Column("area_b", sa.ForeignKey("area.area_id"), primary_key=True),
    sa.Column("border_km", sa.Double),
)

source = sa.Table(
    "source",
    metadata,
    sa.Column("source_id", sa.Integer, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("origin", sa.Text, nullable=False),
    # Smaller is preferred; records default to 10, tables to 100.
    sa.Column("precedence", sa.Integer, nullable=False),
    # Who may see its cells, where that is fewer than may see the measure.
    sa.Column("clearance", sa.SmallInteger, nullable=False, server_default="0"),
    sa.UniqueConstraint("name", "origin"),
)

measure = sa.Table(
    "measure",
    metadata,
    sa.Column("measure_id", sa.Integer, primary_key=True),
    sa.Column("key", sa.Text, nullable=False, unique=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("unit", sa.Text, nullable=False),
    sa.Column("platform", sa.Text, nullable=False),
    sa.Column("clearance", sa.SmallInteger, nullable=False),
    sa.Column("vi", sa.Text, nullable=False),
    sa.Column("en", sa.Text, nullable=False),
)

breakdown = sa.Table(
    "breakdown",
    metadata,
    sa.Column("breakdown_id", sa.Integer, primary_key=True),
    # Canonical: dimension=code pairs sorted by dimension, joined by "|"; empty for a total.
    sa.Column("dims", sa.Text, nullable=False, unique=True),
    # The dimensions alone, sorted, joined by ",".
    sa.Column("cut", sa.Text, nullable=False),
)

batch = sa.Table(
    "batch",
    metadata,
    sa.Column("batch_id", _Id, primary_key=True, autoincrement=True),
    sa.Column("origin", sa.Text, nullable=False),
    sa.Column("platform", sa.Text, nullable=False),
    sa.Column("record_kind", sa.Text, nullable=False, server_default=""),
    sa.Column("mode", sa.Text, nullable=False, server_default=""),
    sa.Column("source_id", sa.ForeignKey("source.source_id"), nullable=False),
    sa.Column("file_name", sa.Text, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Column("n_bytes", sa.BigInteger, nullable=False),
    sa.Column("known_at", sa.BigInteger, nullable=False),
    sa.Column("received_at", sa.BigInteger, nullable=False),
    sa.Column("committed_at", sa.BigInteger, nullable=False),
    sa.Column("n_read", sa.BigInteger, nullable=False),
    sa.Column("n_new", sa.BigInteger, nullable=False),
    sa.Column("n_updated", sa.BigInteger, nullable=False),
    sa.Column("n_unchanged", sa.BigInteger, nullable=False),
    sa.Column("n_stale", sa.BigInteger, nullable=False),
    sa.Column("n_rejected", sa.BigInteger, nullable=False),
    sa.Column("n_flagged", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("n_retracted", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("rejects_file", sa.Text, nullable=False, server_default=""),
    sa.Index("ix_batch_sha256", "sha256"),
    sa.Index("ix_batch_source_id_known_at", "source_id", "known_at"),
)

batch_flag = sa.Table(
    "batch_flag",
    metadata,
    sa.Column("batch_id", sa.ForeignKey("batch.batch_id"), primary_key=True),
    # Why, as in reject:<reason> or flag:<reason>.
    sa.Column("reason", sa.Text, primary_key=True),
    sa.Column("n_rows", sa.BigInteger, nullable=False),
)

confirmation = sa.Table(
    "confirmation",
    metadata,
    sa.Column("batch_id", sa.ForeignKey("batch.batch_id"), primary_key=True),
    # A big file confirms in several parts, so that no part needs the memory of all.
    sa.Column("part", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("platform", sa.Text, nullable=False),
    sa.Column("record_kind", sa.Text, nullable=False),
    sa.Column("source_id", sa.ForeignKey("source.source_id"), nullable=False),
    sa.Column("known_at", sa.BigInteger, nullable=False),
    # Parquet (zstd) of record_id, version, row_no: rows re-sent unchanged at a later moment.
    sa.Column("payload", sa.LargeBinary, nullable=False),
    sa.Index("ix_confirmation_lookup", "platform", "record_kind", "source_id", "known_at"),
)

feed = sa.Table(
    "feed",
    metadata,
    sa.Column("feed_id", sa.Integer, primary_key=True),
    sa.Column("key", sa.Text, nullable=False, unique=True),
    sa.Column("measure_id", sa.ForeignKey("measure.measure_id"), nullable=False),
    sa.Column("source_id", sa.ForeignKey("source.source_id"), nullable=False),
)

delivery = sa.Table(
    "delivery",
    metadata,
    sa.Column("batch_id", sa.ForeignKey("batch.batch_id"), primary_key=True),
    sa.Column("feed_id", sa.ForeignKey("feed.feed_id"), primary_key=True),
    sa.Column("known_at", sa.BigInteger, nullable=False),
    sa.Column("mode", sa.Text, nullable=False),
    sa.Column("n_cells", sa.BigInteger, nullable=False),
    # Parquet (zstd) of day, area_id, breakdown_id, value, status: what was delivered.
    sa.Column("payload", sa.LargeBinary, nullable=False),
    sa.Index("ix_delivery_feed_id_known_at", "feed_id", "known_at"),
)


def _cell_key() -> list[sa.Column]:  # type: ignore[type-arg]
    names = ("measure_id", "month", "day", "area_id", "breakdown_id", "source_id")
    return [sa.Column(name, sa.Integer, primary_key=True, autoincrement=False) for name in names]


def _cell_state() -> list[sa.Column]:  # type: ignore[type-arg]
    return [
        sa.Column("value", sa.Double),
        sa.Column("n", sa.BigInteger, nullable=False),
        sa.Column("status", sa.SmallInteger, nullable=False),
        sa.Column("batch_id", sa.BigInteger, nullable=False),
    ]


cube_current = sa.Table(
    "cube_current",
    metadata,
    *_cell_key(),
    sa.Column("known_at", sa.BigInteger, nullable=False),
    *_cell_state(),
    sqlite_with_rowid=False,
)

cube_history = sa.Table(
    "cube_history",
    metadata,
    *_cell_key(),
    sa.Column("known_at", sa.BigInteger, primary_key=True, autoincrement=False),
    *_cell_state(),
    sqlite_with_rowid=False,
)

partition_change = sa.Table(
    "partition_change",
    metadata,
    sa.Column("measure_id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("month", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("change_no", sa.BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

token = sa.Table(
    "token",
    metadata,
    # Public: it names the token in lists and logs, and opens nothing.
    sa.Column("token_id", sa.Text, primary_key=True),
    sa.Column("secret_sha256", sa.Text, nullable=False),
    # What it opens: `ingest` delivers, `api` reads as a role.
    sa.Column("purpose", sa.Text, nullable=False),
    # Who it delivers as, what and where: lists are joined by "|"; no areas = every area.
    sa.Column("source", sa.Text, nullable=False, server_default=""),
    sa.Column("platforms", sa.Text, nullable=False, server_default=""),
    sa.Column("areas", sa.Text, nullable=False, server_default=""),
    sa.Column("role", sa.Text, nullable=False, server_default=""),
    sa.Column("note", sa.Text, nullable=False, server_default=""),
    sa.Column("created_by", sa.Text, nullable=False, server_default=""),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False),
    sa.Column("revoked_at", sa.BigInteger),
    sa.Column("last_used_at", sa.BigInteger),
)


person_link = sa.Table(
    "person_link",
    metadata,
    # Which pseudonym a weaker identifier came with, many to a row: rows of a table of pairs would
    # cost the gate more than the records themselves. `people.blocks` packs and finds them.
    sa.Column("side", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("bucket", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("batch_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("part", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("known_at", sa.BigInteger, nullable=False),
    sa.Column("entries", sa.LargeBinary, nullable=False),
)

chain_touched = sa.Table(
    "chain_touched",
    metadata,
    # Records whose versions a delivery wrote, until the response chain has followed.
    sa.Column("batch_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("part", sa.Integer, primary_key=True, autoincrement=False),
    # Number of the kind of record: `chain.records.NUMBERS`.
    sa.Column("kind", sa.SmallInteger, nullable=False),
    sa.Column("source_id", sa.Integer, nullable=False),
    sa.Column("known_at", sa.BigInteger, nullable=False),
    # Parquet (zstd) of record_id.
    sa.Column("payload", sa.LargeBinary, nullable=False),
)

chain_link = sa.Table(
    "chain_link",
    metadata,
    # Which records ever told of a person, a case or a sample: `chain.keys`. Written by the job that
    # works out the chain, so that the gate need not keep five big tables indexed by person.
    sa.Column("role", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("source_id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("record_id", sa.Text, primary_key=True),
    sqlite_with_rowid=False,
)

scenario = sa.Table(
    "scenario",
    metadata,
    sa.Column("scenario_id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("province", sa.Text, nullable=False, server_default=""),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("levers", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("seed", sa.BigInteger, nullable=False),
    sa.Column("engine", sa.Text, nullable=False),
    sa.Column("start_day", sa.Integer, nullable=False),
    sa.Column("as_of", sa.BigInteger, nullable=False),
    sa.Column("bands", sa.LargeBinary, nullable=False),
)
"""Saved scenarios. `province`: who it belongs to, empty for the nation; `bands`: Parquet."""

audit = sa.Table(
    "audit",
    metadata,
    # Without gaps and given by the program: a missing number is a missing row.
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    *[sa.Column(name, sa.Text, nullable=False) for name in ("account", "role", "action", "object")],
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("previous_hash", sa.Text, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
)
"""What was done by whom; only grows (triggers). See `data_access.audit`."""

audit_head = sa.Table(
    "audit_head",
    metadata,
    sa.Column("head_id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
    sa.Column("seal", sa.Text, nullable=False),
)
"""One row: the end of the log, sealed."""


def _field_column(field: Field) -> sa.Column:  # type: ignore[type-arg]
    return sa.Column(field.name, _COLUMN_TYPES[field.kind])


def _version_columns() -> list[sa.Column]:  # type: ignore[type-arg]
    return [
        sa.Column("batch_id", sa.BigInteger, nullable=False),
        sa.Column("row_no", sa.BigInteger, nullable=False),
        sa.Column("deleted", sa.SmallInteger, nullable=False),
        sa.Column("province_id", sa.Integer),
        sa.Column("district_id", sa.Integer),
    ]


def record_table_name(platform: str, kind: str) -> str:
    """Return the table of a record kind, as in `rec_quarantine_stay`."""
    return f"rec_{platform}_{kind}"


def _record_tables(platform: str, kind: RecordKind, into: sa.MetaData) -> None:
    name = record_table_name(platform, kind.name)
    fields = [f for f in kind.stored_fields() if f.name != kind.key]
    sa.Table(
        name,
        into,
        sa.Column("source_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("record_id", sa.Text, primary_key=True),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("known_at", sa.BigInteger, nullable=False),
        *_version_columns(),
        *[_field_column(f) for f in fields],
        sqlite_with_rowid=False,
    )
    sa.Table(
        f"{name}_past",
        into,
        sa.Column("source_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("record_id", sa.Text, primary_key=True),
        sa.Column("version", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("known_at", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("batch_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("row_no", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("valid_to", sa.BigInteger, nullable=False),
        *[c for c in _version_columns() if c.name not in {"batch_id", "row_no"}],
        *[_field_column(f) for f in fields],
        sqlite_with_rowid=False,
    )


def declare_records(contracts: tuple[Contract, ...], into: sa.MetaData) -> None:
    """Add the record tables of every contract to a metadata object."""
    for contract in contracts:
        for kind in contract.kinds:
            _record_tables(contract.platform, kind, into)


def record_tables(platform: str, kind: str) -> tuple[sa.Table, sa.Table]:
    """Return the (winning, past) tables of a record kind.

    Raises:
        KeyError: if no contract declares it.
    """
    name = record_table_name(platform, kind)
    return metadata.tables[name], metadata.tables[f"{name}_past"]


declare_bulletins(metadata)
account, account_session, login_throttle = declare_accounts(metadata)
declare_rollout(metadata)
declare_levels(metadata)
declare_alerts(metadata)
declare_workflow(metadata)
work_step = metadata.tables["work_step"]
quoted_number = declare_quotes(metadata)

CORE_TABLES = tuple(metadata.tables)
"""Names of the tables that exist whatever the contracts are; migrations create these."""

declare_records(CONTRACTS, metadata)

SHIPPED_TABLES = tuple(metadata.tables)
"""Names of all tables of this program, those of the contracts included."""
