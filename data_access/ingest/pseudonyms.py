"""Replaces identities by a keyed pseudonym at the gate. Raw values never leave this module.

`person_ref` is the first 32 hex digits of HMAC-SHA-256 under TUYENDAU_PSEUDONYM_KEY of the
strongest identifier a row has: personal number (CCCD), old identity card (CMND), passport,
insurance number (BHYT), telephone, name with date of birth. Each kind of identifier is a domain
of its own, so that equal digits of two kinds never meet. Without the key no one can go back,
and whoever tries numbers one by one needs the key.
"""

import hmac
from datetime import datetime

import polars as pl

from data_access.errors import SettingsError

REF_CHARACTERS = 32
_REF = rf"^[0-9a-f]{{{REF_CHARACTERS}}}$"
# GSO codes of the 63 provinces; a personal number begins with 0 and the code of the province of
# birth registration, or with a country's code from 100 on. Numbers issued keep it after 2025.
_PROVINCES = (
    "01 02 04 06 08 10 11 12 14 15 17 19 20 22 24 25 26 27 30 31 33 34 35 36 37 38 40 42 44 45 46 "
    "48 49 51 52 54 56 58 60 62 64 66 67 68 70 72 74 75 77 79 80 82 83 84 86 87 89 91 92 93 94 95 96"
)
_BIRTHPLACE = f"(?:0(?:{'|'.join(_PROVINCES.split())})|[1-9]\\d\\d)"
_CCCD = rf"^{_BIRTHPLACE}\d{{9}}$"
_CMND = r"^\d{9}$"
_PASSPORT = r"^[A-Z]{1,2}\d{6,8}$"
_BHYT = r"^(?:[A-Z]{2}[1-5]\d{2})?(\d{10})$"
_MOBILE = r"^0(?:3[2-9]|5[25689]|7[06-9]|8[1-9]|9[0-46-9])\d{7}$"
_LANDLINE = r"^02\d{8,9}$"
# Eleven-digit mobile numbers and the prefixes that replaced theirs on 15 September 2018.
_OLD_PREFIXES = {
    "0120": "070", "0121": "079", "0122": "077", "0126": "076", "0128": "078",
    "0123": "083", "0124": "084", "0125": "085", "0127": "081", "0129": "082",
    "0162": "032", "0163": "033", "0164": "034", "0165": "035", "0166": "036", "0167": "037",
    "0168": "038", "0169": "039", "0186": "056", "0188": "058", "0199": "059",
}  # fmt: skip
_CENTURY_BASE, _YEARS_PER_CENTURY = 1900, 100


def require_key(key: str) -> bytes:
    """Return the secret as bytes.

    Raises:
        SettingsError: if there is none: without it identities cannot be replaced.
    """
    if not key:
        raise SettingsError(
            "TUYENDAU_PSEUDONYM_KEY is not set: records about people cannot be taken in without it"
        )
    return key.encode("utf-8")


def person_columns(rows: pl.DataFrame, *, key: bytes, known_at: datetime) -> pl.DataFrame:
    """Return person_ref and identity_status of each row.

    Shape: two String columns, one row per row given; person_ref null where a row identifies
        nobody, identity_status never null.
    Needs: any of full_name, id_no, insurance_no, phone, sex, person_ref, identity_status
        (String) and birth_date (Date); a column that is absent counts as blank.

    Args:
        key: the secret.
        known_at: moment of the delivery; no one was born in a later year.
    """
    given = rows.select(
        *[_or_blank(rows, name) for name in ("full_name", "id_no", "insurance_no", "phone")],
        *[_or_blank(rows, name) for name in ("sex", "person_ref", "identity_status")],
        _or_blank(rows, "birth_date", dtype=pl.Date),
    )
    read = given.with_columns(
        id_no=_id_number(pl.col("id_no")),
        insurance=_bare(pl.col("insurance_no")).str.extract(_BHYT, 1),
        insurance_given=pl.col("insurance_no").is_not_null(),
        phone=_phone(pl.col("phone")),
    ).with_columns(
        cccd=_when(pl.col("id_no").str.contains(_CCCD), pl.col("id_no")),
        card=_when(pl.col("id_no").str.contains(_CMND), pl.col("id_no")),
        passport=_when(pl.col("id_no").str.contains(_PASSPORT), pl.col("id_no")),
    )
    return pl.DataFrame(
        {
            "person_ref": _pseudonyms(_subjects(read), key=key),
            "identity_status": read.select(_status(known_at.year)).to_series(),
        }
    )


def _or_blank(rows: pl.DataFrame, name: str, *, dtype: type[pl.DataType] = pl.String) -> pl.Expr:
    return pl.col(name) if name in rows.columns else pl.lit(None, dtype=dtype).alias(name)


def _when(condition: pl.Expr, value: pl.Expr) -> pl.Expr:
    return pl.when(condition).then(value)


def _bare(text: pl.Expr) -> pl.Expr:
    """Return letters and digits only, upper case: how a number is written does not matter."""
    return text.str.to_uppercase().str.replace(r"\.0$", "").str.replace_all(r"[^0-9A-Z]", "")


def _id_number(text: pl.Expr) -> pl.Expr:
    """Return an identity number; a leading zero that a spreadsheet dropped is put back."""
    bare = _bare(text)
    restored = pl.concat_str(pl.lit("0"), bare)
    lost_zero = bare.str.contains(r"^\d{11}$") & restored.str.contains(_CCCD)
    return pl.when(lost_zero).then(restored).otherwise(bare)


def _phone(text: pl.Expr) -> pl.Expr:
    """Return a Vietnamese telephone number as 0 and nine (ten) digits; null if it is none."""
    digits = text.str.replace(r"\.0$", "").str.replace_all(r"[^0-9]", "")
    national = digits.str.replace(r"^(?:00)?84(0?)(\d{9,10})$", "0$2")
    national = (
        pl.when(national.str.contains(r"^[35789]\d{8}$|^1[2689]\d{8}$"))
        .then(pl.concat_str(pl.lit("0"), national))
        .otherwise(national)
    )
    is_old = national.str.len_chars() == 11  # noqa: PLR2004 -- digits of an old mobile number
    moved = national.str.slice(0, 4).replace_strict(_OLD_PREFIXES, default=None)
    modern = pl.when(is_old & moved.is_not_null()).then(
        pl.concat_str(moved, national.str.slice(4))
    ).otherwise(national)  # fmt: skip
    return _when(modern.str.contains(_MOBILE) | modern.str.contains(_LANDLINE), modern)


def _subjects(read: pl.DataFrame) -> pl.Series:
    """Return what is hashed: the domain and the identifier; null where there is none."""

    def of(domain: str, column: str) -> pl.Expr:
        return pl.concat_str(pl.lit(f"{domain}\x1f"), pl.col(column))

    strong = (
        of("cccd", "cccd"),
        of("cmnd", "card"),
        of("passport", "passport"),
        of("bhyt", "insurance"),
        of("phone", "phone"),
    )
    named = pl.concat_str(
        pl.lit("name\x1f"), _folded_name(pl.col("full_name")), pl.lit("\x1f"),
        pl.col("birth_date").dt.to_string("%Y-%m-%d"),
    )  # fmt: skip
    # A number that fits no pattern still tells one person from another within a source.
    rest = (named, of("other", "id_no"), of("given", "person_ref"))
    return read.select(subject=pl.coalesce(*strong, *rest)).to_series()


def _folded_name(name: pl.Expr) -> pl.Expr:
    folded = name.str.normalize("NFC").str.to_lowercase()
    return folded.str.strip_chars().str.replace_all(r"\s+", " ")


def _pseudonyms(subjects: pl.Series, *, key: bytes) -> pl.Series:
    is_given = subjects.str.starts_with("given\x1f").fill_null(value=False)
    hashed = [
        None if subject is None else hmac.digest(key, subject.encode(), "sha256").hex()[:REF_CHARACTERS]
        for subject in subjects.to_list()
    ]
    refs = pl.Series("person_ref", hashed, dtype=pl.String)
    if not is_given.any():
        return refs
    # A pseudonym that this gate gave earlier is kept; anything else in its place is hashed, so
    # that a name written into the wrong column is not stored.
    own = subjects.str.strip_prefix("given\x1f")
    return own.zip_with(is_given & own.str.contains(_REF), refs).alias("person_ref")


def _status(latest_year: int) -> pl.Expr:
    """Return verified, mismatch or missing."""
    number = pl.col("cccd")
    era = number.str.slice(3, 1).cast(pl.Int32, strict=False)
    year = (
        _CENTURY_BASE
        + _YEARS_PER_CENTURY * era.floordiv(2)
        + number.str.slice(4, 2).cast(pl.Int32, strict=False)
    )
    sex_differs = (pl.col("sex").replace_strict({"nam": 0, "nu": 1}, default=None) != era % 2)
    year_differs = (pl.col("birth_date").dt.year() != year) | (year > latest_year)
    contradicts = sex_differs.fill_null(value=False) | year_differs.fill_null(value=False)
    well_formed = pl.any_horizontal(
        pl.col("cccd", "card", "passport").is_not_null()
    )
    return (
        pl.when(contradicts).then(pl.lit("mismatch"))
        .when(well_formed).then(pl.lit("verified"))
        .when(pl.col("id_no").is_not_null()).then(pl.lit("mismatch"))
        .when(pl.col("insurance").is_not_null()).then(pl.lit("verified"))
        .when(pl.col("insurance_given")).then(pl.lit("mismatch"))
        .when(pl.col("person_ref").is_not_null())
        .then(pl.coalesce(pl.col("identity_status"), pl.lit("missing")))
        .otherwise(pl.lit("missing"))
        .alias("identity_status")
    )  # fmt: skip
