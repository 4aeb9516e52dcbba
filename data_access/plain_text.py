"""Texts that a spreadsheet must not take for formulas. Pure."""

import polars as pl


def harmless(found: pl.DataFrame) -> pl.DataFrame:
    """Return a frame without any text that a spreadsheet would take for a formula.

    Such a text gets an apostrophe in front; a number written as text is none.
    """
    texts = [name for name, dtype in found.schema.items() if dtype == pl.String]
    starts = pl.col(texts).str.contains(r"^[=+\-@\t\r]")
    number = pl.col(texts).str.contains(r"^[+-]?[0-9]+(\.[0-9]+)?$")
    quoted = pl.when(starts & ~number).then("'" + pl.col(texts)).otherwise(pl.col(texts))
    return found.with_columns(quoted.name.keep()) if texts else found
