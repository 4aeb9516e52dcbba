"""Why a row is refused, in both languages, and the frame that says so. Pure."""

import re
from collections.abc import Sequence

import polars as pl

from data_access.ingest.seam import REJECTED

REASONS: dict[str, tuple[str, str]] = {
    "element_unknown": (
        "Không có trong bảng ánh xạ chỉ số",
        "The mapping does not say which measure this is",
    ),
    "period_unknown": ("Không phải là kỳ báo cáo", "Not a period of reporting"),
    "combo_unknown": (
        "Không có trong bảng ánh xạ phân tổ",
        "The mapping does not say which breakdown this is",
    ),
    "not_fhir": ("Không đúng cấu trúc FHIR", "Not as FHIR R4 has it"),
    "not_for_platform": (
        "Loại tài nguyên này không thuộc nền tảng",
        "A resource that is no record of this platform",
    ),
    "part_of_record": (
        "Đã đọc cùng bản ghi khác",
        "No record itself: read together with another resource's record",
    ),
    "not_done": ("Chưa hoặc không thực hiện", "Planned, cancelled or not finished"),
    "ragged": (
        "Số ô của dòng khác số cột của tiêu đề",
        "The row does not have as many cells as the header",
    ),
    "error_cell": ("Ô báo lỗi công thức", "The cell shows the error of a formula"),
    "formula_without_value": (
        "Công thức chưa được tính",
        "A formula whose value was never worked out",
    ),
    "merged_cells": ("Ô đã gộp", "Merged cells: unclear whose value it is"),
    "not_json": ("Dòng không phải là một đối tượng JSON", "The line is not a JSON object"),
    "required": ("Thiếu giá trị bắt buộc", "A required value is missing"),
    "not_a_number": ("Không phải là số", "Not a number"),
    "percentage": (
        "Tỷ lệ phần trăm trong cột số đếm",
        "A percentage where a number of things belongs",
    ),
    "number_ambiguous": (
        "Không rõ dấu chấm hay phẩy là dấu thập phân",
        "Unclear which of the point and the comma is the decimal mark",
    ),
    "not_whole": ("Phải là số nguyên", "Not a whole number"),
    "not_a_date": ("Không phải là ngày", "Not a date"),
    "not_a_moment": ("Không phải là thời điểm", "Not a date and time"),
    "not_boolean": ("Phải là có hoặc không", "Neither yes nor no"),
    "unknown_code": ("Mã không có trong danh mục", "Not one of the allowed codes"),
    "out_of_range": ("Ngoài khoảng cho phép", "Outside the allowed range"),
    "in_future": ("Sau thời điểm nhận dữ liệu", "Later than the moment the delivery was known"),
    "too_long": ("Văn bản quá dài", "The text is too long"),
    "formula": ("Ô chứa công thức", "The cell holds a formula"),
    "control_character": ("Ô chứa ký tự điều khiển", "The cell holds a control character"),
    "area_missing": (
        "Không có mã tỉnh, huyện hay xã",
        "No province, district or ward is given",
    ),
    "area_unknown": ("Không có địa phương này vào ngày đó", "No such area on that day"),
    "area_ambiguous": ("Tên khớp với nhiều địa phương", "The name fits several areas"),
    "area_unplaced": (
        "Không biết xã này thuộc tỉnh nào; cần thêm mã tỉnh hoặc huyện",
        "The ward cannot be placed; the province or district is needed too",
    ),
    "district_not_in_province": (
        "Huyện không thuộc tỉnh đã ghi",
        "The district does not lie in the province given",
    ),
    "ward_not_in_district": (
        "Xã không thuộc huyện hoặc tỉnh đã ghi",
        "The ward does not lie in the district or province given",
    ),
    "area_outside": (
        "Địa phương nằm ngoài phạm vi được giao của mã truy cập",
        "A province that this token may not deliver for",
    ),
    "record_outside": (
        "Bản ghi đã có thuộc địa phương ngoài phạm vi được giao, hoặc chưa có bản ghi để xóa",
        "The record held belongs to a province that this token may not deliver for,"
        " or there is none to delete",
    ),
    "area_level": (
        "Địa phương không đúng cấp mà bảng khai báo",
        "The area is not of the level the mapping states",
    ),
    "duplicate": (
        "Cùng một ô số liệu đã có giá trị khác ở dòng trước",
        "An earlier row gives another value for the same cell",
    ),
    "negative_stock": ("Số hiện có không thể âm", "A stock cannot be negative"),
}
MASK = "****"
SHOWN_CHARACTERS = 60
_LOOKS_PERSONAL = re.compile(r"\d(?:[\s.\-]?\d){8,}")


def mask(value: str) -> str:
    """Return a personal value with all but its first and last character hidden.

    A value of fewer than six characters is hidden whole: two of five would give it away.
    """
    bare = value.strip()
    return f"{bare[0]}{MASK}{bare[-1]}" if len(bare) > len(MASK) + 1 else MASK


def shown(value: str | None, *, personal: bool = False) -> str:
    """Return a refused value as the reject file may show it.

    Digits that could be an identity or telephone number are masked in any field, because a
    column shifted by one must not carry them out.
    """
    if value is None:
        return ""
    if personal:
        return mask(value)
    bare = " ".join(value.split())
    bare = "".join(c if c.isprintable() else "?" for c in bare)
    bare = _LOOKS_PERSONAL.sub(lambda found: mask(found.group()), bare)
    return bare if len(bare) <= SHOWN_CHARACTERS else f"{bare[: SHOWN_CHARACTERS - 1]}…"


def reject_frame(
    reason: str = "",
    *,
    row_nos: Sequence[int] | pl.Series = (),
    field: str = "",
    values: Sequence[str | None] | None = None,
    personal: bool = False,
    texts: tuple[str, str] | None = None,
) -> pl.DataFrame:
    """Return rows refused for one reason; without row numbers an empty frame.

    Shape: columns of REJECTED, one row per row number.

    Args:
        reason: key of REASONS, or a contract's own with `texts`.
        row_nos: the refused rows, as a person counts them.
        field: the field at fault.
        values: the refused cells as delivered; masked here.
        personal: whether the field identifies a person.
        texts: (Vietnamese, English), when the reason is not one of REASONS.
    """
    n_rows = len(row_nos)
    if not n_rows:
        return pl.DataFrame(schema=dict(REJECTED))
    vi, en = texts or REASONS[reason]
    cells = [shown(v, personal=personal) for v in values] if values is not None else [""] * n_rows
    return pl.DataFrame(
        {
            "row_no": pl.Series(row_nos, dtype=pl.Int64),
            "field": [field] * n_rows,
            "value": cells,
            "reason": [reason] * n_rows,
            "vi": [vi] * n_rows,
            "en": [en] * n_rows,
        },
        schema=dict(REJECTED),
    )
