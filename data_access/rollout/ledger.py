"""Versions of the rollout: written one after the other, none replaced, each by somebody.

Who edits says which version they looked at. If another one stands by then, nothing is written and
they are told which fields differ; what they wanted to say stays in their hands.
"""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

import polars as pl
import sqlalchemy as sa

from data_access import audit, tables
from data_access.actor import Actor
from data_access.codes import Clearance, from_us, to_us
from data_access.engine import writing
from data_access.errors import BadInput, ScopeDenied
from data_access.reader import Schema, read_frame, snapshot
from data_access.rollout.model import (
    FIELDS,
    Change,
    Conflict,
    Content,
    Difference,
    Kind,
    Refused,
    check_item,
    checked,
    item_of,
)
from data_access.rollout.steps import check_step, may_write
from data_access.viewer import Viewer

VERSION = tables.metadata.tables["rollout_version"]
HISTORY: Schema = {
    "kind": pl.String,
    "item": pl.String,
    "version": pl.Int64,
    "known_at": pl.Int64,
    "province": pl.String,
    "account": pl.String,
    "role": pl.String,
    "reason": pl.String,
    "content": pl.String,
}
ROLLOUT_LOCK = 0x7475_726F  # "turo": who reports a step does not wait for a long delivery
MOST_REASON = 300
AHEAD = timedelta(minutes=1)
"""How far a moment said may lie before the last one: clocks of servers differ."""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What stands of an item.

    Attributes:
        version: its number; 0: nothing yet.
        known_at: microseconds UTC.
        account: who said it.
        content: the fields; None: nothing yet.
    """

    version: int
    known_at: int
    account: str
    content: Content | None


@dataclass(frozen=True, kw_only=True)
class Book:
    """The write side of the rollout.

    Attributes:
        engine: the shared database.
        zone: the country's time zone: a step's day is a local day.
        provinces: codes there are; anything else is refused.
    """

    engine: sa.Engine
    zone: ZoneInfo
    provinces: Collection[str]

    def put(self, change: Change, *, actor: Actor) -> int:
        """Write one change and its audit row in one transaction; return the version's number.

        Raises:
            Refused: if it cannot be said; names the field.
            ScopeDenied: if the actor may not say it.
            Conflict: if another version stands than the one looked at.
            DatabaseUnavailable: if the database does not answer.
        """
        with writing(self.engine, lock=ROLLOUT_LOCK) as connection:
            held = _standing(connection, [change])
            row = self._row(connection, change, held, actor=actor)
            connection.execute(sa.insert(VERSION), [row])
            audit.record(
                connection, at=change.at, account=actor.account, role=actor.role.value,
                action=f"rollout.{change.kind}", object=f"{change.kind}/{row['item']}",
                detail=_told(row, held.get((change.kind, str(row["item"])))),
            )  # fmt: skip
        return int(str(row["version"]))

    def put_many(self, changes: Sequence[Change], *, actor: Actor, origin: str) -> int:
        """Write many changes, all or none, in their order; one audit row with their digest.

        Args:
            changes: as in `put`; the base of each is the version that stands when its turn comes
                where it says -1.
            actor: who says them.
            origin: where they are from, for the audit row: a file's name.

        Raises:
            RefusedRows: if some cannot be said; names each.
            ScopeDenied: as `put`.
            Conflict: as `put`.
            DatabaseUnavailable: if the database does not answer.
        """
        rows: list[dict[str, object]] = []
        refused: list[tuple[int, Refused]] = []
        with writing(self.engine, lock=ROLLOUT_LOCK) as connection:
            held = _standing(connection, changes)
            for number, change in enumerate(changes, start=1):
                try:
                    row = self._row(connection, change, held, actor=actor)
                except Refused as error:
                    refused.append((number, error))
                    continue
                held[change.kind, str(row["item"])] = _stands(row)
                rows.append(row)
            if refused:
                raise RefusedRows(tuple(refused))
            if rows:
                connection.execute(sa.insert(VERSION), rows)
                _record_many(connection, rows, actor=actor, origin=origin)
        return len(rows)

    def _row(
        self,
        connection: sa.Connection,
        change: Change,
        held: Mapping[tuple[str, str], Standing],
        *,
        actor: Actor,
    ) -> dict[str, object]:
        item = check_item(change.item)
        stands = held.get((change.kind, item), _NOTHING)
        wanted: Content = {**(stands.content or {}), **change.content}
        after = checked(change.kind, wanted)
        province = after.get("province") or ""
        # Whose it is and whose it would be: nobody takes another's ticket for their own.
        owners = {province, (stands.content or {}).get("province") or province}
        if not all(may_write(actor, change.kind, owner) for owner in owners):
            raise ScopeDenied(f"role {actor.role} may not write a {change.kind} there")
        if province and province not in self.provinces:
            raise Refused("province", "bad_province", f"{province!r} is no province")
        if item_of(change.kind, after) not in (None, item):
            raise Refused("item", "bad_item", f"{item!r} is not named after its content")
        if change.base not in (-1, stands.version):
            raise _conflict(stands, _based(connection, change, item), mine=change.content)
        _check_moment(change, stands)
        reason = " ".join(change.reason.split())
        if len(reason) > MOST_REASON:
            raise Refused("reason", "too_long", f"{MOST_REASON} letters at most")
        today = change.at.astimezone(self.zone).date()
        check_step(change.kind, stands.content, after, reason=reason, today=today)
        return {
            "kind": change.kind.value, "item": item, "version": stands.version + 1,
            "known_at": max(to_us(change.at), stands.known_at), "province": province,
            "account": actor.account, "role": actor.role.value, "reason": reason,
            "content": json.dumps(after, ensure_ascii=False, sort_keys=True),
        }  # fmt: skip


def _based(connection: sa.Connection, change: Change, item: str) -> Content | None:
    """Return the version that was looked at, as it was."""
    query = sa.select(VERSION.c.content).where(
        VERSION.c.kind == change.kind.value, VERSION.c.item == item,
        VERSION.c.version == change.base,
    )  # fmt: skip
    found = connection.execute(query).scalar()
    return None if found is None else json.loads(found)


def _check_moment(change: Change, stands: Standing) -> None:
    if stands.version and to_us(change.at + AHEAD) < stands.known_at:
        raise Refused("at", "before_last", "became known before what stands")


_NOTHING = Standing(version=0, known_at=0, account="", content=None)


class RefusedRows(BadInput):
    """Of many changes some cannot be said; nothing was written.

    Attributes:
        refused: number of the change, the first being 1, and why.
    """

    def __init__(self, refused: tuple[tuple[int, Refused], ...]) -> None:
        """Keep which ones."""
        number, first = refused[0]
        super().__init__(f"{len(refused)} rows cannot be said; the first is row {number}: {first}")
        self.refused = refused


def _standing(
    connection: sa.Connection, changes: Sequence[Change]
) -> dict[tuple[str, str], Standing]:
    """Return what stands of the items of some changes, as this transaction sees it."""
    of, kinds = VERSION.c, {change.kind.value for change in changes}
    newest = (
        sa.select(of.kind, of.item, sa.func.max(of.version).label("version"))
        .where(of.kind.in_(sorted(kinds)))
        .group_by(of.kind, of.item)
    )
    if len(changes) == 1:
        newest = newest.where(of.item == changes[0].item)
    last = newest.subquery()
    query = sa.select(of.kind, of.item, of.version, of.known_at, of.account, of.content).join(
        last,
        sa.and_(of.kind == last.c.kind, of.item == last.c.item, of.version == last.c.version),
    )
    return {(row.kind, row.item): _stands(row._asdict()) for row in connection.execute(query)}


def _stands(row: Mapping[str, object]) -> Standing:
    return Standing(
        version=int(str(row["version"])),
        known_at=int(str(row["known_at"])),
        account=str(row["account"]),
        content=json.loads(str(row["content"])),
    )


def _conflict(stands: Standing, based: Content | None, *, mine: Content) -> Conflict:
    now, was = stands.content or {}, based or {}
    changed = [name for name in now if now.get(name) != was.get(name)]
    return Conflict(
        version=stands.version,
        account=stands.account,
        at=from_us(stands.known_at),
        differences=tuple(
            Difference(field=name, before=was.get(name), theirs=now.get(name), mine=mine.get(name))
            for name in changed
        ),
    )


def _told(row: Mapping[str, object], before: Standing | None) -> dict[str, str]:
    """Return what the audit log says of a change: names of fields, the stage; no contents."""
    was: Content = (before.content if before else None) or {}
    now: Content = json.loads(str(row["content"]))
    changed = [name for name in now if now[name] != was.get(name)]
    told = {"version": str(row["version"]), "changed": " ".join(changed) or "nothing"}
    for name in ("stage", "side", "status", "severity"):
        if name in changed:
            told[name] = f"{was.get(name) or '-'} > {now[name] or '-'}"
    return told


def _record_many(
    connection: sa.Connection, rows: Sequence[Mapping[str, object]], *, actor: Actor, origin: str
) -> None:
    written = json.dumps(list(rows), ensure_ascii=False, sort_keys=True).encode()
    audit.record(
        connection, at=from_us(int(str(rows[-1]["known_at"]))), account=actor.account,
        role=actor.role.value, action="rollout.import", object=origin,
        detail={"rows": str(len(rows)), "sha256": hashlib.sha256(written).hexdigest()},
    )  # fmt: skip


# --- reading ------------------------------------------------------------------------------------


def history(engine: sa.Engine, *, viewer: Viewer) -> pl.DataFrame:
    """Return every version that a viewer may see and that was known at their moment.

    Shape: `HISTORY` with known_at as a UTC instant, sorted by kind, item, version. A province sees
    its own and the nation's; whoever sees only what was published sees nothing.
    Fields marked sensitive are empty below that clearance, but for the province they are of.
    """
    query = sa.select(*[VERSION.c[name] for name in HISTORY]).where(*_visible(viewer))
    with snapshot(engine, viewer=viewer) as connection:
        found = read_frame(connection, query, HISTORY, viewer=viewer)
    if viewer.clearance < Clearance.SENSITIVE:
        found = _without_sensitive(found, own=viewer.areas)
    instant = pl.col("known_at").cast(pl.Datetime("us", "UTC"))
    return found.with_columns(instant).sort("kind", "item", "version")


def count(engine: sa.Engine, *, viewer: Viewer) -> int:
    """Return how many versions a viewer may see: grows with every one that is written."""
    query = sa.select(sa.func.count()).select_from(VERSION).where(*_visible(viewer))
    with snapshot(engine, viewer=viewer) as connection:
        found = read_frame(connection, query, {"n": pl.Int64}, viewer=viewer)
    return int(found["n"][0]) if found.height else 0


def _visible(viewer: Viewer) -> tuple[sa.ColumnElement[bool], ...]:
    known = VERSION.c.known_at <= to_us(viewer.now)
    if viewer.is_blind or viewer.published_only:
        return known, sa.false()
    if viewer.everywhere:
        return (known,)
    return known, VERSION.c.province.in_(["", *sorted(viewer.areas)])


def _without_sensitive(found: pl.DataFrame, *, own: Collection[str]) -> pl.DataFrame:
    hidden = {
        kind.value: [field.name for field in fields if field.sensitive]
        for kind, fields in FIELDS.items()
    }

    def cleared(kind: str, province: str, content: str) -> str:
        if not hidden[kind] or province in own:
            return content
        kept = {**json.loads(content), **dict.fromkeys(hidden[kind])}
        return json.dumps(kept, ensure_ascii=False, sort_keys=True)

    rows = found.select("kind", "province", "content").iter_rows()
    made = [cleared(*row) for row in rows]
    return found.with_columns(pl.Series("content", made, dtype=pl.String))


def latest(found: pl.DataFrame) -> pl.DataFrame:
    """Return of every item the version that stands, of what `history` returned."""
    return found.group_by("kind", "item", maintain_order=True).last()


def contents(found: pl.DataFrame, kind: Kind) -> pl.DataFrame:
    """Return the versions of a kind with one text column a field, beside who said it and when."""
    fields = [field.name for field in FIELDS[kind] if field.name != "province"]
    own = found.filter(pl.col("kind") == kind.value)
    schema = pl.Schema(dict.fromkeys(fields, pl.String))
    read = pl.DataFrame(
        [[json.loads(one).get(name) for name in fields] for one in own["content"]],
        schema=schema, orient="row",
    )  # fmt: skip
    return pl.concat([own.drop("content", "kind"), read], how="horizontal")
