"""`user` and `token`, as an administrator types them."""

import io
import json

import pytest
import sqlalchemy as sa

from data_access import tables, tokens
from data_access.accounts import signin
from data_access.cli.program import main
from data_access.clock import machine_clock
from data_access.viewer import system_viewer
from tests.db.accounts.conftest import GOOD, KEY, World

pytestmark = [pytest.mark.db, pytest.mark.usefixtures("ready")]


@pytest.fixture
def ready(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setenv("TUYENDAU_DATABASE_URL", world.database.url)
    monkeypatch.setenv("TUYENDAU_SESSION_KEY", KEY)
    world.now = machine_clock()
    return world


def listed(capfd) -> dict[str, dict[str, object]]:
    capfd.readouterr()
    assert main(["user", "list", "--json"]) == 0
    return {one["login"]: one for one in json.loads(capfd.readouterr().out)}


def test_from_the_first_to_the_last_day_of_an_account(ready: World, capfd) -> None:
    assert main(["user", "add", "Hai.Phong", "--name", "Hải Phòng", "--role", "province",
                 "--area", "31"]) == 0  # fmt: skip
    password = capfd.readouterr().out.strip()
    assert ready.sign_in("hai.phong", password)
    found = listed(capfd)["hai.phong"]
    assert (found["role"], found["areas"], found["must_change"]) == ("province", ["31"], True)
    assert main(["user", "sessions", "hai.phong"]) == 0
    assert capfd.readouterr().out.count("\n") == 1
    assert main(["user", "role", "hai.phong", "--role", "steward"]) == 0
    capfd.readouterr()
    assert main(["user", "sessions", "hai.phong"]) == 0
    assert capfd.readouterr().out == ""
    assert main(["user", "disable", "hai.phong"]) == 0
    assert ready.sign_in("hai.phong", password) is None
    assert main(["user", "enable", "hai.phong"]) == 0
    secret = ready.sign_in("hai.phong", password)
    assert secret
    assert main(["user", "sessions", "hai.phong", "--end"]) == 0
    assert ready.who(secret) is None
    assert main(["user", "list"]) == 0
    assert password not in capfd.readouterr().out


def test_a_password_comes_from_standard_input(
    ready: World, monkeypatch: pytest.MonkeyPatch, capfd
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(GOOD + " mới\n"))
    assert main(["user", "password", "chi.huy", "--password-stdin"]) == 0
    said = capfd.readouterr()
    assert GOOD not in said.out + said.err
    assert ready.sign_in("chi.huy", GOOD + " mới")
    with pytest.raises(SystemExit) as ended:
        main(["user", "password", "chi.huy", "--password", "x"])
    assert ended.value.code == 2


def test_who_is_locked_out_is_let_in_again(ready: World) -> None:
    for _ in range(9):
        ready.sign_in("chi.huy", "không phải mật khẩu này")
    assert ready.sign_in("chi.huy") is None
    assert main(["user", "enable", "chi.huy"]) == 0
    assert ready.sign_in("chi.huy")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["add", "x", "--name", "X", "--role", "national"], "3 to 64"),
        (["add", "chi.huy", "--name", "X", "--role", "national"], "another account"),
        (["add", "moi", "--name", "X", "--role", "province"], "at least one province"),
        (["add", "moi", "--name", "X", "--role", "province", "--area", "99"], "no province"),
        (["add", "moi", "--name", "X", "--role", "national", "--area", "01"], "no provinces"),
        (["role", "khong.co", "--role", "press"], "no account"),
        (["disable", "quan.tri"], "last administrator"),
        (["demo"], "TUYENDAU_DEMO"),
    ],
)
def test_what_cannot_be_done_is_one_line(capfd, words: list[str], why: str) -> None:
    before = listed(capfd)
    assert main(["user", *words]) == 2
    said = capfd.readouterr().err
    assert why in said
    assert said.count("\n") == 1
    assert listed(capfd) == before


def test_accounts_of_a_demonstration_come_and_go(
    ready: World, monkeypatch: pytest.MonkeyPatch, capfd
) -> None:
    monkeypatch.setenv("TUYENDAU_DEMO", "1")
    assert main(["user", "demo"]) == 0
    rows = [line.split("\t") for line in capfd.readouterr().out.splitlines()]
    assert {row[2] for row in rows} == {
        "national", "province", "steward", "operator", "press", "admin",
    }  # fmt: skip
    assert len({row[1] for row in rows}) == len(rows)
    viewer = system_viewer(ready.now)
    assert signin.has_demo_accounts(ready.engine, viewer=viewer)
    assert main(["user", "demo", "--remove"]) == 0
    assert not signin.has_demo_accounts(ready.engine, viewer=viewer)
    assert len(listed(capfd)) == 3


def opened(world: World, text: str, purpose: tokens.Purpose) -> tokens.Token | None:
    now = machine_clock()
    return tokens.authenticate(
        world.engine, text, purpose=purpose, now=now, viewer=system_viewer(now)
    )


def test_a_token_that_reads_opens_nothing_else(ready: World, capfd) -> None:
    words = ["token", "create", "--source", "bi", "--purpose", "api", "--role", "province"]
    assert main([*words, "--area", "01", "--json"]) == 0
    reads = json.loads(capfd.readouterr().out)["token"]
    assert main(["token", "create", "--source", "bi", "--platform", "testing", "--json"]) == 0
    delivers = json.loads(capfd.readouterr().out)["token"]
    found = opened(ready, reads, tokens.Purpose.API)
    assert found
    assert (found.role, found.areas, found.platforms) == ("province", {"01"}, frozenset())
    assert opened(ready, reads, tokens.Purpose.INGEST) is None
    assert opened(ready, delivers, tokens.Purpose.API) is None
    assert opened(ready, delivers, tokens.Purpose.INGEST)
    with ready.engine.connect() as connection:
        held = str(connection.execute(sa.select(tables.token)).all())
    assert reads.split("_", 2)[2] not in held


@pytest.mark.parametrize(
    "words",
    [
        ["--purpose", "api"],
        ["--purpose", "api", "--role", "province"],
        ["--purpose", "api", "--role", "national", "--area", "01"],
        ["--purpose", "api", "--role", "national", "--platform", "testing"],
        ["--platform", "testing", "--role", "national"],
        [],
    ],
)
def test_a_token_without_its_reach_is_refused(capfd, words: list[str]) -> None:
    assert main(["token", "create", "--source", "bi", *words]) == 2
    assert capfd.readouterr().err.count("\n") == 1
