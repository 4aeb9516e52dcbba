"""Coded values and the encodings shared by every table and frame. Pure: no I/O."""

from datetime import UTC, date, datetime, timedelta
from enum import IntEnum, StrEnum

EPOCH_DAY = date(1970, 1, 1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
PLATFORMS = (
    "declarations",
    "checkpoints",
    "tracing",
    "quarantine",
    "testing",
    "vaccination",
)
"""The six national platforms, in the order in which a person meets them."""
TICK_US = 15 * 60 * 1_000_000


class Status(IntEnum):
    """What a cell says when it is not simply a number. Missing is never zero."""

    VALUE = 0
    NOT_REPORTED = 1
    NOT_DUE = 2
    SUPPRESSED = 3
    NOT_APPLICABLE = 4
    NOT_SYNCHRONISED = 5

    @property
    def label(self) -> str:
        """Return the word used in files: empty for a value."""
        return "" if self is Status.VALUE else self.name.lower()


class Level(StrEnum):
    """Administrative level of an area, coarse to fine."""

    NATIONAL = "national"
    PROVINCE = "province"
    DISTRICT = "district"
    WARD = "ward"


class Role(StrEnum):
    """Who is looking."""

    NATIONAL = "national"
    PROVINCE = "province"
    STEWARD = "steward"
    OPERATOR = "operator"
    PRESS = "press"
    ADMIN = "admin"
    SYSTEM = "system"


class Clearance(IntEnum):
    """How far a figure may travel; a viewer sees levels up to their own."""

    PUBLIC = 0
    OFFICIAL = 1
    SENSITIVE = 2

    @property
    def label(self) -> str:
        """Return the word used in mappings."""
        return self.name.lower()


class Origin(StrEnum):
    """Where the cells of a source come from."""

    RECORDS = "records"
    TABLE = "table"


def to_us(moment: datetime) -> int:
    """Return microseconds since 1970-01-01 UTC of an aware instant.

    Raises:
        ValueError: if the instant has no time zone.
    """
    if moment.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return (moment - EPOCH) // MICROSECOND


def from_us(microseconds: int) -> datetime:
    """Return the aware UTC instant of microseconds since 1970-01-01 UTC."""
    return EPOCH + timedelta(microseconds=microseconds)


def to_day(day: date) -> int:
    """Return days since 1970-01-01."""
    return (day - EPOCH_DAY).days


def from_day(number: int) -> date:
    """Return the date that lies `number` days after 1970-01-01."""
    return EPOCH_DAY + timedelta(days=number)


def month_of(day: date) -> int:
    """Return the month partition `yyyymm` of a date."""
    return day.year * 100 + day.month
