"""What a person takes away: figures as plain CSV, and a second file that explains them. Pure."""

import polars as pl

from dashboard.catalogue import Entry
from dashboard.i18n import translator
from data_access import plain_text

COLUMNS = ("date", "area_code", "area", "id", "value", "status")
_STATUSES = ("not_reported", "not_due", "suppressed", "not_applicable", "not_synchronised")


def csv_of(found: pl.DataFrame) -> bytes:
    """Return figures as CSV: the columns and words of the `query` command, sorted."""
    return plain_csv(found.select(COLUMNS).sort(COLUMNS[:4]))


def plain_csv(found: pl.DataFrame) -> bytes:
    """Return a frame as CSV that a spreadsheet opens; instants as ISO 8601 UTC."""
    return plain_text.csv_of(found, marked=True)


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
    return plain_csv(pl.DataFrame(rows, schema=list(heads), orient="row"))
