"""A token from its making to its end, by the command line and below it."""

import hashlib
import json
from datetime import timedelta

import pytest
import sqlalchemy as sa

from data_access import tables, tokens
from data_access.cli.program import main
from data_access.clock import machine_clock
from data_access.codes import Role
from data_access.errors import ScopeDenied
from data_access.viewer import make_viewer, system_viewer
from tests.conftest import Database

pytestmark = pytest.mark.vietnam


@pytest.fixture
def ready(database: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    monkeypatch.setenv("TUYENDAU_DATABASE_URL", database.url)
    # A rehearsal's clock must not keep a token alive.
    monkeypatch.setenv("TUYENDAU_NOW", "2021-09-02T16:00+07:00")
    return database


def made(capfd, *words: str) -> dict[str, object]:
    given = ("--source", "hcdc", "--platform", "vaccination", *words, "--json")
    assert main(["token", "create", *given]) == 0
    found: dict[str, object] = json.loads(capfd.readouterr().out)
    return found


def opened(database: Database, text: object, *, days: int = 0) -> tokens.Token | None:
    now = machine_clock() + timedelta(days=days)
    viewer = system_viewer(now)
    return tokens.authenticate(
        database.engine, str(text), purpose=tokens.Purpose.INGEST, now=now, viewer=viewer
    )


def test_a_token_lives_until_it_ends_or_is_revoked(ready: Database, capfd) -> None:
    first = made(capfd, "--platform", "testing", "--area", "79", "--days", "30", "--note", "đêm")
    found = opened(ready, first["token"])
    assert found
    assert found.platforms == {"vaccination", "testing"}
    assert (found.areas, found.source, found.note) == ({"79"}, "hcdc", "đêm")
    assert opened(ready, first["token"], days=29)
    assert opened(ready, first["token"], days=31) is None
    second = made(capfd)
    assert main(["token", "revoke", str(second["id"])]) == 0
    assert main(["token", "revoke", str(second["id"])]) == 0  # again is no fault
    assert opened(ready, second["token"]) is None
    capfd.readouterr()
    assert main(["token", "list", "--json"]) == 0
    out = capfd.readouterr().out
    states = {each["id"]: each["state"] for each in json.loads(out)}
    assert states == {first["id"]: "active", second["id"]: "revoked"}
    assert main(["token", "list"]) == 0
    out += capfd.readouterr().out
    assert str(first["id"]) in out
    assert str(first["token"]).split("_", 2)[2] not in out


def test_only_the_hash_of_the_secret_is_stored(ready: Database, capfd) -> None:
    text = str(made(capfd)["token"])
    secret = text.split("_", 2)[2]
    with ready.engine.connect() as connection:
        row = connection.execute(sa.select(tables.token)).mappings().one()
    assert row["secret_sha256"] == hashlib.sha256(secret.encode()).hexdigest()
    assert secret not in str(dict(row))


def test_a_text_a_little_off_opens_nothing(ready: Database, capfd) -> None:
    text = str(made(capfd)["token"])
    other = str(made(capfd)["token"])
    swapped = "_".join([*text.split("_", 2)[:2], other.split("_", 2)[2]])
    for wrong in (swapped, text[:-1], text + "A", text.upper(), f" {text}", "", "tdt__", text[4:]):
        assert opened(ready, wrong) is None
    assert opened(ready, text)


def test_use_is_noted_to_the_minute(ready: Database, capfd) -> None:
    text = made(capfd)["token"]
    now = machine_clock()
    for seconds, noted in ((0, 0), (30, 0), (61, 61)):
        token = opened(ready, text)
        assert token
        tokens.touch_token(ready.engine, token, now=now + timedelta(seconds=seconds))
        after = opened(ready, text)
        assert after
        assert after.last_used_at == now + timedelta(seconds=noted)


@pytest.mark.parametrize("role", [Role.NATIONAL, Role.PROVINCE, Role.PRESS, Role.STEWARD])
def test_nobody_but_the_administrator_sees_the_list(ready: Database, role: Role) -> None:
    with pytest.raises(ScopeDenied):
        tokens.list_tokens(ready.engine, viewer=make_viewer(role, now=machine_clock()))


def test_what_cannot_be_granted_is_one_line(ready: Database, capfd) -> None:
    del ready
    base = ["token", "create", "--source", "s", "--platform", "vaccination"]
    for words, says in (
        (["token", "create", "--source", " ", "--platform", "vaccination"], "source"),
        (["token", "create", "--source", "s", "--platform", "nothing"], "unknown platform"),
        ([*base, "--area", "VN"], "province"),
        ([*base, "--days", "0"], "days"),
        ([*base, "--note", "a\nb"], "note"),
        (["token", "revoke", "none"], "no token"),
    ):
        assert main(words) == 2
        told = capfd.readouterr()
        assert told.out == ""
        assert told.err.count("\n") == 1
        assert says in told.err
