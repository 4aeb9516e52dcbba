"""Cookies, addresses and forms: what keeps a sign-in from being stolen, planted or forged. Pure.

Whether a request came over TLS, and from where, is what the server says: it believes a proxy's
headers only from addresses named in `FORWARDED_ALLOW_IPS` (uvicorn's setting).
"""

import secrets
from collections.abc import Mapping
from datetime import timedelta
from hmac import compare_digest
from ipaddress import IPv6Address, ip_address
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

from data_access.accounts.keys import Keys
from data_access.accounts.sessions import ABSOLUTE

# A browser takes `__Host-` only over TLS, for this host alone, for the whole of it.
SESSION, SESSION_TLS = "td_session", "__Host-td_session"
INSTITUTION = USER_COOKIE_NAME
"""Streamlit's cookie with what the institution's own sign-in says; its tokens, and the parts of a
long one, begin with the same letters."""
FORM, FORM_TLS = "td_form", "__Host-td_form"
BROWSER, BROWSER_TLS = "td_browser", "__Host-td_browser"
_KNOWN_FOR = timedelta(days=180)
_LONGEST_MARK = 200
_TOKEN_BYTES = 32
_IPV6_NETWORK_BITS = 64
_LONGEST_PATH = 2_000
_OWN_PAGES = ("/login", "/logout", "/password", "/totp", "/auth", "/oauth2callback")


def is_secure(request: Request) -> bool:
    """Return whether a request came over TLS."""
    return request.url.scheme == "https"


def session_name(*, secure: bool) -> str:
    """Return the name of the session's cookie."""
    return SESSION_TLS if secure else SESSION


def session_of(cookies: Mapping[str, str]) -> tuple[str, str]:
    """Return (name, value) of the session's cookie; the one that needs TLS comes first.

    A session is bound to the name it began under, so nobody who can plant a plain cookie gains.
    """
    for name in (SESSION_TLS, SESSION):
        if cookies.get(name):
            return name, cookies[name]
    return SESSION, ""


def form_of(request: Request) -> str:
    """Return the secret that binds forms to this browser; a new one if it has none."""
    name = FORM_TLS if is_secure(request) else FORM
    return request.cookies.get(name) or secrets.token_urlsafe(_TOKEN_BYTES)


def mark_of(keys: Keys, request: Request, form: str) -> str:
    """Return what a form of this page carries: good for this browser, session and page only."""
    _, session = session_of(request.cookies)
    return keys.mark("csrf", form, session, request.url.path)


def is_ours(keys: Keys, request: Request, mark: str) -> bool:
    """Return whether a form was filled in on our page, in this browser."""
    name = FORM_TLS if is_secure(request) else FORM
    form = request.cookies.get(name, "")
    if not form or not mark.isascii() or not compare_digest(mark_of(keys, request, form), mark):
        return False
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        return False
    return request.headers.get("sec-fetch-site", "same-origin") in {"same-origin", "none"}


def set_session(response: Response, request: Request, secret: str) -> None:
    """Give the browser a session; its form secret changes with it."""
    _set(response, request, (SESSION, SESSION_TLS), secret)
    _set(response, request, (FORM, FORM_TLS), secrets.token_urlsafe(_TOKEN_BYTES))


def set_form(response: Response, request: Request, form: str) -> None:
    """Give the browser the secret of its forms."""
    _set(response, request, (FORM, FORM_TLS), form)


def browser_of(request: Request) -> str:
    """Return what this browser kept of an earlier sign-in; empty for nothing."""
    return request.cookies.get((BROWSER, BROWSER_TLS)[is_secure(request)], "")[:_LONGEST_MARK]


def set_browser(response: Response, request: Request, mark: str) -> None:
    """Have the browser keep that somebody signed in; it stays when they sign out."""
    _set(response, request, (BROWSER, BROWSER_TLS), mark, lasts=_KNOWN_FOR)


def drop_session(response: Response, request: Request) -> None:
    """Take the session from the browser."""
    for name in (SESSION, SESSION_TLS):
        response.delete_cookie(
            name, path="/", httponly=True, samesite="lax", secure=name == SESSION_TLS
        )
    set_form(response, request, secrets.token_urlsafe(_TOKEN_BYTES))


def _set(
    response: Response, request: Request, names: tuple[str, str], value: str, *,
    lasts: timedelta = ABSOLUTE,
) -> None:  # fmt: skip
    secure = is_secure(request)
    response.set_cookie(
        names[secure], value, max_age=int(lasts.total_seconds()), path="/", httponly=True,
        samesite="lax", secure=secure,
    )  # fmt: skip


def client_of(request: Request) -> str:
    """Return where a request comes from, as failures are counted: a whole /64 of IPv6 is one."""
    host = request.client.host if request.client else ""
    try:
        found = ip_address(host)
    except ValueError:
        return host
    if isinstance(found, IPv6Address):
        plain = found.ipv4_mapped
        shift = 128 - _IPV6_NETWORK_BITS
        return str(plain) if plain else str(IPv6Address(int(found) >> shift << shift))
    return str(found)


def local(path: str) -> str:
    """Return an address to go on to: one of this server, else the first page."""
    if len(path) > _LONGEST_PATH or not path.isprintable() or "\\" in path:
        return "/"
    try:
        parts = urlsplit(path)
    except ValueError:
        return "/"
    if parts.scheme or parts.netloc or not path.startswith("/") or path.startswith("//"):
        return "/"
    return "/" if parts.path.startswith(_OWN_PAGES) else path
