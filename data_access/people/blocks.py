"""Packs links into blocks, a few hundred to a row of the database, and finds them again. Pure.

A block holds the links of one delivery whose pseudonyms (or whose tokens: the other side) begin
with the same bits, so that whoever asks for one pseudonym reads one part in BUCKETS of them. Blocks
are only ever added; the same link in two of them is known since the earlier of the two.
"""

from collections.abc import Iterable, Mapping

import polars as pl

LINKS: Mapping[str, pl.DataType] = {
    "person_ref": pl.String(),
    "token": pl.String(),
    "own": pl.Int16(),
    "kind": pl.Int16(),
}
"""Columns of links. person_ref and token: keyed hashes, 32 hex digits, of a person's strongest
identifier and of one that came with it; own and kind: `people.kinds.NUMBERS` of the two. A
pseudonym that came alone is its own token."""

BY_REF, BY_TOKEN = 0, 1
"""Sides: by which of its two ends a link can be found. Self links have the first side only."""
BUCKETS = 1024
_REF = 32
_ENTRY = 2 * _REF + 2
"""Hex digits of an entry: pseudonym, token, one digit for the kind of each."""
_BUCKET_DIGITS, _PER_BUCKET = 3, 16**3 // BUCKETS


def pack(links: pl.DataFrame) -> pl.DataFrame:
    """Return the blocks of some links.

    Shape: columns side (Int16), bucket (Int32), entries (Binary), sorted, no side and bucket twice.
    Needs: columns of LINKS; links that come twice are packed once.
    """
    entry = pl.concat_str("person_ref", "token", "own", "kind")
    packed = links.select("person_ref", "token", entry=entry)
    by_token = packed.filter(pl.col("person_ref") != pl.col("token"))
    sides = [(BY_REF, packed, "person_ref"), (BY_TOKEN, by_token, "token")]
    return pl.concat(
        some.group_by(pl.col(end).str.slice(0, _BUCKET_DIGITS).alias("digits"))
        .agg(pl.col("entry").unique().sort())
        .select(pl.lit(side, pl.Int16).alias("side"), _bucket("digits"), "entry")
        .group_by("side", "bucket")
        .agg(pl.col("entry").list.explode().sort().str.join(""))
        .sort("bucket")
        .select("side", "bucket", entries=pl.col("entry").str.decode("hex"))
        for side, some, end in sides
    )


def bucket_numbers(ends: Iterable[str]) -> list[int]:
    """Return the buckets in which pseudonyms or tokens are found, sorted."""
    digits = [end[:_BUCKET_DIGITS] for end in ends]
    texts = pl.DataFrame({"digits": digits}, schema={"digits": pl.String})
    return texts.select(_bucket("digits")).to_series().unique().sort().to_list()


def _bucket(name: str) -> pl.Expr:
    number = pl.col(name).str.to_integer(base=16, strict=False, dtype=pl.Int32)
    return (number // _PER_BUCKET).fill_null(0).alias("bucket")


def unpack(entries: pl.Series) -> pl.DataFrame:
    """Return the links in some blocks; columns of LINKS, in the order of the blocks."""
    texts = [block.hex() for block in entries.to_list()]
    each = [text[at : at + _ENTRY] for text in texts for at in range(0, len(text), _ENTRY)]
    entry = pl.col("entry").str
    return pl.DataFrame({"entry": each}, schema={"entry": pl.String}).select(
        person_ref=entry.slice(0, _REF),
        token=entry.slice(_REF, _REF),
        own=entry.slice(2 * _REF, 1).cast(pl.Int16),
        kind=entry.slice(2 * _REF + 1, 1).cast(pl.Int16),
    )
