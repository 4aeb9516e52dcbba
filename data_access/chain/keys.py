"""Which persons, cases and samples a record tells of, so that they find it again. Pure.

A link says that some version of a record told of a key. It is never taken back: a record that tells
of somebody else now is looked at once too often, and nothing else comes of it.
"""

from collections.abc import Iterator, Mapping
from enum import IntEnum

import polars as pl

from data_access.chain.records import CASE, CONTACT, MEMBER, NUMBERS, SAMPLE, STAY


class By(IntEnum):
    """What a record is found by; the number is in storage."""

    PERSON = 0
    CASE = 1
    SAMPLE = 2


LINKS: Mapping[str, pl.DataType] = {
    "role": pl.Int16(),
    "key": pl.String(),
    "source_id": pl.Int32(),
    "kind": pl.Int16(),
    "record_id": pl.String(),
}
"""Columns of links. role: By; key: a pseudonym, or the id of a case or sample of the same source;
kind: `records.NUMBERS`."""

_TOLD: Mapping[tuple[str, str], tuple[tuple[By, str], ...]] = {
    CASE: ((By.PERSON, "person_ref"),),
    CONTACT: ((By.PERSON, "person_ref"), (By.CASE, "index_case_id")),
    STAY: ((By.PERSON, "person_ref"),),
    SAMPLE: ((By.PERSON, "person_ref"), (By.PERSON, "member_refs")),
    MEMBER: ((By.PERSON, "person_ref"), (By.SAMPLE, "sample_id")),
}


def links_of(kind: tuple[str, str], versions: pl.DataFrame) -> pl.DataFrame:
    """Return what versions of a kind of record tell of: columns of LINKS, none twice, sorted.

    Needs: the columns of `records.FIELDS`, source_id, record_id, deleted; a deleted version tells
        of nobody.
    """
    alive = versions.filter(pl.col("deleted") == 0)
    found = list(_each(kind, alive))
    return pl.concat(found).unique().sort(list(LINKS))


def _each(kind: tuple[str, str], versions: pl.DataFrame) -> Iterator[pl.DataFrame]:
    for role, field in _TOLD[kind]:
        told = versions.select(
            role=pl.lit(int(role)),
            key=field,
            source_id="source_id",
            kind=pl.lit(NUMBERS[kind]),
            record_id="record_id",
        ).drop_nulls("key")
        if field == "member_refs":
            # Read by its parts, and as it stands where the sample is of one person.
            told = pl.concat([told, told.with_columns(pl.col("key").str.split("|")).explode("key")])
        yield told.filter(pl.col("key") != "").select(
            [pl.col(name).cast(dtype) for name, dtype in LINKS.items()]
        )
