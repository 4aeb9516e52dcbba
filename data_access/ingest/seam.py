"""What the front of the gate hands to its back. Dataclasses only: no reading, no writing.

The front (readers, checks, pseudonyms, mappings) turns files into `Admitted` chunks or one
`CellDelivery`; the back (merging, ledger, cube) turns those into one transaction.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from data_access.people.blocks import LINKS

ACCEPTED_HEAD: Mapping[str, pl.DataType] = {
    "row_no": pl.Int64(),
    "record_id": pl.String(),
    "version": pl.Int64(),
    "deleted": pl.Boolean(),
    "province_id": pl.Int32(),
    "district_id": pl.Int32(),
}
"""First columns of `Admitted.accepted`; the kind's stored fields (without its key) follow."""

REJECTED: Mapping[str, pl.DataType] = {
    "row_no": pl.Int64(),
    "field": pl.String(),
    "value": pl.String(),
    "reason": pl.String(),
    "vi": pl.String(),
    "en": pl.String(),
}
"""Columns of a frame of rejected rows; a row with several reasons appears several times."""

ROW_LINKS: Mapping[str, pl.DataType] = {"row_no": pl.Int64(), **LINKS}
"""Columns of links and of the row that each was read in."""

CELLS: Mapping[str, pl.DataType] = {
    "row_no": pl.Int64(),
    "entry": pl.Int32(),
    "day": pl.Date(),
    "area_id": pl.Int32(),
    "dims": pl.String(),
    "value": pl.Float64(),
    "status": pl.Int8(),
}
"""Columns of `CellDelivery.cells`."""


@dataclass(frozen=True, kw_only=True)
class Admitted:
    """One chunk of a record file behind the checks.

    Attributes:
        accepted: columns of ACCEPTED_HEAD, then `RecordKind.stored_fields()` without the key,
            in the types of `contracts.model.DTYPES`. `version` is 0 where none was given,
            `deleted` never null. One row per accepted row of the file.
        rejected: columns of REJECTED. `value` is masked where the field is personal.
        n_read: rows of the file in this chunk; accepted rows + distinct rejected rows.
        flags: reason key → number of accepted rows it was raised on.
        links: columns of ROW_LINKS: identifiers of accepted rows, all keyed hashes.
    """

    accepted: pl.DataFrame
    rejected: pl.DataFrame
    n_read: int
    flags: Mapping[str, int] = field(default_factory=dict)
    links: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=dict(ROW_LINKS)))


@dataclass(frozen=True, kw_only=True)
class CellEntry:
    """One [[measure]] entry of a table mapping, as the back needs it.

    Attributes:
        measure: id of the measure.
        feed: signature `source|measure|breakdown signature|constant area or *`.
        kind: "flow" or "stock" for an id that must be registered; "" for a known one.
        unit: unit for an id that must be registered; "" for a known one.
        vi: Vietnamese name ("" = the id).
        en: English name ("" = the id).
        clearance: word of who may see an id that must be registered; "" = official.
    """

    measure: str
    feed: str
    kind: str = ""
    unit: str = ""
    vi: str = ""
    en: str = ""
    clearance: str = ""


@dataclass(frozen=True, kw_only=True)
class CellDelivery:
    """All files of one table delivery behind the checks.

    Attributes:
        cells: columns of CELLS. `entry` is the position in `entries`; `dims` is canonical
            (`a=x|b=y` sorted by dimension, "" for none); a blank cell has no row here;
            `value` is null where `status` is not 0; `status` is null, in an increment, where the
            cell is taken back. At most one row per
            (measure, dims, day, area): duplicates are settled by the front.
        rejected: columns of REJECTED.
        n_read: rows of the files; a row without any cell that is not rejected counts as read.
        entries: the mapping's [[measure]] entries, in order.
        flags: reason key → number of accepted rows it was raised on.
    """

    cells: pl.DataFrame
    rejected: pl.DataFrame
    n_read: int
    entries: tuple[CellEntry, ...]
    flags: Mapping[str, int] = field(default_factory=dict)
