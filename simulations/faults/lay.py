"""Lay faults over days, and tell what was planted. Pure."""

from collections.abc import Sequence
from datetime import date

import numpy as np
import polars as pl

from data_access.contracts.model import IDENTITY_FIELDS
from data_access.contracts.registry import record_kind
from simulations.faults.model import PLANTED_SCHEMA, Fault, How
from simulations.faults.table import ALL, FAULTS
from simulations.feeds.model import LAST, FeedDay

_ROW = "_row"


class Faults:
    """Faults on request. What befalls a day depends on the seed, the fault and the day alone.

    A record is befallen by one fault at most.
    """

    def __init__(self, *, seed: int, chosen: Sequence[str] = ALL, share: float = 0.02) -> None:
        """Choose faults.

        Args:
            seed: of chance.
            chosen: keys of FAULTS.
            share: of the rows a fault can befall, up to its own most; at least one is taken.

        Raises:
            ValueError: if a key is unknown or the share is not in (0, 1].
        """
        unknown = sorted(set(chosen) - set(FAULTS))
        if unknown:
            raise ValueError(f"no such fault: {', '.join(unknown)}; choose from {', '.join(ALL)}")
        if not 0 < share <= 1:
            raise ValueError(f"a share lies above 0 and up to 1, not {share}")
        self._seed, self._share = seed, share
        self._chosen = [fault for key, fault in FAULTS.items() if key in set(chosen)]
        self._planted: list[pl.DataFrame] = []

    @property
    def planted(self) -> pl.DataFrame:
        """Return what was laid so far, a row a record: PLANTED_SCHEMA."""
        return pl.concat([pl.DataFrame(schema=PLANTED_SCHEMA), *self._planted])

    def lay(self, day: FeedDay) -> FeedDay:
        """Return the day with the chosen faults; the day given stays as it is."""
        records = dict(day.records)
        touched: dict[tuple[str, str], set[str]] = {}
        for fault in self._chosen:
            name = (fault.platform, fault.kind)
            rows = records.get(name)
            if rows is None or rows.is_empty():
                continue
            key = record_kind(fault.platform, kind=fault.kind).key
            taken = self._take(rows, fault, day=day.day, free=~_in(key, touched.get(name, set())))
            if taken.is_empty():
                continue
            records[name], changed = _laid(rows, fault, taken)
            touched.setdefault(name, set()).update(taken[key], changed[key])
            self._planted.append(_told(fault, taken, changed, key=key, day=day.day))
        return FeedDay(day=day.day, records=records)

    def _take(self, rows: pl.DataFrame, fault: Fault, *, day: date, free: pl.Expr) -> pl.DataFrame:
        """Return the rows befallen, with their number in the frame."""
        # Of a state that another one follows nothing would be left to notice.
        can = rows.with_row_index(_ROW).filter(fault.where & free & pl.col(LAST))
        if can.is_empty():
            return can
        rng = np.random.default_rng([self._seed, ALL.index(fault.key), day.toordinal()])
        if fault.whole:
            provinces = can["province_code"].unique().sort()
            return can.filter(
                pl.col("province_code") == provinces[int(rng.integers(len(provinces)))]
            )
        n = min(fault.most, max(1, round(can.height * self._share)), can.height)
        chosen = np.sort(rng.choice(can.height, size=n, replace=False)).tolist()
        return can.select(pl.all().gather(chosen))


def _in(key: str, names: set[str]) -> pl.Expr:
    return pl.col(key).is_in(sorted(names))


def _laid(
    rows: pl.DataFrame, fault: Fault, taken: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the frame with the fault in it, and the rows it made (those taken, when dropped)."""
    left = rows.with_row_index(_ROW)
    if fault.how is How.DROP:
        return left.join(taken, on=_ROW, how="anti").drop(_ROW), taken
    changed = taken.with_columns(**fault.change)
    if fault.how is How.CHANGE:
        left = left.join(taken, on=_ROW, how="anti")
    elif _same_record(fault):
        is_taken = pl.col(_ROW).is_in(taken[_ROW].to_list())
        left = left.with_columns(pl.when(is_taken).then(False).otherwise(LAST).alias(LAST))  # noqa: FBT003
    left = left.with_columns(
        pl.col(name).cast(pl.String)
        for name in left.columns
        if changed.schema[name] == pl.String and left.schema[name] != pl.String
    )
    # The order of the day is kept; a row sent once more follows the one it repeats.
    both = pl.concat([left, changed], how="diagonal_relaxed")
    return both.sort(_ROW, maintain_order=True).drop(_ROW), changed


def _same_record(fault: Fault) -> bool:
    return record_kind(fault.platform, kind=fault.kind).key not in fault.change


def _told(
    fault: Fault, taken: pl.DataFrame, changed: pl.DataFrame, *, key: str, day: date
) -> pl.DataFrame:
    """Return the planted rows; of identities only the field is named."""
    # Records under a new key are named by it, whoever is told of them has not seen the old one.
    shown = bool(fault.field) and fault.field not in IDENTITY_FIELDS

    def texts(rows: pl.DataFrame) -> pl.Series:
        if not shown or fault.field not in rows.columns:
            return pl.Series([None] * rows.height, dtype=pl.String)
        return rows[fault.field].cast(pl.String)

    return pl.DataFrame(
        {
            "fault": [fault.key] * taken.height,
            "platform": [fault.platform] * taken.height,
            "kind": [fault.kind] * taken.height,
            "province_code": taken["province_code"],
            "day": [day] * taken.height,
            "record_id": changed[key],
            "field": [fault.field] * taken.height,
            "before": texts(taken),
            "after": texts(changed),
            "n_records": [1] * taken.height,
            "expected": [fault.expected] * taken.height,
        },
        schema=PLANTED_SCHEMA,
    )
