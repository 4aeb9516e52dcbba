"""Passwords: what one must be like, and its hash (argon2id, the parameters of RFC 9106).

Rules after NIST SP 800-63B (revision 4), 3.1.1: length, and no password that everybody tries
first; nothing about kinds of characters, and no change without a reason.
"""

import secrets
import unicodedata
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type

from data_access.accounts.model import Refused

SHORTEST, LONGEST = 12, 200
FEWEST_DIFFERENT = 5
_SHORT_LOGIN = 3  # three letters are in many a good password by chance
_COMMON = Path(__file__).with_name("common_passwords.txt")
# Without 0/o and 1/l/i: a one-time password is read out on the telephone.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_GROUPS, _GROUP_LETTERS = 4, 4
# RFC 9106, section 4, second recommended option: 64 MiB, three passes, four lanes.
HASHER = PasswordHasher(time_cost=3, memory_cost=65_536, parallelism=4, type=Type.ID)


def normal(text: str) -> str:
    """Return a password as it is hashed: one spelling of each letter, however it was typed."""
    return unicodedata.normalize("NFKC", text)


@cache
def common() -> frozenset[str]:
    """Return the passwords that everybody tries first, in small letters."""
    lines = _COMMON.read_text(encoding="utf-8").splitlines()
    return frozenset(line.strip() for line in lines if line and not line.startswith("#"))


def check(password: str, *, login: str) -> None:
    """Refuse a password that can be guessed.

    Raises:
        Refused: naming the rule; the password is not in the message.
    """
    found = normal(password)
    if len(found) < SHORTEST:
        raise Refused("password_short", f"a password has at least {SHORTEST} characters")
    if len(found) > LONGEST:
        raise Refused("password_long", f"a password has at most {LONGEST} characters")
    folded = found.casefold()
    plain = "".join(letter for letter in folded if letter.isalnum())
    if len(set(folded)) < FEWEST_DIFFERENT or {folded, plain} & common():
        raise Refused("password_common", "this password is among those tried first")
    if any(len(one) > _SHORT_LOGIN and one in folded for one in (login, login.partition("@")[0])):
        raise Refused("password_login", "a password may not hold the login")


def one_time() -> str:
    """Return a password for the first sign-in (about 79 bits)."""
    groups = (
        "".join(secrets.choice(_ALPHABET) for _ in range(_GROUP_LETTERS)) for _ in range(_GROUPS)
    )
    return "-".join(groups)


def hashed(password: str) -> str:
    """Return the hash of a password, with its own salt."""
    return HASHER.hash(normal(password))


@cache
def _of_nobody() -> str:
    return hashed(secrets.token_urlsafe())


def matches(password: str, stored: str | None) -> bool:
    """Return whether a password is the one of a hash; None takes the same time and never is."""
    given = normal(password)[:LONGEST]
    nobody = _of_nobody()  # made by the first attempt, whosever it is: it takes as long as a check
    try:
        HASHER.verify(stored or nobody, given)
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None
