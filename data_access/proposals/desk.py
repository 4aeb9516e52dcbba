"""Proposals of the shared database: who sees which, and the steps that are taken with them.

Neither the press nor a province sees a proposal; nobody sees another evaluator's scores before
they are open: they are taken out here, before anything leaves the data layer.
"""

import sqlalchemy as sa

from data_access.actor import Actor
from data_access.clock import Clock
from data_access.proposals.flow import PROPOSALS
from data_access.proposals.scoring import Evaluation, evaluation, without_hidden
from data_access.viewer import Viewer
from data_access.workflow import store
from data_access.workflow.fields import Given
from data_access.workflow.model import Item, UnknownItem
from data_access.workflow.shelf import Shelf


class Proposals:
    """The proposals in the shared database.

    Args:
        engine: the database.
        clock: what time it is here.
        zone: the country's time zone.
    """

    flow = PROPOSALS

    def __init__(self, engine: sa.Engine, clock: Clock, *, zone: str) -> None:
        """Hold what is given; read nothing yet."""
        self._engine = engine
        self._clock = clock
        self._zone = zone
        self._shelf = Shelf(engine, PROPOSALS)

    def list(self, *, viewer: Viewer, account: str = "") -> list[tuple[Item, Evaluation]]:
        """Return the proposals in a viewer's sight, by number, without scores hidden from them.

        Args:
            viewer: who looks.
            account: theirs: they see what they scored themselves.
        """
        every = self._shelf.items(viewer=viewer)
        return [_seen(item, account) for item in every]

    def show(self, number: int, *, viewer: Viewer, account: str = "") -> tuple[Item, Evaluation]:
        """Return one.

        Raises:
            UnknownItem: if there is none in the viewer's sight.
        """
        found = store.read(self._engine, PROPOSALS, viewer=viewer, number=number)
        if not found:
            raise UnknownItem(f"there is no proposal {PROPOSALS.code(number)}")
        return _seen(found[0], account)

    def add(self, actor: Actor, given: Given) -> Item:
        """Register a proposal and return it; raises as `store.open_item`."""
        at = self._clock()
        return store.open_item(self._engine, PROPOSALS, actor, given, at=at, zone=self._zone)

    def take(
        self, actor: Actor, number: int, *, way: str, given: Given, expected: int | None
    ) -> Item:
        """Take a step with a proposal and return it as the actor sees it; raises as `store.take`.

        Raises:
            StepRefused: as well where a conflict of interest bars the actor, a second person is
                needed, or scores are missing.
        """
        item = store.take(
            self._engine, PROPOSALS, actor, number, way=way, given=given, expected=expected,
            at=self._clock(), zone=self._zone,
        )  # fmt: skip
        return without_hidden(item, account=actor.account)


def _seen(item: Item, account: str) -> tuple[Item, Evaluation]:
    return without_hidden(item, account=account), evaluation(item).seen_by(account)
