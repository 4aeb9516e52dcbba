"""Any sequence of batches of records leaves the cube that a recomputation gives."""

import tempfile
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data_access import tables
from tests.conftest import Database
from tests.db.probe import Batch, Version, deliver, prepare
from tests.property.cube import oracle

CLEARED = (
    tables.cube_current, tables.cube_history, tables.partition_change, tables.confirmation,
    tables.batch_flag, tables.batch, *tables.record_tables("probe", "visit"),
)  # fmt: skip

versions = st.builds(
    Version,
    record=st.sampled_from(["a", "b", "c"]),
    version=st.sampled_from([0, 0, 0, 1, 2]),
    amount=st.sampled_from([1, 2, 0, None]),
    method=st.sampled_from(["pcr", "rapid", None]),
    province=st.sampled_from([1, 2]),
    district=st.sampled_from([None, 11]),
    day=st.sampled_from([0, 1, 40]),
    deleted=st.sampled_from([False, False, False, True]),
)
batches = st.lists(
    st.builds(
        Batch,
        moment=st.integers(0, 4),
        rows=st.lists(versions, min_size=1, max_size=4).map(tuple),
        source=st.sampled_from(["s", "s", "s", "t"]),
    ),
    min_size=1,
    max_size=6,
)


@pytest.fixture
def probe(database: Database) -> Database:
    prepare(database.engine)
    return database


def clear(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        for table in CLEARED:
            connection.execute(sa.delete(table))


def check(engine: sa.Engine, given_batches: list[Batch], *, chunk: int) -> None:
    clear(engine)
    with tempfile.TemporaryDirectory() as folder:
        for batch in given_batches:
            counts = deliver(engine, batch, Path(folder), chunk=chunk).counts
            assert counts.read == len(batch.rows)
            assert counts.balanced
    moments = sorted({batch.moment for batch in given_batches})
    states = {moment: oracle.cells(given_batches, at=moment) for moment in moments}
    expected = oracle.history(moments, states)
    held = oracle.stored(engine, tables.cube_history)
    assert held - expected == set()
    assert expected - held == set()
    assert oracle.stored(engine, tables.cube_current) == oracle.present_of(expected)


@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(given_batches=batches, chunk=st.sampled_from([1, 2, 1000]))
def test_history_equals_recomputation(
    probe: Database, given_batches: list[Batch], chunk: int
) -> None:
    check(probe.engine, given_batches, chunk=chunk)
