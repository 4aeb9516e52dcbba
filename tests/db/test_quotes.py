"""The register of quoted numbers: everybody sees it, the nation keeps it, nothing leaves it."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from data_access import audit, quotes, tables
from data_access.actor import Actor
from data_access.codes import Role
from data_access.errors import BadUse, ScopeDenied
from data_access.viewer import press_at
from tests.conftest import Database
from tests.cube_world import NOW, World, make_world

AN = Actor(account="an", role=Role.NATIONAL)
SAID = quotes.Quote(
    figure="cases", area_code="01", day=date(2021, 9, 1), value=120.0,
    said_by="Phó Thủ tướng,\n họp báo", said_at=NOW - timedelta(hours=1),
)  # fmt: skip


@pytest.fixture
def world(database: Database, tmp_path: Path) -> World:
    return make_world(database.engine, tmp_path / "pack")


def put(world: World, quote: quotes.Quote = SAID, *, actor: Actor = AN) -> int:
    return quotes.register(world.engine, quote, areas=world.areas, actor=actor, now=NOW)


def test_a_number_is_public_at_once_without_who_registered_it(world: World) -> None:
    number = put(world)
    (told,) = quotes.quotes(world.engine, viewer=press_at(NOW)).iter_rows(named=True)
    assert (told["quote_id"], told["value"], told["day"]) == (number, 120.0, date(2021, 9, 1))
    assert told["said_by"] == "Phó Thủ tướng, họp báo"
    assert "registered_by" not in told
    assert quotes.quotes(world.engine, viewer=press_at(NOW - timedelta(seconds=1))).is_empty()


def test_it_is_on_record(world: World) -> None:
    number = put(world)
    admin = world.viewer("admin")
    (row,) = audit.read(world.engine, viewer=admin, action="quote").iter_rows(named=True)
    assert (row["account"], row["action"], row["object"]) == (
        "an", "quote.register", f"quote/{number}",
    )  # fmt: skip
    assert '"value":"120"' in row["detail"]
    assert audit.verify(world.engine, viewer=admin).broken is None


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.NATIONAL])
def test_only_the_national_command_keeps_it(world: World, role: Role) -> None:
    number = put(world)
    other = Actor(account="x", role=role)
    with pytest.raises(ScopeDenied):
        put(world, actor=other)
    with pytest.raises(ScopeDenied):
        quotes.retract(world.engine, number, reason="wrong", actor=other, now=NOW)
    assert quotes.quotes(world.engine, viewer=press_at(NOW)).height == 1


@pytest.mark.parametrize(
    "wrong",
    [{"figure": "nothing"}, {"area_code": "011"}, {"area_code": "99"}, {"said_by": " \n "},
     {"value": float("nan")}, {"value": 1e15}, {"said_by": "x" * 121},
     {"said_at": NOW + timedelta(seconds=1)}],
)  # fmt: skip
def test_what_cannot_be_registered_is_not(world: World, wrong: dict[str, object]) -> None:
    with pytest.raises(BadUse):
        put(world, replace(SAID, **wrong))  # type: ignore[arg-type]
    assert quotes.quotes(world.engine, viewer=press_at(NOW)).is_empty()


def test_a_mistake_stays_readable_and_is_marked(world: World) -> None:
    number, kept = put(world), put(world, replace(SAID, value=7.0))
    quotes.retract(world.engine, number, reason="nói về ngày khác", actor=AN, now=NOW)
    told = quotes.quotes(world.engine, viewer=press_at(NOW))
    marks = {row["quote_id"]: (row["retracted"], row["reason"]) for row in told.to_dicts()}
    assert marks == {number: (True, "nói về ngày khác"), kept: (False, "")}
    for again in (number, 99):
        with pytest.raises(BadUse):
            quotes.retract(world.engine, again, reason="x", actor=AN, now=NOW)


@pytest.mark.parametrize(
    "statement",
    ["UPDATE quoted_number SET value = 1", "DELETE FROM quoted_number",
     "INSERT OR REPLACE INTO quoted_number SELECT quote_id, figure, area_code, day, 1, said_by,"
     " said_at, registered_at, registered_by, retracts, reason FROM quoted_number",
     "TRUNCATE quoted_number"],
)  # fmt: skip
def test_the_database_refuses_to_change_it(world: World, statement: str) -> None:
    put(world)
    with pytest.raises(sa.exc.DBAPIError), world.engine.begin() as connection:
        connection.exec_driver_sql(statement)
    with world.engine.connect() as connection:
        value = connection.execute(sa.select(tables.quoted_number.c.value)).scalar_one()
    assert value == 120.0
