"""Keeps a delivery for some provinces away from the records of all others.

The front refuses rows that lie elsewhere (`Places`). A row that lies within may still name a
record that lies elsewhere, to move or to delete it: only the database knows, so this is asked
inside the write transaction, where nobody else changes the answer.
"""

from collections.abc import Iterable, Iterator

import polars as pl

from data_access.errors import BadUse
from data_access.ingest.merge_records import RecordMerge
from data_access.ingest.reasons import reject_frame
from data_access.ingest.seam import Admitted
from data_access.reference.areas import Areas


def province_numbers(areas: Areas, codes: frozenset[str]) -> frozenset[int]:
    """Return the numbers that province codes have, in every vintage.

    Raises:
        BadUse: naming a code that is no province of any vintage.
    """
    provinces = areas.frame.filter(pl.col("level") == "province")
    if unknown := sorted(codes - set(provinces["code"])):
        raise BadUse(f"no province has the code {unknown[0]!r}")
    return frozenset(provinces.filter(pl.col("code").is_in(sorted(codes)))["area_id"])


def own_records(
    merge: RecordMerge, chunks: Iterable[Admitted], *, provinces: frozenset[int]
) -> Iterator[Admitted]:
    """Yield chunks without the rows that would change a record of another province.

    A deletion needs a record to delete; one that is deleted already has no place any more and
    may be deleted again.
    """
    for chunk in chunks:
        yield _own(chunk, merge.places(chunk.accepted["record_id"]), provinces=provinces)


def _own(chunk: Admitted, held: pl.DataFrame, *, provinces: frozenset[int]) -> Admitted:
    elsewhere = held.filter(~pl.col("province_id").is_in(sorted(provinces)))  # null: not elsewhere
    outside = pl.col("record_id").is_in(elsewhere["record_id"].implode())
    unheld = pl.col("deleted") & ~pl.col("record_id").is_in(held["record_id"].implode())
    refused = chunk.accepted.filter(outside | unheld)["row_no"]
    if refused.is_empty():
        return chunk
    told = reject_frame("record_outside", row_nos=refused)
    stays = ~pl.col("row_no").is_in(refused.implode())
    return Admitted(
        accepted=chunk.accepted.filter(stays),
        rejected=pl.concat([chunk.rejected, told]),
        n_read=chunk.n_read,
        flags=chunk.flags,
        links=chunk.links.filter(stays),
    )
