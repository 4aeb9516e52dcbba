"""What a contract is. Pure: Polars expressions and declarations, no I/O.

A platform's module declares its record kinds with these classes; tables, validation, roll-up,
the data dictionary, templates and test generators are derived from the declaration.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import polars as pl

from data_access.codes import Level

IDENTITY_FIELDS = ("full_name", "birth_date", "id_no", "insurance_no", "phone")
"""Fields that exist only in front of the gate; behind it stand person_ref and identity_status."""

AREA_FIELDS = ("ward_code", "district_code", "province_code")
"""Where a record happened, finest first; at least one must be given."""

VERSION = "version"
DELETED = "deleted"


class Kind(StrEnum):
    """Type of a field as it is delivered and stored."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    DATE = "date"
    INSTANT = "instant"
    BOOLEAN = "boolean"
    CODE = "code"
    CODES = "codes"


LOCAL_DAY_SUFFIX = "__day"


def local_day(instant: str) -> pl.Expr:
    """Return the local calendar day (Date) of an INSTANT field, for checks and derived columns.

    The gate lays a column of this name beside every instant, because a contract does not know
    the time zone; the column is not stored, so roll-ups cannot use it.
    """
    return pl.col(f"{instant}{LOCAL_DAY_SUFFIX}")


DTYPES: Mapping[Kind, pl.DataType] = {
    Kind.TEXT: pl.String(),
    Kind.INTEGER: pl.Int64(),
    Kind.NUMBER: pl.Float64(),
    Kind.DATE: pl.Date(),
    Kind.INSTANT: pl.Datetime("us", "UTC"),
    Kind.BOOLEAN: pl.Boolean(),
    Kind.CODE: pl.String(),
    Kind.CODES: pl.String(),
}
"""Polars type of each kind once parsed. CODES is stored sorted, joined by `|`."""


class Severity(StrEnum):
    """What a broken check does to its row."""

    REJECT = "reject"
    FLAG = "flag"


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field of a record.

    Attributes:
        name: column name, English, as in the domain description.
        kind: type.
        vi: title in Vietnamese.
        en: title in English.
        required: a row without it is rejected.
        allowed: the codes a CODE or CODES field may hold.
        minimum: lowest value of a number.
        maximum: highest value of a number.
        unit: unit of a number; empty for none.
        personal: identity field: masked in rejects, never stored.
        not_future: an instant or date later than the delivery's known-at is rejected.
        max_length: longest text accepted.
        labels: code → (Vietnamese, English) name of each allowed code.
        aliases: other spellings of a code, lower case → the code; allowed codes need none.
    """

    name: str
    kind: Kind
    vi: str
    en: str
    required: bool = False
    allowed: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    unit: str = ""
    personal: bool = False
    not_future: bool = False
    max_length: int = 200
    labels: Mapping[str, tuple[str, str]] = field(default_factory=dict, hash=False, repr=False)
    aliases: Mapping[str, str] = field(default_factory=dict, hash=False, repr=False)


@dataclass(frozen=True, kw_only=True)
class Check:
    """A rule over one record.

    Attributes:
        key: stable name of the reason.
        broken: expression over the record's fields, true where the rule is broken (null = kept).
        field: the field that the reject row names.
        vi: reason in Vietnamese.
        en: reason in English.
        severity: reject the row, or accept it and count the flag.
    """

    key: str
    broken: pl.Expr
    field: str
    vi: str
    en: str
    severity: Severity = Severity.REJECT


@dataclass(frozen=True, kw_only=True)
class Grain:
    """How finely a measure is kept: an area level and a set of dimensions ("cut")."""

    level: Level
    cut: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RollUp:
    """What one record kind adds to one measure.

    Attributes:
        measure: id of the measure.
        day: name of the DATE or INSTANT field that dates the contribution (local day).
        value: whole-number contribution of a record (Int64); default 1. A count of some of the
            records seen (positives among results) is written as their 0/1 value, so that none
            of many is a true zero and not a missing figure. A null contributes nothing.
        where: which records were observed for this measure at all; default all.
        dimensions: dimension name → expression giving its code (null becomes "unknown").
        grains: the grains to keep. Records without a district do not enter district grains.
    """

    measure: str
    day: str
    value: pl.Expr = field(default_factory=lambda: pl.lit(1, dtype=pl.Int64))
    where: pl.Expr = field(default_factory=lambda: pl.lit(value=True))
    dimensions: Mapping[str, pl.Expr] = field(default_factory=dict)
    grains: tuple[Grain, ...]


@dataclass(frozen=True, kw_only=True)
class RecordKind:
    """One kind of record of a platform.

    Attributes:
        name: kind, as in `--kind`.
        key: the field that names a record within its source (natural key).
        fields: its own fields in order (area, version and deletion fields are added to each).
        derived: column computed at the gate while identity fields are still there; stored.
        checks: rules over a row.
        rollups: what it adds up to.
        has_person: whether identity fields are accepted and person_ref is stored.
        lag_days: usual days between the event and its record.
        deadline_hour: local hour of the day after the event by which it is due.
    """

    name: str
    key: str
    vi: str
    en: str
    fields: tuple[Field, ...]
    derived: Mapping[str, tuple[Field, pl.Expr]] = field(default_factory=dict)
    checks: tuple[Check, ...] = ()
    rollups: tuple[RollUp, ...] = ()
    has_person: bool = False
    lag_days: int = 1
    deadline_hour: int = 16

    def field_named(self, name: str) -> Field | None:
        """Return the declared field of that name, or None."""
        return next((f for f in self.all_fields() if f.name == name), None)

    def all_fields(self) -> tuple[Field, ...]:
        """Return every field a delivery may hold: own, derived, person, area, version, deletion.

        A derived field is delivered only by our own exports, where its sources are gone.
        """
        derived = tuple(f for f, _ in self.derived.values())
        person = PERSON_FIELDS if self.has_person else ()
        return (*self.fields, *derived, *person, *COMMON_FIELDS)

    def stored_fields(self) -> tuple[Field, ...]:
        """Return the fields that reach the database: no identity field among them."""
        kept = tuple(f for f in self.fields if not f.personal)
        derived = tuple(f for f, _ in self.derived.values())
        person = PERSON_STORED if self.has_person else ()
        return (*kept, *derived, *person, *AREA_COLUMNS)


@dataclass(frozen=True, kw_only=True)
class Contract:
    """One platform: its kinds of record, the first being the default kind."""

    platform: str
    vi: str
    en: str
    kinds: tuple[RecordKind, ...]

    def kind(self, name: str | None) -> RecordKind | None:
        """Return the kind of that name (None: the default one), or None if there is none."""
        if name is None:
            return self.kinds[0]
        return next((kind for kind in self.kinds if kind.name == name), None)


def _area(name: str, vi: str, en: str) -> Field:
    # A name may stand where a code belongs, so it may be as long as names are.
    return Field(name=name, kind=Kind.TEXT, vi=vi, en=en, max_length=60)


AREA_COLUMNS = (
    _area("ward_code", "Mã xã/phường", "Ward code"),
    _area("district_code", "Mã quận/huyện", "District code"),
    _area("province_code", "Mã tỉnh/thành", "Province code"),
)
SEX = {"nam": ("Nam", "Male"), "nu": ("Nữ", "Female"), "khac": ("Khác", "Other")}
IDENTITY_STATUS = {
    "verified": ("Đúng cấu trúc", "Verified format"),
    "mismatch": ("Sai lệch", "Mismatch"),
    "missing": ("Thiếu", "Missing"),
}
COMMON_FIELDS = (
    *AREA_COLUMNS,
    Field(name=VERSION, kind=Kind.INTEGER, vi="Phiên bản", en="Version of the record", minimum=0),
    Field(
        name=DELETED, kind=Kind.BOOLEAN, vi="Đã xóa", en="Whether this version deletes the record"
    ),
)
PERSON_FIELDS = (
    Field(name="full_name", kind=Kind.TEXT, vi="Họ và tên", en="Full name", personal=True),
    Field(
        name="birth_date",
        kind=Kind.DATE,
        vi="Ngày sinh",
        en="Date of birth",
        personal=True,
        not_future=True,
    ),
    Field(
        name="id_no",
        kind=Kind.TEXT,
        vi="Số CCCD/CMND/hộ chiếu",
        en="Identity number",
        personal=True,
    ),
    Field(
        name="insurance_no", kind=Kind.TEXT, vi="Số thẻ BHYT", en="Insurance number", personal=True
    ),
    Field(name="phone", kind=Kind.TEXT, vi="Số điện thoại", en="Telephone", personal=True),
    Field(
        name="sex",
        kind=Kind.CODE,
        vi="Giới tính",
        en="Sex (compared with the identity number)",
        labels=SEX,
        allowed=tuple(SEX),
        aliases={
            "male": "nam",
            "m": "nam",
            "nữ": "nu",
            "female": "nu",
            "f": "nu",
            "khác": "khac",
            "other": "khac",
        },
    ),
    Field(
        name="person_ref",
        kind=Kind.TEXT,
        vi="Mã giả danh",
        en="Pseudonym given earlier by this gate",
    ),
    Field(
        name="identity_status",
        kind=Kind.CODE,
        vi="Tình trạng định danh",
        en="Identity status found earlier by this gate",
        allowed=tuple(IDENTITY_STATUS),
        labels=IDENTITY_STATUS,
        aliases={"unverified": "missing"},
    ),
)
PERSON_STORED = (
    Field(name="person_ref", kind=Kind.TEXT, vi="Mã giả danh", en="Pseudonym"),
    Field(
        name="identity_status",
        kind=Kind.CODE,
        vi="Tình trạng định danh",
        en="Identity status",
        allowed=tuple(IDENTITY_STATUS),
        labels=IDENTITY_STATUS,
    ),
)
