"""Lay faults over the provinces' daily report: one a day at most. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from types import MappingProxyType

import numpy as np
import polars as pl

from simulations.faults.model import PLANTED_SCHEMA
from simulations.faults.provincial import CODE, Report

KIND = "report"
CITIES = ("Hà Nội", "Hải Phòng", "Đà Nẵng", "Hồ Chí Minh", "Cần Thơ")
"""Provinces of the edition of 63 that are cities: the others are called `Tỉnh`."""

ENOUGH_CASES = 24
"""A quarter of fewer cases is within what two counts of a day may differ by."""

CLEARLY_APART = 10
"""Pooled samples and the people in them differ by more than two counts of a day may."""


def _n(name: str) -> pl.Expr:
    return pl.col(name).cast(pl.Int64)


def _text(number: pl.Expr) -> pl.Expr:
    return number.cast(pl.Int64).cast(pl.String)


@dataclass(frozen=True, kw_only=True)
class TableFault:
    """One fault of a table.

    Attributes:
        key: stable name.
        vi: name in Vietnamese.
        en: name in English.
        how: what is done to the row of a province, for the page.
        platform: platform whose figures it is about.
        change: column → what stands there afterwards; the first is the one planted. Empty: the
            delivery is sent again as it is.
        carried: column → what is added to it in the next day's row.
        where: rows it can befall.
        expected: who must notice, as in `model.Fault`.
        then: who must notice something of the same province on the next day; empty: nobody.
    """

    key: str
    vi: str
    en: str
    how: str
    platform: str
    change: Mapping[str, pl.Expr] = field(default_factory=dict)
    carried: Mapping[str, pl.Expr] = field(default_factory=dict)
    where: pl.Expr = field(default_factory=lambda: pl.lit(value=True))
    expected: str
    then: str = ""

    @property
    def field(self) -> str:
        """Return the column at fault; empty where the whole delivery is."""
        return next(iter(self.change), "")


_after_hours = _n("cases") // 4
_too_many = _n("population") + _n("population") // 20
_ALL = (
    TableFault(key="total_falls", vi="Số cộng dồn giảm", en="A running total falls",
               how="half of the total", platform="tracing",
               # Else the half is still as much as there was the day before.
               where=_n("cases_total") // 2 < _n("cases_total") - _n("cases"),
               change={"cases_total": _text(_n("cases_total") // 2)},
               expected="rule:cumulative_falls"),
    TableFault(key="coverage_over", vi="Bao phủ vượt 100 %", en="Coverage above 100 %",
               how="first doses of 105 % of the people", platform="vaccination",
               where=_n("population") > 0,
               change={"dose_1": _text(_too_many), "doses": _text(_too_many + _n("dose_2"))},
               expected="rule:first_doses_and_people", then="rule:cumulative_falls"),
    TableFault(key="wrong_denominator", vi="Sai mẫu số", en="Wrong denominator",
               how="7 in 10 of the people stated as all of them", platform="reference",
               where=_n("population") > 0,
               change={"population": _text(_n("population") * 7 // 10)},
               expected="rule:population_stated"),
    TableFault(key="name_unknown", vi="Tên tỉnh viết sai", en="Name of a province misspelt",
               how="the last letter twice", platform="tracing",
               change={"area": pl.col("area") + pl.col("area").str.tail(1)},
               expected="reject:area_unknown"),
    TableFault(key="name_known", vi="Tên tỉnh viết cách khác", en="Another name of a province",
               how="`Tỉnh` or `TP.` before it", platform="tracing",
               change={"area": pl.when(pl.col("area").is_in(CITIES)).then(pl.lit("TP. "))
                       .otherwise(pl.lit("Tỉnh ")) + pl.col("area")},
               expected="ledger:new"),
    TableFault(key="cut_off", vi="Đổi giờ chốt số liệu", en="Cut-off change",
               how="a quarter of the day's cases counted the next day", platform="tracing",
               where=_n("cases") >= ENOUGH_CASES,
               change={"cases": _text(_n("cases") - _after_hours),
                       "cases_total": _text(_n("cases_total") - _after_hours)},
               carried={"cases": _after_hours},
               expected="rule:platform_and_report", then="rule:platform_and_report"),
    TableFault(key="thousandfold", vi="Sai đơn vị nghìn lần", en="A thousand times too many",
               how="cases × 1000", platform="tracing", where=_n("cases") > 0,
               change={"cases": _text(_n("cases") * 1000)}, expected="rule:platform_and_report"),
    TableFault(key="columns_swapped", vi="Tráo cột mẫu và lượt người",
               en="Samples and persons swapped", how="each in the other's column",
               platform="testing", where=_n("persons") - _n("samples") >= CLEARLY_APART,
               change={"persons": pl.col("samples"), "samples": pl.col("persons")},
               expected="rule:platform_and_report"),
    TableFault(key="comma_in_count", vi="Dấu phẩy thập phân", en="Decimal comma",
               how="`12,0` for 12", platform="tracing",
               change={"cases": pl.col("cases") + ",0"}, expected="ledger:new"),
    TableFault(key="table_twice", vi="Bảng gửi hai lần", en="Table sent twice",
               how="the file again an hour later", platform="tracing",
               expected="ledger:unchanged"),
    TableFault(key="parts_differ", vi="Tổng khác cộng các phần", en="Total is not the sum of parts",
               how="seven first doses more, the total as it was", platform="vaccination",
               change={"dose_1": _text(_n("dose_1") + 7)}, expected="rule:breakdown_sum"),
)  # fmt: skip

TABLE_FAULTS: Mapping[str, TableFault] = MappingProxyType({fault.key: fault for fault in _ALL})
"""Faults of tables by key, in the order in which they are laid."""
ALL_OF_TABLES = tuple(TABLE_FAULTS)


@dataclass(frozen=True)
class _Due:
    """What the row of a province still owes on the next day."""

    fault: TableFault
    code: str
    more: Mapping[str, int]


class TableFaults:
    """Faults of tables on request, over reports that come day by day.

    The first day is left as it is; then each day that is not the morrow of another fault takes
    the next fault in turn that can befall it.
    """

    def __init__(self, *, seed: int, chosen: Sequence[str] = ALL_OF_TABLES) -> None:
        """Choose faults.

        Args:
            seed: of chance.
            chosen: keys of TABLE_FAULTS.

        Raises:
            ValueError: if a key is unknown.
        """
        unknown = sorted(set(chosen) - set(TABLE_FAULTS))
        if unknown:
            raise ValueError(f"no such fault of tables: {', '.join(unknown)}")
        self._seed = seed
        self._turn = [fault for key, fault in TABLE_FAULTS.items() if key in set(chosen)]
        self._due: _Due | None = None
        self._began = False
        self._planted: list[tuple[object, ...]] = []

    @property
    def planted(self) -> pl.DataFrame:
        """Return what was laid so far, a row a province and day: PLANTED_SCHEMA."""
        return pl.DataFrame(self._planted, schema=PLANTED_SCHEMA, orient="row")

    def lay_table(self, report: Report) -> list[Report]:
        """Return what is delivered instead of a report; the one given stays as it is."""
        if not self._began:
            self._began = True
            return [report]
        if self._due is not None:
            due, self._due = self._due, None
            return [self._settled(report, due)]
        for fault in self._turn:
            can = report.rows.filter(fault.where)
            if can.is_empty():
                continue
            self._turn.remove(fault)
            self._turn.append(fault)
            if not fault.change:
                return self._twice(report, fault)
            rng = np.random.default_rng([self._seed, report.day.toordinal()])
            return [
                self._changed(report, fault, can.row(int(rng.integers(can.height)), named=True))
            ]
        return [report]

    def _twice(self, report: Report, fault: TableFault) -> list[Report]:
        again = replace(report, copy=2, sent_at=report.sent_at + timedelta(hours=1))
        self._tell(fault, report.day, None, n=report.rows.height)
        return [report, again]

    def _changed(self, report: Report, fault: TableFault, row: Mapping[str, str]) -> Report:
        rows = _with(report.rows, row[CODE], fault.change)
        after = rows.row(by_predicate=pl.col(CODE) == row[CODE], named=True)
        self._tell(fault, report.day, row[CODE], before=row[fault.field], after=after[fault.field])
        if fault.then:
            own = report.rows.filter(pl.col(CODE) == row[CODE])
            more = {name: int(own.select(n).item()) for name, n in fault.carried.items()}
            self._due = _Due(fault, row[CODE], more)
        return replace(report, rows=rows)

    def _settled(self, report: Report, due: _Due) -> Report:
        """Return the report of the morrow: it bears what was carried over, and no other fault."""
        more = {name: _text(_n(name) + n) for name, n in due.more.items()}
        rows = _with(report.rows, due.code, more)
        name = next(iter(more), due.fault.field)
        before, after = (
            frame.filter(pl.col(CODE) == due.code)[name].item() for frame in (report.rows, rows)
        )
        self._tell(due.fault, report.day, due.code, before=before, after=after, then=True)
        return replace(report, rows=rows)

    def _tell(
        self, fault: TableFault, day: date, code: str | None, *, before: str | None = None,
        after: str | None = None, n: int = 1, then: bool = False,
    ) -> None:  # fmt: skip
        self._planted.append(
            (fault.key, fault.platform, KIND, code, day, None, fault.field, before, after, n,
             fault.then if then else fault.expected)
        )  # fmt: skip


def _with(rows: pl.DataFrame, code: str, change: Mapping[str, pl.Expr]) -> pl.DataFrame:
    own = pl.col(CODE) == code
    return rows.with_columns(
        pl.when(own).then(expr).otherwise(pl.col(name)).alias(name) for name, expr in change.items()
    )
