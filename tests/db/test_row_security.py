"""PostgreSQL itself keeps a reading role to the provinces that were asked for, and to reading."""

from collections.abc import Iterator

import polars as pl
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import ProgrammingError

from data_access import audit, grants, tables
from data_access.cli.program import main
from data_access.codes import Role
from data_access.contracts.registry import CONTRACTS
from data_access.engine import make_engine
from data_access.errors import BadUse, DataAccessError
from data_access.migrations import is_current, upgrade
from data_access.reader import frame_snapshot, scope_of, snapshot
from data_access.reference.load import load_reference
from data_access.reference.pack import Pack
from data_access.viewer import Viewer, make_viewer, system_viewer
from tests.conftest import NOW, Postgres, postgres_on

pytestmark = pytest.mark.postgres
READER = "bang_dieu_hanh"
RECORDS = tuple(
    f"{tables.record_table_name(contract.platform, kind.name)}{past}"
    for contract in CONTRACTS
    for kind in contract.kinds
    for past in ("", "_past")
)
CUBE = ("cube_current", "cube_history")
OWN, OTHER = "79", "01"
COUNT: dict[str, pl.DataType | type[pl.DataType]] = {"n": pl.Int64}


@pytest.fixture(scope="module")
def owner(postgres: Postgres, _migrated_postgres: str, vn_pack: Pack) -> Iterator[sa.Engine]:
    made = postgres_on(postgres, template=_migrated_postgres)
    engine = next(made).engine
    with engine.begin() as connection:
        load_reference(connection, vn_pack)
    fill(engine)
    postgres.run(f"CREATE ROLE {READER} LOGIN PASSWORD 'doc'")
    grants.apply(engine, READER)
    yield engine
    with engine.begin() as connection:
        connection.execute(sa.text(f"DROP OWNED BY {READER}"))
    next(made, None)
    postgres.run(f"DROP ROLE {READER}")


@pytest.fixture
def reader(owner: sa.Engine) -> Iterator[sa.Engine]:
    address = owner.url.set(username=READER, password="doc")  # noqa: S106 -- of this test alone
    engine = make_engine(address.render_as_string(hide_password=False))
    yield engine
    engine.dispose()


def ids(engine: sa.Engine) -> dict[str, int]:
    """Return the ids of two provinces and a district of each, in the older edition."""
    held = tables.area.c
    with engine.connect() as connection:
        rows = connection.execute(
            sa.select(held.code, held.level, held.parent_code, held.area_id)
            .where(held.vintage == "63")
            .order_by(held.area_id)
        ).all()
    found = {r.code: r.area_id for r in rows if r.level == "province" and r.code in {OWN, OTHER}}
    districts = {r.parent_code: r.area_id for r in rows if r.level == "district"}
    return found | {f"{code}-district": districts[code] for code in (OWN, OTHER)}


def fill(engine: sa.Engine) -> None:
    """Put a row of each province, and one of none, into every table of records."""
    places = ids(engine)
    with engine.begin() as connection:
        for name in RECORDS:
            table = tables.metadata.tables[name]
            rows = [
                {"source_id": 1, "record_id": f"r{n}", "version": 1, "known_at": 1, "batch_id": 1,
                 "row_no": n, "deleted": 0, "province_id": place, "valid_to": 2}
                for n, place in enumerate((places[OWN], places[OTHER], None))
            ]  # fmt: skip
            kept = [{k: v for k, v in row.items() if k in table.c} for row in rows]
            connection.execute(sa.insert(table), kept)
        for name in CUBE:
            cells = [
                {"measure_id": 1, "month": 202109, "day": 1, "area_id": place, "breakdown_id": 1,
                 "source_id": 1, "known_at": 1, "value": 1.0, "n": 1, "status": 0, "batch_id": 1}
                for place in places.values()
            ]  # fmt: skip
            connection.execute(sa.insert(tables.metadata.tables[name]), cells)


def counted(connection: sa.Connection, table: str) -> int:
    return int(connection.scalar(sa.select(sa.func.count()).select_from(sa.table(table))) or 0)


@pytest.mark.parametrize("table", [*RECORDS, *CUBE])
def test_nothing_said_is_no_row(reader: sa.Engine, table: str) -> None:
    with reader.connect() as connection:
        assert counted(connection, table) == 0


@pytest.mark.parametrize("table", RECORDS)
def test_a_plain_statement_sees_the_province_alone(
    reader: sa.Engine, owner: sa.Engine, table: str
) -> None:
    """A SELECT without any condition of ours."""
    with snapshot(reader, viewer=of(OWN)) as connection:
        seen = connection.scalars(sa.text(f"SELECT province_id FROM {table}")).all()  # noqa: S608
    assert seen == [ids(owner)[OWN]]
    with snapshot(reader, viewer=system_viewer(NOW)) as connection:
        assert counted(connection, table) == 3


@pytest.mark.parametrize("table", CUBE)
def test_cells_of_a_province_are_its_own_and_its_districts(
    reader: sa.Engine, owner: sa.Engine, table: str
) -> None:
    query = sa.select(sa.column("area_id")).select_from(sa.table(table))
    with frame_snapshot(reader, viewer=of(OWN)) as frames:
        seen = frames.read(query, {"area_id": pl.Int32}, viewer=of(OWN))["area_id"]
    places = ids(owner)
    assert set(seen) == {places[OWN], places[f"{OWN}-district"]}
    with frame_snapshot(reader, viewer=system_viewer(NOW)) as frames:
        every = frames.read(query, {"area_id": pl.Int32}, viewer=system_viewer(NOW))
    assert set(every["area_id"]) == set(places.values())


def of(*areas: str, role: Role = Role.PROVINCE) -> Viewer:
    return make_viewer(role, now=NOW, areas=frozenset(areas))


@pytest.mark.parametrize(
    ("viewer", "seen"),
    [
        (of(OWN, OTHER), 2),
        (of(), 0),
        (of(role=Role.PRESS), 0),
        (of(role=Role.NATIONAL), 3),
        (of("79','*"), 0),
        (of("*"), 0),
        (of("no-such"), 0),
    ],
)
def test_each_viewer_gets_what_is_theirs(reader: sa.Engine, viewer: Viewer, seen: int) -> None:
    with snapshot(reader, viewer=viewer) as connection:
        assert counted(connection, "rec_tracing_case") == seen


def test_what_was_said_ends_with_the_transaction(reader: sa.Engine) -> None:
    """A connection that goes back to the pool must not bring a scope along."""
    with snapshot(reader, viewer=system_viewer(NOW)) as connection:
        process = connection.scalar(sa.text("SELECT pg_backend_pid()"))
    with reader.connect() as connection:
        assert connection.scalar(sa.text("SELECT pg_backend_pid()")) == process
        assert counted(connection, "rec_tracing_case") == 0


def test_a_scope_is_a_list_of_codes_and_nothing_else() -> None:
    assert scope_of(of("79", "01")) == "01,79"
    assert scope_of(of("79'; SELECT 1 --", "a,b", "*")) == ""
    assert scope_of(of(role=Role.PRESS)) == ""
    assert scope_of(system_viewer(NOW)) == "*"


@pytest.mark.parametrize("table", sorted(tables.SHIPPED_TABLES))
@pytest.mark.parametrize("way", ["UPDATE", "DELETE", "TRUNCATE", "INSERT"])
def test_the_reader_changes_nothing_and_adds_what_it_may(
    reader: sa.Engine, table: str, way: str
) -> None:
    column = next(iter(tables.metadata.tables[table].c)).name
    statement = {
        "UPDATE": f"UPDATE {table} SET {column} = {column}",  # noqa: S608
        "DELETE": f"DELETE FROM {table}",  # noqa: S608
        "TRUNCATE": f"TRUNCATE {table}",
        "INSERT": f"INSERT INTO {table} SELECT * FROM {table} WHERE false",  # noqa: S608
    }[way]
    with reader.connect() as connection:
        if way == "INSERT" and table in grants.INSERTED:
            assert connection.execute(sa.text(statement)).rowcount == 0
            return
        if way == "DELETE" and table in grants.DELETED:
            assert connection.execute(sa.text(statement)).rowcount >= 0
            return
        with pytest.raises(ProgrammingError, match="permission denied"):
            connection.execute(sa.text(statement))


def test_of_a_row_the_reader_changes_only_what_signing_in_and_deciding_need(
    reader: sa.Engine,
) -> None:
    """Asked of PostgreSQL, column by column."""
    asked = sa.text(
        "SELECT table_name || '.' || column_name FROM information_schema.columns"
        " WHERE table_schema = 'public'"
        " AND has_column_privilege(table_name, column_name::text, 'UPDATE')"
    )
    with reader.connect() as connection:
        changeable = set(connection.scalars(asked))
    by_table: dict[str, set[str]] = {}
    for name in changeable:
        table, _, column = name.partition(".")
        by_table.setdefault(table, set()).add(column)
    assert {"password_hash", "totp_step"} <= by_table["account"]
    never = {"login", "role", "areas", "is_demo", "disabled_at", "created_at", "created_by"}
    assert never & set(tables.account.c.keys()) == never
    assert not never & by_table["account"]
    assert by_table["account_session"] == {"seen_at"}
    assert not {"sha256", "cut_off", "cut_by", "number"} & by_table["bulletin"]
    closed = {"audit", "frozen_part", "bulletin_part", "bulletin_acceptance", "bulletin_signoff",
              "token", "quoted_number", "alert_step", "work_step", "rollout_version"}  # fmt: skip
    assert not closed & set(by_table)
    assert not {name for name in by_table if name.startswith(("rec_", "cube_"))}


@pytest.mark.parametrize("table", ["token", "person_link", "chain_link", "delivery"])
def test_the_reader_does_not_see_what_no_page_shows(reader: sa.Engine, table: str) -> None:
    with reader.connect() as connection, pytest.raises(ProgrammingError, match="permission denied"):
        counted(connection, table)


def test_the_reader_writes_to_the_audit_log(reader: sa.Engine) -> None:
    for number in range(2):
        audit.append(
            reader,
            audit.Entry(at=NOW, account="demo:national", role="national", action="cluster.list",
                        object="tracing", detail={"n": str(number)}),
        )  # fmt: skip
    assert audit.verify(reader, viewer=system_viewer(NOW)).broken is None
    assert is_current(reader)


def test_setting_up_again_keeps_the_policies(owner: sa.Engine) -> None:
    upgrade(owner)
    with owner.connect() as connection:
        listed = connection.scalars(sa.text("SELECT tablename FROM pg_policies")).all()
    assert sorted(listed) == sorted([*RECORDS, *CUBE])


@pytest.mark.parametrize("name", ["a b", "x; DROP TABLE area", "", "Ai", "1a"])
def test_a_role_has_a_plain_name(name: str) -> None:
    with pytest.raises(BadUse):
        grants.statements(name)


def test_a_role_that_goes_round_is_refused(owner: sa.Engine) -> None:
    with pytest.raises(DataAccessError, match="goes round"):
        grants.apply(owner, str(owner.url.username))
    with pytest.raises(BadUse, match="no role"):
        grants.apply(owner, "nobody_of_this_name")


def test_the_command_prints_what_it_would_do(
    owner: sa.Engine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TUYENDAU_DATABASE_URL", owner.url.render_as_string(hide_password=False))
    assert main(["grants", "--reader", READER]) == 0
    printed = capsys.readouterr().out
    assert printed.splitlines() == [f"{line};" for line in grants.statements(READER)]
    assert main(["grants", "--reader", READER, "--apply"]) == 0
    assert main(["grants", "--reader", "nobody_of_this_name", "--apply"]) == 2
