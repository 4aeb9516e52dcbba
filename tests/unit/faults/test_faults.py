"""Each fault does what it declares to the rows it tells of, and to no other."""

from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from data_access.contracts.model import IDENTITY_FIELDS
from data_access.contracts.registry import record_kind
from data_access.reconcile.rules import RULES
from data_access.reference.pack import bundled_pack
from simulations.faults import document
from simulations.faults.lay import Faults
from simulations.faults.model import NOTHING, PLANTED_SCHEMA, How
from simulations.faults.table import ALL, FAULTS
from simulations.feeds.model import LAST, SENT, FeedDay, Frames
from simulations.platforms.written import write_records
from tests.faulty import days
from tests.unit.ingest.support import admit


@pytest.fixture(scope="module")
def clean() -> list[FeedDay]:
    return days(bundled_pack("vn").areas)


def laid(clean: list[FeedDay], *chosen: str, seed: int = 1) -> tuple[list[Frames], pl.DataFrame]:
    faults = Faults(seed=seed, chosen=chosen)
    return [faults.lay(day).records for day in clean], faults.planted


def text(rows: pl.DataFrame) -> list[dict[str, object]]:
    """Return rows with numbers as text, because a fault may make a column of numbers texts."""
    return rows.select(pl.all().cast(pl.String)).to_dicts()


@pytest.mark.parametrize("key", ALL)
def test_a_fault_touches_what_it_tells_of_and_nothing_else(clean: list[FeedDay], key: str) -> None:
    fault = FAULTS[key]
    after, planted = laid(clean, key)
    assert planted.height > 0
    assert dict(planted.schema) == PLANTED_SCHEMA
    assert planted["n_records"].sum() == planted.height == planted["record_id"].n_unique()
    name, own = (fault.platform, fault.kind), record_kind(fault.platform, kind=fault.kind).key
    for before, then in zip(clean, after, strict=True):
        of_day = planted.filter(pl.col("day") == before.day)
        for other, rows in before.records.items():
            if other != name:
                assert_frame_equal(then[other], rows)
        old, new = before.records[name], then[name]
        grown = {How.CHANGE: 0, How.ADD: of_day.height, How.DROP: -of_day.height}[fault.how]
        assert new.height - old.height == grown
        named = pl.col(own).is_in(of_day["record_id"].to_list())
        kept = new.filter(~named).select(old.columns)
        if own in fault.change:
            assert text(kept) == text(old)
        else:
            assert text(kept) == text(old.filter(~named))
        if fault.how is How.DROP:
            assert new.filter(named).is_empty()


@pytest.mark.parametrize("key", [k for k, f in FAULTS.items() if f.how is How.CHANGE])
def test_before_and_after_are_what_stands_there(clean: list[FeedDay], key: str) -> None:
    fault = FAULTS[key]
    after, planted = laid(clean, key)
    own = record_kind(fault.platform, kind=fault.kind).key
    for frames, column in (([day.records for day in clean], "before"), (after, "after")):
        told = planted.sort("record_id")
        parts = [frame[fault.platform, fault.kind].with_columns(pl.col(fault.field).cast(pl.String))
                 for frame in frames]  # fmt: skip
        rows = pl.concat(parts, how="diagonal_relaxed").filter(
            pl.col(own).is_in(told["record_id"].to_list())
        )
        found = rows.sort(own)[fault.field].to_list()
        if fault.field in IDENTITY_FIELDS:
            assert told[column].null_count() == told.height
        else:
            assert told[column].to_list() == found
    if fault.field not in IDENTITY_FIELDS:
        assert planted.filter(pl.col("before").eq_missing(pl.col("after"))).is_empty()


def test_all_at_once_each_record_once_and_the_same_again(clean: list[FeedDay]) -> None:
    first, planted = laid(clean, *ALL)
    again, same = laid(clean, *ALL)
    assert set(planted["fault"]) == set(ALL)
    assert planted.select("platform", "kind", "record_id").is_duplicated().sum() == 0
    assert_frame_equal(planted, same)
    for one, other in zip(first, again, strict=True):
        for name, rows in one.items():
            assert_frame_equal(rows, other[name])
    assert not planted.equals(laid(clean, *ALL, seed=2)[1])


@pytest.mark.parametrize("key", [k for k, f in FAULTS.items() if f.how is How.ADD])
def test_of_a_record_sent_again_only_the_later_state_is_the_last(
    clean: list[FeedDay], key: str
) -> None:
    fault = FAULTS[key]
    after, planted = laid(clean, key)
    own = record_kind(fault.platform, kind=fault.kind).key
    for frames in after:
        rows = frames[fault.platform, fault.kind]
        rows = rows.filter(pl.col(own).is_in(planted["record_id"].to_list()))
        assert (
            rows.group_by(own).agg(pl.col(LAST).sum())[LAST].to_list() == [1] * rows[own].n_unique()
        )
        for _, states in rows.group_by(own):
            assert states.sort(SENT)[LAST].to_list()[-1] is True


def test_no_value_of_a_person_is_planted(clean: list[FeedDay]) -> None:
    _, planted = laid(clean, *ALL)
    told = set(planted["before"].drop_nulls()) | set(planted["after"].drop_nulls())
    own: set[str] = set()
    for day in clean:
        for rows in day.records.values():
            for name in set(IDENTITY_FIELDS) & set(rows.columns):
                own |= set(rows[name].cast(pl.String).drop_nulls())
    assert len(own) > 100
    assert not told & own


def test_what_is_expected_can_be_noticed_at_all() -> None:
    for fault in FAULTS.values():
        parts = [] if fault.expected == NOTHING else fault.expected.split("; ")
        for part in parts:
            whose, _, what = part.partition(":")
            assert whose in ("reject", "flag", "rule", "ledger", "status")
            assert whose != "rule" or what in RULES


@pytest.mark.parametrize(
    ("key", "column"),
    [
        *((key, "identity_status") for key in ("id_year", "id_sex", "id_province")),
        ("decimal_comma", "temp_c"),
    ],
)
def test_what_only_the_record_shows(
    clean: list[FeedDay], tmp_path: Path, key: str, column: str
) -> None:
    after, planted = laid(clean, key)
    name = (FAULTS[key].platform, FAULTS[key].kind)
    kind = record_kind(name[0], kind=name[1])
    of_day = planted.filter(pl.col("day") == clean[0].day).sort("record_id")

    def stored(rows: pl.DataFrame) -> list[object]:
        path = tmp_path / "rows.parquet"
        write_records(rows.drop(SENT, LAST), path, kind=kind.name, fmt="parquet")
        found = admit(path, kind)
        assert found.rejected.is_empty()
        named = found.accepted.filter(pl.col("record_id").is_in(of_day["record_id"].to_list()))
        return named.sort("record_id")[column].to_list()

    before, then = stored(clean[0].records[name]), stored(after[0][name])
    assert len(before) == of_day.height > 0
    if column == "identity_status":
        assert set(before) == {"verified"}
        assert set(then) == {"mismatch"}
    else:
        # The comma is read as what was meant.
        assert then == before == of_day["before"].cast(pl.Float64).to_list()


def test_a_pool_counted_as_a_case_has_nobody_behind_it(
    clean: list[FeedDay], tmp_path: Path
) -> None:
    after, planted = laid(clean, "pool_as_case")
    kind = record_kind("tracing", kind="case")
    rows = pl.concat([frames["tracing", "case"] for frames in after], how="diagonal_relaxed")
    path = tmp_path / "cases.parquet"
    write_records(rows.drop(SENT, LAST), path, kind="case", fmt="parquet")
    found = admit(path, kind)
    assert found.rejected.is_empty()
    missing = found.accepted.filter(pl.col("identity_status") == "missing")
    assert set(missing["record_id"]) == set(planted["record_id"])
    assert missing["person_ref"].null_count() == missing.height > 0


def test_no_fault_of_that_name_and_no_such_share() -> None:
    with pytest.raises(ValueError, match="no such fault: rain"):
        Faults(seed=1, chosen=["rain"])
    with pytest.raises(ValueError, match="share"):
        Faults(seed=1, share=0)


def test_nothing_chosen_changes_nothing(clean: list[FeedDay]) -> None:
    after, planted = laid(clean)
    assert planted.is_empty()
    for before, then in zip(clean, after, strict=True):
        for name, rows in before.records.items():
            assert_frame_equal(then[name], rows)


def test_the_page_is_current() -> None:
    assert document.PATH.read_text(encoding="utf-8") == document.page()
