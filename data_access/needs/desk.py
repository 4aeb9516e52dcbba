"""Needs of the shared database: who sees which, and the steps that are taken with them."""

import sqlalchemy as sa

from data_access.actor import Actor
from data_access.clock import Clock
from data_access.needs.flow import NEEDS
from data_access.viewer import Viewer
from data_access.workflow import store
from data_access.workflow.fields import Given
from data_access.workflow.model import Item, UnknownItem
from data_access.workflow.shelf import Shelf


class Needs:
    """The needs in the shared database.

    Args:
        engine: the database.
        clock: what time it is here.
        zone: the country's time zone.
    """

    flow = NEEDS

    def __init__(self, engine: sa.Engine, clock: Clock, *, zone: str) -> None:
        """Hold what is given; read nothing yet."""
        self._engine = engine
        self._clock = clock
        self._zone = zone
        self._shelf = Shelf(engine, NEEDS)

    def list(self, *, viewer: Viewer) -> list[Item]:
        """Return the needs in a viewer's sight, by number: a province its own and the nation's."""
        return list(self._shelf.items(viewer=viewer))

    def show(self, number: int, *, viewer: Viewer) -> Item:
        """Return one.

        Raises:
            UnknownItem: if there is none in the viewer's sight.
        """
        found = store.read(self._engine, NEEDS, viewer=viewer, number=number)
        if not found:
            raise UnknownItem(f"there is no need {NEEDS.code(number)}")
        return found[0]

    def add(self, actor: Actor, given: Given) -> Item:
        """Raise a need and return it; raises as `store.open_item`."""
        at = self._clock()
        return store.open_item(self._engine, NEEDS, actor, given, at=at, zone=self._zone)

    def take(
        self, actor: Actor, number: int, *, way: str, given: Given, expected: int | None
    ) -> Item:
        """Take a step with a need and return it; raises as `store.take`."""
        return store.take(
            self._engine, NEEDS, actor, number, way=way, given=given, expected=expected,
            at=self._clock(), zone=self._zone,
        )  # fmt: skip
