"""The feed of corrections (Atom, RFC 4287): what was revised, and what was withdrawn.

Entries belong to bulletins: their ids come from the hash of the content and never change, whatever
name this server has; their time is when they became public.
"""

import uuid
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import polars as pl
from starlette.requests import Request
from starlette.responses import Response

from dashboard import formatting, resources
from dashboard.api import given as giving
from dashboard.api.asked import accepted, plain
from data_access.bulletins.model import Bulletin
from data_access.shared import Shared
from data_access.viewer import Viewer, press_at

PATH = "/feeds/corrections.atom"
MEDIA = "application/atom+xml"
MOST = 50
SHOWN = 20
NAMES = uuid.UUID("6f5b1c52-6f0e-4a51-9c61-7f1d0f3a9b10")
_ATOM = "http://www.w3.org/2005/Atom"
_BEFORE_ALL = datetime(2020, 1, 1, tzinfo=UTC)
_NOT_XML = dict.fromkeys([*(n for n in range(32) if n not in (9, 10, 13)), 0xFFFE, 0xFFFF])


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One entry; `updated` is aware."""

    id: str
    updated: datetime
    title: str
    text: str
    number: int


def corrections(request: Request) -> Response:
    """Answer the feed."""
    plain(request.query_params, ())
    accept = request.headers.get("accept", "")
    # Readers of feeds say what they like of XML; whoever wants JSON alone is told that it is none.
    kinds = {"atom": MEDIA, "xml": "application/xml", "text": "text/xml"}
    accepted(accept, kinds, ("atom", "xml", "text"))
    shared = resources.shared()
    body = feed_of(entries(shared, viewer=press_at(shared.clock())))
    tag = giving.etag(body.decode())
    if giving.is_known(request, tag):
        return giving.unchanged(tag, keep=giving.SHORT)
    return Response(body, headers=giving.headers_of(tag, keep=giving.SHORT), media_type=MEDIA)


def entries(shared: Shared, *, viewer: Viewer) -> list[Entry]:
    """Return the entries at the viewer's moment, the newest first."""
    found = [
        entry
        for head in shared.bulletins.list(viewer=viewer)
        for entry in _of_bulletin(shared, head, viewer=viewer)
    ]
    return sorted(found, key=lambda one: (one.updated, one.id), reverse=True)[:MOST]


def _of_bulletin(shared: Shared, head: Bulletin, *, viewer: Viewer) -> Iterator[Entry]:
    revised = shared.bulletins.public_revisions(head.number, viewer=viewer)
    name = f"{head.number}:{head.sha256}"
    if revised.height and head.public_from:
        title = f"Bản tin số {head.number} sửa {revised.height} số đã công bố"
        yield Entry(
            id=uuid.uuid5(NAMES, f"{name}:revised").urn, updated=head.public_from, title=title,
            text=_told(revised), number=head.number,
        )  # fmt: skip
    if head.withdrawn_at is not None:
        yield Entry(
            id=uuid.uuid5(NAMES, f"{name}:withdrawn").urn, updated=head.withdrawn_at,
            title=f"Bản tin số {head.number} bị rút lại / Bulletin {head.number} withdrawn",
            text=head.withdrawn_reason, number=head.number,
        )  # fmt: skip


def _told(revised: pl.DataFrame) -> str:
    # The largest first, against what was said before.
    was, becomes = pl.col("was"), pl.col("becomes")
    size = (becomes - was).abs() / pl.max_horizontal(was.abs(), pl.lit(1.0))
    ordered = revised.with_columns(size=size).sort(
        "size", "id", "level", "area_code", "date", descending=[True, False, False, False, True]
    )
    lines = []
    for row in ordered.head(SHOWN).iter_rows(named=True):
        why = f" ({row['files']})" if row["files"] else ""
        numbers = (formatting.number(row[name], language="vi", decimals=_places(row[name]))
                   for name in ("was", "becomes"))  # fmt: skip
        change = " → ".join(numbers)
        lines.append(f"{row['id']} · {row['area']} · {row['date']:%d/%m/%Y}: {change}{why}")
    if revised.height > SHOWN:
        lines.append(f"… +{revised.height - SHOWN}")
    return "\n".join(lines)


def _places(value: float) -> int:
    return 0 if float(value).is_integer() else 3


def feed_of(listed: Sequence[Entry]) -> bytes:
    """Return the feed as XML."""
    ET.register_namespace("", _ATOM)
    root = ET.Element(f"{{{_ATOM}}}feed", {"xml:lang": "vi"})
    _text(root, "id", uuid.uuid5(NAMES, "corrections").urn)
    _text(root, "title", "Tuyến Đầu: số đã công bố được sửa / Corrections to published figures")
    _text(root, "updated", _instant(max((e.updated for e in listed), default=_BEFORE_ALL)))
    ET.SubElement(_text(root, "author", ""), f"{{{_ATOM}}}name").text = "Tuyến Đầu"
    ET.SubElement(root, f"{{{_ATOM}}}link", {"rel": "self", "href": PATH, "type": MEDIA})
    ET.SubElement(root, f"{{{_ATOM}}}link", {"rel": "alternate", "href": "/open_data"})
    for one in listed:
        entry = ET.SubElement(root, f"{{{_ATOM}}}entry")
        _text(entry, "id", one.id)
        _text(entry, "title", one.title)
        _text(entry, "updated", _instant(one.updated))
        _text(entry, "published", _instant(one.updated))
        href = f"/open_data?bulletin={one.number}"
        ET.SubElement(entry, f"{{{_ATOM}}}link", {"rel": "alternate", "href": href})
        _text(entry, "content", one.text).set("type", "text")
    body = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{body}\n'.encode()


def _text(parent: ET.Element, name: str, text: str) -> ET.Element:
    made = ET.SubElement(parent, f"{{{_ATOM}}}{name}")
    made.text = text.translate(_NOT_XML) or None
    return made


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
