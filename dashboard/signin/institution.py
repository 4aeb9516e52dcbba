"""Whether the institution's own sign-in is set up whole: a half-made one starts no server.

Two files say it (docs/operations/accounts.md): `[auth]` of Streamlit's secrets, which the library
reads, and TUYENDAU_CLAIMS, which says what follows from a token.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

from dashboard.claims import ClaimMap, read_claims
from data_access.errors import SettingsError
from data_access.settings import Settings, require_strong

NEEDED = ("redirect_uri", "cookie_secret", "client_id", "client_secret", "server_metadata_url")
CALLBACK = "/oauth2callback"
DISCOVERY = "/.well-known/openid-configuration"
_HERE = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, kw_only=True)
class Institution:
    """The institution's own sign-in.

    Attributes:
        issuer: the provider's name, as its tokens have it.
        client_id: the name of this dashboard at the provider.
        chart: which claim is which role.
    """

    issuer: str
    client_id: str
    chart: ClaimMap


def read_institution(
    auth: Mapping[str, Any], settings: Settings, *, headers: object = None
) -> Institution | None:
    """Return what is set up; None if nothing is.

    Args:
        auth: the `[auth]` part of Streamlit's secrets; empty if there is none.
        settings: of this process.
        headers: Streamlit's `server.trustedUserHeaders`: whoever can send one is whoever they say.

    Raises:
        SettingsError: naming what is missing or cannot be trusted.
    """
    if not auth and not settings.claims:
        return None
    if not settings.claims:
        raise SettingsError(
            "[auth] is in secrets.toml, but TUYENDAU_CLAIMS names no file that says which claim is"
            " which role"
        )
    if not auth:
        raise SettingsError(
            "TUYENDAU_CLAIMS is set, but secrets.toml has no [auth], or cannot be read"
        )
    if headers:
        raise SettingsError("server.trustedUserHeaders would let a header say who somebody is")
    _check_whole(auth)
    _check_addresses(auth)
    require_strong(str(auth["cookie_secret"]), "[auth] cookie_secret")
    if auth["cookie_secret"] in {settings.session_key, settings.pseudonym_key, settings.audit_key}:
        raise SettingsError("[auth] cookie_secret is a key of ours: make one of its own")
    chart = read_claims(Path(settings.claims))
    issuer = chart.issuer or str(auth["server_metadata_url"]).removesuffix(DISCOVERY)
    return Institution(issuer=issuer, client_id=str(auth["client_id"]), chart=chart)


def check_areas(institution: Institution, provinces: frozenset[str]) -> None:
    """Refuse a file that gives provinces which there are not.

    Raises:
        SettingsError: naming them.
    """
    unknown = sorted(institution.chart.areas - provinces)
    if unknown:
        raise SettingsError(f"TUYENDAU_CLAIMS: there is no province {', '.join(unknown)}")


def _check_whole(auth: Mapping[str, Any]) -> None:
    nested = [name for name, value in auth.items()
              if isinstance(value, Mapping) and name != "client_kwargs"]  # fmt: skip
    if nested:
        # A subject is one person at one provider only.
        raise SettingsError(
            f"[auth.{nested[0]}]: one provider, whose settings stand in [auth] itself"
        )
    missing = [name for name in NEEDED if not str(auth.get(name, "")).strip()]
    if missing:
        raise SettingsError(f"[auth] of secrets.toml lacks {', '.join(missing)}")
    if auth.get("expose_tokens"):
        raise SettingsError("[auth] expose_tokens: no page needs a token, leave it out")
    asked = auth.get("client_kwargs", {}).get("scope", "openid")
    if "openid" not in str(asked).split():
        raise SettingsError("[auth] client_kwargs.scope must hold openid: else nobody is named")


def _check_addresses(auth: Mapping[str, Any]) -> None:
    for name in ("redirect_uri", "server_metadata_url"):
        parts = urlsplit(str(auth[name]).replace("{port}", "0"))
        if not _is_safe(parts):
            raise SettingsError(f"[auth] {name} must begin with https:// (http only on localhost)")
    if urlsplit(str(auth["redirect_uri"]).replace("{port}", "0")).path != CALLBACK:
        raise SettingsError(f"[auth] redirect_uri must be the dashboard's address and {CALLBACK}")
    if not str(auth["server_metadata_url"]).endswith(DISCOVERY):
        raise SettingsError(f"[auth] server_metadata_url must end with {DISCOVERY}")


def _is_safe(parts: SplitResult) -> bool:
    if not parts.hostname:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _HERE)
