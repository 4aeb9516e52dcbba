"""What a mapping and its file must come out as, computed with pandas and the standard library only.

Nothing of the product is used here: not its readers, not its parsing, not its cube.
"""

import csv
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"
NO_SHARED = "../shared/data is not beside this checkout"
Key = tuple[str, str, str]
"""(source, measure, breakdown as `dimension=code`, empty for none)."""


@dataclass(frozen=True)
class File:
    """One delivery as the test sees it.

    Attributes:
        mapping: the TOML as a dictionary.
        rows: the file as text, with `row` (number as a person counts, header = 1).
        codes: area code of each row, or one code for all.
    """

    mapping: dict[str, Any]
    rows: pd.DataFrame
    codes: pd.Series


def read_rows(path: Path) -> pd.DataFrame:
    """Return a CSV file as text, nothing interpreted; `row` counts from the header."""
    with path.open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.reader(lines))
    table = pd.DataFrame(rows[1:], columns=[name.strip() for name in rows[0]], dtype=object)
    return table.assign(row=range(2, len(rows) + 1))


def read_mapping(path: Path) -> dict[str, Any]:
    """Return a mapping as the TOML says it."""
    return tomllib.loads(path.read_text(encoding="utf-8"))


def days_of(mapping: dict[str, Any], rows: pd.DataFrame) -> pd.Series:
    """Return the ISO day of each row."""
    date = mapping["date"]
    if "constant" in date:
        return pd.Series(date["constant"], index=rows.index)
    return pd.to_datetime(rows[date["column"]], format=date["format"]).dt.strftime("%Y-%m-%d")


def cells_of(delivered: File) -> dict[Key, pd.DataFrame]:
    """Return (date, code, value) of each [[measure]] entry of a delivery; blanks left out."""
    mapping, rows = delivered.mapping, delivered.rows
    found: dict[Key, list[pd.DataFrame]] = {}
    for entry in mapping["measure"]:
        number = _numbers(entry, rows)
        cells = pd.DataFrame({"date": days_of(mapping, rows), "code": delivered.codes})
        cells = cells.assign(value=number, cut=_cuts(entry, rows))
        for cut, part in cells.dropna(subset=["value"]).groupby("cut"):
            key = (mapping["source"], entry["id"], str(cut))
            found.setdefault(key, []).append(part[["date", "code", "value"]])
    adds_up = mapping.get("duplicates") == "sum"
    return {key: _one_each(pd.concat(parts), adds_up=adds_up) for key, parts in found.items()}


def _numbers(entry: dict[str, Any], rows: pd.DataFrame) -> pd.Series:
    if "column" in entry:
        text = rows[entry["column"]].str.strip()
        number = pd.to_numeric(text.where(text != ""), errors="raise").astype(float)
    else:
        number = pd.Series(float(entry["value"]), index=rows.index)
    for column, wanted in entry.get("where", {}).items():
        number = number.where(rows[column] == wanted)
    return number


def _cuts(entry: dict[str, Any], rows: pd.DataFrame) -> pd.Series:
    words = pd.Series("", index=rows.index)
    for dimension, code in sorted(entry.get("breakdown", {}).items()):
        codes = rows[code["column"]] if isinstance(code, dict) else code
        words = words + "|" + dimension + "=" + codes
    return words.str.removeprefix("|")


def _one_each(cells: pd.DataFrame, *, adds_up: bool) -> pd.DataFrame:
    grouped = cells.groupby(["date", "code"], as_index=False)["value"]
    return grouped.sum() if adds_up else grouped.first()


def together(deliveries: list[File]) -> dict[Key, pd.DataFrame]:
    """Return the cells of all deliveries by key, with the totals of breakdowns without one."""
    found: dict[Key, list[pd.DataFrame]] = {}
    for delivered in deliveries:
        for key, cells in cells_of(delivered).items():
            found.setdefault(key, []).append(cells)
    every = {key: pd.concat(parts, ignore_index=True) for key, parts in found.items()}
    return every | _missing_totals(every)


def _missing_totals(every: dict[Key, pd.DataFrame]) -> dict[Key, pd.DataFrame]:
    """Return the sum of the parts for each (source, measure) that reports no total."""
    parts: dict[Key, list[pd.DataFrame]] = {}
    for (source, measure, cut), cells in every.items():
        if cut and (source, measure, "") not in every:
            parts.setdefault((source, measure, ""), []).append(cells)
    return {
        key: pd.concat(cells).groupby(["date", "code"], as_index=False)["value"].sum()
        for key, cells in parts.items()
    }


def of_level(cells: pd.DataFrame, *, level: str, nation: str) -> dict[tuple[str, str], float]:
    """Return (date, code) → value at a level: parts as they are, or the nation's sum of them.

    A national figure is the sum of the parts, or the reported one where there are no parts.
    """
    parts = cells[cells["code"] != nation]
    if level != "national":
        return {(d, c): v for d, c, v in parts.itertuples(index=False)}
    used = cells if parts.empty else parts
    sums = used.groupby("date")["value"].sum()
    return {(str(day), nation): float(value) for day, value in sums.items()}
