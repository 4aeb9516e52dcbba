"""Answers which pseudonyms are one person, as known at the viewer's moment."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import polars as pl
import sqlalchemy as sa

from data_access import tables
from data_access.codes import Clearance, to_us
from data_access.errors import ScopeDenied
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
_LINKS: Schema = {"person_ref": pl.String, "token": pl.String, "kind": pl.Int16}
_ASKED_AT_ONCE = 500
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


def _neighbourhood(connection: sa.Connection, refs: Sequence[str], *, viewer: Viewer) -> list[Link]:
    """Return every link of the pseudonyms asked for and of all that they are connected with."""
    if len(refs) > _READ_WHOLE_FROM:
        return _read(connection, None, (), viewer=viewer)
    link = tables.person_link.c
    known: set[Link] = set()
    new_refs, seen_refs, seen_tokens = set(refs), set(refs), set[str]()
    while new_refs:
        found = _read(connection, link.person_ref, sorted(new_refs), viewer=viewer)
        tokens = {token for _, token, _ in found} - seen_tokens
        seen_tokens |= tokens
        sharing = _read(connection, link.token, sorted(tokens), viewer=viewer)
        known.update(found, sharing)
        new_refs = {ref for ref, _, _ in sharing} - seen_refs
        seen_refs |= new_refs
    return sorted(known)


def _read(
    connection: sa.Connection,
    column: sa.ColumnElement[str] | None,
    values: Iterable[str],
    *,
    viewer: Viewer,
) -> list[Link]:
    link = tables.person_link.c
    query = sa.select(link.person_ref, link.token, link.kind).where(
        link.first_known_at <= to_us(viewer.now)
    )
    if column is None:
        return list(read_frame(connection, query, _LINKS, viewer=viewer).iter_rows())
    return [
        row
        for some in _portions(values)
        for row in read_frame(
            connection, query.where(column.in_(some)), _LINKS, viewer=viewer
        ).iter_rows()
    ]


def _portions(values: Iterable[str]) -> Iterator[list[str]]:
    remaining = iter(values)
    while some := list(islice(remaining, _ASKED_AT_ONCE)):
        yield some
