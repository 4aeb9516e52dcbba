"""What a mapping may say about a spreadsheet: which sheet, where its header is. Opens no file."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from data_access.errors import BadInput

SHEET_KEYS = ("sheet", "header_row", "allow_full_sheet", "merged")
MERGED = ("reject", "fill")


@dataclass(frozen=True, kw_only=True)
class SheetRule:
    """How a spreadsheet is read.

    Attributes:
        name: name of the sheet; empty for the first.
        header_row: row that names the columns, as Excel counts it.
        allow_full: whether a sheet may end exactly at a row limit.
        merged: "reject" rows that merged cells make unclear, or "fill" every cell of a merge.
    """

    name: str = ""
    header_row: int = 1
    allow_full: bool = False
    merged: str = "reject"


def sheet_rule(content: Mapping[str, Any], *, where: str) -> SheetRule:
    """Return the rule in a mapping; keys that are not SHEET_KEYS are left to others.

    Raises:
        BadInput: one line that names the key and what is wrong with it.
    """
    name, header_row = content.get("sheet", ""), content.get("header_row", 1)
    allow_full, merged = content.get("allow_full_sheet", False), content.get("merged", MERGED[0])
    if not isinstance(name, str):
        raise BadInput(f'{where}: sheet must be the name of a sheet, as in sheet = "Sheet1"')
    if not isinstance(header_row, int) or isinstance(header_row, bool) or header_row < 1:
        raise BadInput(f"{where}: header_row must be a row number from 1, as Excel counts")
    if not isinstance(allow_full, bool):
        raise BadInput(f"{where}: allow_full_sheet must be true or false")
    if merged not in MERGED:
        raise BadInput(f"{where}: merged must be {' or '.join(MERGED)}, not {merged!r}")
    return SheetRule(name=name, header_row=header_row, allow_full=allow_full, merged=merged)
