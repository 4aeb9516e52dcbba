"""What the parsers of delivered columns share: cleaned text, ways to try, ways to spare work."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

INSTANT = pl.Datetime("us", "UTC")


@dataclass(frozen=True, kw_only=True)
class Formats:
    """How a delivery writes its values.

    Attributes:
        zone: time zone of moments without an offset.
        dates: "auto", "excel" (serial numbers) or a strptime pattern.
        numbers: "auto", "vi" (1.234,5), "en" (1,234.5).
        missing: texts that stand for nothing, besides the empty one.
        first_year: days of earlier years are not read.
    """

    zone: str
    dates: str = "auto"
    numbers: str = "auto"
    missing: tuple[str, ...] = ()
    first_year: int = 1900


@dataclass(frozen=True, kw_only=True)
class Parsed:
    """One column, parsed.

    Attributes:
        values: in the type of the field's kind; null where blank or bad.
        bad: reason key → mask of the rows it holds for.
    """

    values: pl.Series
    bad: dict[str, pl.Series] = field(default_factory=dict)


Attempt = Callable[[pl.Series], pl.Series]


def cleaned(cells: pl.Series, *, missing: Sequence[str] = ()) -> pl.Series:
    """Return cells as trimmed text; null where blank or one of the words for nothing."""
    text = as_text(cells).str.strip_chars()
    blank = (text == "").fill_null(value=True)
    words = [word.strip().casefold() for word in missing if word.strip()]
    if words:
        blank = blank | text.str.to_lowercase().is_in(words).fill_null(value=True)
    return text.set(blank, None) if blank.any() else text


def as_text(cells: pl.Series) -> pl.Series:
    """Return any column as text: whole floats without `.0`, lists joined by `|`."""
    if cells.dtype == pl.String:
        return cells
    if isinstance(cells.dtype, pl.List):
        return cells.cast(pl.List(pl.String)).list.join("|", ignore_nulls=True)
    if cells.dtype.is_float():
        whole = cells.cast(pl.Int64, strict=False)
        text = cells.cast(pl.String)
        return text.zip_with((whole.cast(pl.Float64) != cells).fill_null(value=True),
                             whole.cast(pl.String))  # fmt: skip
    if isinstance(cells.dtype, (pl.Struct, pl.Binary, pl.Object)):
        return pl.Series(cells.name, [None] * len(cells), dtype=pl.String)
    return cells.cast(pl.String)


def by_unique(cells: pl.Series, parse: Attempt, *, dtype: Any) -> pl.Series:  # noqa: ANN401 -- Polars types
    """Return `parse(cells)`, run on the distinct values only where they are few."""
    distinct = cells.unique()
    if len(distinct) * 4 >= len(cells):
        return parse(cells)
    return cells.replace_strict(distinct, parse(distinct), return_dtype=dtype)


def first_fit(text: pl.Series, attempts: Sequence[Attempt], *, dtype: Any) -> pl.Series:  # noqa: ANN401
    """Return each value by the first attempt that can read it; null where none can."""
    result = pl.Series(text.name, [None], dtype=dtype).new_from_index(0, len(text))
    for attempt in attempts:
        left = result.is_null() & text.is_not_null()
        if not left.any():
            break
        if left.all():
            result = attempt(text)
        else:
            result = result.scatter(left.arg_true(), attempt(text.filter(left)))
    return result
