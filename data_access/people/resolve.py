"""Answers which pseudonyms are one person, as known at the viewer's moment."""

from collections.abc import Iterable, Iterator, Sequence, Set
from itertools import islice

import polars as pl
import sqlalchemy as sa

from data_access import tables
from data_access.codes import Clearance, to_us
from data_access.errors import ScopeDenied
from data_access.people.blocks import BUCKETS, BY_REF, BY_TOKEN, bucket_numbers, unpack
from data_access.people.grouping import Link, group
from data_access.people.kinds import Strength
from data_access.reader import Schema, read_frame, snapshot
from data_access.viewer import Viewer

RESOLVED: Schema = {
    "person_ref": pl.String,
    "person_id": pl.String,
    "strength": pl.Int8,
    "is_ambiguous": pl.Boolean,
}
_BLOCKS: Schema = {"entries": pl.Binary}
_BUCKETS_AT_ONCE = 16
_READ_WHOLE_FROM = 20_000


def resolve(refs: pl.DataFrame, *, engine: sa.Engine, viewer: Viewer) -> pl.DataFrame:
    """Return the person behind each pseudonym, and how far the link can be trusted.

    Shape: columns of RESOLVED, one row per distinct pseudonym, sorted. `strength` is
        `people.kinds.Strength`; a pseudonym without any link stands for itself, unchecked.
        `is_ambiguous`: it shares an identifier with somebody who is certainly another person.
    Needs: column person_ref; nulls are nobody and left out.

    Raises:
        ScopeDenied: unless the viewer may see sensitive rows of the whole nation.
        DatabaseUnavailable: if the database does not answer.
    """
    if viewer.clearance < Clearance.SENSITIVE or not viewer.everywhere or viewer.published_only:
        raise ScopeDenied(f"role {viewer.role} may not see which records are one person's")
    asked = refs["person_ref"].drop_nulls().unique().sort().to_list()
    with snapshot(engine, viewer=viewer) as connection:
        links = _neighbourhood(connection, asked, viewer=viewer)
    found = group(links)
    rows = []
    for ref in asked:
        member = found.get(ref)
        if member is None:
            rows.append((ref, ref, int(Strength.UNCHECKED), False))
        else:
            rows.append((ref, member.person_id, int(member.strength), member.is_ambiguous))
    return pl.DataFrame(rows, schema=RESOLVED, orient="row")


def _neighbourhood(connection: sa.Connection, refs: Sequence[str], *, viewer: Viewer) -> set[Link]:
    """Return every link of the pseudonyms asked for and of all that they are connected with."""
    known: set[Link] = set()
    if len(refs) > _READ_WHOLE_FROM:
        for found in _read(connection, BY_REF, None, viewer=viewer):
            known.update(_as_links(found))
        return known
    new, seen = set(refs), set[str]()
    while new:
        seen |= new
        near = set[str]()
        # What is asked for may be a pseudonym, the token of another one, or both.
        for side in (BY_REF, BY_TOKEN):
            for found in _read(connection, side, new, viewer=viewer):
                known.update(_as_links(found))
                near.update(found["person_ref"], found["token"])
        new = near - seen
    return known


def _as_links(found: pl.DataFrame) -> Iterator[Link]:
    """Yield each pair, and each pseudonym with itself: of what kind its own identifier is."""
    for ref, token, own, kind in found.iter_rows():
        yield ref, ref, own
        yield ref, token, kind


def _read(
    connection: sa.Connection, side: int, ends: Set[str] | None, *, viewer: Viewer
) -> Iterator[pl.DataFrame]:
    """Yield the links that have one of some ends (None: all), some buckets at a time."""
    link = tables.person_link.c
    query = sa.select(link.entries).where(link.side == side, link.known_at <= to_us(viewer.now))
    end = pl.col("person_ref" if side == BY_REF else "token")
    buckets = range(BUCKETS) if ends is None else bucket_numbers(ends)
    wanted = None if ends is None else pl.Series(sorted(ends)).implode()
    for some in _portions(buckets):
        blocks = read_frame(connection, query.where(link.bucket.in_(some)), _BLOCKS, viewer=viewer)
        found = unpack(blocks["entries"])
        yield (found if wanted is None else found.filter(end.is_in(wanted))).unique()


def _portions(values: Iterable[int]) -> Iterator[list[int]]:
    remaining = iter(values)
    while some := list(islice(remaining, _BUCKETS_AT_ONCE)):
        yield some
