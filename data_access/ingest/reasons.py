"""Why a row is refused, in both languages, and the frame that says so. Pure."""

import re
import unicodedata
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
    "ward_unknown": (
        "Không có xã/phường này vào ngày đó; giữ theo huyện hoặc tỉnh đã ghi",
        "No such ward on that day; kept in the district or province given",
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
    "personal_value": (
        "Có thể là thông tin cá nhân ghi nhầm cột",
        "Looks like a person's name or number in a column that is not for it",
    ),
    "negative_stock": ("Số hiện có không thể âm", "A stock cannot be negative"),
}
MASK = "****"
SHOWN_CHARACTERS = 60
LONGEST_WORD_SHOWN = 3
_WORD = re.compile(r"[^\W\d_]+")
_LOOKS_PERSONAL = re.compile(r"\d(?:[\s.\-()]{0,2}\d){8,}")


def mask(value: str) -> str:
    """Return a personal value with all but its first and last character hidden.

    A value of fewer than six characters is hidden whole: two of five would give it away.
    """
    bare = value.strip()
    return f"{bare[0]}{MASK}{bare[-1]}" if len(bare) > len(MASK) + 1 else MASK


def shape(text: str) -> str:
    """Return what kind of characters a text consists of: `Xx Xxx 9` for `Hà Nội 7`."""
    composed = unicodedata.normalize("NFC", text)
    return "".join(_kind_of_character(character) for character in composed)


def _kind_of_character(character: str) -> str:
    if character.isdigit():
        return "9"
    if character.isalpha():
        return "X" if character.isupper() else "x"
    return "" if unicodedata.combining(character) else character


def _could_be_a_name(text: str) -> bool:
    """Whether letters may spell somebody: a longer word, more than one, or any accent."""
    words = _WORD.findall(text)
    return len(words) > 1 or any(
        len(word) > LONGEST_WORD_SHOWN or not word.isascii() for word in words
    )


def shown(value: str | None, *, personal: bool = False, of_people: bool = False) -> str:
    """Return a refused value as the reject file may show it.

    Digits that could be an identity or telephone number are masked in any field, because a
    column shifted by one must not carry them out. For the same reason words in records of people
    show only their shape; numbers, days and short codes (`AZ`, `F1`) stay readable.
    """
    if value is None:
        return ""
    if personal:
        return MASK if of_people else mask(value)
    bare = " ".join(value.split())
    bare = "".join(c if c.isprintable() else "?" for c in bare)
    if of_people and _could_be_a_name(unicodedata.normalize("NFC", bare)):
        bare = shape(bare)
    bare = _LOOKS_PERSONAL.sub(lambda found: mask(found.group()), bare)
    return bare if len(bare) <= SHOWN_CHARACTERS else f"{bare[: SHOWN_CHARACTERS - 1]}…"


def reject_frame(
    reason: str = "",
    *,
    row_nos: Sequence[int] | pl.Series = (),
    field: str = "",
    values: Sequence[str | None] | None = None,
    personal: bool = False,
    of_people: bool = False,
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
        of_people: whether the records are about people, so that a name may stand anywhere.
        texts: (Vietnamese, English), when the reason is not one of REASONS.
    """
    n_rows = len(row_nos)
    if not n_rows:
        return pl.DataFrame(schema=dict(REJECTED))
    vi, en = texts or REASONS[reason]
    cells = [""] * n_rows
    if values is not None:
        cells = [shown(v, personal=personal, of_people=of_people) for v in values]
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
