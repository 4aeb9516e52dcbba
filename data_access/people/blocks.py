"""Packs links into blocks, a few hundred to a row of the database, and finds them again. Pure.

A block holds the links of one delivery whose pseudonyms (or whose tokens: the other side) begin
with the same bits, so that whoever asks for one pseudonym reads one part in BUCKETS of them. Blocks
are only ever added; the same link in two of them is known since the earlier of the two.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

Entries: TypeAlias = NDArray[np.uint8]

LINKS: Mapping[str, pl.DataType] = {
    "person_ref": pl.String(),
    "token": pl.String(),
    "own": pl.Int16(),
    "kind": pl.Int16(),
}
"""Columns of links. person_ref and token: keyed hashes, 32 hex digits, of a person's strongest
identifier and of one that came with it; own and kind: `people.kinds.NUMBERS` of the two. A
pseudonym that came alone is its own token."""

_BLOCKS = {"side": pl.Int16(), "bucket": pl.Int32(), "entries": pl.Binary()}
BY_REF, BY_TOKEN = 0, 1
"""Sides: by which of its two ends a link can be found. Self links have the first side only."""
BUCKETS = 1024
_REF = 32
_ENTRY = 2 * _REF + 2
"""Hex digits of an entry: pseudonym, token, one digit for the kind of each."""
_ENTRY_BYTES = _ENTRY // 2
_SIDES = ((BY_REF, 0), (BY_TOKEN, _REF // 2))
"""Each side and where in the bytes of an entry its end begins."""
_IS_REF = re.compile(r"[0-9a-f]{32}").fullmatch
_BITS_ABOVE = 16 - BUCKETS.bit_length() + 1


def pack(links: pl.DataFrame) -> pl.DataFrame:
    """Return the blocks of some links.

    Shape: columns side (Int16), bucket (Int32), entries (Binary), sorted, no side and bucket twice.
    Needs: columns of LINKS, no null; a link that comes twice is, as a rule, packed once.
    """
    entries = _distinct(_as_bytes(links))
    ends = _ends(entries)
    pairs = entries[(ends[:, :2] != ends[:, 2:]).any(axis=1)]
    blocks = [
        (side, *block)
        for (side, at), some in zip(_SIDES, (entries, pairs), strict=True)
        for block in _blocks(some, at)
    ]
    columns = zip(*blocks, strict=True) if blocks else ([] for _ in _BLOCKS)
    return pl.DataFrame(
        [
            pl.Series(name, values, dtype=dtype)
            for (name, dtype), values in zip(_BLOCKS.items(), columns, strict=True)
        ]
    )


def _as_bytes(links: pl.DataFrame) -> Entries:
    """Return one row of bytes per link."""
    entries = np.empty((links.height, _ENTRY_BYTES), dtype=np.uint8)
    for name, at in (("person_ref", 0), ("token", _REF // 2)):
        whole: str = links[name].str.join("").item()
        digests = np.frombuffer(bytes.fromhex(whole), dtype=np.uint8)
        entries[:, at : at + _REF // 2] = digests.reshape(-1, _REF // 2)
    entries[:, _REF] = (links["own"] * 16 + links["kind"]).to_numpy()
    return entries


def _ends(entries: Entries) -> NDArray[np.uint64]:
    """Return four numbers per entry: the two halves of its pseudonym and of its token."""
    return np.frombuffer(np.ascontiguousarray(entries[:, :_REF]), dtype=np.uint64).reshape(-1, 4)


def _distinct(entries: Entries) -> Entries:
    """Return the entries without repetitions.

    Equal entries have equal sums. Should others have the same sum, a repetition may stay: that
    costs some bytes, and changes no answer.
    """
    ends = _ends(entries)
    sums = ends[:, 0] + 3 * ends[:, 2]
    order = np.argsort(sums)
    sums = sums[order]
    if not (sums[1:] == sums[:-1]).any():
        return entries
    ordered = entries[order]
    again = (ordered[1:] == ordered[:-1]).all(axis=1)
    return ordered[np.concatenate(([True], ~again))]


def _blocks(entries: Entries, at: int) -> Iterator[tuple[int, bytes]]:
    """Yield buckets and their bytes, by the end that begins `at` in each entry."""
    first = entries[:, at].astype(np.uint16) << 8 | entries[:, at + 1]
    numbers = first >> _BITS_ABOVE
    together = entries[np.argsort(numbers, kind="stable")].tobytes()
    ends = np.cumsum(np.bincount(numbers, minlength=BUCKETS)) * _ENTRY_BYTES
    start = 0
    for bucket, end in enumerate(ends.tolist()):
        if end > start:
            yield bucket, together[start:end]
        start = end


def bucket_numbers(ends: Iterable[str]) -> list[int]:
    """Return the buckets in which pseudonyms or tokens are found, sorted.

    What is no pseudonym is in none.
    """
    return sorted({int(end[:4], 16) >> _BITS_ABOVE for end in ends if _IS_REF(end)})


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
