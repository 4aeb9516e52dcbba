"""docs/faults.md, written from the declared table: `python -m simulations.faults.document`."""

from data_access.settings import ROOT
from simulations.faults.model import NOTHING, Fault
from simulations.faults.spells import TIME_FAULTS, TimeFault
from simulations.faults.table import FAULTS, WHY_UNSEEN
from simulations.faults.tables import TABLE_FAULTS, TableFault

PATH = ROOT / "docs" / "faults.md"
_HEAD = """\
# Faults on request

Written from `simulations.faults.table`; do not edit. `Faults(seed=, chosen=, share=).lay(day)` lays
them over a day of records that is in order, `.planted` tells each record befallen and who must
notice: the gate (`reject:`, `flag:`), reconciliation (`rule:`), or the ledger's counts (`ledger:`;
`ledger:new` alone: the gate reads what was meant), or the record's `identity_status` (`status:`).
"nothing yet": no part of the system notices it.

| Fault | | | Records | Field | Noticed by |
|---|---|---|---|---|---|
"""


_TIME = """
## Faults of time

`Spells(spells=, seed=).lay(day)` lays them over the days of a feed by the moment at which each
state reaches the gate: a spell befalls a platform of a province on some days. Noticed by the sync
desk's reporting matrix (`desk:`), on each day of the spell.

| Fault | | | What becomes of the deliveries | Noticed by |
|---|---|---|---|---|
"""
_TABLES = """
## Faults of tables

`TableFaults(seed=).lay_table(report)` lays them over the provinces' daily report (one table a day:
cases, cases and doses to date, population), one fault a day and province; what shows a day later
is told too.

| Fault | | | What becomes of a province's row | Column | Noticed by | On the next day |
|---|---|---|---|---|---|---|
"""


def page() -> str:
    """Return the page."""
    unseen = [fault.key for fault in FAULTS.values() if fault.expected == NOTHING]
    named = "; ".join(f"`{key}` ({WHY_UNSEEN[key]})" for key in unseen)
    end = f"\nNot noticed today ({len(unseen)}): {named}.\n"
    records = _HEAD + "".join(map(_line, FAULTS.values())) + end
    return (
        records
        + _TIME
        + "".join(
            [
                *map(_time_line, TIME_FAULTS.values()),
                _TABLES,
                *map(_table_line, TABLE_FAULTS.values()),
            ]
        )
    )


def _line(fault: Fault) -> str:
    field = f"`{fault.field}`" if fault.field else "whole records"
    return (
        f"| `{fault.key}` | {fault.vi} | {fault.en} | {fault.platform}, {fault.kind}: {fault.how} "
        f"| {field} | {fault.expected} |\n"
    )


def _time_line(fault: TimeFault) -> str:
    return f"| `{fault.key}` | {fault.vi} | {fault.en} | {fault.how} | {fault.expected} |\n"


def _table_line(fault: TableFault) -> str:
    column = f"`{fault.field}`" if fault.field else "whole table"
    return (
        f"| `{fault.key}` | {fault.vi} | {fault.en} | {fault.how} | {column} "
        f"| {fault.expected} | {fault.then} |\n"
    )


if __name__ == "__main__":
    PATH.write_text(page(), encoding="utf-8", newline="\n")
