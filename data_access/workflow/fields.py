"""What is filled in with a step: its kinds, and what is wrong with what was given. Pure."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from urllib.parse import urlsplit

from data_access.errors import BadUse

Content = Mapping[str, str | tuple[str, ...]]
Given = Mapping[str, str | Sequence[str]]
LONGEST_LINE, LONGEST_TEXT, LONGEST_LINK = 160, 4_000, 500
MOST_LISTED = 20
_ACCOUNT = re.compile(r"[^\s,;]{1,120}")
# A telephone's number, the nine or twelve digits of an identity card: nobody's belongs here.
# Amounts in dong with their dots, and dates, are none.
_PERSONAL = re.compile(
    r"(?<![0-9A-Za-z])(?<![0-9][ .-])(?:(?:\+84[ .-]?|0)[0-9]{2,3}[ .-]?[0-9]{3}[ .-]?[0-9]{3,4}"
    r"|[0-9]{9}|[0-9]{12})(?![0-9A-Za-z])"
)


class Takes(StrEnum):
    """Kinds of fields."""

    LINE = "line"
    TEXT = "text"
    DAY = "day"
    CHOICE = "choice"
    LINKS = "links"
    ACCOUNTS = "accounts"


@dataclass(frozen=True, kw_only=True)
class Field:
    """One thing to fill in.

    Attributes:
        name: as in `due`.
        takes: what it holds.
        required: whether the step needs it.
        choices: of a choice.
        kept: whether it is a property of the item and not a word on the step.
        ahead: of a day: it may not lie in the past.
    """

    name: str
    takes: Takes
    required: bool = True
    choices: tuple[str, ...] = ()
    kept: bool = False
    ahead: bool = False


class FieldsRefused(BadUse):
    """Something filled in cannot be used; nothing was changed.

    Attributes:
        faults: name of the field → what is wrong, one of `missing`, `too_long`, `no_day`, `past`,
            `no_choice`, `no_link`, `no_account`, `personal`, `unknown`.
    """

    def __init__(self, faults: Mapping[str, str]) -> None:
        """Keep every fault; the message names them all."""
        super().__init__("; ".join(f"{name}: {fault}" for name, fault in faults.items()))
        self.faults = dict(faults)


class _Fault(Exception):
    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


def read(fields: Sequence[Field], given: Given, *, today: date) -> Content:
    """Return what was filled in, as it is kept: letters composed, no blanks around, no empty ones.

    Args:
        fields: what is asked for.
        given: name → text, or list of texts for links and accounts.
        today: local day, for days that may not lie in the past.

    Raises:
        FieldsRefused: naming every fault at once.
    """
    faults = {name: "unknown" for name in given if name not in {one.name for one in fields}}
    found: dict[str, str | tuple[str, ...]] = {}
    for one in fields:
        try:
            value = _value(one, given.get(one.name, ""), today=today)
        except _Fault as fault:
            faults[one.name] = fault.kind
            continue
        if value:
            found[one.name] = value
        elif one.required:
            faults[one.name] = "missing"
    if faults:
        raise FieldsRefused(faults)
    return found


def _value(one: Field, given: str | Sequence[str], *, today: date) -> str | tuple[str, ...]:
    if one.takes in (Takes.LINKS, Takes.ACCOUNTS):
        listed = re.split(r"[\s,;]+", given) if isinstance(given, str) else given
        plain = dict.fromkeys(_plain(text, lines=False) for text in listed)
        return _list(one, tuple(text for text in plain if text))
    if not isinstance(given, str):
        raise _Fault("unknown")
    text = _plain(given, lines=one.takes is Takes.TEXT)
    if one.takes is Takes.CHOICE and text and text not in one.choices:
        raise _Fault("no_choice")
    if one.takes is Takes.DAY and text:
        return _day(text, ahead=one.ahead, today=today)
    if len(text) > (LONGEST_TEXT if one.takes is Takes.TEXT else LONGEST_LINE):
        raise _Fault("too_long")
    if _PERSONAL.search(text):
        raise _Fault("personal")
    return text


def _list(one: Field, listed: tuple[str, ...]) -> tuple[str, ...]:
    if len(listed) > MOST_LISTED or any(len(text) > LONGEST_LINK for text in listed):
        raise _Fault("too_long")
    if one.takes is Takes.LINKS and not all(_is_link(text) for text in listed):
        raise _Fault("no_link")
    if one.takes is Takes.ACCOUNTS and not all(_ACCOUNT.fullmatch(text) for text in listed):
        raise _Fault("no_account")
    return listed


def _is_link(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc


def _day(text: str, *, ahead: bool, today: date) -> str:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise _Fault("no_day") from None
    if ahead and day < today:
        raise _Fault("past")
    return day.isoformat()


def _plain(text: str, *, lines: bool) -> str:
    """Return a text without letters that do not print or that turn the line round."""
    kept = "".join(
        letter
        for letter in unicodedata.normalize("NFC", text)
        if letter.isprintable() or letter.isspace()
    )
    if lines:
        return "\n".join(" ".join(line.split()) for line in kept.strip().splitlines())
    return " ".join(kept.split())
