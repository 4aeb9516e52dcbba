"""The institution's own sign-in with a provider that answers: people, attackers, and the record.

People walk in a browser. Attackers speak HTTP, as a browser would, and bend one thing each.
"""

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from joserfc.jwk import RSAKey
from playwright.sync_api import Browser, BrowserContext, Page, expect

from dashboard.i18n import translator
from data_access.accounts import manage
from data_access.accounts.model import console
from data_access.clock import machine_clock
from data_access.codes import Role
from data_access.engine import make_engine
from data_access.reference.areas import load_areas
from data_access.viewer import system_viewer
from tests import oidc_provider
from tests.app.conftest import LAST, cases_on, reporting_provinces
from tests.browser.oidc_world import LAN, World, trusting
from tests.oidc_provider import Provider

pytestmark = [pytest.mark.browser, pytest.mark.slow]
IN_VI = "Đăng nhập bằng tài khoản của đơn vị"
TWELVE_HOURS = 43_200
text = translator("vi")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A provider, and the real server."""
    yield from trusting(tmp_path_factory.mktemp("oidc"))


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Opens browsers that know nothing yet, and closes them."""
    opened: list[BrowserContext] = []

    def visited(**settings: Any) -> BrowserContext:  # noqa: ANN401 -- Playwright's own
        context = browser.new_context(viewport={"width": 1440, "height": 900}, **settings)
        context.set_default_timeout(90_000)
        opened.append(context)
        return context

    yield visited
    for context in opened:
        context.close()


def come_in(page: Page, world: World, path: str = "/?lang=vi") -> list[str]:
    """Sign in from a screen; return what the browser's console had to complain about."""
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on(
        "console",
        lambda said: (
            faults.append(said.text)
            if said.type == "error" and "/_stcore/" not in str(said.location)
            else None
        ),
    )
    page.goto(world.server.url + path)
    page.locator(".td-who a", has_text=IN_VI).click()
    page.locator(".td-who strong").wait_for()
    return faults


def total(page: Page) -> int:
    """Return the number of cases on the first card."""
    card = page.locator("[data-id='cases'] strong").first
    return int(re.sub(r"\D", "", card.inner_text()))


def of_institution(context: BrowserContext) -> list[Any]:
    """Return the cookies in which a browser keeps what the institution said."""
    return [one for one in context.cookies() if str(one.get("name")).startswith("_streamlit_user")]


def test_the_national_command_comes_in_to_the_screen_it_left(
    world: World, visit: Callable[..., BrowserContext]
) -> None:
    world.provider.signs_in(**LAN)
    context = visit(locale="vi-VN")
    page = context.new_page()
    faults = come_in(page, world, "/map?lang=vi")
    assert urlsplit(page.url).path == "/map"
    who = page.locator(".td-who").first
    # By name and role; what others wrote is text.
    expect(who).to_contain_text("Nguyễn <b>Lan</b>")
    expect(who).to_contain_text(text("role.national"))
    assert page.locator(".st-key-choose_role").count() == 0
    page.goto(world.server.url + "/?lang=vi")
    assert total(page) == sum(cases_on(code, LAST) for code in reporting_provinces())
    names = {str(one["name"]) for one in of_institution(context)}
    assert names >= {"_streamlit_user", "_streamlit_user_tokens"}
    for one in of_institution(context):
        assert one["httpOnly"]
        assert one["sameSite"] == "Lax"
        assert 0 < one["expires"] - time.time() <= TWELVE_HOURS
    assert "_streamlit_user" not in page.evaluate("document.cookie")
    assert faults == []


def test_leaving_ends_it_in_every_tab_and_for_copied_cookies(
    world: World, visit: Callable[..., BrowserContext]
) -> None:
    world.provider.signs_in(**LAN)
    before, context = world.seen(), visit(locale="vi-VN")
    page, other = context.new_page(), context.new_page()
    come_in(page, world)
    kept = context.storage_state()
    other.goto(world.server.url + "/?lang=vi")
    other.locator(".td-who strong").wait_for()
    page.get_by_role("button", name="Đăng xuất").click()
    page.locator(".td-who a", has_text=IN_VI).wait_for()
    assert [path for path in world.provider.asked if path.endswith("/logout")]
    assert of_institution(context) == []
    other.goto(world.server.url + "/?lang=vi")
    other.locator(".td-who a", has_text=IN_VI).wait_for()
    thief = visit(storage_state=kept).new_page()
    thief.goto(world.server.url + "/?lang=vi")
    thief.get_by_text(text("signin.expired")).wait_for()
    assert thief.locator(".td-who strong").count() == 0
    mine = [row for row in world.rows(after=before) if row["account"] == "oidc:f2c1-lan"]
    done = [row["action"] for row in mine if row["action"].startswith("session")]
    assert done == ["session.begin", "session.end"]
    assert {row["role"] for row in mine} == {"national"}


def test_a_province_sees_its_own_and_a_new_role_counts_at_the_next_sign_in(
    world: World, visit: Callable[..., BrowserContext]
) -> None:
    world.provider.signs_in(**{**LAN, "sub": "ha-noi", "tuyendau_roles": ["x", "tuyendau-ha-noi"]})
    before, context = world.seen(), visit(locale="vi-VN")
    page = context.new_page()
    come_in(page, world)
    expect(page.locator(".td-who").first).to_contain_text(text("role.province", name="Hà Nội"))
    page.goto(world.server.url + "/?lang=vi&as=national")
    assert total(page) == cases_on("01", LAST)
    page.goto(world.server.url + "/administration?lang=vi")
    page.locator(".td-who").first.wait_for()
    assert page.locator(".td-table").count() == 0
    # The token is signed and stays as it is until they sign in again, here with another role.
    world.provider.signs_in(
        **{**LAN, "sub": "ha-noi", "tuyendau_roles": ["tuyendau-province"], "areas": ["79", "999"]}
    )
    page.get_by_role("button", name="Đăng xuất").click()
    page.locator(".td-who a", has_text=IN_VI).click()
    page.locator(".td-who strong").wait_for()
    expect(page.locator(".td-who").first).to_contain_text(text("role.province", name="Hồ Chí Minh"))
    page.goto(world.server.url + "/?lang=vi")
    assert total(page) == cases_on("79", LAST)
    rows = [row for row in world.rows(after=before) if row["action"] == "session.begin"]
    assert [row["detail"].get("areas") for row in rows] == ["01", "79"]


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_whoever_has_no_role_is_told_so_and_sees_what_is_public(
    world: World, visit: Callable[..., BrowserContext], lang: str
) -> None:
    before = world.seen()
    world.provider.signs_in(**{**LAN, "sub": f"nobody-{lang}", "tuyendau_roles": ["something"]})
    page = visit().new_page()
    page.goto(f"{world.server.url}/login/institution?lang={lang}&next=/%3Flang%3D{lang}")
    told = {"vi": "chưa được cấp vai trò", "en": "no role has been given"}[lang]
    page.get_by_text(told).wait_for()
    assert page.locator("[data-id='cases']").count() == 0
    page.get_by_role("button", name={"vi": "Đăng xuất", "en": "Sign out"}[lang]).click()
    page.get_by_text(told).wait_for(state="detached")
    row = next(row for row in world.rows(after=before) if row["action"] == "session.refused")
    assert (row["account"], row["role"]) == (f"oidc:nobody-{lang}", "press")
    assert row["detail"] == {"way": "oidc", "reason": "role"}


@dataclass
class Attempt:
    """What came of a way in."""

    client: httpx2.Client
    location: str
    cookies: dict[str, str]
    callback: str


NewClient = Callable[..., httpx2.Client]


@pytest.fixture
def new_client() -> Iterator[NewClient]:
    """Makes browsers without a screen, and closes them."""
    with ExitStack() as stack:

        def made(cookies: dict[str, str] | None = None) -> httpx2.Client:
            client = httpx2.Client(follow_redirects=False, trust_env=False, cookies=cookies)
            return stack.enter_context(client)

        yield made


def attempt(world: World, client: httpx2.Client) -> Attempt:
    """Walk from the dashboard to the provider and back, as a browser does."""
    start = client.get(world.server.url + "/login/institution?lang=en")
    at_provider = client.get(world.server.url + start.headers["location"])
    back = client.get(at_provider.headers["location"])
    return finish(client, back.headers["location"])


def finish(client: httpx2.Client, callback: str) -> Attempt:
    answer = client.get(callback)
    jar: SimpleCookie = SimpleCookie()
    for line in answer.headers.get_list("set-cookie"):
        jar.load(line)
    alive = {name: one.value for name, one in jar.items() if one["max-age"] != "0" and one.value}
    named = {name: value for name, value in alive.items() if name.startswith("_streamlit_user")}
    return Attempt(client, answer.headers["location"], named, callback)


def bent_claims(**changes: object) -> Callable[[Provider], None]:
    def bend(provider: Provider) -> None:
        provider.claims = changes

    return bend


def bent_token(change: Callable[[Provider, str], str]) -> Callable[[Provider], None]:
    def bend(provider: Provider) -> None:
        provider.bend = lambda token: change(provider, token)

    return bend


def bent_query(**changes: str) -> Callable[[Provider], None]:
    def bend(provider: Provider) -> None:
        provider.query = changes

    return bend


def no_id_token(provider: Provider) -> None:
    provider.without_id_token = True


ATTACKS = {
    "another issuer": bent_claims(iss="https://id.example.vn/realms/y-te"),
    "no issuer": bent_claims(iss=None),
    "another audience": bent_claims(aud="another", azp="another"),
    "another audience, ours by azp": bent_claims(aud=["another"], azp="tuyendau"),
    "no audience": bent_claims(aud=None),
    "expired": bent_claims(exp=int(time.time()) - 3600),
    "issued long ago": bent_claims(iat=int(time.time()) - 86_400),
    "another nonce": bent_claims(nonce="another"),
    "no nonce": bent_claims(nonce=None),
    "no subject": bent_claims(sub=None),
    "an empty subject": bent_claims(sub=""),
    "tampered": bent_token(lambda _, token: oidc_provider.tampered(token, sub="admin")),
    "another key": bent_token(
        lambda _, token: oidc_provider.signed_by(RSAKey.generate_key(2048), token)
    ),
    "the public key for a secret": bent_token(
        lambda provider, token: oidc_provider.signed_with_the_public_key(provider.key, token)
    ),
    "unsigned": bent_token(lambda _, token: oidc_provider.unsigned(token)),
    "no ID token": no_id_token,
    "another state": bent_query(state="another"),
    "another code": bent_query(code="another"),
    "refused by the provider": bent_query(error="access_denied"),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_bent_answer_lets_nobody_in(world: World, attack: str, new_client: NewClient) -> None:
    world.provider.signs_in(**LAN)
    ATTACKS[attack](world.provider)
    before = world.seen()
    done = attempt(world, new_client())
    assert done.location.startswith("/login/refused?")
    assert done.cookies == {}
    assert not [row for row in world.rows(after=before) if row["action"] == "session.begin"]
    page = done.client.get(world.server.url + done.location)
    assert page.status_code == 403  # noqa: PLR2004 -- HTTP's own number
    assert "institution" in page.text


def test_a_callback_counts_once_and_in_its_own_browser_only(
    world: World, new_client: NewClient
) -> None:
    world.provider.signs_in(**LAN)
    done = attempt(world, new_client())
    assert done.location == "/"
    assert set(done.cookies) == {"_streamlit_user", "_streamlit_user_tokens"}
    # Again in the same browser; in one that never asked; and one planted in somebody else's.
    assert finish(done.client, done.callback).location.startswith("/login/refused?")
    stranger = new_client()
    assert finish(stranger, done.callback).cookies == {}
    victim = new_client()
    victim.get(world.server.url + "/login/institution")
    assert finish(victim, done.callback).cookies == {}


def sign_in_here(world: World, client: httpx2.Client, login: str, password: str) -> httpx2.Response:
    """Sign in with an account of the dashboard's own, through its form."""
    form = client.get(world.server.url + "/login?lang=en")
    assert "/login/institution" in form.text
    mark = re.search(r'name="mark" value="([0-9a-f]+)"', form.text)
    assert mark
    typed = {"mark": mark[1], "login": login, "password": password, "next": "/", "lang": "en"}
    return client.post(world.server.url + "/login", data=typed)


def test_one_browser_is_one_person(world: World, new_client: NewClient) -> None:
    """A session that was planted before does not outlive a sign-in of the other kind."""
    engine, password = make_engine(world.server.database), "sông Hồng chảy 7 nhánh"
    now = machine_clock()
    areas = load_areas(engine, viewer=system_viewer(now))
    # By the same name as somebody at the institution: another person all the same.
    new = manage.NewAccount(login="lan", name="Lan", role=Role.NATIONAL, password=password)
    account, _ = manage.add_account(engine, new, areas=areas, actor=console("tests"), now=now)
    engine.dispose()
    client, before = new_client(), world.seen()
    assert sign_in_here(world, client, "lan", password).headers["location"].startswith("/password")
    world.provider.signs_in(**LAN)
    assert attempt(world, client).location == "/"
    again = client.get(world.server.url + "/password")
    assert again.headers["location"].startswith("/login")
    answer = sign_in_here(world, client, "lan", password)
    gone = [line for line in answer.headers.get_list("set-cookie") if "_streamlit_user" in line]
    assert gone
    assert all("max-age=0" in line.lower() for line in gone)
    done = [(row["account"], row["action"]) for row in world.rows(after=before)]
    assert done == [
        (account.account_id, "session.begin"),
        ("oidc:f2c1-lan", "session.begin"),
        (account.account_id, "session.end"),
        (account.account_id, "session.begin"),
        ("oidc:f2c1-lan", "session.end"),
    ]


def test_the_very_same_token_is_taken_once(world: World, new_client: NewClient) -> None:
    """Though the browser's own cookie is set back, and the provider gives the code out again."""
    world.provider.signs_in(**LAN)
    client = new_client()
    start = client.get(world.server.url + "/login/institution")
    at_provider = client.get(world.server.url + start.headers["location"])
    back = client.get(at_provider.headers["location"]).headers["location"]
    kept = dict(client.cookies.items())
    code = parse_qs(urlsplit(back).query)["code"][0]
    grant = world.provider.grants[code]
    assert finish(client, back).location == "/"
    world.provider.grants[code] = grant
    again = new_client(kept)
    done = finish(again, back)
    assert done.location.startswith("/login/refused?")
    assert done.cookies == {}
    assert world.rows()[-1]["detail"] == {"way": "oidc", "reason": "replay"}


def test_refusals_are_on_record_but_a_flood_is_one_row(world: World, new_client: NewClient) -> None:
    bent = ("tampered", "refused by the provider", "another audience, ours by azp",
            "issued long ago")  # fmt: skip
    for attack in bent:
        world.provider.signs_in(**LAN)
        ATTACKS[attack](world.provider)
        attempt(world, new_client())
    reasons = [
        row["detail"]["reason"] for row in world.rows() if row["action"] == "session.refused"
    ]
    assert {"exchange", "denied", "audience", "time"} <= set(reasons)
    before, client = world.seen(), new_client()
    for _ in range(20):
        client.get(world.server.url + "/oauth2callback?code=a&state=b")
    assert len(world.rows(after=before)) <= 1


def test_a_link_from_elsewhere_signs_nobody_out(world: World, new_client: NewClient) -> None:
    world.provider.signs_in(**LAN)
    done, before = attempt(world, new_client()), world.seen()
    elsewhere = {"Sec-Fetch-Site": "cross-site"}
    answer = done.client.get(world.server.url + "/auth/logout", headers=elsewhere)
    assert answer.headers["location"] == "/"
    assert answer.headers.get_list("set-cookie") == []
    assert world.seen() == before
    answer = done.client.get(world.server.url + "/auth/logout")
    assert answer.headers["location"].startswith(world.provider.issuer)
    assert world.rows()[-1]["action"] == "session.end"


def test_over_tls_no_cookie_of_it_goes_without(world: World, new_client: NewClient) -> None:
    world.provider.signs_in(**LAN)
    client = new_client()
    start = client.get(world.server.url + "/login/institution",
                       headers={"X-Forwarded-Proto": "https"})  # fmt: skip
    lines = start.headers.get_list("set-cookie")
    assert lines
    assert all("; secure" in line.lower() and "; httponly" in line.lower() for line in lines)
    secure = {"X-Forwarded-Proto": "https"}
    answer = client.get(world.server.url + start.headers["location"], headers=secure)
    assert answer.headers.get_list("set-cookie")
    assert all("; secure" in line.lower() for line in answer.headers.get_list("set-cookie"))


def test_nobody_is_sent_elsewhere_after_signing_in(world: World, new_client: NewClient) -> None:
    world.provider.signs_in(**LAN)
    for target in ("https://evil.vn/", "//evil.vn", "/\\evil.vn", "/auth/logout", "/login"):
        client = new_client()
        start = client.get(world.server.url + "/login/institution", params={"next": target})
        at_provider = client.get(world.server.url + start.headers["location"])
        back = client.get(at_provider.headers["location"]).headers["location"]
        assert finish(client, back).location == "/"


def test_a_provider_that_is_away_is_said_in_words(world: World, new_client: NewClient) -> None:
    known, world.provider.metadata = world.provider.metadata, dict  # type: ignore[method-assign]
    try:
        client = new_client()
        start = client.get(world.server.url + "/login/institution?lang=en")
        answer = client.get(world.server.url + start.headers["location"])
        assert answer.headers["location"].startswith("/login/refused?why=provider")
        page = client.get(world.server.url + answer.headers["location"])
        assert "does not answer" in page.text
    finally:
        world.provider.metadata = known  # type: ignore[method-assign]


def test_no_secret_is_in_the_log_or_on_record(world: World, new_client: NewClient) -> None:
    for attack in (None, "another nonce", "another code", "unsigned", "no ID token"):
        world.provider.signs_in(**LAN)
        if attack:
            ATTACKS[attack](world.provider)
        attempt(world, new_client())
    told = world.log + json.dumps(world.rows(), default=str)
    assert "OAuth token exchange failed" in world.log
    assert world.provider.tokens
    for secret in (world.provider.client_secret, world.cookie_secret, *world.provider.tokens):
        assert secret not in told
