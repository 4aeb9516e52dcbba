"""What is read as one text comes back exactly as the driver's rows would bring it."""

import polars as pl
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from data_access.reader import Schema, frame_snapshot
from data_access.viewer import system_viewer
from tests.conftest import Database
from tests.cube_world import NOW

pytestmark = pytest.mark.db
SCHEMA: Schema = {"number": pl.Int64, "small": pl.Int8, "value": pl.Float64}
TABLE = sa.Table(
    "made", sa.MetaData(), sa.Column("number", sa.BigInteger), sa.Column("small", sa.SmallInteger),
    sa.Column("value", sa.Double),
)  # fmt: skip
rows = st.lists(
    st.tuples(
        st.integers(-(2**53), 2**53),
        st.integers(-128, 127),
        st.none()
        | st.integers(-(2**53), 2**53).map(float)
        | st.floats(allow_nan=False, allow_infinity=False, width=64),
    ),
    max_size=6,
)


@given(rows)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_every_value_comes_back_exactly(
    database: Database, made: list[tuple[int, int, float | None]]
) -> None:
    TABLE.metadata.create_all(database.engine)
    with database.engine.begin() as connection:
        connection.execute(sa.delete(TABLE))
        if made:
            connection.execute(
                sa.insert(TABLE), [dict(zip(SCHEMA, row, strict=True)) for row in made]
            )
    query = sa.select(TABLE.c.number, TABLE.c.small, TABLE.c.value)
    expected = pl.DataFrame(made, schema=SCHEMA, orient="row")
    with frame_snapshot(database.engine, viewer=system_viewer(NOW)) as reader:
        found = reader.read(query, SCHEMA, viewer=system_viewer(NOW))
    order = ["number", "small", "value"]
    assert_frame_equal(found.sort(order), expected.sort(order), check_exact=True)
