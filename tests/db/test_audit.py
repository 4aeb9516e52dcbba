"""The audit log on both databases: it grows, nothing else, and whatever was done to it shows."""

import hashlib
import hmac
import json
import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from data_access import audit, tables
from data_access.accounts import manage
from data_access.accounts.model import console
from data_access.cli.program import main
from data_access.codes import Role
from data_access.engine import make_engine, writing
from data_access.errors import BadUse, ScopeDenied, SettingsError
from data_access.reference.areas import Areas
from data_access.reference.pack import Pack
from data_access.settings import read_settings
from data_access.viewer import make_viewer
from tests.conftest import NOW, Database

KEY = "q7Zs1pW0vK4nB8xT2mL6cR9dF3gH5jYa"
ADMIN = make_viewer(Role.ADMIN, now=NOW)
TRIGGERS = {
    "sqlite": ("audit_no_update", "audit_no_delete", "audit_at_the_end", "audit_head_forward",
               "audit_head_no_delete"),
    "postgresql": ("audit_no_change", "audit_head_no_delete", "audit_head_forward"),
}  # fmt: skip


@pytest.fixture
def sealed(database: Database):
    engine = make_engine(database.url, audit_key=KEY)
    yield engine
    engine.dispose()


def entry(number: int, **detail: str) -> audit.Entry:
    return audit.Entry(
        at=NOW + timedelta(seconds=number), account=f"tài-khoản-{number}", role="province",
        action="cluster.read", object=f"tracing/OD-{number}", detail=detail,
    )  # fmt: skip


def fill(engine: sa.Engine, n: int = 5) -> None:
    for number in range(1, n + 1):
        audit.append(engine, entry(number, day="2021-09-02", province="79"))


def rows(engine: sa.Engine) -> list[tuple[object, ...]]:
    names = ("seq", "at", "account", "role", "action", "object", "detail", "previous_hash", "hash")
    with engine.connect() as connection:
        statement = sa.select(*[sa.column(name) for name in names]).order_by(sa.text("seq"))
        found = connection.execute(statement.select_from(sa.table("audit")))
        return [tuple(row) for row in found]


def disarm(database: Database) -> None:
    """Do what an owner of the database can: take the triggers away."""
    with database.engine.begin() as connection:
        for name in TRIGGERS[database.kind]:
            table = "audit_head" if "head" in name else "audit"
            on = f" ON {table}" if database.kind == "postgresql" else ""
            connection.execute(sa.text(f"DROP TRIGGER {name}{on}"))


def run(database: Database, *statements: str) -> None:
    with database.engine.begin() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))


def test_rows_are_chained_as_the_text_says(sealed: sa.Engine) -> None:
    """Recomputed here from the description alone."""
    fill(sealed)
    previous = "0" * 64
    for number, row in enumerate(rows(sealed), start=1):
        content = json.dumps(list(row[:-1]), ensure_ascii=False, separators=(",", ":")).encode()
        assert (row[0], row[7]) == (number, previous)
        assert row[8] == hashlib.sha256(content).hexdigest()
        previous = str(row[8])
    end = audit.head(sealed, viewer=ADMIN)
    expected = hmac.new(KEY.encode(), f"audit:5:{previous}".encode(), "sha256").hexdigest()
    assert (end.seq, end.hash, end.seal) == (5, previous, expected)
    assert audit.verify(sealed, viewer=ADMIN, key=KEY) == audit.Verdict(n_rows=5)
    assert audit.parse_head(str(end)) == end


def test_an_empty_log_is_whole(sealed: sa.Engine) -> None:
    assert audit.verify(sealed, viewer=ADMIN, key=KEY) == audit.Verdict(n_rows=0)


def test_a_log_removed_with_its_head_is_missed_where_accounts_are_left(
    database: Database, sealed: sa.Engine, vn_pack: Pack
) -> None:
    """To whoever checks without a kept head, too."""
    new = manage.NewAccount(login="chi.huy", name="Chi", role=Role.NATIONAL)
    areas = Areas.from_pack(vn_pack)
    manage.add_account(sealed, new, areas=areas, actor=console("tests"), now=NOW)
    assert audit.verify(sealed, viewer=ADMIN, key=KEY) == audit.Verdict(n_rows=1)
    disarm(database)
    run(database, "DELETE FROM audit", "DELETE FROM audit_head")
    found = audit.verify(sealed, viewer=ADMIN, key=KEY)
    assert found.broken == 1
    assert found.why.startswith("removed with its head")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET account = 'x' WHERE seq = 2",
        "DELETE FROM audit WHERE seq = 5",
        "DELETE FROM audit_head",
        "UPDATE audit_head SET seq = 3",
        "INSERT INTO audit SELECT * FROM audit WHERE seq = 1",
    ],
)
def test_the_program_cannot_change_or_remove(database: Database, statement: str) -> None:
    fill(database.engine)
    before = rows(database.engine)
    with pytest.raises(DBAPIError):
        run(database, statement)
    assert rows(database.engine) == before


def test_replace_and_truncate_are_refused_too(database: Database) -> None:
    fill(database.engine)
    before = rows(database.engine)
    statement = {
        "sqlite": "INSERT OR REPLACE INTO audit SELECT seq, at, 'x', role, action, object, detail,"
        " previous_hash, hash FROM audit WHERE seq = 2",
        "postgresql": "TRUNCATE audit",
    }[database.kind]
    with pytest.raises(DBAPIError, match="only grows"):
        run(database, statement)
    assert rows(database.engine) == before


SLIP_IN = (
    "INSERT INTO audit SELECT 3, at, account, role, action, object, detail, previous_hash, hash"
    " FROM audit WHERE seq = 2"
)


REORDERED = (
    "UPDATE audit SET seq = -2 WHERE seq = 2",
    "UPDATE audit SET seq = 2 WHERE seq = 3",
    "UPDATE audit SET seq = 3 WHERE seq = -2",
)


@pytest.mark.parametrize(
    ("statements", "broken", "why"),
    [
        (("UPDATE audit SET account = 'x' WHERE seq = 2",), 2, "changed"),
        (("UPDATE audit SET at = at + 1 WHERE seq = 5",), 5, "changed"),
        (("DELETE FROM audit WHERE seq = 3",), 3, "removed"),
        (("DELETE FROM audit WHERE seq = 1",), 1, "removed"),
        (("DELETE FROM audit WHERE seq = 3", SLIP_IN), 3, "changed"),
        (REORDERED, 2, "changed"),
        (("UPDATE audit SET detail = '{}' WHERE seq = 4",), 4, "changed"),
        (("UPDATE audit SET hash = previous_hash WHERE seq = 4",), 4, "changed"),
        (("DELETE FROM audit WHERE seq >= 4",), 4, "cut off"),
        (("DELETE FROM audit",), 1, "cut off"),
    ],
)
def test_whatever_was_done_to_it_is_named(
    database: Database, sealed: sa.Engine, statements: tuple[str, ...], broken: int, why: str
) -> None:
    fill(sealed)
    disarm(database)
    run(database, *statements)
    found = audit.verify(sealed, viewer=ADMIN, key=KEY)
    assert found.broken == broken
    assert found.why.startswith(why)


def rewrite(database: Database, change: Callable[[dict[str, object]], None], *, upto: int) -> None:
    """Write the log anew with every hash right, as a keeper of the database could."""
    names = ("seq", "at", "account", "role", "action", "object", "detail", "previous_hash")
    made, previous = [], "0" * 64
    for row in rows(database.engine)[:upto]:
        new = dict(zip(names, row, strict=False)) | {"previous_hash": previous}
        change(new)
        text = json.dumps([new[n] for n in names], ensure_ascii=False, separators=(",", ":"))
        new["hash"] = previous = hashlib.sha256(text.encode()).hexdigest()
        made.append(new)
    with database.engine.begin() as connection:
        connection.execute(sa.delete(tables.audit))
        connection.execute(sa.insert(tables.audit), made)
        connection.execute(sa.update(tables.audit_head).values(seq=upto, hash=previous))


def forget_names(row: dict[str, object]) -> None:
    row["account"] = "x" if row["seq"] == 2 else row["account"]


@pytest.mark.parametrize("upto", [5, 3])
def test_a_log_written_anew_has_no_seal(database: Database, sealed: sa.Engine, upto: int) -> None:
    fill(sealed)
    disarm(database)
    rewrite(database, forget_names, upto=upto)
    assert audit.verify(sealed, viewer=ADMIN).broken is None  # the chain alone is whole
    found = audit.verify(sealed, viewer=ADMIN, key=KEY)
    assert found.broken == upto
    assert "not sealed" in found.why


def test_a_kept_head_shows_a_log_set_back_with_its_own_head(
    database: Database, sealed: sa.Engine
) -> None:
    fill(sealed, 3)
    then = audit.head(sealed, viewer=ADMIN)
    fill(sealed, 2)
    kept = audit.head(sealed, viewer=ADMIN)
    disarm(database)
    run(database, "DELETE FROM audit WHERE seq > 3")
    with database.engine.begin() as connection:
        back = {"seq": 3, "hash": then.hash, "seal": then.seal}
        connection.execute(sa.update(tables.audit_head).values(**back))
    assert audit.verify(sealed, viewer=ADMIN, key=KEY).broken is None
    found = audit.verify(sealed, viewer=ADMIN, key=KEY, kept=kept)
    assert (found.broken, found.why.split(":")[0]) == (4, "cut off")
    forged = audit.Head(seq=3, hash=then.hash, seal="0" * 64)
    with pytest.raises(BadUse, match="seal"):
        audit.verify(sealed, viewer=ADMIN, key=KEY, kept=forged)


def test_a_row_is_of_its_transaction(database: Database) -> None:
    fill(database.engine, 1)
    one = entry(2)
    with pytest.raises(RuntimeError), writing(database.engine) as connection:  # noqa: PT012 -- as a caller would
        audit.record(
            connection, at=one.at, account=one.account, role=one.role, action=one.action,
            object=one.object, detail=one.detail,
        )  # fmt: skip
        raise RuntimeError
    assert [row[0] for row in rows(database.engine)] == [1]
    assert audit.verify(database.engine, viewer=ADMIN).broken is None


def test_writers_at_once_leave_one_chain(database: Database) -> None:
    engines = [make_engine(database.url) for _ in range(4)]
    failed: list[Exception] = []

    def work(engine: sa.Engine) -> None:
        try:
            fill(engine, 15)
        except Exception as error:  # noqa: BLE001 -- told by the assertion below
            failed.append(error)

    threads = [threading.Thread(target=work, args=(engine,)) for engine in engines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for engine in engines:
        engine.dispose()
    assert failed == []
    assert audit.verify(database.engine, viewer=ADMIN) == audit.Verdict(n_rows=60)


@pytest.mark.parametrize("name", ["full_name", "ID_NO", "phone", "person_ref", "password", "token"])
def test_nothing_personal_has_a_place(database: Database, name: str) -> None:
    with pytest.raises(BadUse, match=name.lower()):
        audit.append(database.engine, entry(1, **{name: "Nguyễn Văn A"}))
    assert rows(database.engine) == []


def test_a_number_of_a_person_is_masked_and_a_day_is_not(database: Database) -> None:
    audit.append(
        database.engine, entry(1, asked="số 0901234567 và 079 204 001 234", day="2021-09-02")
    )
    detail = json.loads(str(rows(database.engine)[0][6]))
    assert detail == {"asked": "số … và …", "day": "2021-09-02"}


@pytest.mark.parametrize("role", [Role.NATIONAL, Role.PROVINCE, Role.OPERATOR, Role.PRESS])
def test_only_administrators_and_stewards_read_it(database: Database, role: Role) -> None:
    fill(database.engine, 1)
    viewer = make_viewer(role, now=NOW, areas=frozenset({"79"}))
    for asked in (audit.read, audit.head, audit.verify):
        with pytest.raises(ScopeDenied):
            asked(database.engine, viewer=viewer)
    steward = make_viewer(Role.STEWARD, now=NOW)
    assert audit.read(database.engine, viewer=steward)["object"].to_list() == ["tracing/OD-1"]


def test_it_is_read_newest_first_and_by_action(database: Database) -> None:
    fill(database.engine, 3)
    audit.append(
        database.engine,
        audit.Entry(at=NOW, account="a", role="admin", action="cluster", object="o", detail={}),
        audit.Entry(at=NOW, account="a", role="admin", action="clusters", object="o", detail={}),
    )
    found = audit.read(database.engine, viewer=ADMIN, action="cluster")
    assert found["seq"].to_list() == [4, 3, 2, 1]
    assert audit.read(database.engine, viewer=ADMIN, before=3, limit=1)["seq"].to_list() == [2]


def test_the_command_lists_checks_and_seals(
    database: Database, sealed: sa.Engine, monkeypatch: pytest.MonkeyPatch, capfd
) -> None:
    monkeypatch.setenv("TUYENDAU_DATABASE_URL", database.url)
    monkeypatch.setenv("TUYENDAU_AUDIT_KEY", KEY)
    fill(sealed, 3)
    assert main(["audit", "list", "--json", "--last", "2"]) == 0
    told = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert [one["seq"] for one in told] == [2, 3]
    assert main(["audit", "head"]) == 0
    kept = capfd.readouterr().out.strip()
    assert main(["audit", "verify", "--head", kept]) == 0
    disarm(database)
    run(database, "UPDATE audit SET object = 'x' WHERE seq = 2")
    capfd.readouterr()
    assert main(["audit", "verify"]) == 1
    assert "row 2 is broken: changed" in capfd.readouterr().err
    assert main(["audit", "list", "--as", "national"]) == 1


def test_the_key_is_strong_and_hidden() -> None:
    assert KEY not in repr(read_settings({"TUYENDAU_AUDIT_KEY": KEY}))
    with pytest.raises(SettingsError, match="TUYENDAU_AUDIT_KEY is too weak"):
        read_settings({"TUYENDAU_AUDIT_KEY": "short"})


def test_an_export_and_a_token_are_on_record(
    database: Database, monkeypatch: pytest.MonkeyPatch, capfdbinary
) -> None:
    monkeypatch.setenv("TUYENDAU_DATABASE_URL", database.url)
    assert main(["init"]) == 0
    assert main(["export-records", "tracing", "--as", "province:79"]) == 0
    given = ["--source", "s", "--platform", "tracing", "--json"]
    capfdbinary.readouterr()
    assert main(["token", "create", *given]) == 0
    made = json.loads(capfdbinary.readouterr().out)
    assert main(["token", "revoke", made["id"]]) == 0
    found = audit.read(database.engine, viewer=ADMIN).reverse()
    assert found["action"].to_list() == ["records.export", "token.create", "token.revoke"]
    assert found["role"].to_list()[0] == "province"
    assert found["object"].to_list()[1:] == [f"token/{made['id']}"] * 2
    assert found["account"].str.starts_with("cli:").all()
    assert made["token"].rsplit("_", 1)[1] not in str(found.to_dicts())
