"""The register of numbers said in a briefing: what was said, by whom, when. It only grows.

A number that was said is public from the moment it is registered, beside the one that was
published, or the plain statement that none was. Of the nation and provinces only: what was said
of fewer people is not repeated here.
"""

import math
from dataclasses import dataclass
from datetime import date, datetime

import polars as pl
import sqlalchemy as sa

from data_access import tables
from data_access.actor import Actor
from data_access.audit import record
from data_access.codes import Level, Role, to_day, to_us
from data_access.engine import writing
from data_access.errors import BadUse, ScopeDenied
from data_access.indicators.registry import INDICATORS
from data_access.reader import Schema, read_frame, snapshot
from data_access.reference.places import Areas
from data_access.viewer import Viewer, system_viewer

KEEPERS = frozenset({Role.NATIONAL})
LONGEST = 120
LARGEST = 1e12
LEVELS = (Level.NATIONAL.value, Level.PROVINCE.value)
QUOTE_SCHEMA: Schema = {
    "quote_id": pl.Int64, "figure": pl.String, "area_code": pl.String, "day": pl.Date,
    "value": pl.Float64, "said_by": pl.String, "said_at": pl.Datetime("us", "UTC"),
    "registered_at": pl.Datetime("us", "UTC"), "retracted": pl.Boolean, "reason": pl.String,
}  # fmt: skip
"""`reason`: why one was taken back. Who registered a number is for the audit log."""
_STORED: Schema = {
    "quote_id": pl.Int64, "figure": pl.String, "area_code": pl.String, "day": pl.Int32,
    "value": pl.Float64, "said_by": pl.String, "said_at": pl.Int64, "registered_at": pl.Int64,
    "retracts": pl.Int64, "reason": pl.String,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Quote:
    """A number as it was said.

    Attributes:
        figure: id of the indicator.
        area_code: the nation's or a province's.
        day: day that it is about.
        value: the number, in the indicator's unit; a ratio is 0 to 1.
        said_by: the office that said it, at most 120 letters.
        said_at: when (aware).
    """

    figure: str
    area_code: str
    day: date
    value: float
    said_by: str
    said_at: datetime


def register(engine: sa.Engine, quote: Quote, *, areas: Areas, actor: Actor, now: datetime) -> int:
    """Put a number on the register, for everybody at once, and return its number there.

    Raises:
        ScopeDenied: unless the national command does it.
        BadUse: naming what cannot be registered.
        DatabaseUnavailable: if the database does not answer.
    """
    _require(actor)
    _check(quote, areas=areas, now=now)
    row = {
        "figure": quote.figure, "area_code": quote.area_code, "day": to_day(quote.day),
        "value": quote.value, "said_by": _plain(quote.said_by), "said_at": to_us(quote.said_at),
    }  # fmt: skip
    about = {"figure": quote.figure, "area": quote.area_code, "day": quote.day.isoformat(),
             "value": f"{quote.value:g}"}  # fmt: skip
    return _append(engine, row, "quote.register", about, actor=actor, now=now)


def retract(engine: sa.Engine, quote_id: int, *, reason: str, actor: Actor, now: datetime) -> None:
    """Take back a number that was registered by mistake; it stays readable, marked.

    Raises:
        ScopeDenied: unless the national command does it.
        BadUse: if there is no such number, it was taken back already, or no reason is given.
        DatabaseUnavailable: if the database does not answer.
    """
    _require(actor)
    if not 0 < len(_plain(reason)) <= LONGEST:
        raise BadUse(f"a reason of 1 to {LONGEST} letters is needed")
    table = tables.quoted_number
    columns = ("figure", "area_code", "day", "value", "said_by", "said_at")
    with writing(engine) as connection:
        wanted = sa.select(*[table.c[name] for name in columns]).where(
            table.c.quote_id == quote_id, table.c.retracts.is_(None)
        )
        found = connection.execute(wanted).mappings().first()
        gone = sa.select(table.c.quote_id).where(table.c.retracts == quote_id)
        if found is None or connection.execute(gone).first() is not None:
            raise BadUse("no number stands under that on the register")
        row = {**found, "retracts": quote_id, "reason": _plain(reason)}
        _written(connection, row, actor=actor, now=now)
        _on_record(connection, "quote.retract", quote_id, {"reason": _plain(reason)}, actor, now)


def mark(engine: sa.Engine, *, viewer: Viewer) -> str:
    """Return a text that differs whenever the register does: it only grows.

    Raises:
        DatabaseUnavailable: if the database does not answer.
    """
    query = sa.select(sa.func.count().label("n")).select_from(tables.quoted_number)
    with snapshot(engine, viewer=viewer) as connection:
        return str(read_frame(connection, query, {"n": pl.Int64}, viewer=viewer)["n"][0])


def quotes(engine: sa.Engine, *, viewer: Viewer) -> pl.DataFrame:
    """Return the register at the viewer's moment, the newest first: columns of QUOTE_SCHEMA.

    Raises:
        DatabaseUnavailable: if the database does not answer.
    """
    table = tables.quoted_number
    query = sa.select(*[table.c[name] for name in _STORED]).where(
        table.c.registered_at <= to_us(viewer.now)
    )
    # The register is everybody's, the press included, who sees no other row that is not published.
    system = system_viewer(viewer.now)
    with snapshot(engine, viewer=system) as connection:
        found = read_frame(connection, query, _STORED, viewer=system)
    back = found.filter(pl.col("retracts").is_not_null()).select(
        quote_id="retracts", why="reason", retracted=pl.lit(value=True)
    )
    return (
        found.filter(pl.col("retracts").is_null())
        .join(back, on="quote_id", how="left")
        .with_columns(
            pl.col("day").cast(pl.Date),
            pl.col("said_at", "registered_at").cast(pl.Datetime("us", "UTC")),
            pl.col("retracted").fill_null(value=False),
            reason=pl.col("why").fill_null(""),
        )
        .select(list(QUOTE_SCHEMA))
        .sort("said_at", "quote_id", descending=True)
    )


def _require(actor: Actor) -> None:
    if actor.role not in KEEPERS:
        raise ScopeDenied(f"role {actor.role} may not keep the register of quoted numbers")


def _check(quote: Quote, *, areas: Areas, now: datetime) -> None:
    if quote.figure not in INDICATORS:
        raise BadUse("a number is registered under the id of an indicator")
    held = areas.frame.filter(pl.col("code") == quote.area_code, pl.col("level").is_in(LEVELS))
    if held.is_empty():
        raise BadUse("a number is registered for the nation or a province")
    if not (math.isfinite(quote.value) and abs(quote.value) <= LARGEST):
        raise BadUse("that is no number that can be said")
    if not 0 < len(_plain(quote.said_by)) <= LONGEST:
        raise BadUse(f"who said it is named in 1 to {LONGEST} letters")
    if quote.said_at > now:
        raise BadUse("it cannot have been said later than now")


def _plain(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _append(
    engine: sa.Engine, row: dict[str, object], action: str, about: dict[str, str], *,
    actor: Actor, now: datetime,
) -> int:  # fmt: skip
    with writing(engine) as connection:
        number = _written(connection, row, actor=actor, now=now)
        _on_record(connection, action, number, about, actor, now)
    return number


def _written(
    connection: sa.Connection, row: dict[str, object], *, actor: Actor, now: datetime
) -> int:
    table = tables.quoted_number
    last = connection.execute(sa.select(sa.func.max(table.c.quote_id))).scalar()
    number = int(last or 0) + 1
    signed = {"quote_id": number, "registered_at": to_us(now), "registered_by": actor.account}
    connection.execute(sa.insert(table), [{**row, **signed}])
    return number


def _on_record(
    connection: sa.Connection, action: str, number: int, about: dict[str, str], actor: Actor,
    now: datetime,
) -> None:  # fmt: skip
    record(
        connection, at=now, account=actor.account, role=actor.role.value, action=action,
        object=f"quote/{number}", detail=about,
    )  # fmt: skip
