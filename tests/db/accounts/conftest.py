"""A database with one account per role, a quick hash, and ways to sign in."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache

import polars as pl
import pytest
from argon2 import PasswordHasher

from data_access.accounts import manage, passwords, sessions, signin
from data_access.accounts.keys import Keys
from data_access.accounts.model import Account, console
from data_access.codes import Role
from data_access.engine import writing
from data_access.reference.areas import Areas, load_areas
from data_access.reference.load import load_reference
from data_access.reference.model import Pack
from data_access.reference.pack import bundled_pack
from data_access.viewer import system_viewer
from tests.conftest import Database

START = datetime(2026, 3, 1, 8, tzinfo=UTC)
KEY = "an-invented-key-of-these-tests-9f3b7c51"
GOOD = "sông Hồng chảy 7 nhánh"
COOKIE = "__Host-td_session"


@dataclass
class World:
    """One installation, and its clock."""

    database: Database
    areas: Areas
    keys: Keys
    now: datetime = START
    demo: bool = False

    @property
    def engine(self):
        return self.database.engine

    @property
    def door(self) -> signin.Door:
        return signin.Door(engine=self.engine, keys=self.keys, cookie=COOKIE, demo=self.demo)

    def add(self, login: str, role: Role, *, password: str = GOOD, **more) -> Account:
        new = manage.NewAccount(login=login, name=login, role=role, password=password, **more)
        account, _ = manage.add_account(
            self.engine, new, areas=self.areas, actor=console("tests"), now=self.now
        )
        return account

    def sign_in(
        self, login: str, password: str = GOOD, *, code: str = "", address: str = "10.0.0.1",
        replaces: str = "", browser: str = "",
    ) -> str | None:  # fmt: skip
        attempt = signin.Attempt(
            login=login, password=password, code=code, address=address, browser=browser
        )
        return signin.sign_in(self.door, attempt, replaces=replaces, now=self.now)

    def who(self, secret: str | None, *, cookie: str = COOKIE) -> Account | None:
        assert secret is not None
        found = sessions.find(
            self.engine, secret, cookie=cookie, now=self.now,
            viewer=system_viewer(self.now), demo=self.demo,
        )  # fmt: skip
        return found.account if found else None

    def later(self, **gone: float) -> None:
        self.now += timedelta(**gone)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The hash costs a tenth of a second on purpose; tests are not guessers."""
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "HASHER", quick)
    passwords._of_nobody.cache_clear()


@cache
def provinces_only() -> Pack:
    """Vietnam without districts and wards: accounts know of provinces alone."""
    pack = bundled_pack("vn")
    areas = pack.areas.filter(pl.col("level").is_in(["national", "province"]))
    frames = (pack.population, pack.succession, pack.neighbours)
    population, succession, neighbours = (frame.clear() for frame in frames)
    return replace(
        pack, areas=areas, population=population, succession=succession, neighbours=neighbours
    )


@pytest.fixture
def world(database: Database) -> World:
    with writing(database.engine) as connection:
        load_reference(connection, provinces_only())
    areas = load_areas(database.engine, viewer=system_viewer(START))
    made = World(database=database, areas=areas, keys=Keys(KEY))
    made.add("chi.huy", Role.NATIONAL)
    made.add("ha.noi", Role.PROVINCE, areas=frozenset({"01"}))
    made.add("quan.tri", Role.ADMIN)
    return made


Sign = Callable[..., str | None]
