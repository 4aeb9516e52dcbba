"""The comparison as CSV: the figures as they are, the index in a column of its own."""

import csv
import io
from datetime import date

import polars as pl

from dashboard.catalogue import of_indicator
from dashboard.components.compare_charts import csv_of, curves_of
from dashboard.components.compare_page import Compared, last_values
from dashboard.indexing import indexed
from data_access.indicators.registry import INDICATORS

FIRST, SECOND = date(2021, 8, 1), date(2021, 8, 2)


def compared(*, base: date | None) -> Compared:
    rows = [
        (FIRST, "01", "Hanoi", "cases", 4.0, ""),
        (SECOND, "01", "Hanoi", "cases", 5.0, ""),
        (FIRST, "79", "Ho Chi Minh City", "cases", None, "not_reported"),
        (SECOND, "79", "Ho Chi Minh City", "cases", 9.0, ""),
    ]
    schema = {"date": pl.Date, "area_code": pl.String, "area": pl.String, "id": pl.String,
              "value": pl.Float64, "status": pl.String}  # fmt: skip
    found = pl.DataFrame(rows, schema=schema, orient="row")
    figures = found.select("date", "area_code", "value")
    drawn = indexed(figures, base=base) if base else None
    return Compared(
        entry=of_indicator(INDICATORS["cases"]), names={"79": "Ho Chi Minh City", "01": "Hanoi"},
        whole=None, found=found, shown=drawn.daily if drawn else figures,
        absent=dict(drawn.absent) if drawn else {}, base=base,
    )  # fmt: skip


def lines(of: Compared) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(csv_of(of).decode("utf-8-sig"))))


def test_without_index_it_is_what_the_query_prints() -> None:
    found = lines(compared(base=None))
    assert list(found[0]) == ["date", "area_code", "area", "id", "value", "status"]
    assert [(row["area_code"], row["value"], row["status"]) for row in found] == [
        ("01", "4", ""), ("79", "", "not_reported"), ("01", "5", ""), ("79", "9", ""),
    ]  # fmt: skip


def test_with_index_the_figures_stay_and_what_has_none_is_empty() -> None:
    found = lines(compared(base=FIRST))
    assert [(row["area_code"], row["value"], row["index"]) for row in found] == [
        ("01", "4", "100"), ("79", "", ""), ("01", "5", "125"), ("79", "9", ""),
    ]  # fmt: skip


def test_curves_keep_the_order_chosen_and_leave_out_what_has_no_index() -> None:
    plain, index = (curves_of(compared(base=base)) for base in (None, FIRST))
    assert [(one.code, one.place, list(one.values)) for one in plain] == [
        ("79", 0, [None, 9.0]), ("01", 1, [4.0, 5.0]),
    ]  # fmt: skip
    assert [(one.code, one.place, list(one.values)) for one in index] == [("01", 1, [100.0, 125.0])]
    assert last_values(compared(base=None)) == {"01": (SECOND, 5.0), "79": (SECOND, 9.0)}
