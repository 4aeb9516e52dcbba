"""Everything public of a bulletin in one file: tables, what they mean, how to cite them.

A zip with the same bytes whenever and wherever it is made: files in one order, of one moment.
The descriptor is a Data Package of the Frictionless standard (https://datapackage.org).
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

import polars as pl

from data_access.bulletins.dictionary import dictionary, unit_words
from data_access.bulletins.model import Bulletin
from data_access.bulletins.public import Figures, about, public_tables
from data_access.plain_text import csv_of
from data_access.viewer import Viewer

LICENCE = {
    "name": "CC-BY-4.0",
    "title": "Creative Commons Attribution 4.0",
    "path": "https://creativecommons.org/licenses/by/4.0/",
}
_MOMENT = (1980, 1, 1, 0, 0, 0)
_INSTANT = "%Y-%m-%dT%H:%M:%SZ"
_TYPES = {pl.String: "string", pl.Float64: "number", pl.Int64: "integer"}
_MOST_NOTES = 200
_FIELDS: Mapping[str, tuple[str, str]] = {
    "date": ("Ngày của số liệu", "Day that the figure is about"),
    "area_code": ("Mã địa phương", "Code of the area"),
    "area": ("Tên địa phương", "Name of the area"),
    "id": ("Mã chỉ số, giải thích trong dictionary.csv", "Figure; explained in dictionary.csv"),
    "value": ("Giá trị; đơn vị trong dictionary.csv", "Value; its unit is in dictionary.csv"),
    "status": (
        "Trống: có giá trị. suppressed: không công bố để bảo vệ riêng tư",
        "Empty: there is a value. suppressed: withheld to protect privacy; never zero",
    ),
    "source": ("Nguồn", "Where it comes from"),
    "known_at": ("Thời điểm ghi nhận (UTC)", "When it became known (UTC)"),
    "level": ("Cấp", "Level of the area"),
    "was": ("Số đã công bố trước", "Value in the bulletin before"),
    "becomes": ("Số mới", "Value in this bulletin"),
    "change": ("Loại thay đổi", "Kind of change"),
    "files": ("Tệp gây thay đổi", "Files that brought the change"),
}
_README = """\
# Tuyến Đầu: {title_vi}

Số liệu chốt lúc {cut_off}, công bố lúc {public_from}.{mark_vi}

Trích dẫn: Tuyến Đầu, bản tin số {number}, số liệu chốt lúc {cut_off}, SHA-256 {sha256}.
Giấy phép: {licence} ({licence_path}).
Mỗi bảng có hai dạng CSV và Parquet; cột được giải thích trong datapackage.json, chỉ số trong
dictionary.csv. Giá trị trống với trạng thái "suppressed" là số nhỏ không công bố để bảo vệ riêng
tư, không phải số không. Trong tệp CSV, văn bản giống công thức có dấu nháy đơn ở đầu.

# Tuyến Đầu: {title_en}

Figures as known at {cut_off}, published at {public_from}.{mark_en}

Cite as: Tuyến Đầu, bulletin {number}, figures as of {cut_off}, SHA-256 {sha256}.
Licence: {licence} ({licence_path}).
Every table comes as CSV and as Parquet; datapackage.json explains columns, dictionary.csv figures.
An empty value with the status "suppressed" is a small count withheld to protect privacy; it is not
zero. In the CSV files a text that begins like a formula has an apostrophe in front.
"""


def package(shared: Figures, number: int, *, viewer: Viewer) -> bytes:
    """Return the zip of a bulletin.

    Args:
        shared: the figures.
        number: which bulletin.
        viewer: the press, or a rehearsal of it.

    Raises:
        UnknownBulletin: if it is not public at the viewer's moment.
    """
    head = shared.bulletins.show(number, viewer=viewer)
    tables = tables_of(shared, number, viewer=viewer)
    files: dict[str, bytes] = {}
    for name, table in tables.items():
        files[f"{name}.csv"] = csv_of(table)
        files[f"{name}.parquet"] = _parquet(table)
    zone = str(shared.bulletins.book.areas.country.time_zone)
    files["README.md"] = _readme(head, zone=zone).encode()
    files["REVISIONS.md"] = revision_notes(tables["revisions"], head).encode()
    files["datapackage.json"] = _json(descriptor(head, tables, files))
    files["manifest.json"] = _json(manifest(head, files))
    return _zipped(files)


def tables_of(shared: Figures, number: int, *, viewer: Viewer) -> dict[str, pl.DataFrame]:
    """Return the tables by the name of their file: figures of each level, revisions, dictionary."""
    found = public_tables(shared, number, viewer=viewer)
    tables = {f"figures-{level}": table for level, table in found.items()}
    tables["revisions"] = shared.bulletins.public_revisions(number, viewer=viewer)
    book = shared.bulletins.book
    head = shared.bulletins.show(number, viewer=viewer)
    public = book.opened(head, viewer=viewer)[1]
    catalogue = public.state(viewer=book.seen_by(viewer, head)).catalogue
    tables["dictionary"] = _dictionary([dict(one) for one in dictionary(catalogue)])
    return tables


def _dictionary(items: Sequence[Mapping[str, object]]) -> pl.DataFrame:
    words = unit_words()
    rows = [
        {
            **{name: str(one[name]) for name in ("id", "kind", "title_vi", "title_en", "about_vi",
                                                 "about_en", "formula")},
            "terms": "; ".join(one["terms"]),  # type: ignore[arg-type]
            "unit": words.get(str(one["unit"]), str(one["unit"])),
            "platform": str(one["platform"]),
            "version": one["version"],
        }
        for one in items
    ]  # fmt: skip
    return pl.DataFrame(rows)


def _parquet(table: pl.DataFrame) -> bytes:
    content = io.BytesIO()
    table.write_parquet(content, compression="zstd")
    return content.getvalue()


def descriptor(
    head: Bulletin, tables: Mapping[str, pl.DataFrame], files: Mapping[str, bytes]
) -> Mapping[str, object]:
    """Return the Data Package descriptor of the CSV files."""
    return {
        "profile": "tabular-data-package",
        "name": f"tuyen-dau-{head.number}",
        "id": f"urn:sha256:{head.sha256}",
        "title": head.title_vi or f"Bản tin số {head.number}",
        "version": str(head.number),
        "created": head.cut_off.strftime(_INSTANT),
        "licenses": [LICENCE],
        "sources": [{"title": f"Tuyến Đầu, bản tin số {head.number}"}],
        "resources": [_resource(name, table, files) for name, table in tables.items()],
    }


def _resource(name: str, table: pl.DataFrame, files: Mapping[str, bytes]) -> Mapping[str, object]:
    content = files[f"{name}.csv"]
    schema: dict[str, object] = {
        "fields": [_field(column, dtype) for column, dtype in table.schema.items()],
        "missingValues": [""],
    }
    key = [column for column in ("id", "level", "area_code", "date") if column in table.columns]
    schema["primaryKey"] = key
    return {
        "name": name, "path": f"{name}.csv", "profile": "tabular-data-resource",
        "format": "csv", "mediatype": "text/csv", "encoding": "utf-8", "bytes": len(content),
        "hash": f"sha256:{hashlib.sha256(content).hexdigest()}",
        "alternative": f"{name}.parquet", "schema": schema,
    }  # fmt: skip


def _field(name: str, dtype: pl.DataType) -> Mapping[str, object]:
    vi, en = _FIELDS.get(name, ("", ""))
    words = {"description": f"{vi} / {en}"} if vi else {}
    if dtype == pl.Date:
        kind: dict[str, object] = {"type": "date"}
    elif isinstance(dtype, pl.Datetime):
        kind = {"type": "datetime", "format": _INSTANT}
    else:
        kind = {"type": _TYPES[type(dtype)]}
    limits: dict[str, object] = {}
    if name in {"date", "area_code", "id"}:
        limits = {"constraints": {"required": True}}
    if name == "status":
        limits = {"constraints": {"enum": ["suppressed"]}}
    return {"name": name, **kind, **words, **limits}


def manifest(head: Bulletin, files: Mapping[str, bytes]) -> Mapping[str, object]:
    """Return the bulletin, and size and SHA-256 of every other file."""
    listed = [
        {"name": name, "bytes": len(files[name]), "sha256": hashlib.sha256(files[name]).hexdigest()}
        for name in sorted(files)
    ]
    return {**about(head), "files": listed}


def revision_notes(revised: pl.DataFrame, head: Bulletin) -> str:
    """Return what was corrected against the bulletin before, in both languages."""
    lines = [f"# Bản tin số {head.number}: số đã sửa / Bulletin {head.number}: corrections", ""]
    if not revised.height:
        lines.append("Không có số đã công bố nào bị sửa. / No published figure was corrected.")
    for row in revised.head(_MOST_NOTES).iter_rows(named=True):
        why = f" ({row['files']})" if row["files"] else ""
        lines.append(
            f"- {row['date']:%d/%m/%Y} · {row['area']} · {row['id']}: "
            f"{_number(row['was'])} → {_number(row['becomes'])}{why}"
        )
    if revised.height > _MOST_NOTES:
        more = revised.height - _MOST_NOTES
        lines.append(f"- … {more}: revisions.csv")
    return "\n".join(lines) + "\n"


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return str(int(value)) if float(value).is_integer() else f"{value:.6g}"


def _readme(head: Bulletin, *, zone: str) -> str:
    def local(moment: object) -> str:
        return f"{moment.astimezone(ZoneInfo(zone)):%H:%M %d/%m/%Y}" if moment else ""  # type: ignore[attr-defined]

    reason = f" ({head.withdrawn_reason})" if head.withdrawn_reason else ""
    gone = head.withdrawn_at is not None
    return _README.format(
        number=head.number, sha256=head.sha256, cut_off=local(head.cut_off),
        public_from=local(head.public_from), licence=LICENCE["title"],
        licence_path=LICENCE["path"],
        title_vi=head.title_vi or f"bản tin số {head.number}",
        title_en=head.title_en or f"bulletin {head.number}",
        mark_vi=f"\n\nĐÃ RÚT LẠI{reason}." if gone else "",
        mark_en=f"\n\nWITHDRAWN{reason}." if gone else "",
    )  # fmt: skip


def _json(told: object) -> bytes:
    return (json.dumps(told, ensure_ascii=False, indent=2) + "\n").encode()


def _zipped(files: Mapping[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as packed:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, date_time=_MOMENT)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            packed.writestr(entry, files[name])
    return content.getvalue()
