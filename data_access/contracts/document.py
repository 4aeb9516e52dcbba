"""Writes the data dictionary and the CSV templates from the contracts: `docs/dictionary/`.

`python -m data_access.contracts.document [FOLDER]`. A test fails while the files are out of date.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from data_access.contracts.model import (
    AREA_COLUMNS,
    AREA_FIELDS,
    PERSON_FIELDS,
    Contract,
    Field,
    Kind,
    RecordKind,
    Severity,
)
from data_access.contracts.registry import CONTRACTS
from data_access.measures.registry import MEASURES

DEFAULT_FOLDER = Path("docs") / "dictionary"
MOST_CODES_SHOWN = 20
COMPUTED = "tính tại cửa nhận / computed at the gate"
_KIND_NAMES = {
    Kind.TEXT: "văn bản / text",
    Kind.INTEGER: "số nguyên / whole number",
    Kind.NUMBER: "số / number",
    Kind.DATE: "ngày / day",
    Kind.INSTANT: "thời điểm / moment",
    Kind.BOOLEAN: "có-không / yes or no",
    Kind.CODE: "mã / code",
    Kind.CODES: "nhiều mã / codes",
}


def pages(contracts: tuple[Contract, ...] = CONTRACTS) -> dict[str, str]:
    """Return file name → content of the whole dictionary: a page per platform, a CSV per kind."""
    written = {"README.md": _index(contracts)}
    for contract in contracts:
        written[f"{contract.platform}.md"] = _page(contract)
        for kind in contract.kinds:
            written[f"templates/{contract.platform}-{kind.name}.csv"] = template(kind)
    return written


def write(folder: Path) -> list[Path]:
    """Write the dictionary into a folder and return the paths written."""
    paths = []
    for name, content in pages().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8", newline="\n")
        paths.append(path)
    return paths


def _index(contracts: tuple[Contract, ...]) -> str:
    lines = [
        "# Từ điển dữ liệu / Data dictionary",
        "",
        "Sinh từ các hợp đồng dữ liệu / Generated from the contracts: "
        "`python -m data_access.contracts.document`.",
        "",
        "| nền tảng / platform | loại bản ghi / record kind | mẫu / template |",
        "|---|---|---|",
    ]
    for contract in contracts:
        for kind in contract.kinds:
            name = f"{contract.platform}-{kind.name}.csv"
            lines.append(
                f"| [{contract.vi} / {contract.en}]({contract.platform}.md) "
                f"| `{kind.name}`: {kind.vi} / {kind.en} | [{name}](templates/{name}) |"
            )
    return "\n".join([*lines, ""])


def _page(contract: Contract) -> str:
    lines = [f"# {contract.vi} / {contract.en}", "", f"Platform id: `{contract.platform}`.", ""]
    for number, kind in enumerate(contract.kinds):
        lines += _kind_section(kind, is_default=number == 0)
    return "\n".join(lines)


def _kind_section(kind: RecordKind, *, is_default: bool) -> Iterator[str]:
    default = " (mặc định / default)" if is_default else ""
    yield f"## `{kind.name}`: {kind.vi} / {kind.en}{default}"
    yield ""
    yield f"Khóa / key: `{kind.key}`. Ít nhất một trong / at least one of: " + ", ".join(
        f"`{name}`" for name in AREA_FIELDS
    ) + "."  # fmt: skip
    if kind.has_person:
        yield ""
        yield (
            "Trường định danh được thay bằng mã giả danh ở cửa nhận và không được lưu. / "
            "Identity fields become a pseudonym at the gate and are never stored."
        )
    yield ""
    yield "| trường / field | tên / name | kiểu / type | bắt buộc / required | giá trị / values |"
    yield "|---|---|---|---|---|"
    for field in kind.all_fields():
        is_derived = field.name in kind.derived
        yield _field_line(field, note=COMPUTED if is_derived else "")
    yield ""
    yield from _checks(kind)
    yield from _rollups(kind)


def _field_line(field: Field, *, note: str = "") -> str:
    required = "✓" if field.required else ""
    values = "; ".join(part for part in (note, _values(field)) if part)
    return (
        f"| `{field.name}` | {field.vi} / {field.en} | {_KIND_NAMES[field.kind]} "
        f"| {required} | {values} |"
    )


def _values(field: Field) -> str:
    parts: list[str] = []
    if field.allowed:
        parts.append(_codes(field))
    if field.minimum is not None or field.maximum is not None:
        low = "" if field.minimum is None else f"{field.minimum:g}"
        high = "" if field.maximum is None else f"{field.maximum:g}"
        parts.append(f"{low}…{high} {field.unit}".strip())
    if field.not_future:
        parts.append("không ở tương lai / not in the future")
    if field.personal or field in PERSON_FIELDS:
        parts.append("cá nhân, không lưu / personal, not stored" if field.personal else "")
    if field in AREA_COLUMNS:
        parts.append("mã hoặc tên / code or name")
    return "; ".join(part for part in parts if part)


def _codes(field: Field) -> str:
    if len(field.allowed) > MOST_CODES_SHOWN:
        return f"{len(field.allowed)} mã / codes"
    shown = []
    for code in field.allowed:
        vi, en = field.labels.get(code, ("", ""))
        label = vi if vi == en else f"{vi} / {en}"
        shown.append(f"`{code}` {label}".strip())
    return ", ".join(shown)


def _checks(kind: RecordKind) -> Iterator[str]:
    if not kind.checks:
        return
    yield "| kiểm tra / check | trường / field | khi sai / when broken | nội dung / meaning |"
    yield "|---|---|---|---|"
    for check in kind.checks:
        effect = "loại / rejected" if check.severity is Severity.REJECT else "đánh dấu / flagged"
        yield f"| `{check.key}` | `{check.field}` | {effect} | {check.vi} / {check.en} |"
    yield ""


def _rollups(kind: RecordKind) -> Iterator[str]:
    if not kind.rollups:
        return
    yield "| số đo / measure | ngày / day | cấp và phân tổ / grains |"
    yield "|---|---|---|"
    for rollup in kind.rollups:
        named = MEASURES.get(rollup.measure)
        title = f": {named.vi} / {named.en}" if named else ""
        grains = ", ".join(
            f"{grain.level.value}" + (f" × {' × '.join(grain.cut)}" if grain.cut else "")
            for grain in rollup.grains
        )
        yield f"| `{rollup.measure}`{title} | `{rollup.day}` | {grains} |"
    yield ""


def template(kind: RecordKind) -> str:
    """Return the header of a file of this kind, with the byte-order mark that Excel needs."""
    return "\ufeff" + ",".join(field.name for field in kind.all_fields()) + "\r\n"


def fields_of(kind: RecordKind) -> list[dict[str, object]]:
    """Return what a program needs to know of each field of a record kind."""
    return [
        {
            "name": field.name,
            "type": field.kind.value,
            "title": {"vi": field.vi, "en": field.en},
            "required": field.required,
            "personal": field.personal,
            "computed": field.name in kind.derived,
            "allowed": list(field.allowed),
            "minimum": field.minimum,
            "maximum": field.maximum,
            "unit": field.unit,
        }
        for field in kind.all_fields()
    ]


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_FOLDER
    for written_path in write(folder):
        sys.stdout.write(f"{written_path.as_posix()}\n")
