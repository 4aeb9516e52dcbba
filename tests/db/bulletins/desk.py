"""A small country, its figures by file, and the people who cut and publish its bulletins."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from data_access import tables
from data_access.actor import Actor
from data_access.bulletins.model import Bulletin
from data_access.codes import Role, to_us
from data_access.shared import Shared
from data_access.viewer import Viewer, press_at
from tests.cube_world import Cell, World

AN = Actor(account="an", role=Role.NATIONAL)
BINH = Actor(account="binh", role=Role.NATIONAL)
CHI = Actor(account="chi", role=Role.PROVINCE, areas=frozenset({"01"}))
HOUR = timedelta(hours=1)


@dataclass
class Desk:
    """Who works with bulletins in a test; the clock is the world's and moves by hand."""

    world: World
    shared: Shared

    @property
    def bulletins(self):  # type: ignore[no-untyped-def]
        return self.shared.bulletins

    @property
    def press(self) -> Viewer:
        return press_at(self.world.now)

    @property
    def nation(self) -> Viewer:
        return self.world.viewer("national")

    def wait(self, span: timedelta = HOUR) -> datetime:
        self.world.now += span
        return self.world.now

    def deliver(self, name: str, *cells: Cell) -> None:
        """Write cells, and name the file that brought them."""
        self.world.put(*cells)
        batch, moments = tables.batch, {to_us(cell.known) for cell in cells}
        with self.world.engine.begin() as connection:
            number = connection.execute(sa.select(sa.func.max(batch.c.batch_id))).scalar_one()
            named = sa.update(batch).where(batch.c.batch_id == number)
            connection.execute(named.values(file_name=name, sha256=f"{number:064d}"[::-1]))
            areas = {self.world.areas.id_of(cell.area, cell.vintage) for cell in cells}
            for table in (tables.cube_history, tables.cube_current):
                here = (table.c.known_at.in_(moments), table.c.area_id.in_(areas))
                connection.execute(sa.update(table).where(*here).values(batch_id=number))

    def cut(self, cut_off: datetime | None = None) -> Bulletin:
        return self.bulletins.cut(AN, cut_off or self.world.now)

    def out(self, number: int, embargo: datetime | None = None) -> Bulletin:
        """Approve and publish a draft, whatever moved."""
        head = self.bulletins.show(number, viewer=self.nation)
        found = self.bulletins.diff(number, viewer=self.nation)
        if found["out_of_tolerance"].any():
            self.bulletins.accept(AN, number, note="checked with the province")
        self.bulletins.approve(BINH, number, head.sha256)
        return self.bulletins.publish(BINH, number, embargo)

    def issue(self, embargo: datetime | None = None) -> Bulletin:
        return self.out(self.cut().number, embargo)
