"""Frames come out of the database as they went in, on both kinds."""

from datetime import UTC, date, datetime

import polars as pl
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from data_access.carry import delete_matching, insert_frame, matching, select_frame
from data_access.engine import writing
from tests.conftest import Database

TABLE = sa.Table(
    "carried",
    sa.MetaData(),
    sa.Column("key", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("text", sa.Text),
    sa.Column("number", sa.Double),
    sa.Column("day", sa.Integer),
    sa.Column("at", sa.BigInteger),
    sa.Column("flag", sa.SmallInteger),
)
SCHEMA = {
    "key": pl.Int64(),
    "text": pl.String(),
    "number": pl.Float64(),
    "day": pl.Date(),
    "at": pl.Datetime("us", "UTC"),
    "flag": pl.Boolean(),
}
EARLY, LATE = datetime(1900, 1, 1), datetime(2200, 1, 1)  # noqa: DTZ001 -- hypothesis' rule
texts = st.one_of(
    st.none(),
    st.sampled_from(["", "\\N", '"', ",", "\n", "\r\n", "\\.", "Đà Nẵng", " a ", "'", "%s", "1.0"]),
    st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0\x02"), max_size=6),
)
rows = st.tuples(
    texts,
    st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False)),
    st.one_of(st.none(), st.dates(date(1900, 1, 1), date(2200, 1, 1))),
    st.one_of(st.none(), st.datetimes(EARLY, LATE)),
    st.one_of(st.none(), st.booleans()),
)


def test_what_goes_in_comes_out(database: Database) -> None:
    with writing(database.engine) as connection:
        TABLE.create(connection)

    @settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
    @given(given_rows=st.lists(rows, max_size=5))
    def run(given_rows: list[tuple[object, ...]]) -> None:
        with_zone = [
            (number, *row[:3], row[3].replace(tzinfo=UTC) if row[3] else None, row[4])  # type: ignore[attr-defined]
            for number, row in enumerate(given_rows)
        ]
        frame = pl.DataFrame(with_zone, schema=SCHEMA, orient="row")
        with writing(database.engine) as connection:
            connection.execute(sa.delete(TABLE))
            insert_frame(connection, TABLE, frame)
            query = sa.select(TABLE).order_by(TABLE.c.key)
            assert_frame_equal(select_frame(connection, query, schema=SCHEMA), frame)

    run()


def test_only_named_keys_are_found_and_deleted(database: Database) -> None:
    frame = pl.DataFrame({"key": [1, 2, 3], "text": ["a", "b", None]})
    wanted = pl.DataFrame({"key": [2, 9]})
    with writing(database.engine) as connection:
        TABLE.create(connection)
        insert_frame(connection, TABLE, frame)
        schema = {"key": pl.Int64(), "text": pl.String()}
        found = matching(connection, TABLE, keys=wanted, columns=["key", "text"], schema=schema)
        assert found.rows() == [(2, "b")]
        delete_matching(connection, TABLE, wanted)
        left = connection.execute(sa.select(TABLE.c.key).order_by(TABLE.c.key)).scalars()
        assert list(left) == [1, 3]
