"""A fault of a table changes what it tells of, in one row of a day, and nothing else."""

from datetime import timedelta

import polars as pl
import pytest

from data_access.ingest.reasons import REASONS
from data_access.reconcile.rules import RULES
from simulations.faults.model import PLANTED_SCHEMA
from simulations.faults.provincial import CODE, COUNTS, Report
from simulations.faults.tables import ALL_OF_TABLES, TABLE_FAULTS, TableFaults
from tests.faulty import REPORTS_FIRST, REPORTS_N_DAYS, REPORTS_OF, population, reports


@pytest.fixture(scope="module")
def clean() -> list[Report]:
    return reports()


def test_the_report_says_what_the_records_add_up_to(clean: list[Report]) -> None:
    people = population("63")
    assert [each.day for each in clean] == [
        REPORTS_FIRST + timedelta(days=n) for n in range(REPORTS_N_DAYS)
    ]
    for n, each in enumerate(clean):
        assert each.sent_at.isoformat() == f"{each.day + timedelta(days=1)}T01:00:00+00:00"
        assert each.rows.rows() == [
            (each.day.isoformat(), name, str(first + n),
             str(sum(first + k for k in range(n + 1))), "4", "40", str(17 * (n + 1)),
             str(12 * (n + 1)), str(5 * (n + 1)), str(people[code]), code)
            for code, (name, first) in REPORTS_OF.items()
        ]  # fmt: skip
    assert CODE not in clean[0].text
    assert clean[0].text.splitlines()[0] == ",".join(["date", "area", *COUNTS])


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("chosen", [*([key] for key in ALL_OF_TABLES), ALL_OF_TABLES, []])
def test_rows_differ_where_it_is_told_and_nowhere_else(
    clean: list[Report], chosen: list[str], seed: int
) -> None:
    faults = TableFaults(seed=seed, chosen=chosen)
    told, differ = {}, {}
    for report in clean:
        kept = report.rows.clone()
        delivered = faults.lay_table(report)
        assert report.rows.equals(kept)
        for before, after in zip(report.rows.to_dicts(), delivered[0].rows.to_dicts(), strict=True):
            columns = {name for name in before if before[name] != after[name]}
            if columns:
                differ[report.day, before[CODE]] = columns
        if len(delivered) > 1:
            assert [each.text for each in delivered] == [report.text] * 2
            assert delivered[0].file_name != delivered[1].file_name
            assert delivered[0].sent_at < delivered[1].sent_at
    planted = faults.planted
    assert dict(planted.schema) == PLANTED_SCHEMA
    assert set(planted["fault"]) == set(chosen)
    assert planted["day"].n_unique() == planted.height
    for row in planted.filter(pl.col("before").is_not_null()).iter_rows(named=True):
        if row["before"] != row["after"]:
            told[row["day"], row["province_code"]] = row["field"]
    assert told.keys() == differ.keys()
    for place, field in told.items():
        assert field in differ[place]


def test_what_is_cut_off_comes_on_the_next_day(clean: list[Report]) -> None:
    faults = TableFaults(seed=2, chosen=["cut_off"])
    after = [each for report in clean for each in faults.lay_table(report)]
    # Days 1 and 2, 3 and 4, ... make good for each other; the last one has no next day here.
    for n in range(1, REPORTS_N_DAYS - 1, 2):
        sums = [
            [sum(int(each.rows["cases"][row]) for each in of[n : n + 2]) for row in range(3)]
            for of in (clean, after)
        ]
        assert sums[0] == sums[1]
        assert after[n].rows["cases"].to_list() != clean[n].rows["cases"].to_list()


def test_what_is_expected_can_be_noticed_at_all() -> None:
    for fault in TABLE_FAULTS.values():
        for text in filter(None, (fault.expected, fault.then)):
            whose, _, what = text.partition(":")
            assert what in {"reject": REASONS, "rule": RULES, "ledger": ("new", "unchanged")}[whose]


def test_no_fault_of_that_name() -> None:
    with pytest.raises(ValueError, match="no such fault of tables: rain"):
        TableFaults(seed=1, chosen=["rain"])
