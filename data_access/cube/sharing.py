"""One figure, worked out once, shown to all who may see it.

A question about several ids is answered id by id, so that a commit makes only those anew that it
touched. A figure of a province does not depend on who looks, as long as every part of it is in
their sight: it is worked out once for the country and cut to the areas of whoever asks. Where that
cannot be proved from the parts alone (a dimension whose codes depend on what is seen, a province
made of others, days that follow from what is there) the question goes the direct way.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import polars as pl

from data_access.codes import Level
from data_access.cube.geography import PROVINCE, RANKS, Geography
from data_access.cube.hot import HotCube
from data_access.cube.query import Ask, figures, find, placed
from data_access.errors import DataAccessError
from data_access.viewer import Viewer, system_viewer

_LEVELS = {rank: Level(level) for level, rank in RANKS.items()}


class Keeps(Protocol):
    """Keeps what was made of a state, by who looks and what was asked."""

    def __call__(
        self,
        what: tuple[object, ...],
        make: Callable[[], pl.DataFrame],
        *,
        ids: Sequence[str] | None = None,
        viewer: Viewer,
    ) -> pl.DataFrame:
        """Return what was made before of the same state, or make it."""
        ...


@dataclass(frozen=True, kw_only=True)
class Sharing:
    """Answers questions from figures that are worked out once for everybody.

    Attributes:
        cube: the figures in memory.
        kept: keeps what was worked out.
        version: what differs whenever an answer about some ids may differ.
    """

    cube: HotCube
    kept: Keeps
    version: Callable[..., Hashable]

    def figures(self, ask: Ask, *, viewer: Viewer) -> pl.DataFrame:
        """Return the same frame as `cube.query.figures`, which says what it raises."""
        if not _may_be_split(ask, viewer):
            return figures(self.cube, ask, viewer=viewer)
        ids = tuple(dict.fromkeys(ask.ids))
        catalogue = self.cube.state(viewer=viewer).catalogue
        for key in ids:
            # Whether the viewer may know of it, before anything shared is touched.
            find(catalogue, key, viewer=viewer)
        before = self.version(ids, viewer=viewer)
        try:
            parts = [self._one(replace(ask, ids=(key,)), viewer=viewer) for key in ids]
        except DataAccessError:
            # Nothing is shared of a question that cannot be answered; the direct way says why.
            return figures(self.cube, ask, viewer=viewer)
        if len(parts) == 1:
            return parts[0]
        if self.version(ids, viewer=viewer) != before:
            # A commit came in between: an answer is always of one state.
            return figures(self.cube, ask, viewer=viewer)
        dimension = [ask.by] if ask.by else []
        return pl.concat(parts).sort("date", "area_code", "area", "id", *dimension)

    def _one(self, ask: Ask, *, viewer: Viewer) -> pl.DataFrame:
        if ask.by:
            return self._asked(ask, viewer=viewer)
        rank, area_ids, vintage = placed(self.cube, ask, viewer=viewer)
        if not is_whole(self.cube.geography, rank, vintage, area_ids, viewer=viewer):
            return self._asked(ask, viewer=viewer)
        # All provinces cost little more than one, and every province asks.
        areas = () if rank == PROVINCE else ask.areas
        wide = replace(ask, level=_LEVELS[rank], areas=areas, vintage=vintage)
        anybody = system_viewer(viewer.now)
        if self.cube.state(viewer=viewer).catalogue.hidden(viewer=viewer):
            # There are sources that the viewer may not know of: only their like share a figure.
            anybody = replace(anybody, clearance=viewer.clearance)
        found = self._asked(wide, viewer=anybody)
        return found.filter(_among(area_ids))

    def _asked(self, ask: Ask, *, viewer: Viewer) -> pl.DataFrame:
        return self.kept(
            ("one", ask), lambda: figures(self.cube, ask, viewer=viewer), ids=ask.ids, viewer=viewer
        )


def _among(area_ids: Sequence[int]) -> pl.Expr:
    return pl.col("area_id").is_in(pl.Series(list(area_ids), dtype=pl.Int32).implode())


def _may_be_split(ask: Ask, viewer: Viewer) -> bool:
    """Return whether each id's answer is the same alone as beside the others."""
    if viewer.is_blind or viewer.published_only or viewer.bulletin is not None:
        return False
    return bool(ask.ids and ask.start and ask.end and ask.start <= ask.end)


def is_whole(
    geography: Geography, rank: int, vintage: str, area_ids: Sequence[int], *, viewer: Viewer
) -> bool:
    """Return whether a viewer sees every part of some areas, so that all see the same figure."""
    if not area_ids:
        return False
    if viewer.everywhere:
        return True
    every = geography.parts(rank, vintage, viewer=system_viewer(viewer.now))
    seen = geography.parts(rank, vintage, viewer=viewer)
    of_them = _among(area_ids)
    return every.filter(of_them).height == seen.filter(of_them).height
