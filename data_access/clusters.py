"""Clusters, their chains and their contacts as a viewer may see them. No person leaves here.

Counts of a cluster are small counts below the province: who sees the whole nation needs the
clearance for them, a province sees what its own records say.
"""

from collections.abc import Callable, Hashable, Sequence
from datetime import date
from typing import Protocol

import polars as pl
import sqlalchemy as sa

from data_access.chain import clusters as chained
from data_access.chain import followed as followed_up
from data_access.chain import spread
from data_access.chain.lists import held
from data_access.codes import Clearance
from data_access.delivered import newest_batch
from data_access.errors import ScopeDenied
from data_access.viewer import Viewer


def members(engine: sa.Engine, *, viewer: Viewer) -> pl.DataFrame:
    """Return every case with its cluster and its place in the chain: see `chain.clusters.members`.

    Raises:
        ScopeDenied: if the viewer may not see small counts, or sees published figures only.
        DatabaseUnavailable: if the database does not answer.
    """
    _require(viewer)
    cases = held(engine, "case", chained.CASES, viewer=viewer)
    links = held(engine, "contact", chained.LINKS, viewer=viewer)
    return chained.members(cases, links)


def declared(engine: sa.Engine, *, viewer: Viewer) -> pl.DataFrame:
    """Return the clusters as declared: columns of `chain.clusters.CLUSTERS`.

    Raises:
        As `members`.
    """
    _require(viewer)
    return held(engine, "cluster", chained.CLUSTERS, viewer=viewer)


def followed(engine: sa.Engine, *, viewer: Viewer, zone: str) -> pl.DataFrame:
    """Return every contact with what was done and when: see `chain.followed.followed`.

    Raises:
        As `members`.
    """
    _require(viewer)
    cases = held(engine, "case", chained.CASES, viewer=viewer)
    contacts = held(engine, "contact", followed_up.CONTACTS, viewer=viewer)
    return followed_up.followed(cases, contacts, zone=zone)


def may_see(viewer: Viewer) -> bool:
    """Return whether clusters exist for a viewer: small counts below the province."""
    if viewer.published_only:
        return False
    return not viewer.everywhere or viewer.clearance >= Clearance.SENSITIVE


def _require(viewer: Viewer) -> None:
    if viewer.published_only:
        raise ScopeDenied("nothing has been published yet")
    if not may_see(viewer):
        raise ScopeDenied(f"role {viewer.role} may not see counts below the province")


class Kept(Protocol):
    """Keeps what was made of one state of the database: see `Shared`."""

    def __call__(
        self,
        what: tuple[object, ...],
        make: Callable[[], pl.DataFrame],
        *,
        viewer: Viewer,
        version: Callable[[], Hashable],
    ) -> pl.DataFrame:
        """Return what was made before, or make it."""


class Clusters:
    """The clusters of the shared database. Get one from `Shared.clusters`."""

    def __init__(
        self, engine: sa.Engine, *, zone: str, kept: Kept, seen: Callable[[Viewer], Viewer]
    ) -> None:
        """Hold what is given; read nothing yet.

        `seen` gives the viewer for whom records are read, in a bulletin from its cut-off.
        """
        self._seen = seen
        self._engine = engine
        self._zone = zone
        self._kept = kept

    def register(self, *, viewer: Viewer, day: date, areas: Sequence[str] = ()) -> pl.DataFrame:
        """Return the clusters at the end of a day: see `chain.clusters.register`.

        Args:
            viewer: who looks; a province counts its own cases alone.
            day: at whose end.
            areas: provinces; empty: all in view.

        Raises:
            ScopeDenied: if the viewer may not see clusters, or a province asked for.
        """
        _require(viewer)
        for area in areas:
            viewer.require(area)
        told = self._keep("declared", declared, viewer=viewer)
        return chained.register(self._members(viewer=viewer), told, day=day, areas=areas)

    def cases(self, code: str, *, viewer: Viewer, day: date) -> pl.DataFrame:
        """Return the cases of a cluster up to a day: see `chain.clusters.of_cluster`; none: empty.

        Raises:
            ScopeDenied: as `register`.
        """
        row = self._row(code, viewer=viewer, day=day)
        own = self._members(viewer=viewer)
        return chained.of_cluster(own, row, day=day) if row else own.clear().with_columns(no=None)

    def contacts(self, code: str, *, viewer: Viewer, day: date) -> pl.DataFrame:
        """Return the contacts of a cluster's cases listed up to a day: columns of FOLLOWED.

        Raises:
            ScopeDenied: as `register`.
        """
        row = self._row(code, viewer=viewer, day=day)
        every = self._followed(viewer=viewer)
        if not row:
            return every.clear()
        of = [pl.col(name) == row[name] for name in ("source", "cluster_id", "is_chain")]
        return every.filter(*of, pl.col("listed_on") <= day)

    def spread(
        self, *, viewer: Viewer, start: date, day: date, areas: Sequence[str] = ()
    ) -> spread.Spread:
        """Return how the infection passed on in some days: see `chain.spread.spread`.

        Raises:
            ScopeDenied: as `register`.
        """
        _require(viewer)
        for area in areas:
            viewer.require(area)
        every, contacts = self._members(viewer=viewer), self._followed(viewer=viewer)
        inside = pl.col("province_code").is_in(list(areas)) if areas else pl.lit(value=True)
        return spread.spread(
            every, every.filter(inside), contacts.filter(inside), start=start, day=day
        )

    def _row(self, code: str, *, viewer: Viewer, day: date) -> dict[str, object] | None:
        every = self.register(viewer=viewer, day=day)
        return next(every.filter(pl.col("code") == code).iter_rows(named=True), None)

    def _members(self, *, viewer: Viewer) -> pl.DataFrame:
        return self._keep("members", members, viewer=viewer)

    def _followed(self, *, viewer: Viewer) -> pl.DataFrame:
        def read(engine: sa.Engine, *, viewer: Viewer) -> pl.DataFrame:
            return followed(engine, viewer=viewer, zone=self._zone)

        return self._keep("followed", read, viewer=viewer)

    def _keep(
        self, what: str, read: Callable[..., pl.DataFrame], *, viewer: Viewer
    ) -> pl.DataFrame:
        viewer = self._seen(viewer)
        return self._kept(
            ("clusters", what),
            lambda: read(self._engine, viewer=viewer),
            viewer=viewer,
            version=lambda: newest_batch(self._engine, ("tracing",), viewer=viewer),
        )
