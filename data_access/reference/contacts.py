"""Whom to call about a platform's data in a province: roles, from a pack's `contacts.csv`.

A role is never a person's name; a number that was not entered is said to be missing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from data_access.codes import PLATFORMS
from data_access.reference.tables_in import read_text_table, refuse_double, refuse_where

FILE = "contacts.csv"
COLUMNS = ("platform", "province", "role_vi", "role_en", "phone")
EVERYWHERE = "*"


@dataclass(frozen=True, kw_only=True)
class Contact:
    """The office that answers for a platform's data in a province."""

    platform: str
    province: str
    role_vi: str
    role_en: str
    phone: str


def load_contacts(folder: Path, *, provinces: Iterable[str]) -> tuple[Contact, ...]:
    """Return a pack's directory; empty where it has none.

    Args:
        folder: the pack.
        provinces: codes there are, of any vintage.

    Raises:
        PackError: naming row, field and reason of the first fault.
    """
    path = folder / FILE
    if not path.is_file():
        return ()
    table = read_text_table(path, required=COLUMNS)
    known = [*provinces, EVERYWHERE]
    for field, wrong, reason in (
        ("platform", ~pl.col("platform").is_in(PLATFORMS), "is not a platform"),
        ("province", ~pl.col("province").is_in(known), "is not the code of a province, or *"),
        ("role_vi", pl.col("role_vi") == "", "must not be empty"),
        ("role_en", pl.col("role_en") == "", "must not be empty"),
    ):
        refuse_where(table, wrong, file=FILE, field=field, reason=reason)
    refuse_double(table, ["platform", "province"], file=FILE)
    return tuple(Contact(**row) for row in table.select(COLUMNS).iter_rows(named=True))


def whom_to_call(contacts: tuple[Contact, ...], *, platform: str, province: str) -> Contact | None:
    """Return the province's own office for a platform, else that of all; None: missing."""
    found = {one.province: one for one in contacts if one.platform == platform}
    return found.get(province) or found.get(EVERYWHERE)
