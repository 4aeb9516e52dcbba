"""Links packed into blocks and found again, against sets of tuples."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from data_access.people.blocks import BUCKETS, BY_REF, BY_TOKEN, LINKS, bucket_numbers, pack, unpack

REFS = st.binary(min_size=16, max_size=16).map(bytes.hex)
FEW = st.sampled_from(["0" * 32, "f" * 32, "003f" + "a" * 28, "0040" + "a" * 28])
ENDS = st.one_of(REFS, FEW)
ROWS = st.lists(st.tuples(ENDS, ENDS, st.integers(0, 7), st.integers(0, 7)), max_size=30)


def framed(rows: list[tuple[str, str, int, int]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=dict(LINKS), orient="row")


@given(ROWS)
def test_every_link_is_found_by_either_end(rows) -> None:
    blocks = pack(framed(rows))
    assert not blocks.select("side", "bucket").is_duplicated().any()
    for side, end in ((BY_REF, 0), (BY_TOKEN, 1)):
        expected = {row for row in rows if side == BY_REF or row[0] != row[1]}
        found = unpack(blocks.filter(pl.col("side") == side)["entries"]).rows()
        assert set(found) == expected
        for bucket, entries in blocks.filter(pl.col("side") == side)["bucket", "entries"].rows():
            inside = unpack(pl.Series([entries]))
            # The first ten bits, read without the product's help.
            assert {int(row[end], 16) >> 118 for row in inside.rows()} == {bucket}
            assert bucket_numbers(row[end] for row in inside.rows()) == [bucket]


@given(st.lists(st.tuples(REFS, REFS, st.just(7), st.just(3)), max_size=20, unique=True))
def test_what_comes_twice_is_packed_once(rows) -> None:
    once, twice = pack(framed(rows)), pack(framed(rows + rows[::-1]))
    size = pl.col("entries").bin.size()
    assert twice.select("side", "bucket", size).equals(once.select("side", "bucket", size))


def test_what_is_no_pseudonym_is_in_no_bucket() -> None:
    assert bucket_numbers(["x", "", "0" * 32, "f" * 32]) == [0, BUCKETS - 1]


def test_nothing_packs_to_nothing() -> None:
    assert pack(framed([])).is_empty()
    assert unpack(pack(framed([]))["entries"]).is_empty()
