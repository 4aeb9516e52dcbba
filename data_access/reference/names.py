"""Folds place names to keys, so that one place written ten ways has one key. Pure.

Folded: letter case, accents, đ, moved tone marks, spaces, hyphens, dots, one leading type word
(`tỉnh`, `TP.`, `Q.` ...) and one trailing English one (`province`, `City`).
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from data_access.codes import Level

PROVINCE, DISTRICT, WARD = Level.PROVINCE.value, Level.DISTRICT.value, Level.WARD.value
# Type words as written with accents: their key, and the levels that may bear them.
_LEADING: dict[tuple[str, ...], tuple[str, tuple[str, ...]]] = {
    ("thành", "phố"): ("thanhpho", (PROVINCE, DISTRICT)),
    ("tp",): ("thanhpho", (PROVINCE, DISTRICT)),
    ("t", "p"): ("thanhpho", (PROVINCE, DISTRICT)),
    ("thị", "xã"): ("thixa", (DISTRICT,)),
    ("tx",): ("thixa", (DISTRICT,)),
    ("t", "x"): ("thixa", (DISTRICT,)),
    ("thị", "trấn"): ("thitran", (WARD,)),
    ("tt",): ("thitran", (WARD,)),
    ("đặc", "khu"): ("dackhu", (WARD,)),
    ("tỉnh",): ("tinh", (PROVINCE,)),
    ("t",): ("tinh", (PROVINCE,)),
    ("quận",): ("quan", (DISTRICT,)),
    ("q",): ("quan", (DISTRICT,)),
    ("huyện",): ("huyen", (DISTRICT,)),
    ("h",): ("huyen", (DISTRICT,)),
    ("phường",): ("phuong", (WARD,)),
    ("p",): ("phuong", (WARD,)),
    ("xã",): ("xa", (WARD,)),
    ("x",): ("xa", (WARD,)),
}
_TRAILING = {"province": "tinh", "city": "thanhpho", "town": "thixa", "district": ""}
_NUMBERED = re.compile(r"(q|quan|p|phuong|district)0*(\d+)")
_FULL = {"q": "quan", "p": "phuong"}


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).casefold().replace("đ", "d")
    plain = unicodedata.normalize("NFKD", plain)
    return "".join(c for c in plain if not unicodedata.category(c).startswith("M"))


def _words(text: str) -> list[str]:
    return "".join(c if c.isalnum() else " " for c in text).split()


_PLAIN_LEADING = {tuple(map(_folded, words)): kind for words, kind in _LEADING.items()}


@dataclass(frozen=True)
class NameKeys:
    """The keys under which a name is looked up.

    Attributes:
        whole: all of it, type word included.
        bare: without the type word; equal to `whole` where there is none.
        kind: the type word's key, as in `huyen`; empty where there is none.
        levels: levels that may bear the type word; empty: any.
    """

    whole: str
    bare: str
    kind: str = ""
    levels: tuple[str, ...] = ()


def normalise(text: str) -> str:
    """Return the key of a name without its type word: `TP. Hồ Chí Minh` gives `hochiminh`.

    Idempotent. A numbered district keeps its type word: `Q.01` gives `quan1`.
    """
    return name_keys(text).bare


@lru_cache(maxsize=65_536)
def name_keys(text: str) -> NameKeys:
    """Return the keys of a name."""
    accented = _words(unicodedata.normalize("NFC", text).casefold())
    words = _words(_folded(text))
    whole = _numbered("".join(words))
    size, kind, levels = _leading(accented, words)
    rest = words[size:]
    if size and "".join(rest).isdecimal():
        return NameKeys(whole=whole, bare=_numbered(kind + "".join(rest)), levels=levels)
    if not size and len(words) > 1 and words[-1] in _TRAILING:
        rest, kind = words[:-1], _TRAILING[words[-1]]
    return NameKeys(whole=whole, bare=_numbered("".join(rest)), kind=kind, levels=levels)


def _numbered(key: str) -> str:
    found = _NUMBERED.fullmatch(key)
    return f"{_FULL.get(found[1], found[1])}{found[2]}" if found else key


def _leading(accented: list[str], words: list[str]) -> tuple[int, str, tuple[str, ...]]:
    # With accents written, only the accented type word counts: `Tĩnh Gia` is not `tỉnh Gia`.
    is_plain = accented == words
    known = _PLAIN_LEADING if is_plain else _LEADING
    for size in (2, 1):
        start = tuple(accented[:size])
        if len(accented) > size and len(words) == len(accented) and start in known:
            return size, *known[start]
    return 0, "", ()


def spaced(text: str) -> str:
    """Return a name folded but with its words apart, for prefix search."""
    return " ".join(_words(_folded(text)))
