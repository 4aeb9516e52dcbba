"""Whom to call about a platform's data in a province: roles, from a pack's `contacts.csv`.

Columns platform, province (a code, or * for every province), role_vi, role_en, phone. A role is
never a person's name; a number that was not entered is said to be missing.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

FILE = "contacts.csv"
EVERYWHERE = "*"


@dataclass(frozen=True, kw_only=True)
class Contact:
    """The office that answers for a platform's data in a province."""

    platform: str
    province: str
    role_vi: str
    role_en: str
    phone: str


def load_contacts(folder: Path) -> tuple[Contact, ...]:
    """Return a pack's directory; empty where it has none."""
    path = folder / FILE
    if not path.is_file():
        return ()
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(Contact(**row) for row in csv.DictReader(file))


def whom_to_call(contacts: tuple[Contact, ...], *, platform: str, province: str) -> Contact | None:
    """Return the province's own office for a platform, else that of all; None: missing."""
    found = {one.province: one for one in contacts if one.platform == platform}
    return found.get(province) or found.get(EVERYWHERE)
