"""Replaces identities by a keyed pseudonym at the gate. Raw values never leave this module.

`person_ref` is the first 32 hex digits of HMAC-SHA-256 under TUYENDAU_PSEUDONYM_KEY of the
strongest identifier a row has: personal number (CCCD), old identity card (CMND), passport,
insurance number (BHYT), telephone, name with date of birth. Each kind of identifier is a domain
of its own, so that equal digits of two kinds never meet. Without the key no one can go back,
and whoever tries numbers one by one needs the key.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from data_access.errors import SettingsError
from data_access.people.kinds import NUMBERS
from data_access.settings import KEY_SEPARATOR

REF_CHARACTERS = 32
_REF = rf"^[0-9a-f]{{{REF_CHARACTERS}}}$"
# GSO codes of the 63 provinces; a personal number begins with 0 and the code of the province of
# birth registration, or with a country's code from 100 on. Numbers issued keep it after 2025.
_PROVINCES = (
    "01 02 04 06 08 10 11 12 14 15 17 19 20 22 24 25 26 27 30 31 33 34 35 36 37 38 40 42 44 45 46 "
    "48 49 51 52 54 56 58 60 62 64 66 67 68 70 72 74 75 77 79 80 82 83 84 86 87 89 91 92 93 94 "
    "95 96"
)
_BIRTHPLACE = f"(?:0(?:{'|'.join(_PROVINCES.split())})|[1-9]\\d\\d)"
_CCCD = rf"^{_BIRTHPLACE}\d{{9}}$"
_CMND = r"^\d{9}$"
_PASSPORT = r"^[A-Z]{1,2}\d{6,8}$"
_BHYT = r"^(?:[A-Z]{2}[1-5]\d{2})?(\d{10})$"
_INSURANCE_CARD = r"^[A-Z]{2}[1-5]\d{12}$"
_SHORT_NUMBER = 8
"""Shorter ones may well be the number of something else, too."""
_FEWEST_DIGITS = 9
"""No personal, insurance or telephone number is written with fewer signs."""
_WORDS_OF_A_LONG_NAME = 3
# What a text must have for a number, or for a long name, to be in it.
_DIGITS_OF_A_NUMBER = r"(?:[0-9][^0-9]*){6}"
_LETTERS_OF_A_NAME = r"(?:\pL[^\pL]*){8}"
_MOBILE = r"^0(?:3[2-9]|5[25689]|7[06-9]|8[1-9]|9[0-46-9])\d{7}$"
_LANDLINE = r"^02\d{8,9}$"
# Eleven-digit mobile numbers and the prefixes that replaced theirs on 15 September 2018.
_OLD_PREFIXES = {
    "0120": "070", "0121": "079", "0122": "077", "0126": "076", "0128": "078",
    "0123": "083", "0124": "084", "0125": "085", "0127": "081", "0129": "082",
    "0162": "032", "0163": "033", "0164": "034", "0165": "035", "0166": "036", "0167": "037",
    "0168": "038", "0169": "039", "0186": "056", "0188": "058", "0199": "059",
}  # fmt: skip
_OLD_MOBILE_DIGITS = 11
_TONE = r"[\u0300\u0301\u0303\u0309\u0323]"
_LONE_Y = rf"^(qu|[bcdđghklmnprstvx]{{1,3}})y({_TONE}?)$"
_BETWEEN_WORDS = r"[\s.\-\u2010-\u2015'\u2019_]+"
_ODD_SPACING = r"[.\-\u2010-\u2015'\u2019_]|\s\s|[^\S ]|^\s|\s$|^$"
_HASH_BLOCK = 64
_MANY_AGAIN = 0.8
_INNER, _OUTER = bytes(x ^ 0x36 for x in range(256)), bytes(x ^ 0x5C for x in range(256))
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


@dataclass(frozen=True, kw_only=True)
class People:
    """What the gate keeps of the people in some rows.

    Attributes:
        columns: person_ref and identity_status of each row.
        links: row_no, and columns of `people.blocks.LINKS`: which identifiers came together.
    """

    columns: pl.DataFrame
    links: pl.DataFrame


def person_columns(rows: pl.DataFrame, *, key: bytes, known_at: datetime) -> pl.DataFrame:
    """Return person_ref and identity_status of each row, as `identified` does, without links."""
    return _columns_of(_read_identifiers(rows), key=key, known_at=known_at)


def identified(rows: pl.DataFrame, *, key: bytes, known_at: datetime, linked: pl.Series) -> People:
    """Return who each row speaks of, and what else identifies them; all of it keyed hashes.

    Shape: `columns` has two String columns, one row per row given; person_ref null where a row
        identifies nobody, identity_status never null. `links` has one row per weaker identifier
        that came with a stronger one, and one of a pseudonym with itself where none did.
    Needs: row_no; any of full_name, id_no, insurance_no, phone, sex, person_ref,
        identity_status (String) and birth_date (Date); one that is absent counts as blank.

    Args:
        rows: rows that passed the checks, parsed.
        key: the secret.
        known_at: moment of the delivery; no one was born in a later year.
        linked: which rows say something about their people (deletions do not).
    """
    read = _read_identifiers(rows)
    columns = _columns_of(read, key=key, known_at=known_at)
    said = read.with_columns(*columns.get_columns(), row_no=rows["row_no"]).filter(linked)
    return People(columns=columns, links=_links(said, key=key))


def _read_identifiers(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the identifiers of each row in one spelling; names are folded where needed only."""
    texts = ("full_name", "id_no", "insurance_no", "phone", "sex", "person_ref", "identity_status")
    given = rows.select(
        *[_or_blank(rows, name) for name in texts],
        _or_blank(rows, "birth_date", dtype=pl.Date),
    )
    number = _id_numbers(given["id_no"])
    return given.with_columns(
        number.alias("id_no"),
        _id_kinds(number).alias("id_kind"),
        _insurance_numbers(given["insurance_no"]).alias("insurance"),
        _phone_numbers(given["phone"]).alias("phone"),
    )


def _columns_of(read: pl.DataFrame, *, key: bytes, known_at: datetime) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "person_ref": _pseudonyms(_subjects(read), key=key),
            "identity_status": read.select(_status(known_at.year)).to_series(),
        }
    )


def _or_blank(rows: pl.DataFrame, name: str, *, dtype: type[pl.DataType] = pl.String) -> pl.Expr:
    return pl.col(name) if name in rows.columns else pl.lit(None, dtype=dtype).alias(name)


def _bare(text: pl.Series) -> pl.Series:
    """Return letters and digits only, upper case: how a number is written does not matter."""
    return text.str.to_uppercase().str.replace(r"\.0$", "").str.replace_all(r"[^0-9A-Z]", "")


def _mended(text: pl.Series, *, regular: str, mend: Callable[[pl.Series], pl.Series]) -> pl.Series:
    """Return a column with `mend` applied where a value is not written the regular way."""
    irregular = ~text.str.contains(regular)
    if not irregular.any():
        return text
    irregular = irregular.fill_null(value=False)
    # Polars scatters in place: the caller's own column must not change under it.
    return text.clone().scatter(irregular.arg_true(), mend(text.filter(irregular)))


def _id_numbers(text: pl.Series) -> pl.Series:
    """Return identity numbers; a leading zero that a spreadsheet dropped is put back."""

    def mend(odd: pl.Series) -> pl.Series:
        bare = _bare(odd)
        restored = "0" + bare
        lost_zero = bare.str.contains(r"^\d{11}$") & restored.str.contains(_CCCD)
        return restored.zip_with(lost_zero, bare)

    return _mended(text, regular=r"^\d{12}$", mend=mend)


def _id_kinds(number: pl.Series) -> pl.Series:
    """Return cccd, cmnd, passport or other; null where there is no number."""
    known = pl.col("number").str.contains
    return pl.DataFrame({"number": number}).select(
        pl.when(known(_CCCD)).then(pl.lit("cccd"))
        .when(known(_CMND)).then(pl.lit("cmnd"))
        .when(known(_PASSPORT)).then(pl.lit("passport"))
        .when(pl.col("number").is_not_null()).then(pl.lit("other"))
    ).to_series()  # fmt: skip


def _insurance_numbers(text: pl.Series) -> pl.Series:
    """Return the ten digits that cards since April 2021 show alone; null if malformed."""
    if text.null_count() == len(text):
        return text
    return _bare(text).str.extract(_BHYT, 1)


def _phone_numbers(text: pl.Series) -> pl.Series:
    """Return Vietnamese telephone numbers as 0 and nine (ten) digits; null if it is none."""

    def mend(odd: pl.Series) -> pl.Series:
        digits = odd.str.replace(r"\.0$", "").str.replace_all(r"[^0-9]", "")
        national = digits.str.replace(r"^(?:00)?840?(\d{9,10})$", "0$1")
        bare = national.str.contains(r"^[35789]\d{8}$|^1[2689]\d{8}$").fill_null(value=False)
        national = ("0" + national).zip_with(bare, national)
        moved = national.str.slice(0, 4).replace_strict(_OLD_PREFIXES, default=None)
        is_old = (national.str.len_chars() == _OLD_MOBILE_DIGITS) & moved.is_not_null()
        modern = (moved + national.str.slice(4)).zip_with(is_old, national)
        usable = modern.str.contains(_MOBILE) | modern.str.contains(_LANDLINE)
        return modern.set(~usable, None)

    return _mended(text, regular=_MOBILE, mend=mend)


def _subjects(read: pl.DataFrame) -> pl.Series:
    """Return what is hashed: the domain and the identifier; null where there is none.

    The strongest identifier decides; a weaker one is read only where no stronger one is there.
    """
    subjects = (read["id_kind"] + "\x1f" + read["id_no"]).alias("subject")
    subjects = subjects.set((read["id_kind"] == "other").fill_null(value=False), None)
    for weaker in (_by_insurance, _by_phone, _by_name, _by_other):
        left = subjects.is_null()
        if not left.any():
            break
        subjects = subjects.scatter(left.arg_true(), weaker(read.filter(left)))
    return subjects


def _by_insurance(rows: pl.DataFrame) -> pl.Series:
    return "bhyt\x1f" + rows["insurance"]


def _by_phone(rows: pl.DataFrame) -> pl.Series:
    return "phone\x1f" + rows["phone"]


def _by_name(rows: pl.DataFrame) -> pl.Series:
    born = rows["birth_date"].cast(pl.String)
    return "name\x1f" + fold_person_name(rows["full_name"]) + "\x1f" + born


def fold_person_name(names: pl.Series) -> pl.Series:
    """Return names in one spelling each. Accents tell people apart and stay.

    Folded away: composed or not (NFC, NFD), case, blanks, hyphens and points, the place of the
    tone mark (hoà, hòa), and i or y where it is the only vowel or follows qu (Lý, Lí; Quý, Quí).
    """
    odd = names.str.contains(_ODD_SPACING).fill_null(value=False).arg_true()
    apart = names[odd].str.replace_all(_BETWEEN_WORDS, " ").str.strip_chars()
    spaced = names.scatter(odd, apart.set(apart == "", None)) if len(odd) else names
    # A country has millions of names made of some thousand words: each word is folded once.
    words = spaced.str.to_lowercase().str.split(" ")
    known = words.list.explode().unique().drop_nulls()
    folded = _folded_words(known)
    return words.list.eval(pl.element().replace_strict(known, folded)).list.join(" ")


def _folded_words(words: pl.Series) -> pl.Series:
    text = words.str.normalize("NFD").str.to_lowercase()
    return text.str.replace_all(rf"({_TONE})(\S*)", "$2$1").str.replace_all(_LONE_Y, "${1}i$2")


def _by_other(rows: pl.DataFrame) -> pl.Series:
    """A number that fits no pattern still tells one person from another within a source."""
    given = "given\x1f" + rows["person_ref"]
    other = "other\x1f" + rows["id_no"]
    return other.zip_with(other.is_not_null(), given)


def _links(read: pl.DataFrame, *, key: bytes) -> pl.DataFrame:
    """Return pairs of a pseudonym and a weaker identifier, and pseudonyms that came alone.

    A pseudonym is what its own identifier is hashed to, so that is not hashed again. A row whose
    number contradicts its sex or birth date, or fits no pattern, comes alone: the number may be
    somebody else's.
    """
    people = read.with_columns(own=_own_kinds(read)).filter(
        pl.col("person_ref").is_not_null() & pl.col("own").is_not_null()
    )
    is_sure = people["identity_status"] != "mismatch"
    is_alone = pl.Series("alone", [True]).new_from_index(0, people.height)
    found = []
    for kind, held, subjects_of in (
        ("bhyt", people["insurance"].is_not_null(), _by_insurance),
        ("phone", people["phone"].is_not_null(), _by_phone),
        ("name", _is_named(people), _by_name),
    ):
        rows = (is_sure & held & (people["own"] > NUMBERS[kind])).arg_true()
        tokens = _pseudonyms(subjects_of(people[rows]), key=key)
        usable = tokens.is_not_null()  # a name may be nothing but a hyphen
        some, tokens = rows.filter(usable), tokens.filter(usable)
        found.append(_linked(people[some], tokens, pl.lit(NUMBERS[kind], pl.Int16)))
        is_alone = is_alone.scatter(some, values=False)
    alone = people.filter(is_alone)
    return pl.concat([_linked(alone, alone["person_ref"], pl.col("own")), *found])


def _linked(people: pl.DataFrame, tokens: pl.Series, kind: pl.Expr) -> pl.DataFrame:
    return people.select("row_no", "person_ref", tokens.alias("token"), "own", kind.alias("kind"))


def _is_named(read: pl.DataFrame) -> pl.Series:
    return read["full_name"].is_not_null() & read["birth_date"].is_not_null()


def _own_kinds(read: pl.DataFrame) -> pl.Series:
    """Return the kind of identifier behind each pseudonym; null for one that was given."""
    number = {name: pl.lit(of, pl.Int16) for name, of in NUMBERS.items()}
    kind = pl.col("id_kind")
    return read.select(
        pl.when(kind == "cccd").then(number["cccd"])
        .when(kind == "cmnd").then(number["cmnd"])
        .when(kind == "passport").then(number["passport"])
        .when(pl.col("insurance").is_not_null()).then(number["bhyt"])
        .when(pl.col("phone").is_not_null()).then(number["phone"])
        .when(_is_named(read)).then(number["name"])
        # A pseudonym that an export of ours brought back is of the kind it was stored with.
        .when(kind.is_not_null()).then(number["other"])
    ).to_series()  # fmt: skip


def looks_like_a_number_of_people(text: pl.Series) -> pl.Series:
    """Return whether a text is a personal, insurance or mobile number and nothing else."""
    found = pl.Series(text.name, [False]).new_from_index(0, len(text))
    long = (text.str.len_bytes() >= _FEWEST_DIGITS).fill_null(value=False).arg_true()
    if not len(long):
        return found
    return found.scatter(long, _is_a_number_of_people(text.gather(long)))


def _is_a_number_of_people(text: pl.Series) -> pl.Series:
    written = text.str.contains(r"^\+?[\d\s.()\-]+$")
    found = text.str.contains(_INSURANCE_CARD)
    if not written.any():
        return found
    some = text.filter(written)
    digits = some.str.replace_all(r"\D", "")
    mobile = _phone_numbers(some).str.contains(_MOBILE).fill_null(value=False)
    personal = mobile | (digits.str.contains(_CCCD) & some.str.contains(r"^0"))
    return found.scatter(written.arg_true(), personal | found.filter(written))


class OwnIdentity:
    """What says who each row is about, made to be looked for in the row's other columns."""

    def __init__(self, rows: pl.DataFrame, *, phones: Sequence[str] = ()) -> None:
        """Take the identity fields of the rows, and further columns of telephone numbers."""
        self._names = _text_or_blank(rows, "full_name")
        insured = _plain(_text_or_blank(rows, "insurance_no"))
        numbers = [
            _plain(_text_or_blank(rows, "id_no")), insured.str.replace(r"^.*(\d{10})$", "$1"),
        ]  # fmt: skip
        for name in ("phone", *phones):
            given = _text_or_blank(rows, name)
            written, modern = _plain(given), _phone_numbers(given)
            numbers += [written, modern.set((modern == written).fill_null(value=False), None)]
        # A leading zero goes with a spreadsheet, or stands as +84.
        bare = [each.str.strip_chars_start("0") for each in numbers]
        usable = [each.set(each.str.len_bytes() < _SHORT_NUMBER, None) for each in bare]
        self._numbers = [each for each in usable if each.null_count() < rows.height]

    def is_in(self, text: pl.Series, *, or_is: bool = True) -> pl.Series:
        """Return whether a text holds the row's own number or name, however either is written.

        A name of three words and more, and a number, are found within a longer text; a shorter
        name could be part of many a place's, so it counts only as the whole (`or_is`).
        """
        # Only what can hold a number, or a name, is spelled out.
        wordy = text.str.contains(_LETTERS_OF_A_NAME)
        if or_is:
            wordy = wordy | ~text.str.contains(r"[0-9]")
        named = (wordy & self._names.is_not_null()).fill_null(value=False).arg_true()
        numbered = text.str.contains(_DIGITS_OF_A_NUMBER).fill_null(value=False).arg_true()
        found = pl.Series(text.name, [False]).new_from_index(0, len(text))
        if len(named):
            found = found.scatter(named, self._name_in(text.gather(named), named, or_is=or_is))
        if len(numbered):
            held = self._number_in(text.gather(numbered), numbered)
            found = found.scatter(numbered, held | found.gather(numbered))
        return found

    def _name_in(self, text: pl.Series, rows: pl.Series, *, or_is: bool) -> pl.Series:
        names = self._names.gather(rows)
        text, own = _plain(text), _plain(names)
        n_words = names.str.count_matches(r"[^\s.\-]+")
        is_long = (n_words >= _WORDS_OF_A_LONG_NAME) & (own.str.len_bytes() >= _SHORT_NUMBER)
        within = _within(text, own.set(~is_long, None))
        return within | (text == own) & (own != "") if or_is else within

    def _number_in(self, text: pl.Series, rows: pl.Series) -> pl.Series:
        text = _plain(text)
        found = pl.Series(text.name, [False]).new_from_index(0, len(text))
        for each in self._numbers:
            found = found | _within(text, each.gather(rows))
        return found


def _within(text: pl.Series, part: pl.Series) -> pl.Series:
    """Return whether each text has its part in it; a part that is null is in none."""
    both = pl.DataFrame({"text": text, "part": part})
    within = both.select(pl.col("text").str.contains(pl.col("part"), literal=True)).to_series()
    return within.fill_null(value=False)


def _text_or_blank(rows: pl.DataFrame, name: str) -> pl.Series:
    if name in rows.columns:
        return rows[name]
    return pl.Series(name, [None], dtype=pl.String).new_from_index(0, rows.height)


def _plain(text: pl.Series) -> pl.Series:
    """Return letters without accents and digits only, upper case; y as i, as in names."""

    def mend(odd: pl.Series) -> pl.Series:
        upper = odd.str.to_uppercase().str.replace(r"\.0$", "")
        accented = upper.str.contains(r"[^\x00-\x7f]").arg_true()
        if len(accented):
            apart = upper.gather(accented).str.normalize("NFD")
            upper = upper.scatter(accented, apart.str.replace_all("Đ", "D", literal=True))
        bare = upper.str.replace_all(r"[^0-9A-Z]", "")
        return bare.str.replace_all("Y", "I", literal=True)

    return _mended(text, regular=r"^[0-9A-XZ]*$", mend=mend)


def reseal(refs: pl.Series, *, key: bytes) -> pl.Series:
    """Return stored pseudonyms (or several joined by |) sealed with one more key."""
    apart = pl.DataFrame({"ref": refs.str.split("|")}).with_row_index("row").explode("ref")
    sealed = apart.with_columns(_sealed(apart["ref"], key=key))
    joined = sealed.group_by("row", maintain_order=True).agg(pl.col("ref").str.join("|"))
    return joined["ref"].alias(refs.name)


def _sealed(texts: pl.Series, *, key: bytes) -> pl.Series:
    """Return the HMAC of each text under one key, cut to the length of a pseudonym."""
    # HMAC as RFC 2104 writes it, spelled out: a quarter of hmac.digest's time for short texts.
    block = key if len(key) <= _HASH_BLOCK else hashlib.sha256(key).digest()
    block = block.ljust(_HASH_BLOCK, b"\0")
    inner = hashlib.sha256(block.translate(_INNER)).copy
    outer = hashlib.sha256(block.translate(_OUTER)).copy
    digests: list[bytes | None] = []
    for text in texts.cast(pl.Binary).to_list():
        if text is None:
            digests.append(None)
            continue
        inside, outside = inner(), outer()
        inside.update(text)
        outside.update(inside.digest())
        digests.append(outside.digest())
    found = pl.Series(texts.name, digests, dtype=pl.Binary)
    return found.bin.slice(0, REF_CHARACTERS // 2).bin.encode("hex")


def _pseudonyms(subjects: pl.Series, *, key: bytes) -> pl.Series:
    # Who comes often in one file is hashed once.
    some = subjects.unique() if subjects.n_unique() < _MANY_AGAIN * len(subjects) else subjects
    hashed = some
    for each in key.split(KEY_SEPARATOR.encode()):
        hashed = _sealed(hashed, key=each)
    refs = hashed if some is subjects else subjects.replace_strict(some, hashed)
    # A pseudonym that this gate gave earlier is kept; anything else in its place is hashed, so
    # that a name written into the wrong column is not stored.
    own = subjects.str.strip_prefix("given\x1f")
    is_own = subjects.str.starts_with("given\x1f") & own.str.contains(_REF)
    return own.zip_with(is_own.fill_null(value=False), refs).alias("person_ref")


def _status(latest_year: int) -> pl.Expr:
    """Return verified, mismatch or missing."""
    kind, number = pl.col("id_kind"), pl.col("id_no")
    era = number.str.slice(3, 1).cast(pl.Int32, strict=False)
    year_of_era = number.str.slice(4, 2).cast(pl.Int32, strict=False)
    year = _CENTURY_BASE + _YEARS_PER_CENTURY * era.floordiv(2) + year_of_era
    is_female = pl.when(pl.col("sex") == "nu").then(1).when(pl.col("sex") == "nam").then(0)
    differs = (
        (is_female != era % 2) | (pl.col("birth_date").dt.year() != year) | (year > latest_year)
    )
    contradicts = (kind == "cccd") & differs.fill_null(value=False)
    return (
        pl.when(contradicts | (kind == "other")).then(pl.lit("mismatch"))
        .when(kind.is_not_null() | pl.col("insurance").is_not_null()).then(pl.lit("verified"))
        .when(pl.col("insurance_no").is_not_null()).then(pl.lit("mismatch"))
        .when(pl.col("person_ref").is_not_null())
        .then(pl.coalesce(pl.col("identity_status"), pl.lit("missing")))
        .otherwise(pl.lit("missing"))
        .alias("identity_status")
    )  # fmt: skip
