"""The response chain follows what comes over HTTP: in the server's loop, once a tick."""

import asyncio
import logging
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from dashboard import resources, server
from data_access import tables
from data_access.errors import DatabaseUnavailable
from tests.app.test_api_records import client, ready, token, uploads
from tests.conftest import Database

__all__ = ["client", "ready", "token", "uploads"]
pytestmark = [pytest.mark.app, pytest.mark.vietnam]
HEADER = "contact_id,index_case_id,class,identified_ts,province_code\n"


def contact(number: int) -> str:
    return f"K{number},A,F1,2021-09-02T08:00:00+07:00,79\n"


def listed(database: Database) -> list[float]:
    """What the cube says of contacts listed."""
    held, measure, breakdown = tables.cube_current, tables.measure, tables.breakdown
    query = (
        sa.select(held.c.value)
        .join(measure, measure.c.measure_id == held.c.measure_id)
        .join(breakdown, breakdown.c.breakdown_id == held.c.breakdown_id)
        .where(measure.c.key == "chain_started", breakdown.c.dims == "step=listed_to_reached")
    )
    with database.engine.connect() as connection:
        return list(connection.execute(query).scalars())


def test_a_delivery_is_followed_by_the_loop_and_not_by_its_request(
    client: TestClient, token: Callable[..., dict[str, str]], ready: Database
) -> None:
    headers = token(platforms=frozenset({"tracing"}))
    path = "/api/v1/records/tracing?kind=contact"
    assert client.post(path, content=HEADER + contact(1), headers=headers).json()["new"] == 1
    assert listed(ready) == []
    resources.follow(lambda: True)
    assert listed(ready) == [1]
    # Due once a tick: what comes later in it is followed in the next.
    client.post(path, content=HEADER + contact(2), headers=headers)
    resources.follow(lambda: True)
    assert listed(ready) == [1]
    resources.follower.clear()  # a process that starts anew looks for what was left
    resources.follow(lambda: True)
    assert listed(ready) == [2]


def test_the_loop_outlives_what_goes_wrong(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    done, wanted = [], []

    def follow(wanted_still: Callable[[], bool]) -> None:
        wanted.append(wanted_still)
        done.append(len(done))
        if len(done) == 1:
            raise DatabaseUnavailable("the shared database does not answer")
        if len(done) == 2:
            raise ZeroDivisionError

    async def a_while() -> None:
        task = asyncio.create_task(server.follow())
        while len(done) < 3:
            await asyncio.sleep(0.01)
        assert wanted[-1]()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    monkeypatch.setattr(resources, "follow", follow)
    monkeypatch.setattr(server, "FOLLOW_SECONDS", 0.01)
    with caplog.at_level(logging.ERROR, logger="tuyendau.server"):
        asyncio.run(a_while())
    assert [record.message for record in caplog.records] == [
        "the response chain could not be worked out"
    ]
    # A run under way is told that nobody wants it any more.
    assert not wanted[-1]()
