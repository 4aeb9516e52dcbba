"""Keeps what people say for levels: one version after the other, each with its audit row.

Who says something names the version that they saw. If another one stands by then, nothing is
written and they are told; what they wanted to say stays in their hands.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

import polars as pl
import sqlalchemy as sa

from data_access import audit, tables
from data_access.actor import Actor
from data_access.codes import Role, from_day, from_us, to_day, to_us
from data_access.engine import writing
from data_access.errors import DataAccessError, ScopeDenied
from data_access.levels.asked import InputRefused, Said, checked, read
from data_access.levels.book import province_of
from data_access.levels.known import Ground
from data_access.levels.reading import ground_of
from data_access.reader import Schema, read_frame, snapshot
from data_access.reference.areas import Areas
from data_access.rules.local import HandInput
from data_access.viewer import Viewer

INPUT = tables.metadata.tables["level_input"]
SAID: Schema = {
    "area": pl.String, "key": pl.String, "version": pl.Int64, "known_at": pl.Int64,
    "province": pl.String, "since": pl.Int64, "until": pl.Int64, "value": pl.String,
    "source": pl.String, "account": pl.String, "role": pl.String,
}  # fmt: skip
LEVEL_LOCK = 0x7475_6C76  # "tulv": who enters a criterion does not wait for a long delivery
EVERYWHERE = frozenset({Role.NATIONAL, Role.STEWARD, Role.SYSTEM})


class SaidMeanwhile(DataAccessError):
    """Somebody else said it meanwhile; nothing of either is lost, nothing was written.

    Attributes:
        version: number of what stands now.
        account: who said it.
        at: when.
        value: what they said, as it was written.
        since: its first day.
    """

    def __init__(
        self, *, version: int, account: str, at: datetime, value: str, since: date
    ) -> None:
        """Keep what the second officer is told."""
        super().__init__(
            f"{account} said {value or 'not known'!r} from {since} meanwhile (version {version})"
        )
        self.version, self.account, self.at = version, account, at
        self.value, self.since = value, since


@dataclass(frozen=True, kw_only=True)
class HandBook:
    """The write side.

    Attributes:
        engine: the shared database.
        areas: the places of the country.
    """

    engine: sa.Engine
    areas: Areas

    def put(self, said: Said, *, actor: Actor, at: datetime) -> int:
        """Keep what somebody says and its audit row in one transaction; return its version.

        Raises:
            InputRefused: if it cannot be; names the field.
            ScopeDenied: if the actor may not say it of that area.
            SaidMeanwhile: if another version stands than the one that was looked at.
            DatabaseUnavailable: if the database does not answer.
        """
        with writing(self.engine, lock=LEVEL_LOCK) as connection:
            row = self._row(connection, said, actor=actor, at=at)
            connection.execute(sa.insert(INPUT), [row])
            audit.record(
                connection, at=at, account=actor.account, role=actor.role.value,
                action="level.input", object=f"level/{row['area']}/{row['key']}",
                detail={"value": str(row["value"]) or "not known", "version": str(row["version"]),
                        "since": said.since.isoformat()},
            )  # fmt: skip
        return int(str(row["version"]))

    def put_many(
        self, said: Sequence[Said], *, actor: Actor, at: datetime, origin: str
    ) -> int:  # fmt: skip
        """Keep many, all or none, in their order; one audit row with their digest.

        Raises:
            As `put`; a row that cannot be is named by its number, the first being 1.
        """
        rows: list[dict[str, object]] = []
        with writing(self.engine, lock=LEVEL_LOCK) as connection:
            for number, one in enumerate(said, start=1):
                try:
                    row = self._row(connection, one, actor=actor, at=at)
                except InputRefused as error:
                    raise InputRefused(error.field, error.code, f"row {number}: {error}") from error
                connection.execute(sa.insert(INPUT), [row])
                rows.append(row)
            if rows:
                written = json.dumps(rows, ensure_ascii=False, sort_keys=True).encode()
                audit.record(
                    connection, at=at, account=actor.account, role=actor.role.value,
                    action="level.import", object=origin,
                    detail={"rows": str(len(rows)), "sha256": hashlib.sha256(written).hexdigest()},
                )  # fmt: skip
        return len(rows)

    def _row(
        self, connection: sa.Connection, said: Said, *, actor: Actor, at: datetime
    ) -> dict[str, object]:
        ground, province = self._placed(said)
        if not may_say(actor, province):
            raise ScopeDenied(f"role {actor.role} may not enter a level's criteria there")
        today = at.astimezone(ZoneInfo(self.areas.country.time_zone)).date()
        fit = checked(said, level=ground.level, today=today)
        stands = _standing(connection, str(ground.inside), fit.key)
        version = int(stands.version) if stands else 0
        if said.base not in (-1, version) and stands is not None:
            raise SaidMeanwhile(version=version, account=stands.account,
                                at=from_us(stands.known_at), value=stands.value,
                                since=from_day(stands.since))  # fmt: skip
        return {
            "area": ground.inside, "key": fit.key, "version": version + 1,
            "known_at": max(to_us(at), stands.known_at if stands else 0), "province": province,
            "since": to_day(fit.since),
            "until": None if fit.until is None else to_day(fit.until),
            "value": fit.value, "source": fit.source, "account": actor.account,
            "role": actor.role.value,
        }  # fmt: skip

    def _placed(self, said: Said) -> tuple[Ground, str]:
        """Return where it is said of, and the code of the province."""
        try:
            ground = ground_of(said.area, areas=self.areas,
                               vintage=self.areas.vintage_on(said.since))  # fmt: skip
        except DataAccessError as error:
            raise InputRefused("area", "area", str(error)) from error
        return ground, province_of(self.areas, str(ground.inside), ground)


def may_say(actor: Actor, province: str) -> bool:
    """Return whether somebody may enter criteria of a province's areas."""
    return actor.role in EVERYWHERE or (actor.role is Role.PROVINCE and province in actor.areas)


def _standing(connection: sa.Connection, area: str, key: str) -> sa.Row[tuple[object, ...]] | None:
    of = INPUT.c
    query = (
        sa.select(of.version, of.known_at, of.account, of.value, of.since)
        .where(of.area == area, of.key == key)
        .order_by(of.version.desc())
        .limit(1)
    )
    return connection.execute(query).first()  # type: ignore[return-value]


# --- reading ------------------------------------------------------------------------------------


def history(engine: sa.Engine, *, viewer: Viewer) -> pl.DataFrame:
    """Return every version that a viewer may see and that was known at their moment.

    Shape: `SAID` with known_at as a UTC instant, since and until as dates; sorted by area, key,
    version. A province sees its own; whoever sees only what was published sees nothing.

    Raises:
        DatabaseUnavailable: if the database does not answer.
    """
    query = sa.select(*[INPUT.c[name] for name in SAID]).where(*_visible(viewer))
    with snapshot(engine, viewer=viewer) as connection:
        found = read_frame(connection, query, SAID, viewer=viewer)
    days = pl.col("since", "until").cast(pl.Int32).cast(pl.Date)
    instant = pl.col("known_at").cast(pl.Datetime("us", "UTC"))
    return found.with_columns(days, instant).sort("area", "key", "version")


def count(engine: sa.Engine, *, viewer: Viewer) -> int:
    """Return how many versions a viewer may see: grows with every one that is written."""
    query = sa.select(sa.func.count()).select_from(INPUT).where(*_visible(viewer))
    with snapshot(engine, viewer=viewer) as connection:
        found = read_frame(connection, query, {"n": pl.Int64}, viewer=viewer)
    return int(found["n"][0]) if found.height else 0


def said(engine: sa.Engine, *, viewer: Viewer) -> tuple[HandInput, ...]:
    """Return what was said, as the rules take it, in the order in which it was said."""
    return tuple(_as_input(row) for row in history(engine, viewer=viewer).iter_rows(named=True))


def _as_input(row: dict[str, object]) -> HandInput:
    return HandInput(
        area=str(row["area"]), key=str(row["key"]), since=row["since"],  # type: ignore[arg-type]
        until=row["until"], value=read(str(row["key"]), str(row["value"])),  # type: ignore[arg-type]
        source=str(row["source"]), account=str(row["account"]),
    )  # fmt: skip


def _visible(viewer: Viewer) -> tuple[sa.ColumnElement[bool], ...]:
    known = INPUT.c.known_at <= to_us(viewer.now)
    if viewer.is_blind or viewer.published_only:
        return known, sa.false()
    if viewer.everywhere:
        return (known,)
    return known, INPUT.c.province.in_(sorted(viewer.areas))
