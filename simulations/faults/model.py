"""What a fault is. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import polars as pl

NOTHING = "nothing yet"
"""Expected of a fault that neither gate nor reconciliation notices today."""

PLANTED_SCHEMA = {
    "fault": pl.String,
    "platform": pl.String,
    "kind": pl.String,
    "province_code": pl.String,
    "day": pl.Date,
    "record_id": pl.String,
    "field": pl.String,
    "before": pl.String,
    "after": pl.String,
    "n_records": pl.Int64,
    "expected": pl.String,
}


class How(StrEnum):
    """What becomes of the rows a fault takes."""

    CHANGE = "change"
    ADD = "add"
    DROP = "drop"


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One fault.

    Attributes:
        key: stable name.
        vi: name in Vietnamese.
        en: name in English.
        platform: platform whose records it takes.
        kind: kind of record.
        how: whether the rows are changed, sent once more in another state, or never sent.
        change: field → what stands there afterwards; the first field is the one planted.
        where: rows it can befall.
        whole: whether it takes all such rows of one province, not a share.
        most: most rows a day when it is not whole.
        expected: who must notice, joined by "; ": `reject:` or `flag:` and a reason of the gate,
            `rule:` and a key of reconciliation, `ledger:` and a count, `status:` and an
            identity status of the record, or NOTHING.
    """

    key: str
    vi: str
    en: str
    platform: str
    kind: str
    how: How = How.CHANGE
    change: Mapping[str, pl.Expr] = field(default_factory=dict)
    where: pl.Expr = field(default_factory=lambda: pl.lit(value=True))
    whole: bool = False
    most: int = 2
    expected: str

    @property
    def field(self) -> str:
        """Return the field at fault; empty where whole records are."""
        return next(iter(self.change), "")
