"""The outbox of alerts: a message is written with the step it tells of, and sent afterwards.

A message is claimed before it is sent and struck off once the other side has taken it. Who is
killed between the two sends it again under the same id, by which the other side knows it.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import polars as pl
import sqlalchemy as sa

from data_access.alerts.model import Alert, Step
from data_access.alerts.store import ALERT_LOCK, OUTBOX
from data_access.codes import to_us
from data_access.engine import writing
from data_access.reader import Schema, read_frame, snapshot
from data_access.viewer import Viewer

_MESSAGE: Schema = {
    "message_id": pl.String, "channel": pl.String, "body": pl.String, "created_at": pl.Int64,
    "n_tries": pl.Int64,
}  # fmt: skip


def claim(
    engine: sa.Engine, channel: str, *, at: datetime, until: datetime, limit: int
) -> list[dict[str, Any]]:
    """Return messages that are due, claimed until a moment: nobody else sends them meanwhile."""
    c = OUTBOX.c
    with writing(engine, lock=ALERT_LOCK) as connection:
        query = (
            sa.select(*[c[name] for name in _MESSAGE])
            .where(c.channel == channel, c.sent_at.is_(None), c.due_at <= to_us(at),
                   c.claimed_until <= to_us(at))
            .order_by(c.created_at, c.message_id)
            .limit(limit)
        )  # fmt: skip
        found = [dict(row) for row in connection.execute(query).mappings()]
        ids = [row["message_id"] for row in found]
        mine = sa.update(OUTBOX).where(c.message_id.in_(ids))
        connection.execute(mine.values(claimed_until=to_us(until)))
    return found


def sent(engine: sa.Engine, ids: Sequence[str], *, at: datetime) -> None:
    """Note that messages have been taken by the other side."""
    with writing(engine, lock=ALERT_LOCK) as connection:
        mine = sa.update(OUTBOX).where(OUTBOX.c.message_id.in_(list(ids)))
        connection.execute(mine.values(sent_at=to_us(at), claimed_until=0, problem=""))


def failed(engine: sa.Engine, ids: Sequence[str], *, again: datetime, problem: str) -> None:
    """Note that messages have not been taken, and when they are tried again."""
    with writing(engine, lock=ALERT_LOCK) as connection:
        mine = sa.update(OUTBOX).where(OUTBOX.c.message_id.in_(list(ids)))
        tried = {"n_tries": OUTBOX.c.n_tries + 1, "claimed_until": 0}
        connection.execute(mine.values(due_at=to_us(again), problem=problem, **tried))


def read_unsent(engine: sa.Engine, *, viewer: Viewer) -> pl.DataFrame:
    """Return how many messages wait, by channel: channel, n, problem of one of them."""
    c = OUTBOX.c
    query = (
        sa.select(c.channel, sa.func.count(), sa.func.max(c.problem))
        .where(c.sent_at.is_(None))
        .group_by(c.channel)
    )
    schema: Schema = {"channel": pl.String, "n": pl.Int64, "problem": pl.String}
    with snapshot(engine, viewer=viewer) as connection:
        return read_frame(connection, query, schema, viewer=viewer).sort("channel")


def message(
    channel: str,
    alert: Alert,
    made: Step,
    body: Mapping[str, object],
    *,
    at: datetime,
    due: datetime,
) -> dict[str, object]:
    """Return a row of the outbox."""
    return {
        "message_id": f"{channel}-{alert.alert_id}-{made.seq}", "channel": channel,
        "body": json.dumps(body, ensure_ascii=False, sort_keys=True), "created_at": to_us(at),
        "due_at": to_us(due),
    }  # fmt: skip
