"""Settings, read from the environment once. Their repr never shows a secret."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from data_access.errors import SettingsError

ROOT = Path(__file__).resolve().parent.parent
DEFAULT_DATABASE = ROOT / "var" / "tuyendau.sqlite"
DEMO_KEY = "demonstration-only-not-a-secret"
DEMO_SESSION_KEY = "demonstration-only-session-key-not-a-secret"
MIN_KEY_CHARACTERS = 32
MIN_KEY_VARIETY = 10
PLACEHOLDERS = (
    "changeme",
    "change-me",
    "change_me",
    "placeholder",
    "your-key",
    "your_key",
    "example",
)
"""Words of templates: a key that holds one was never replaced."""
KEY_SEPARATOR = "|"
TRUE_WORDS = {"1", "true", "yes", "on"}
FALSE_WORDS = {"", "0", "false", "no", "off"}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the environment says.

    Attributes:
        database_url: SQLAlchemy address of the shared database.
        pseudonym_key: secret of the keyed hash that replaces identities at the gate.
        keys_before: secrets that `rekey` replaced, oldest first; empty where it never ran.
        demo: whether this is a demonstration (its own key, its own banner).
        pack: folder of another country's pack, or empty for the bundled Vietnam pack.
        now: fixed or shifted clock, see `data_access.clock`.
        max_upload_mb: largest body, unpacked, that HTTP takes in, in MB of 2^20 bytes.
        max_ingests: deliveries over HTTP that one server process takes in at once.
        audit_key: secret that seals the end of the audit log; empty: it stays unsealed.
        tolerances: file of the tolerances between bulletins; empty: the pack's own, or ours.
        session_key: secret behind sign-in (`accounts.keys`); empty: nobody can sign in.
        claims: file that says which claim of the institution's sign-in is which role.
    """

    database_url: str = field(repr=False)
    pseudonym_key: str = field(repr=False)
    demo: bool
    pack: str
    now: str
    keys_before: tuple[str, ...] = field(default=(), repr=False)
    max_upload_mb: int = 64
    max_ingests: int = 4
    audit_key: str = field(default="", repr=False)
    tolerances: str = ""
    session_key: str = field(default="", repr=False)
    claims: str = ""

    @property
    def key_chain(self) -> str:
        """Return all secrets in the order they are applied, as the gate takes them."""
        if not self.pseudonym_key:
            return ""
        return KEY_SEPARATOR.join((*self.keys_before, self.pseudonym_key))


def read_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of an environment (default: the process's).

    Raises:
        SettingsError: naming the variable whose value cannot be used.
    """
    found = os.environ if environ is None else environ
    demo = _flag(found, "TUYENDAU_DEMO")
    return Settings(
        database_url=_database_url(found.get("TUYENDAU_DATABASE_URL", "")),
        pseudonym_key=_pseudonym_key(found.get("TUYENDAU_PSEUDONYM_KEY", ""), demo=demo),
        demo=demo,
        pack=found.get("TUYENDAU_PACK", ""),
        now=found.get("TUYENDAU_NOW", ""),
        keys_before=_keys_before(found.get("TUYENDAU_PSEUDONYM_KEYS_BEFORE", "")),
        max_upload_mb=_whole(found, "TUYENDAU_MAX_UPLOAD_MB", default=64, most=4096),
        max_ingests=_whole(found, "TUYENDAU_MAX_INGESTS", default=4, most=64),
        audit_key=_audit_key(found.get("TUYENDAU_AUDIT_KEY", "")),
        tolerances=found.get("TUYENDAU_TOLERANCES", "").strip(),
        session_key=_secret(
            found, "TUYENDAU_SESSION_KEY", demo=demo, demo_keys=(DEMO_SESSION_KEY, DEMO_KEY)
        ),
        claims=found.get("TUYENDAU_CLAIMS", ""),
    )


def _flag(found: Mapping[str, str], name: str) -> bool:
    word = found.get(name, "").strip().lower()
    if word not in TRUE_WORDS | FALSE_WORDS:
        raise SettingsError(f"{name} must be 1 or 0")
    return word in TRUE_WORDS


def _pseudonym_key(text: str, *, demo: bool) -> str:
    """Return the secret; outside a demonstration only one that cannot be guessed."""
    name = "TUYENDAU_PSEUDONYM_KEY"
    if not demo and KEY_SEPARATOR in text.strip():
        raise SettingsError(f"{name} may not contain {KEY_SEPARATOR}")
    return _secret({name: text}, name, demo=demo, demo_keys=(DEMO_KEY, DEMO_SESSION_KEY))


def _secret(found: Mapping[str, str], name: str, *, demo: bool, demo_keys: tuple[str, ...]) -> str:
    """Return a secret; a demonstration has the first of `demo_keys`, nothing else may have any."""
    key = found.get(name, "").strip()
    if demo:
        return key or demo_keys[0]
    if key in demo_keys:
        raise SettingsError(f"{name} is the key of the demonstration: make one of your own")
    return require_strong(key, name)


def _audit_key(text: str) -> str:
    return require_strong(text.strip(), "TUYENDAU_AUDIT_KEY")


def require_strong(key: str, name: str) -> str:
    """Return a secret, if there is one, that cannot be guessed.

    Raises:
        SettingsError: naming it, never its value.
    """
    if key and any(word in key.lower() for word in PLACEHOLDERS):
        raise SettingsError(f"{name} is a placeholder: make a key of your own")
    if key and (len(key) < MIN_KEY_CHARACTERS or len(set(key)) < MIN_KEY_VARIETY):
        raise SettingsError(
            f"{name} is too weak: it needs at least {MIN_KEY_CHARACTERS} random characters"
            " (openssl rand -hex 32)"
        )
    return key


def _keys_before(text: str) -> tuple[str, ...]:
    return tuple(key.strip() for key in text.split(KEY_SEPARATOR) if key.strip())


def _whole(found: Mapping[str, str], name: str, *, default: int, most: int) -> int:
    text = found.get(name, "").strip()
    if not text:
        return default
    if not text.isdecimal() or not 1 <= int(text) <= most:
        raise SettingsError(f"{name} must be a whole number from 1 to {most}")
    return int(text)


def _database_url(text: str) -> str:
    if not text:
        return f"sqlite:///{DEFAULT_DATABASE}"
    try:
        url = make_url(text)
    except ArgumentError as error:
        raise SettingsError("TUYENDAU_DATABASE_URL is not a database address") from error
    if url.get_backend_name() == "postgresql" and url.drivername != "postgresql+psycopg":
        url = url.set(drivername="postgresql+psycopg")
    if url.get_backend_name() not in {"sqlite", "postgresql"}:
        raise SettingsError("TUYENDAU_DATABASE_URL must begin with sqlite:// or postgresql://")
    return url.render_as_string(hide_password=False)
