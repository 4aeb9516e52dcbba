"""The way in and out through the institution's own sign-in, around what Streamlit does.

Streamlit speaks OpenID Connect with the provider (`/auth/login`, `/oauth2callback`,
`/auth/logout`) and signs a cookie with what the token says. Here that becomes a session that can
end, a row on record, and a sentence where it went wrong; its cookie lives no longer than ours do.
"""

import asyncio
import json
import re
from collections.abc import Mapping
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlencode

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.auth_util import get_cookie_with_chunks
from streamlit.web.server.server_util import get_cookie_secret
from streamlit.web.server.starlette.starlette_app_utils import decode_signed_value

from dashboard import claims, resources
from dashboard.i18n import DEFAULT, LANGUAGES
from dashboard.signin import cookies
from dashboard.signin.institution import CALLBACK
from data_access.accounts.sessions import ABSOLUTE, nobody
from data_access.actor import Actor
from data_access.errors import DataAccessError

WAY = "td_way"
FAILED = "/login/refused"
WAY_SECONDS = 900
REFUSAL_SECONDS = 60.0
_LOGIN, _LOGOUT = "/auth/login", "/auth/logout"
_AGE = re.compile(r"(?i)max-age=\d+")
_ENDED = 400


class Arrival:
    """Stands around Streamlit's three addresses of OpenID Connect."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap the application."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or hand it on."""
        path = scope["path"] if scope["type"] == "http" else ""
        if path not in {CALLBACK, _LOGIN, _LOGOUT}:
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        if path == _LOGOUT and not await _may_leave(request):
            await RedirectResponse("/", status_code=303)(scope, receive, send)
            return

        async def judged(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if path == CALLBACK:
                    await _arrived(request, headers)
                elif path == _LOGIN and message["status"] >= _ENDED:
                    # The provider does not answer: a word of ours instead of the library's.
                    message["status"] = 303
                    headers["location"] = _sorry(request, "provider")
            await send(message)

        await self.app(scope, receive, judged)


def claims_of(held: Mapping[str, str]) -> dict[str, Any]:
    """Return what Streamlit's cookie says; empty if there is none, or it is forged."""

    def one(name: str) -> bytes | None:
        value = held.get(name)
        return decode_signed_value(get_cookie_secret(), name, value) if value else None

    raw = get_cookie_with_chunks(one, cookies.INSTITUTION)
    try:
        said = json.loads(raw) if raw else {}
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def leave(request: Request, answer: Response) -> None:
    """End the institution's session of a browser in which somebody else signs in."""
    said = claims_of(request.cookies)
    if said:
        _end(said)
    for name in request.cookies:
        if name.startswith(cookies.INSTITUTION):
            answer.delete_cookie(name, path="/", httponly=True, samesite="lax")


def set_way(request: Request, answer: Response) -> None:
    """Keep the language and the screen to come back to, while somebody is at the provider."""
    way = {"lang": _language(request.query_params.get("lang", "")),
           "next": cookies.local(request.query_params.get("next", "/"))}  # fmt: skip
    answer.set_cookie(
        WAY, urlencode(way), max_age=WAY_SECONDS, path="/", httponly=True, samesite="lax",
        secure=cookies.is_secure(request),
    )  # fmt: skip


async def _may_leave(request: Request) -> bool:
    """End the session of whoever signs out; a link from elsewhere signs nobody out."""
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return False
    await asyncio.to_thread(_end, claims_of(request.cookies))
    return True


def _end(said: Mapping[str, Any]) -> None:
    who = _outsider(said)
    if who is not None:
        actor = Actor(account=who.account_id, role=who.role, areas=who.areas)
        resources.office().end(cookies.INSTITUTION, who.stamp, actor=actor)


def _outsider(said: Mapping[str, Any]) -> claims.Outsider | None:
    found = resources.institution()
    if found is None:
        return None
    return claims.outsider(
        said, found.chart, resources.trust(found), now=resources.office().clock()
    )


async def _arrived(request: Request, headers: MutableHeaders) -> None:
    """Decide on whoever comes back from the provider, and where they go on."""
    asked = request.query_params
    if not {"code", "state", "error"} & set(asked):
        return  # they come from signing out there
    given = _given(headers)
    try:
        why = await asyncio.to_thread(_judge, request, claims_of(given), asked.get("error", ""))
    except DataAccessError:
        why = "away"
    if why:
        _take_back(headers)
        headers["location"] = _sorry(request, why)
    else:
        _shorten(headers)
        headers["location"] = _way(request)["next"]
    headers["cache-control"] = "no-store"


def _judge(request: Request, said: Mapping[str, Any], error: str) -> str:
    """Return why somebody is not let in; empty if they are. Either is on record."""
    office, found = resources.office(), resources.institution()
    who = _outsider(said)
    if found is None or who is None or who.is_over:
        fault = claims.fault(said, resources.trust(found)) if said and found else ""
        reason = fault or ("time" if who else "denied" if error else "exchange")
        if resources.notebook().is_due(("session.refused", reason), every=REFUSAL_SECONDS):
            office.refuse(nobody(), reason=reason)
        return "denied" if reason == "denied" else "failed"
    actor = Actor(account=who.account_id, role=who.role, areas=who.areas)
    if not who.is_known:
        # They keep their cookie, which opens nothing: the screen says so, and offers to leave.
        office.refuse(actor, reason="role")
        return ""
    if not office.admit(cookies.INSTITUTION, who.stamp, actor):
        return "failed"
    name, secret = cookies.session_of(request.cookies)
    if secret:
        office.end(name, secret)  # one browser, one person
    return ""


def _given(headers: MutableHeaders) -> dict[str, str]:
    jar: SimpleCookie = SimpleCookie()
    for line in headers.getlist("set-cookie"):
        jar.load(line)
    return {
        name: morsel.value for name, morsel in jar.items() if name.startswith(cookies.INSTITUTION)
    }


def _take_back(headers: MutableHeaders) -> None:
    """Send none of Streamlit's cookies but those that are taken away."""
    lines = headers.getlist("set-cookie")
    del headers["set-cookie"]
    for line in lines:
        if not line.startswith(cookies.INSTITUTION) or "max-age=0" in line.lower():
            headers.append("set-cookie", line)


def _shorten(headers: MutableHeaders) -> None:
    """Have the browser keep them no longer than they count."""
    lines, most = headers.getlist("set-cookie"), int(ABSOLUTE.total_seconds())
    del headers["set-cookie"]
    for line in lines:
        is_kept = line.startswith(cookies.INSTITUTION) and "max-age=0" not in line.lower()
        headers.append("set-cookie", _AGE.sub(f"Max-Age={most}", line) if is_kept else line)


def _way(request: Request) -> dict[str, str]:
    kept = {name: values[0] for name, values in parse_qs(request.cookies.get(WAY, "")).items()}
    return {"lang": _language(kept.get("lang", "")), "next": cookies.local(kept.get("next", "/"))}


def _language(asked: str) -> str:
    return asked if asked in LANGUAGES else DEFAULT


def _sorry(request: Request, why: str) -> str:
    return FAILED + "?" + urlencode({"why": why, **_way(request)})
