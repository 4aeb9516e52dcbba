"""The second factor: codes of RFC 6238 (TOTP), each good for one use."""

import base64
from datetime import datetime

import pyotp
from pyotp.exceptions import OTPVerificationError

from data_access.accounts.keys import Keys

WINDOW = 1
"""Steps of 30 s that a clock may be off, either way (RFC 6238, 5.2)."""
_SECRET_BYTES = 20
_LETTERS = 4


def new_secret(keys: Keys, *parts: str) -> str:
    """Return the secret (160 bits, base32) that belongs to some texts, the same each time.

    Derived, not stored: until a code of it has been shown there is nothing to remember.
    """
    return base64.b32encode(keys.digest("totp", *parts)[:_SECRET_BYTES]).decode()


def step_of(secret: str, code: str, *, now: datetime, after: int) -> int | None:
    """Return the time step whose code this is; None if it is none, or not newer than `after`."""
    digits = "".join(code.split())
    try:
        step = pyotp.TOTP(secret).verify_and_get_timecode(digits, for_time=now, valid_window=WINDOW)
    except OTPVerificationError:
        return None
    return step if step > after else None


def address(secret: str, *, login: str, issuer: str) -> str:
    """Return the `otpauth:` address that an authenticator takes."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=issuer)


def grouped(secret: str) -> str:
    """Return a secret as people type it: four letters at a time."""
    return " ".join(secret[at : at + _LETTERS] for at in range(0, len(secret), _LETTERS))
