"""An invented person whose name and numbers stand nowhere else, and the search for them."""

import json
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import quote

import polars as pl

from data_access.contracts.model import AREA_FIELDS, PERSON_FIELDS, VERSION, Kind, RecordKind
from simulations.platforms.written import texts

Row = dict[str, str | None]
OWN_WORDS = ("owner_name", "done_by", "vaccinator", "controller_ref", "collector_code")
"""Fields of staff and owners, who are people too; their telephone is `owner_phone`."""
NOT_A_VALUE = {
    Kind.DATE: "31/02/1984", Kind.INSTANT: "25:00 31/02/1984", Kind.INTEGER: "x",
    Kind.NUMBER: "y", Kind.BOOLEAN: "z", Kind.CODE: "no such code", Kind.CODES: "none of them",
}  # fmt: skip


@dataclass(frozen=True)
class Canary:
    """A person to look for.

    Attributes:
        name: full name, composed; rare in every part.
        number: personal number of twelve digits.
        phone: telephone of ten digits.
        card: the ten digits of the insurance number.
    """

    name: str
    number: str
    phone: str
    card: str

    @property
    def bare_name(self) -> str:
        """The name without accents."""
        plain = unicodedata.normalize("NFD", self.name).translate({ord("đ"): "d", ord("Đ"): "D"})
        return "".join(c for c in plain if not unicodedata.combining(c))

    @property
    def spaced_number(self) -> str:
        """The number as some forms write it."""
        return f"{self.number[:3]} {self.number[3:6]}-{self.number[6:]}"

    @cached_property
    def traces(self) -> tuple[bytes, ...]:
        """What would give the person away, in the ways that programs write text."""
        return tuple(sorted({each for word in self._words() for each in spellings(word)}))

    def _words(self) -> list[str]:
        four, three, last = self.phone[:4], self.phone[4:7], self.phone[7:]
        numbers = [
            self.spaced_number,
            *[sign.join((four, three, last)) for sign in " .-"],
            f"{self.phone[:3]} {self.phone[3:6]} {self.phone[6:]}",
            f"{self.number[:4]}.{self.number[4:8]}.{self.number[8:]}",
        ]
        # Without the leading zero, which spreadsheets drop and +84 stands for.
        digits = [self.number[1:], self.phone[1:], self.card]
        names = [" ".join(each.split()[-2:]) for each in (self.name, self.bare_name)]
        return [*names, *digits, *numbers]

    def found_in(self, content: bytes) -> list[bytes]:
        """Return every trace that is in the content."""
        return [trace for trace in self.traces if trace in content]

    def identity(self) -> Row:
        """Return the fields that say who a row is about, and those of staff."""
        return {
            "full_name": self.name, "birth_date": "1984-02-03", "id_no": self.number,
            "insurance_no": f"DN479{self.card}", "phone": self.phone, "sex": "nu",
            "owner_phone": self.phone, **dict.fromkeys(OWN_WORDS, self.name),
            "travel_14d": f"26734, nhà {self.name}, {self.phone}",
            "persons": f"{self.name} {self.phone}",
        }  # fmt: skip


def spellings(word: str) -> set[bytes]:
    """Return a word in every case, composed or not, as UTF-8, UTF-16, JSON escapes and URL."""
    forms = {
        unicodedata.normalize(form, cased)
        for cased in (word, word.upper(), word.lower())
        for form in ("NFC", "NFD")
    }
    escaped = {json.dumps(form)[1:-1] for form in forms} | {quote(form) for form in forms}
    return {f.encode("utf-16-le") for f in forms} | {f.encode() for f in forms | escaped}


def whole_row(rows: pl.DataFrame, *, kind: RecordKind, person: Canary) -> Row:
    """Return a good row of a kind as text, said to be about the person."""
    single = rows
    if "id_no" in rows.columns:
        single = rows.filter(pl.col("id_no").is_not_null())
    held = {each.name for each in kind.all_fields()}
    row = texts(single.head(1)).to_dicts()[0]
    return {**row, **{name: cell for name, cell in person.identity().items() if name in held}}


def faults(kind: RecordKind, *, person: Canary) -> list[Row]:
    """Return changes of which each makes a row of the person one to refuse.

    The person's name and numbers stand in every column they do not belong in, as after a column
    that was shifted, or in a text that is not to be read.
    """
    found: list[Row] = []
    words = (person.name, person.bare_name.upper(), person.spaced_number, person.phone)
    hidden = {each.name for each in PERSON_FIELDS} - {"sex", "identity_status"}
    for each in kind.all_fields():
        if each.name in hidden or each.personal:
            continue
        if each.name in AREA_FIELDS:
            # A ward that is not known loses no record: it is left out.
            found += [{each.name: word} for word in words if each.name != "ward_code"]
        elif each.kind is Kind.TEXT:
            if each.name not in kind.derived:
                found += [{each.name: word} for word in _told_of(kind, person=person)]
        elif each.name != VERSION or kind.has_person:
            found += [{each.name: word} for word in words]
            found.append({each.name: f"{NOT_A_VALUE[each.kind]} {person.name}"})
    if kind.has_person:
        found += [
            {"birth_date": f"31/02/1984 {person.name}"},
            {"birth_date": "1884-02-03"},
            {"birth_date": "2031-02-03"},
            {"full_name": f"={person.name}"},
            {"full_name": f"{person.name}\u202e"},
            {"phone": f"@{person.phone}"},
            {"id_no": f"=\"{person.number}\""},
            {"insurance_no": f"{person.identity()['insurance_no']}" * 20},
            {"province_code": None, "district_code": None},
        ]  # fmt: skip
    return found


def _told_of(kind: RecordKind, *, person: Canary) -> tuple[str, ...]:
    """Return texts that repeat what a row of the kind itself says of the person."""
    phones = (person.phone, f"Quầy {person.phone}", f"+84 {person.phone[1:]}")
    if kind.has_person:
        return (
            person.name, person.bare_name.upper(), person.number, person.spaced_number,
            f"{person.number}-1", f"Quầy {person.name} 2", *phones,
        )  # fmt: skip
    return phones if kind.field_named("owner_phone") else ()


def with_keys(rows: list[Row], *, kind: RecordKind, mark: str) -> list[Row]:
    """Return the first row and, for each change after it, the changed row with a key of its own."""
    good, *changes = rows
    numbered: list[Row] = []
    for n, change in enumerate([{}, *changes]):
        numbered.append({**good, kind.key: f"{mark}-{n}", **change})
    return numbered
