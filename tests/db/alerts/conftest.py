"""The small country with two months of cases, an outbreak in one province, and its alerts."""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest

from data_access.actor import Actor
from data_access.alerts.book import Alerts
from data_access.alerts.rules import SHIPPED, read_rules
from data_access.codes import Role
from data_access.shared import Shared
from tests.conftest import Database
from tests.cube_world import Cell, World, days, make_world

AN = Actor(account="an", role=Role.NATIONAL)
BINH = Actor(account="binh", role=Role.NATIONAL)
CHI = Actor(account="chi", role=Role.PROVINCE, areas=frozenset({"01"}))
DUNG = Actor(account="dung", role=Role.PROVINCE, areas=frozenset({"02"}))
LAST = date(2021, 9, 1)
FIRST = LAST - timedelta(days=69)
WEEK = (10.0, 12, 9, 11, 13, 8, 10)
RULES = """
[[rule]]
key = "many"
version = 3
kind = "threshold"
indicator = "cases"
level = "province"
severity = "serious"
since = 2020-01-01
limit = 100.0
days = 2
vi = "Nhiều ca"
en = "Many cases"
why_vi = "Thử"
why_en = "Test"
[[rule]]
key = "jump"
version = 1
kind = "c2"
indicator = "cases"
level = "province"
severity = "warning"
since = 2020-01-01
least = 5.0
vi = "Tăng vọt"
en = "Jump"
why_vi = "Thử"
why_en = "Test"
"""

# Only the two above: those that ship would speak too.
OFF = "".join(f'[[rule]]\nkey = "{key}"\noff = true\n' for key in read_rules(SHIPPED))


@dataclass
class Post:
    """The alerts of a small country."""

    world: World
    shared: Shared

    @property
    def alerts(self) -> Alerts:
        return self.shared.alerts

    def run(self) -> tuple[int, int]:
        return self.alerts.run(self.shared)

    def cases(self, area: str, values: dict[date, float]) -> None:
        """Deliver the cases of some days anew."""
        known = self.world.now
        self.world.put(*(Cell(day=day, area=area, value=value, known=known)
                         for day, value in values.items()))  # fmt: skip


@pytest.fixture
def post(database: Database, tmp_path: Path) -> Post:
    """Ten weeks of quiet in three provinces; in 02, two days of many cases at the end."""
    world = make_world(database.engine, tmp_path / "pack")
    (tmp_path / "pack" / "alerts.toml").write_text(RULES + OFF, encoding="utf-8")
    cells: list[Cell] = []
    for area in ("01", "02", "03"):
        values = [WEEK[n % 7] for n in range(70)]
        if area == "02":
            values[-2:] = [150.0, 170.0]
        cells += days(FIRST, values, area=area)
    world.put(*cells)
    return post_of(world, tmp_path / "pack")


def post_of(world: World, pack: Path) -> Post:
    """Return the alerts of a world, with the rules of its pack."""
    alerts = Alerts(world.engine, lambda: world.now, areas=world.areas, pack=pack, poll_seconds=0)
    return Post(world, Shared(world.engine, lambda: world.now, areas=world.areas,
                              cube=world.new_cube(), alerts=alerts))  # fmt: skip
