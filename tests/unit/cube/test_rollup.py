"""What records add to the cube, against hand-computed cells and a plain count of rows."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from data_access.codes import Level
from data_access.contracts.model import Field, Grain, Kind, RecordKind, RollUp
from data_access.cube import rollup
from data_access.cube.rollup import CONTRIBUTION, contributions

HANOI = "Asia/Ho_Chi_Minh"
PROVINCE, DISTRICT = Level.PROVINCE, Level.DISTRICT
SCHEMA = {
    "at": pl.Datetime("us", "UTC"),
    "product": pl.String(),
    "amount": pl.Int64(),
    "province_id": pl.Int32(),
    "district_id": pl.Int32(),
    "deleted": pl.Boolean(),
}
NOON = datetime(2021, 9, 1, 5, tzinfo=UTC)
LATE = datetime(2021, 9, 1, 17, tzinfo=UTC)  # midnight in Hanoi: the next day


def kind(*rollups: RollUp) -> RecordKind:
    fields = (Field(name="at", kind=Kind.INSTANT, vi="", en=""),)
    return RecordKind(name="k", key="id", vi="", en="", fields=fields, rollups=rollups)


def counted(*grains: Grain, **more: Any) -> RollUp:
    return RollUp(
        measure="doses", day="at", dimensions={"product": pl.col("product")}, grains=grains, **more
    )


BOTH = kind(counted(Grain(level=PROVINCE, cut=("product",)), Grain(level=DISTRICT)))
AMOUNTS = kind(counted(Grain(level=PROVINCE), value=pl.col("amount"), where=pl.col("amount") != 7))


def records(*rows: Sequence[object], **extra: list[int]) -> pl.DataFrame:
    made = pl.DataFrame([tuple(row) for row in rows], schema=SCHEMA, orient="row")
    return made.with_columns(**{name: pl.Series(values) for name, values in extra.items()})


def cells(found: pl.DataFrame, *by: str) -> set[tuple[object, ...]]:
    assert found.height == found.select(*by, "measure", "day", "area_id", "dims").n_unique()
    return set(found.drop("measure").iter_rows())


def test_each_grain_counts_the_records_of_a_local_day() -> None:
    got = contributions(
        BOTH,
        records(
            (NOON, "AZ", 0, 1, 11, False),
            (NOON, "AZ", 0, 1, None, False),
            (LATE, "PF", 0, 1, 11, False),
        ),
        zone=HANOI,
    )
    first, second = date(2021, 9, 1), date(2021, 9, 2)
    assert cells(got) == {
        (first, 1, "product=AZ", 2.0, 2),
        (second, 1, "product=PF", 1.0, 1),
        (first, 11, "", 1.0, 1),
        (second, 11, "", 1.0, 1),
    }
    assert got.schema == pl.Schema(CONTRIBUTION)


def test_deleted_undated_and_valueless_records_add_nothing() -> None:
    got = contributions(
        AMOUNTS,
        records(
            (NOON, None, 5, 1, None, True),
            (None, None, 5, 1, None, False),
            (NOON, None, None, 1, None, False),
            (NOON, None, 7, 1, None, False),
            (NOON, None, 0, 1, None, False),
            (NOON, None, 4, 1, None, False),
        ),
        zone=HANOI,
    )
    # A true zero counts as a record; the rest is not there.
    assert cells(got) == {(date(2021, 9, 1), 1, "", 4.0, 2)}


def test_an_empty_code_is_unknown_and_forbidden_signs_are_replaced() -> None:
    rows = [(NOON, code, 0, 1, None, False) for code in (None, "", "a|b", "a=b", "a/b", "unknown")]
    got = contributions(
        kind(counted(Grain(level=PROVINCE, cut=("product",)))), records(*rows), zone=HANOI
    )
    day = date(2021, 9, 1)
    assert cells(got) == {(day, 1, "product=a/b", 3.0, 3), (day, 1, "product=unknown", 3.0, 3)}


def test_signs_take_away_and_what_comes_to_nothing_is_left_out() -> None:
    given = records(
        (NOON, "AZ", 5, 1, 11, False),
        (NOON, "AZ", 3, 1, 11, False),
        (NOON, "PF", 2, 2, 22, False),
        (NOON, "PF", 2, 2, 22, False),
        sign=[1, -1, 1, -1],
        known_at=[100, 100, 200, 200],
    )
    got = contributions(AMOUNTS, given, zone=HANOI, by=["known_at"])
    assert cells(got, "known_at") == {(100, date(2021, 9, 1), 1, "", 2.0, 0)}


def test_a_code_never_met_before_is_not_confused_with_none() -> None:
    lonely = kind(counted(Grain(level=PROVINCE, cut=("product",))))
    got = contributions(lonely, records((NOON, None, 0, 1, None, False)), zone=HANOI)
    assert got["dims"].to_list() == ["product=unknown"]


def test_no_records_give_an_empty_frame_of_the_same_columns() -> None:
    assert contributions(BOTH, records(), zone=HANOI).schema == pl.Schema(CONTRIBUTION)


def test_a_level_that_records_are_not_kept_at_is_refused() -> None:
    with pytest.raises(ValueError, match="ward"):
        contributions(kind(counted(Grain(level=Level.WARD))), records(), zone=HANOI)


ROWS = st.lists(
    st.tuples(
        st.sampled_from([NOON, LATE, None]),
        st.sampled_from(["AZ", "PF", "", None]),
        st.just(0),
        st.sampled_from([1, 2]),
        st.sampled_from([11, 2_000_000_000, None]),
        st.booleans(),
    ),
    max_size=40,
)


@given(rows=ROWS)
def test_a_lazy_frame_read_in_pieces_gives_the_same_cells_as_counting(rows: list[Any]) -> None:
    whole = records(*rows)
    key = ["measure", "day", "area_id", "dims"]
    pieces = contributions(BOTH, whole.lazy(), zone=HANOI).sort(key)
    assert_frame_equal(pieces, contributions(BOTH, whole, zone=HANOI).sort(key))
    counts: Counter[tuple[object, ...]] = Counter()
    for at, product, _, province, district, deleted in rows:
        if at is None or deleted:
            continue
        day = date(2021, 9, 1) if at == NOON else date(2021, 9, 2)
        counts[day, province, f"product={product or 'unknown'}"] += 1
        if district is not None:
            counts[day, district, ""] += 1
    assert {row[:3]: row[4] for row in pieces.drop("measure").iter_rows()} == dict(counts)


def test_pieces_that_share_cells_are_summed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollup, "ROWS_AT_ONCE", 2)
    rows = [(NOON, code, 0, 1, 11, False) for code in ("AZ", "PF", "AZ", None, "AZ", "PF", "XX")]
    got = contributions(BOTH, records(*rows).lazy(), zone=HANOI)
    day = date(2021, 9, 1)
    assert cells(got) == {
        (day, 1, "product=AZ", 3.0, 3),
        (day, 1, "product=PF", 2.0, 2),
        (day, 1, "product=XX", 1.0, 1),
        (day, 1, "product=unknown", 1.0, 1),
        (day, 11, "", 7.0, 7),
    }


def test_keys_too_big_for_one_integer_are_summed_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = [(NOON, "AZ", 0, 1, 11, False), (LATE, None, 0, 2, None, False)]
    packed = contributions(BOTH, records(*rows), zone=HANOI)
    monkeypatch.setattr(rollup, "LARGEST_KEY", 1)
    assert cells(contributions(BOTH, records(*rows), zone=HANOI)) == cells(packed)
