"""What a person takes away: figures as plain CSV, and a second file that explains them. Pure."""

import polars as pl

from dashboard.catalogue import Entry
from dashboard.i18n import translator
from data_access.plain_text import harmless

COLUMNS = ("date", "area_code", "area", "id", "value", "status")
_BOM = b"\xef\xbb\xbf"  # so that a spreadsheet reads Vietnamese letters as they are
_STATUSES = ("not_reported", "not_due", "suppressed", "not_applicable", "not_synchronised")


def csv_of(found: pl.DataFrame) -> bytes:
    """Return figures as CSV: the columns and words of the `query` command, sorted."""
    # Null and not "": an empty text would be written with quotes around it.
    status = pl.when(pl.col("status") != "").then("status").alias("status")
    shown = found.select(COLUMNS).sort(COLUMNS[:4]).with_columns(plain_numbers("value"), status)
    return _BOM + shown.write_csv(quote_style="necessary").encode()


def plain_csv(found: pl.DataFrame) -> bytes:
    """Return a frame as CSV that a spreadsheet opens; instants as ISO 8601 UTC."""
    return _BOM + harmless(found).write_csv(datetime_format="%Y-%m-%dT%H:%M:%SZ").encode()


def plain_numbers(column: str) -> pl.Expr:
    """Return the column as text: whole numbers without a fraction."""
    value = pl.col(column)
    whole = value == value.round(0)
    text = pl.when(whole).then(value.cast(pl.Int64, strict=False).cast(pl.String))
    return text.otherwise(value.cast(pl.String)).alias(column)


def dictionary_of(found: pl.DataFrame, entry: Entry, *, language: str) -> bytes:
    """Return the explanation of a download: indicator, unit, statuses, sources; as CSV."""
    t = translator(language)
    sources = sorted({str(name) for name in found["source"].drop_nulls().to_list() if name})
    rows = [
        ("id", entry.key),
        ("title", entry.title(language)),
        ("definition", entry.about(language) or t("fact.direct")),
        ("unit", "0-1" if entry.is_ratio else entry.unit_text(t) or entry.unit),
        ("source", " · ".join(sources)),
        *((f"status={name}", t(f"status.{name}")) for name in _STATUSES),
    ]
    heads = (t("dictionary.column"), t("dictionary.meaning"))
    return _BOM + pl.DataFrame(rows, schema=list(heads), orient="row").write_csv().encode()
