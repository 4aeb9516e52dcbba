"""What may be said about the rollout: kinds of things and their fields. Pure.

Source of the stages and of what is kept of each step: docs/rollout.md. Everything is text when it
comes in (a form, a CSV row) and is checked here, field by field, before anything else looks at it.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from data_access.codes import PLATFORMS
from data_access.errors import BadUse, DataAccessError

MANDATED = ("checkpoints", "testing", "vaccination")
"""The platforms that the letter of July 2021 makes every province introduce."""
SEVERITIES = ("S1", "S2", "S3", "S4")
CHANNELS = ("phone", "chat", "email", "app", "on_site")
TEAM_STATES = ("none", "announced", "active", "inactive")
INTEGRATION_STATES = ("spec_agreed", "test", "live")
LONGEST = 300
_ITEM = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/\-]{0,79}")
_CODE = re.compile(r"[A-Za-z0-9_.\-]{1,20}")
_DIGITS = re.compile(r"[0-9]{1,9}")


class Kind(StrEnum):
    """What a version is about."""

    MANDATE = "mandate"
    DEPLOYMENT = "deployment"
    TEAM = "team"
    SHIFT = "shift"
    TICKET = "ticket"
    ON_SITE = "on_site"
    INTEGRATION = "integration"


class Stage(StrEnum):
    """How far a province is with a platform, in order."""

    CHUA_BAT_DAU = "chua_bat_dau"
    DA_BAN_HANH_VAN_BAN = "da_ban_hanh_van_ban"
    DA_LAP_TO = "da_lap_to"
    CAP_TAI_KHOAN = "cap_tai_khoan"
    TAP_HUAN = "tap_huan"
    THI_DIEM = "thi_diem"
    TRIEN_KHAI = "trien_khai"
    TOAN_DIEN = "toan_dien"

    @property
    def number(self) -> int:
        """Return its place in the order, 0 to 7."""
        return list(Stage).index(self)


STAGES = tuple(stage.value for stage in Stage)
LIVE = Stage.TRIEN_KHAI.number
"""From this stage on a platform is in use in the province."""
PAUSED, OWN_SYSTEM = "tam_dung", "he_thong_rieng"
SIDES = ("", PAUSED, OWN_SYSTEM)


class Refused(BadUse):
    """What was said cannot be: names the field, and a code for words in either language.

    Attributes:
        field: name of the field; empty: the whole.
        code: key of the reason, as in `required`.
    """

    def __init__(self, field: str, code: str, message: str) -> None:
        """Keep what a form shows beside the field."""
        super().__init__(f"{field}: {message}" if field else message)
        self.field, self.code = field, code


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A field that somebody else changed meanwhile.

    Attributes:
        field: its name.
        before: what it was when the editing began.
        theirs: what it is now.
        mine: what the second one wanted to write.
    """

    field: str
    before: str | None
    theirs: str | None
    mine: str | None


class Conflict(DataAccessError):
    """Somebody else wrote meanwhile; nothing of either is lost, nothing was written.

    Attributes:
        version: number of what stands now.
        account: who wrote it.
        at: when.
        differences: the fields they changed.
    """

    def __init__(
        self, *, version: int, account: str, at: datetime, differences: tuple[Difference, ...]
    ) -> None:
        """Keep what the second officer is told."""
        names = ", ".join(one.field for one in differences) or "nothing but the time"
        super().__init__(f"{account} wrote meanwhile (version {version}, {at:%Y-%m-%dT%H:%M:%SZ}): "
                         f"{names}")  # fmt: skip
        self.version, self.account, self.at = version, account, at
        self.differences = differences


class Type(StrEnum):
    """What a field holds."""

    TEXT = "text"
    CODE = "code"
    DAY = "day"
    INSTANT = "instant"
    COUNT = "count"
    SHARE = "share"
    PLATFORM = "platform"
    PROVINCE = "province"


@dataclass(frozen=True, kw_only=True)
class Field:
    """A field of a kind.

    Attributes:
        name: in files and forms.
        type: what it holds.
        required: whether it may not be empty.
        choices: the codes it may hold; empty: any.
        sensitive: not shown below that clearance, but to the province it is of.
    """

    name: str
    type: Type = Type.TEXT
    required: bool = False
    choices: tuple[str, ...] = ()
    sensitive: bool = False


def _of(name: str, type_: Type = Type.TEXT, *choices: str, required: bool = True) -> Field:
    return Field(name=name, type=type_, required=required, choices=choices)


def _maybe(name: str, type_: Type = Type.TEXT, *choices: str) -> Field:
    return _of(name, type_, *choices, required=False)


FIELDS: Mapping[Kind, tuple[Field, ...]] = {
    Kind.MANDATE: (
        _of("document"), _of("issuer"), _of("date", Type.DAY), _maybe("target", Type.DAY),
        _of("platforms"), _of("provinces"), _of("source"),
    ),
    Kind.DEPLOYMENT: (
        _of("province", Type.PROVINCE), _of("platform", Type.PLATFORM, *MANDATED),
        _of("stage", Type.CODE, *STAGES), _maybe("side", Type.CODE, *SIDES),
        _maybe("integrated", Type.CODE, "yes", "no"), _of("date", Type.DAY), _maybe("evidence"),
        _of("owner"), _maybe("target", Type.DAY), _maybe("districts_live", Type.COUNT),
    ),
    Kind.TEAM: (
        _of("province", Type.PROVINCE), _of("status", Type.CODE, *TEAM_STATES), _maybe("decision"),
        _maybe("date", Type.DAY), _maybe("head"), _maybe("agencies"),
        Field(name="roster", sensitive=True),
    ),
    Kind.SHIFT: (
        _of("starts", Type.INSTANT), _of("ends", Type.INSTANT), _of("lead"),
        _of("people", Type.COUNT),
    ),
    Kind.TICKET: (
        _of("province", Type.PROVINCE), _of("platform", Type.PLATFORM, *PLATFORMS),
        _of("severity", Type.CODE, *SEVERITIES), _of("channel", Type.CODE, *CHANNELS),
        _of("summary"), _of("opened", Type.INSTANT), _maybe("acknowledged", Type.INSTANT),
        _maybe("resolved", Type.INSTANT),
    ),
    Kind.ON_SITE: (
        _of("province", Type.PROVINCE), _of("organisation"), _of("people", Type.COUNT),
        _of("starts", Type.DAY), _maybe("ends", Type.DAY),
    ),
    Kind.INTEGRATION: (
        _of("source"), _of("target"), _of("state", Type.CODE, *INTEGRATION_STATES),
        _maybe("error_rate", Type.SHARE), _maybe("last_sync", Type.INSTANT),
        _maybe("reconciled", Type.SHARE),
    ),
}  # fmt: skip
"""The fields of every kind. `agencies`: `name:members`, joined by `|`; `roster`: telephone numbers
of offices, joined by `|`; `provinces` of a mandate: codes joined by `|`, `*` for all."""

Content = Mapping[str, str | None]
"""Field → text as it is kept (ISO days, ISO instants with their zone), None for empty."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """Something that is to be said.

    Attributes:
        kind: about what.
        item: which one.
        content: all fields; those left out stay as they are.
        base: number of the version that was looked at; 0: it is new.
        reason: why; needed where a step goes back, leaves one out, pauses or reopens.
        at: when it became known (aware).
    """

    kind: Kind
    item: str
    content: Content
    base: int
    at: datetime
    reason: str = ""


def checked(kind: Kind, content: Content) -> dict[str, str | None]:
    """Return the content with every field in its canonical form.

    Raises:
        Refused: naming the first field that cannot be.
    """
    fields = {field.name: field for field in FIELDS[kind]}
    for name in content:
        if name not in fields:
            raise Refused(name, "unknown_field", f"a {kind} has no such field")
    return {name: _checked(field, content.get(name)) for name, field in fields.items()}


def check_item(item: str) -> str:
    """Return the name of an item.

    Raises:
        Refused: if it is none.
    """
    if not _ITEM.fullmatch(item):
        raise Refused("item", "bad_item", "letters, digits and _ . : / - only, 80 at most")
    return item


def _checked(field: Field, given: str | None) -> str | None:
    text = " ".join(unicodedata.normalize("NFC", given or "").split())
    if not text:
        if field.required:
            raise Refused(field.name, "required", "is needed")
        return None
    if len(text) > LONGEST:
        raise Refused(field.name, "too_long", f"{LONGEST} letters at most")
    if field.choices and text not in field.choices:
        raise Refused(field.name, "choice", f"{text!r} is none of {', '.join(field.choices)}")
    return _canonical(field, text)


def _canonical(field: Field, text: str) -> str:
    try:
        if field.type is Type.DAY:
            return date.fromisoformat(text).isoformat()
        if field.type is Type.INSTANT:
            return _instant(text)
    except ValueError as error:
        code = "bad_day" if field.type is Type.DAY else "bad_instant"
        raise Refused(field.name, code, f"{text!r} is no {field.type}") from error
    if field.type is Type.COUNT and not _DIGITS.fullmatch(text):
        raise Refused(field.name, "bad_count", f"{text!r} is no whole number")
    if field.type is Type.SHARE:
        return _share(field, text)
    if field.type is Type.PROVINCE and not _CODE.fullmatch(text):
        raise Refused(field.name, "bad_province", f"{text!r} is no code of a province")
    return str(int(text)) if field.type is Type.COUNT else text


def _instant(text: str) -> str:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return moment.isoformat(timespec="seconds")


def _share(field: Field, text: str) -> str:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise Refused(field.name, "bad_share", f"{text!r} is no share from 0 to 1")
    return f"{value:g}"


def item_of(kind: Kind, content: Content) -> str | None:
    """Return the name that follows from the content; None where it must be given."""
    if kind is Kind.DEPLOYMENT:
        return f"{content.get('province')}/{content.get('platform')}"
    if kind is Kind.TEAM:
        return str(content.get("province"))
    return None
