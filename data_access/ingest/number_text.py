"""Reads numbers as Vietnamese and other hands write them; vectorised. Pure.

`.` groups and `,` marks decimals in Vietnamese text (13.855.509; 51,59 %). A text that can be read
both ways (`1.234`, `1,234`) is decided by the other values of its column; where none of them tells,
whole counts are read as grouped and other numbers the Vietnamese way. `12.0` is the whole number
12, `51,59 %` is 0.5159.
"""

import polars as pl

from data_access.ingest.columns import Parsed

_GROUP_DOT = r"^[+-]?[1-9]\d{0,2}(?:\.\d{3})+$"
_GROUP_COMMA = r"^[+-]?[1-9]\d{0,2}(?:,\d{3})+$"
_ONE_DOT = r"^[+-]?[1-9]\d{0,2}\.\d{3}$"
_ONE_COMMA = r"^[+-]?[1-9]\d{0,2},\d{3}$"
_DOT_THEN_COMMA = r"^[+-]?[1-9]\d{0,2}(?:\.\d{3})+,\d+$"
_COMMA_THEN_DOT = r"^[+-]?[1-9]\d{0,2}(?:,\d{3})+\.\d+$"
_DECIMAL_DOT = r"^[+-]?(?:\d+\.\d*|\.\d+|\d+)(?:[eE][+-]?\d{1,3})?$"
_DECIMAL_COMMA = r"^[+-]?(?:\d+,\d*|,\d+)$"


def number_style(text: pl.Series) -> str:
    """Return "vi", "en", "both" or "" (no evidence): how a column of numbers is written."""

    def seen(pattern: str, unless: str) -> bool:
        return bool((text.str.contains(pattern) & ~text.str.contains(unless)).any())

    vietnamese = seen(_DOT_THEN_COMMA, "^$") or seen(_GROUP_DOT, _ONE_DOT)
    vietnamese = vietnamese or seen(_DECIMAL_COMMA, _ONE_COMMA)
    english = seen(_COMMA_THEN_DOT, "^$") or seen(_GROUP_COMMA, _ONE_COMMA)
    english = english or bool(
        (text.str.contains(r"\.") & text.str.contains(_DECIMAL_DOT)
         & ~text.str.contains(_GROUP_DOT)).any()
    )  # fmt: skip
    return "both" if vietnamese and english else "vi" if vietnamese else "en" if english else ""


def parse_numbers(text: pl.Series, *, numbers: str = "auto", whole: bool = False) -> Parsed:
    """Return a column of numbers as Float64.

    Args:
        text: cleaned text.
        numbers: "vi", "en" or "auto": decided by the whole column.
        whole: whether the column holds counts.
    """
    plain = text.str.to_integer(strict=False, dtype=pl.Int64)
    left = plain.is_null() & text.is_not_null()
    values = plain.cast(pl.Float64)
    if not left.any():
        return Parsed(values=values)
    rest = _bare_numbers(text.filter(left))
    style = number_style(rest) if numbers == "auto" else numbers
    found = _written_numbers(rest, style=style, whole=whole and numbers == "auto")
    share = text.filter(left).str.contains("%", literal=True)
    found = found.zip_with(~share, found / 100)
    # Too big for a number (1e999) would become infinite, and no sum would be one again.
    found = found.set(~found.is_finite(), None)
    values = values.scatter(left.arg_true(), found)
    bad = values.is_null() & text.is_not_null()
    if not bad.any():
        return Parsed(values=values)
    unclear = bad & text.str.contains(r"^[+-]?[1-9]\d{0,2}[.,]\d{3}\s*%?$")
    return Parsed(values=values, bad={"not_a_number": bad & ~unclear, "number_ambiguous": unclear})


def _bare_numbers(text: pl.Series) -> pl.Series:
    return (
        text.str.replace_all(r"[\s\u00a0\u202f']", "")
        .str.replace(r"^\u2212", "-")
        .str.replace(r"%$", "")
        .str.replace(r"^\((.*)\)$", "-$1")
    )


def _written_numbers(text: pl.Series, *, style: str, whole: bool) -> pl.Series:
    dots_out, commas_out = (
        text.str.replace_all(".", "", literal=True),
        text.str.replace_all(",", "", literal=True),
    )
    as_vi = dots_out.str.replace(",", ".", literal=True).cast(pl.Float64, strict=False)
    as_en = commas_out.cast(pl.Float64, strict=False)
    dotted = text.cast(pl.Float64, strict=False)
    one_dot, one_comma = text.str.contains(_ONE_DOT), text.str.contains(_ONE_COMMA)
    groups = dots_out.str.replace_all(",", "", literal=True).cast(pl.Float64, strict=False)
    clear = pl.DataFrame({"text": text, "vi": as_vi, "en": as_en, "dot": dotted, "grouped": groups})
    matches = pl.col("text").str.contains
    unclear = pl.lit(None, dtype=pl.Float64)
    if style == "en":
        on_dot, on_comma = pl.col("dot"), pl.col("grouped")
    elif style == "vi" or (not style and not whole):
        on_dot, on_comma = pl.col("grouped"), pl.col("vi")
    elif not style:
        on_dot, on_comma = pl.col("grouped"), pl.col("grouped")
    else:
        on_dot, on_comma = unclear, unclear
    return clear.select(
        pl.when(pl.lit(one_dot)).then(on_dot)
        .when(pl.lit(one_comma)).then(on_comma)
        .when(matches(_GROUP_DOT) | matches(_GROUP_COMMA)).then(pl.col("grouped"))
        .when(matches(_DOT_THEN_COMMA) | matches(_DECIMAL_COMMA)).then(pl.col("vi"))
        .when(matches(_COMMA_THEN_DOT)).then(pl.col("en"))
        .when(matches(_DECIMAL_DOT)).then(pl.col("dot"))
    ).to_series()  # fmt: skip
