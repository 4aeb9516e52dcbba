"""`/login`, `/logout`, `/password`, `/totp`: plain pages, plain forms, no script.

Every form is bound to the browser it was shown in; what is wrong with a sign-in is one sentence.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from urllib.parse import parse_qs, urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route
from streamlit.user_info import generate_login_redirect_url

from dashboard import resources
from dashboard.components.markup import Markup, element
from dashboard.i18n import DEFAULT, LANGUAGES
from dashboard.signin import arrival, cookies, forms
from dashboard.signin.office import Busy, Office
from data_access.accounts import second_factor, signin
from data_access.accounts.model import Refused
from data_access.accounts.passwords import LONGEST, SHORTEST
from data_access.accounts.sessions import SignedIn
from data_access.errors import DataAccessError

MOST_BYTES = 8_192
AGAIN_SECONDS = 5
_LENGTHS = {"shortest": SHORTEST, "longest": LONGEST}
Values = dict[str, str]
Handler = Callable[[Request, Office], Awaitable[Response]]


async def login(request: Request, office: Office) -> Response:
    """Show the form, or let somebody in."""
    if request.method == "GET":
        signed = await _signed(request, office)
        page = _with_institution(_page("login", request.query_params))
        if signed is not None and not signed.account.must_change:
            return _go(page.next)
        notice = "signin.expired" if _has_stale_cookie(request, signed) else ""
        return _shown(request, office, replace(page, notice=notice, fields=_login_fields(page)))
    values = await _values(request)
    page = _with_institution(_page("login", values))
    if not cookies.is_ours(office.keys, request, values.get("mark", "")):
        return _not_ours(request, office, replace(page, fields=_login_fields(page)))
    attempt = _attempt(request, values)
    door = office.door(cookies.session_name(secure=cookies.is_secure(request)))
    _, old = cookies.session_of(request.cookies)
    secret = await office.within_turn(
        lambda now: signin.sign_in(door, attempt, replaces=old, now=now), whence=attempt.address
    )
    if secret is None:
        page = replace(page, problem="signin.refused", fields=_login_fields(page, wrong=True))
        return _shown(request, office, page, status=403)
    signed = await asyncio.to_thread(office.find, door.cookie, secret)
    must_change = signed is not None and signed.account.must_change
    target = f"/password?{_query(page)}" if must_change else page.next
    answer = _entered(request, secret, target)
    if signed is not None:
        mark = signin.browser_mark(office.keys, signed.account.account_id)
        cookies.set_browser(answer, request, mark)
    await asyncio.to_thread(arrival.leave, request, answer)  # one browser, one person
    return answer


def _with_institution(page: forms.Page) -> forms.Page:
    """Offer the institution's own sign-in, where it is set up."""
    if resources.institution() is None:
        return page
    way = forms.links((page.t("signin.office"), f"/login/institution?{_query(page)}"))
    return replace(page, after=(*page.after, way))


def _login_fields(page: forms.Page, *, wrong: bool = False) -> tuple[Markup, ...]:
    t = page.t
    return (
        forms.text_field("login", t("signin.name"), fills="username", focus=True, wrong=wrong),
        forms.text_field("password", t("signin.secret"), kind="password",
                         fills="current-password", wrong=wrong),
        forms.text_field("code", t("signin.code"), fills="one-time-code", optional=True,
                         hint=t("signin.code_hint")),
        forms.button(t("signin.login")),
    )  # fmt: skip


async def logout(request: Request, office: Office) -> Response:
    """Ask once, then end the session, or every session of the account."""
    signed = await _signed(request, office)
    if request.method == "GET":
        page = _page("logout", request.query_params)
        return _shown(request, office, _logout_page(page, signed))
    values = await _values(request)
    page = _logout_page(_page("logout", values), signed)
    if not cookies.is_ours(office.keys, request, values.get("mark", "")):
        return _not_ours(request, office, page)
    name, secret = cookies.session_of(request.cookies)
    if signed is not None and values.get("way") == "everywhere":
        await asyncio.to_thread(office.end_everywhere, signed)
    elif secret:
        await asyncio.to_thread(office.end, name, secret)
    answer = _go("/?" + urlencode({"lang": page.language}))
    cookies.drop_session(answer, request)
    return answer


def _logout_page(page: forms.Page, signed: SignedIn | None) -> forms.Page:
    t = page.t
    fields = (
        forms.button(t("signin.logout")),
        forms.button(t("signin.logout_everywhere"), name="way", value="everywhere", plain=True),
    )
    after = forms.links(
        (t("signin.password"), f"/password?{_query(page)}"),
        (t("signin.totp"), f"/totp?{_query(page)}"),
        (t("signin.back"), page.next),
    )
    return replace(
        page, who=signed.account.name if signed else "", fields=fields,
        after=(after,) if signed else (),
    )  # fmt: skip


async def password(request: Request, office: Office) -> Response:
    """Show the form, or change one's own password."""
    signed = await _signed(request, office)
    if signed is None:
        return _to_login(request)
    if request.method == "GET":
        page = _page("password", request.query_params)
        return _shown(request, office, _password_page(page, signed))
    values = await _values(request)
    page = _password_page(_page("password", values), signed)
    if not cookies.is_ours(office.keys, request, values.get("mark", "")):
        return _not_ours(request, office, page)
    new = values.get("new", "")
    if new != values.get("again", ""):
        return _shown(request, office, replace(page, problem="signin.differ"), status=400)
    door, account = _door_of(request, office), signed.account
    attempt = _attempt(request, values, login=account.login)
    return await _own_change(
        request, office, page,
        lambda now: signin.change_password(door, account.account_id, attempt, new=new, now=now),
    )  # fmt: skip


def _password_page(page: forms.Page, signed: SignedIn) -> forms.Page:
    t, account = page.t, signed.account
    fields = (
        forms.text_field("password", t("signin.old"), kind="password", fills="current-password",
                         focus=True),
        forms.text_field("new", t("signin.new"), kind="password", fills="new-password",
                         hint=t("signin.rules", **_LENGTHS)),
        forms.text_field("again", t("signin.again"), kind="password", fills="new-password"),
        *(_code_field(page),) * account.has_totp,
        forms.button(t("signin.change")),
    )  # fmt: skip
    notice = "signin.must_change" if account.must_change else ""
    return replace(page, who=account.name, fields=fields, notice=notice)


def _code_field(page: forms.Page) -> Markup:
    return forms.text_field("code", page.t("signin.code"), fills="one-time-code")


async def totp(request: Request, office: Office) -> Response:
    """Show the second factor's form, or turn it on or off."""
    signed = await _signed(request, office)
    if signed is None:
        return _to_login(request)
    _, session = cookies.session_of(request.cookies)
    account = signed.account
    secret = second_factor.new_secret(office.keys, account.account_id, session)
    if request.method == "GET":
        page = _page("totp", request.query_params)
        return _shown(request, office, _totp_page(page, signed, secret))
    values = await _values(request)
    page = _totp_page(_page("totp", values), signed, secret)
    if not cookies.is_ours(office.keys, request, values.get("mark", "")):
        return _not_ours(request, office, page)
    door, attempt = _door_of(request, office), _attempt(request, values, login=account.login)
    if account.has_totp:
        return await _own_change(
            request, office, page,
            lambda now: signin.turn_off_totp(door, account.account_id, attempt, now=now),
        )  # fmt: skip
    return await _own_change(
        request, office, page,
        lambda now: signin.turn_on_totp(
            door, account.account_id, attempt, secret=secret, now=now
        ),
    )  # fmt: skip


def _totp_page(page: forms.Page, signed: SignedIn, secret: str) -> forms.Page:
    t, account = page.t, signed.account
    address = second_factor.address(secret, login=account.login, issuer=t("app.name"))
    enrolment = element(
        "div",
        element("p", t("signin.totp_how")),
        element("p", element("code", second_factor.grouped(secret)), class_="key"),
        element("p", element("a", t("signin.totp_open"), href=address)),
    )
    fields = (
        *((enrolment,) if not account.has_totp else ()),
        forms.text_field("password", t("signin.secret"), kind="password",
                         fills="current-password"),
        _code_field(page),
        forms.button(t("signin.totp_off" if account.has_totp else "signin.totp_on")),
    )  # fmt: skip
    notice = "signin.totp_is_on" if account.has_totp else "signin.totp_about"
    return replace(page, who=account.name, fields=fields, notice=notice)


async def _own_change(
    request: Request, office: Office, page: forms.Page, work: signin.Work
) -> Response:
    """Do what somebody asks for themselves; a new session begins, all others are over."""
    try:
        secret = await office.within_turn(work, whence=cookies.client_of(request))
    except Refused as refused:
        page = replace(page, problem=f"refused.{refused.rule}", reasons=dict(_LENGTHS))
        return _shown(request, office, page, status=400)
    if secret is None:
        page = replace(page, problem="signin.not_confirmed")
        return _shown(request, office, page, status=403)
    return _entered(request, secret, page.next)


def _door_of(request: Request, office: Office) -> signin.Door:
    name, _ = cookies.session_of(request.cookies)
    return office.door(name)


def _attempt(request: Request, values: Values, *, login: str = "") -> signin.Attempt:
    return signin.Attempt(
        login=login or values.get("login", ""),
        password=values.get("password", ""),
        code=values.get("code", ""),
        address=cookies.client_of(request),
        browser=cookies.browser_of(request),
    )


async def _signed(request: Request, office: Office) -> SignedIn | None:
    return await asyncio.to_thread(office.find, *cookies.session_of(request.cookies))


def _has_stale_cookie(request: Request, signed: SignedIn | None) -> bool:
    return signed is None and bool(cookies.session_of(request.cookies)[1])


async def _values(request: Request) -> Values:
    """Return the fields of a form; an empty one if it is too large or no form."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            return {}
    try:
        found = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=20)
    except ValueError:
        return {}
    return {name: values[0] for name, values in found.items()}


def _page(key: str, values: Mapping[str, str]) -> forms.Page:
    """Return an empty page in the language and with the way on that were asked for."""
    language = values.get("lang", "")
    return forms.Page(
        key=key,
        language=language if language in LANGUAGES else DEFAULT,
        next=cookies.local(values.get("next", "/")),
        mark="",
    )


def _query(page: forms.Page) -> str:
    return urlencode({"lang": page.language, "next": page.next})


def _shown(request: Request, office: Office, page: forms.Page, *, status: int = 200) -> Response:
    form = cookies.form_of(request)
    page = replace(page, mark=cookies.mark_of(office.keys, request, form))
    answer = HTMLResponse(forms.document(page), status_code=status)
    cookies.set_form(answer, request, form)
    return _private(answer)


def _not_ours(request: Request, office: Office, page: forms.Page) -> Response:
    return _shown(request, office, replace(page, problem="signin.not_ours"), status=403)


def _entered(request: Request, secret: str, target: str) -> Response:
    answer = _go(target)
    cookies.set_session(answer, request, secret)
    return answer


def _to_login(request: Request) -> Response:
    return _go(f"/login?{_query(_page('login', request.query_params))}")


def _go(target: str) -> Response:
    return _private(RedirectResponse(target, status_code=303))


def _private(answer: Response) -> Response:
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _answered(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """Answer in plain words where nobody can sign in, the database is away, or too many try."""

    async def answer(request: Request) -> Response:
        try:
            office = await asyncio.to_thread(resources.office)
            if not office.is_open:
                return _sorry(request, "signin.shut")
            return await handler(request, office)
        except DataAccessError:
            return _sorry(request, "signin.away")
        except Busy:
            answer = _sorry(request, "signin.busy", status=429)
            answer.headers["Retry-After"] = str(AGAIN_SECONDS)
            return answer

    return answer


def _sorry(request: Request, problem: str, *, status: int = 503) -> Response:
    page = _with_institution(_page("login", request.query_params))
    way_back = forms.links((page.t("signin.back"), page.next))
    page = replace(page, problem=problem, after=(*page.after, way_back))
    return _private(HTMLResponse(forms.document(page), status_code=status))


async def to_institution(request: Request) -> Response:
    """Send somebody to the institution's own sign-in; they come back to the screen they left."""
    if await asyncio.to_thread(resources.institution) is None:
        return _to_login(request)
    answer = _go(generate_login_redirect_url("default"))
    arrival.set_way(request, answer)
    return answer


async def not_admitted(request: Request) -> Response:
    """Say why the institution's own sign-in let nobody in; nothing of what it said is shown."""
    why = request.query_params.get("why", "")
    page = _page("login", request.query_params)
    ways = forms.links(
        (page.t("signin.try_again"), f"/login/institution?{_query(page)}"),
        (page.t("signin.back"), page.next),
    )
    page = replace(page, problem=_NOT_ADMITTED.get(why, "signin.outside_failed"), after=(ways,))
    status = 503 if why in {"away", "provider"} else 403
    return _private(HTMLResponse(forms.document(page), status_code=status))


_NOT_ADMITTED = {
    "denied": "signin.outside_denied",
    "provider": "signin.outside_silent",
    "away": "signin.away",
}
_METHODS = ["GET", "POST"]
ROUTES = (
    Route("/login/institution", to_institution, methods=["GET"]),
    Route(arrival.FAILED, not_admitted, methods=["GET"]),
    Route("/login", _answered(login), methods=_METHODS),
    Route("/logout", _answered(logout), methods=_METHODS),
    Route("/password", _answered(password), methods=_METHODS),
    Route("/totp", _answered(totp), methods=_METHODS),
)
