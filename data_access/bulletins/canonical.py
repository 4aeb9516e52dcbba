"""The same content, the same bytes: what a part's hash is taken of, and how it is kept. Pure.

A hash must outlive the program that wrote it: it is taken of the values themselves, column by
column, never of a file's bytes, which differ with the version of whatever wrote them.
"""

import hashlib
import io
import json
from collections.abc import Mapping

import numpy as np
import polars as pl

FORMAT = 1
"""Raised when the same content would hash otherwise."""


def in_order(content: pl.DataFrame) -> pl.DataFrame:
    """Return the rows sorted by all columns: the order that the hash is taken in."""
    return content.sort(content.columns, nulls_last=True)


def content_hash(content: pl.DataFrame) -> str:
    """Return the SHA-256 of a frame's values in the order of its rows, in hexadecimal.

    Of each column its name, type and number of rows; which rows are null; then its values: whole
    numbers (dates as days) as little-endian 64-bit integers, other numbers as 64-bit floats (no
    negative zero, one NaN), texts as their lengths in bytes followed by their UTF-8.
    """
    told = hashlib.sha256(f"tuyendau-part-{FORMAT}\n".encode())
    for column in content.iter_columns():
        told.update(f"{column.name}:{_kind(column)}:{len(column)}\n".encode())
        told.update(np.packbits(column.is_null().to_numpy()).tobytes())
        for block in _values(column):
            told.update(block)
    return told.hexdigest()


def _kind(column: pl.Series) -> str:
    if column.dtype == pl.String:
        return "text"
    return "number" if column.dtype.is_float() else "integer"


def _values(column: pl.Series) -> list[bytes]:
    if column.dtype == pl.String:
        texts = column.fill_null("")
        lengths = texts.str.len_bytes().cast(pl.Int64).to_numpy().astype("<i8")
        # One long text: joining is what Polars does fastest.
        return [lengths.tobytes(), str(texts.str.join("").item() or "").encode()]
    if column.dtype.is_float():
        numbers = column.cast(pl.Float64).fill_null(0.0).to_numpy().astype("<f8") + 0.0
        numbers[np.isnan(numbers)] = np.nan
        return [numbers.tobytes()]
    return [column.to_physical().cast(pl.Int64).fill_null(0).to_numpy().astype("<i8").tobytes()]


def pack(content: pl.DataFrame) -> bytes:
    """Return the content as Parquet (zstd)."""
    written = io.BytesIO()
    content.write_parquet(written, compression="zstd", compression_level=3, statistics=False)
    return written.getvalue()


def unpack(payload: bytes) -> pl.DataFrame:
    """Return the content that `pack` wrote.

    Raises:
        polars.exceptions.PolarsError: if these are other bytes.
    """
    return pl.read_parquet(io.BytesIO(payload))


def canonical_json(value: Mapping[str, object]) -> str:
    """Return JSON text that is the same for the same value."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def manifest_hash(manifest: Mapping[str, object]) -> str:
    """Return the SHA-256 of a manifest's canonical JSON, in hexadecimal."""
    return hashlib.sha256(canonical_json(manifest).encode()).hexdigest()
