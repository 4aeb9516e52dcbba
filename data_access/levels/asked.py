"""What may be said by hand for the level of an area: the keys, and how each is checked. Pure.

What a platform tells is not asked of anybody: a number typed over a figure would be a second
number for one thing. Only communes, of which no figure is held, may have theirs entered.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from data_access.codes import Level
from data_access.errors import BadUse
from data_access.rules.local import HAND_KEYS
from data_access.rules.model import HIGHEST, LOWEST, Value

AHEAD_DAYS = 30
"""How far ahead a level that was announced may begin; anything else is said once it is so."""
LONGEST_SOURCE = 300
ANNOUNCED = "level_in_force"
YES, NO = "yes", "no"
GRADES = ("low", "medium", "high")


class Form(StrEnum):
    """How a value is written."""

    YES_NO = "yes_no"
    GRADE = "grade"
    LEVEL = "level"
    SHARE = "share"
    RATE = "rate"


FORMS: Mapping[str, Form] = {
    "plans_ready": Form.YES_NO,
    ANNOUNCED: Form.LEVEL,
    "level_by_hand": Form.LEVEL,
    "spreads_to_half": Form.YES_NO,
    "spreads_to_fifth": Form.YES_NO,
    "zone_beside_source": Form.YES_NO,
    "old_full": Form.SHARE,
    "full_high_risk": Form.SHARE,
    "oxygen": Form.RATE,
    "hospitalised": Form.RATE,
    "capacity": Form.GRADE,
    "coverage_1": Form.SHARE,
    "incidence": Form.RATE,
}
REFUSALS = (
    "area", "unknown_key", "platform", "required", "too_long", "future", "before_since",
    "yes_no", "grade", "number", "share", "level",
)  # fmt: skip
"""Codes of the reasons why something cannot be said."""
OF_PLATFORMS = ("coverage_1", "incidence", "old_full")
"""Told by the platforms, of everything but communes."""


class InputRefused(BadUse):
    """What was said cannot be: names the field, and a code for words in either language.

    Attributes:
        field: `area`, `key`, `value`, `since`, `until` or `source`.
        code: key of the reason.
    """

    def __init__(self, field: str, code: str, message: str) -> None:
        """Keep what a form shows beside the field."""
        super().__init__(f"{field}: {message}")
        self.field, self.code = field, code


@dataclass(frozen=True, kw_only=True)
class Said:
    """What somebody says of an area.

    Attributes:
        area: its code.
        key: what of it.
        value: as it is written (`yes`, `medium`, `3`, `0.85`); empty: not known any more.
        since: first day on which it holds.
        until: last day; None: it holds on.
        source: document or office that says so.
        base: the version that it was decided on; -1: whatever stands.
    """

    area: str
    key: str
    value: str
    since: date
    until: date | None = None
    source: str
    base: int = -1


def keys_for(level: Level) -> tuple[str, ...]:
    """Return what may be said of an area of a level, in order."""
    taken = () if level is Level.WARD else OF_PLATFORMS
    return tuple(key for key in HAND_KEYS if key in FORMS and key not in taken)


def checked(said: Said, *, level: Level, today: date) -> Said:
    """Return what is said with its texts tidied.

    Raises:
        InputRefused: naming the field and the reason.
    """
    if said.key not in FORMS:
        raise InputRefused("key", "unknown_key", f"is none of {', '.join(keys_for(level))}")
    if said.key not in keys_for(level):
        raise InputRefused("key", "platform", f"{said.key} is told by a platform, not by hand")
    source = " ".join(said.source.split())
    if not source or not source.isprintable():
        raise InputRefused("source", "required", "say which document or office says so")
    if len(source) > LONGEST_SOURCE:
        raise InputRefused("source", "too_long", f"{LONGEST_SOURCE} letters at most")
    ahead = timedelta(days=AHEAD_DAYS if said.key == ANNOUNCED else 0)
    if said.since > today + ahead:
        raise InputRefused("since", "future", "lies in the future")
    if said.until is not None and said.until < said.since:
        raise InputRefused("until", "before_since", "lies before the first day")
    value = said.value.strip()
    if value:
        read(said.key, value)
    return Said(area=said.area, key=said.key, value=value, since=said.since, until=said.until,
                source=source, base=said.base)  # fmt: skip


def read(key: str, text: str) -> Value:
    """Return a value as the rules take it; None for an empty text.

    Raises:
        InputRefused: if it is none that the key can have.
    """
    form = FORMS[key]
    if not text:
        return None
    if form is Form.YES_NO:
        if text not in (YES, NO):
            raise InputRefused("value", "yes_no", f"{text[:20]!r} is neither {YES} nor {NO}")
        return text == YES
    if form is Form.GRADE:
        if text not in GRADES:
            raise InputRefused("value", "grade", f"{text[:20]!r} is none of {', '.join(GRADES)}")
        return text
    return _number(form, text)


def _number(form: Form, text: str) -> float:
    try:
        number = float(text)
    except ValueError as error:
        raise InputRefused("value", "number", f"{text[:20]!r} is no number") from error
    if not math.isfinite(number) or number < 0:
        raise InputRefused("value", "number", f"{text[:20]!r} is no number from 0 on")
    if form is Form.SHARE and number > 1:
        raise InputRefused("value", "share", f"{text[:20]!r} is no share from 0 to 1")
    if form is Form.LEVEL and number not in range(LOWEST, HIGHEST + 1):
        raise InputRefused("value", "level", f"{text[:20]!r} is no level from 1 to 4")
    return number
