"""Answers of the public part: how they are named, how long they are kept, what stands in them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl
from starlette.requests import Request
from starlette.responses import Response

from dashboard.api.asked import Cursor, Paged, digest
from data_access.bulletins.model import Bulletin
from data_access.bulletins.rules import program_version
from data_access.plain_text import csv_of

VERSION = 1
"""Of what answers look like: part of every ETag."""
FOR_EVER = "public, max-age=31536000, immutable"
SHORT = "public, max-age=5"
MEDIA = {"json": "application/json", "csv": "text/csv; charset=utf-8; header=present"}
EVERY_SITE = {"Access-Control-Allow-Origin": "*"}
_EXPOSED = "ETag, Link, Retry-After, X-Bulletin"


def etag(*told: object) -> str:
    """Return the strong ETag of what is given, from everything it depends on."""
    return f'"{digest([VERSION, program_version(), *told])}"'


def is_known(request: Request, tag: str) -> bool:
    """Return whether whoever asks holds this very answer already."""
    listed = request.headers.get("if-none-match", "")
    if listed.strip() == "*":
        return True
    return tag in {part.strip().removeprefix("W/") for part in listed.split(",")}


def headers_of(tag: str, *, keep: str) -> dict[str, str]:
    """Return the headers of an answer: its name, how long it may be kept, that all may read it."""
    return {
        "ETag": tag, "Cache-Control": keep, "Vary": "Accept",
        "Access-Control-Expose-Headers": _EXPOSED, **EVERY_SITE,
    }  # fmt: skip


def unchanged(tag: str, *, keep: str) -> Response:
    """Return the answer to whoever holds it already."""
    return Response(status_code=304, headers=headers_of(tag, keep=keep))


@dataclass(frozen=True, kw_only=True)
class Page:
    """Rows of a list.

    Attributes:
        rows: those of the page.
        cursor: where the next one begins; empty at the end.
    """

    rows: pl.DataFrame
    cursor: str


def page_of(found: pl.DataFrame, asked: Paged, head: Bulletin) -> Page:
    """Return a page of a list that belongs to a bulletin."""
    end = asked.offset + asked.limit
    rows = found.slice(asked.offset, asked.limit)
    if end >= found.height:
        return Page(rows=rows, cursor="")
    following = Cursor(
        number=head.number, sha256=head.sha256[:16], question=asked.question, offset=end
    )
    return Page(rows=rows, cursor=following.text())


def as_json(told: object) -> bytes:
    """Return JSON as it is sent."""
    text = json.dumps(told, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return (text + "\n").encode()


def as_csv(rows: pl.DataFrame) -> bytes:
    """Return figures as CSV, without any text that a spreadsheet would take for a formula."""
    return csv_of(rows)


def objects(rows: pl.DataFrame) -> Sequence[Mapping[str, object]]:
    """Return rows as JSON holds them: days as text, whole numbers without a point."""
    days = [name for name, dtype in rows.schema.items() if dtype == pl.Date]
    plain = finite(rows).with_columns(pl.col(days).dt.to_string("%Y-%m-%d"))
    return [{name: _plain(one) for name, one in row.items()} for row in plain.iter_rows(named=True)]


def finite(rows: pl.DataFrame) -> pl.DataFrame:
    """Return rows without numbers that neither format can say."""
    if "value" not in rows.columns:
        return rows
    return rows.with_columns(pl.when(pl.col("value").is_finite()).then("value").alias("value"))


def _plain(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value
