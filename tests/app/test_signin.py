"""Signing in over HTTP: what a browser does, and what an attacker would."""

import re
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
import streamlit as st
from argon2 import PasswordHasher
from starlette.applications import Starlette
from starlette.testclient import TestClient

from dashboard import resources, server
from dashboard.signin import cookies, office
from data_access.accounts import demo, manage, passwords, throttle
from data_access.accounts.model import console
from data_access.clock import machine_clock
from data_access.codes import Role
from data_access.errors import DatabaseUnavailable, SettingsError
from tests.app.conftest import fill

pytestmark = pytest.mark.app
FIRST, OWN = "sông Hồng chảy 7 nhánh", "một mật khẩu của riêng tôi"
US = console("tests")
KEY = "an-invented-key-of-these-tests-9f3b7c51"


@pytest.fixture(autouse=True)
def _installation(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A database without figures, outside a demonstration, with three accounts."""
    url = f"sqlite:///{tmp_path}/accounts.sqlite"
    fill(url, tmp_path, figures=False)
    monkeypatch.setenv("TUYENDAU_DATABASE_URL", url)
    monkeypatch.setenv("TUYENDAU_SESSION_KEY", KEY)
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "HASHER", quick)
    monkeypatch.setattr(office, "FRESH_SECONDS", 0.0)
    passwords._of_nobody.cache_clear()
    add("chi.huy", Role.NATIONAL)
    add("ha.noi", Role.PROVINCE, areas=frozenset({"01"}))
    add("quan.tri", Role.ADMIN)


def add(login: str, role: Role, **more: object) -> None:
    held = resources.shared()
    new = manage.NewAccount(login=login, name=f"Tên <{login}>", role=role, password=FIRST, **more)  # type: ignore[arg-type]
    manage.add_account(held.engine, new, areas=held.areas, actor=US, now=machine_clock())
    with held.engine.begin() as connection:  # the first change is tested by itself
        connection.exec_driver_sql("UPDATE account SET must_change = 0")


def browser(base: str = "https://testserver") -> TestClient:
    app = Starlette(routes=list(server.ROUTES), middleware=list(server.MIDDLEWARE))
    return TestClient(app, base_url=base, follow_redirects=False)


@pytest.fixture
def client() -> TestClient:
    return browser()


def fields(text: str) -> dict[str, str]:
    """Return the hidden fields of the form on a page."""
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', text)
    return {name: unescape(value) for name, value in found}


def sign_in(client: TestClient, login: str = "chi.huy", password: str = FIRST, **more: str):
    page = client.get("/login", params={"next": more.pop("next", "/")})
    given = {**fields(page.text), "login": login, "password": password, **more}
    return client.post("/login", data=given)


def who(client: TestClient) -> str | None:
    found = resources.office().find(*cookies.session_of(client.cookies))
    return found.account.login if found else None


def test_in_and_out(client: TestClient) -> None:
    answer = sign_in(client, next="/map?indicator=cases&lang=vi")
    assert (answer.status_code, answer.headers["location"]) == (303, "/map?indicator=cases&lang=vi")
    assert who(client) == "chi.huy"
    secret = client.cookies[cookies.SESSION_TLS]
    page = client.get("/logout")
    assert "Tên &lt;chi.huy&gt;" in page.text
    assert client.get("/logout").status_code == 200  # looking at the page ends nothing
    assert who(client) == "chi.huy"
    answer = client.post("/logout", data=fields(page.text))
    assert answer.status_code == 303
    assert cookies.SESSION_TLS not in client.cookies
    assert resources.office().find(cookies.SESSION_TLS, secret) is None


def test_cookies_are_closed_to_scripts_and_other_hosts(client: TestClient) -> None:
    answer = sign_in(client)
    written = answer.headers.get_list("set-cookie")
    names = {cookies.SESSION_TLS, cookies.FORM_TLS, cookies.BROWSER_TLS}
    assert {one.split("=")[0] for one in written} == names
    for one in written:
        parts = {part.strip().lower() for part in one.split(";")[1:]}
        assert {"httponly", "secure", "path=/", "samesite=lax"} <= parts
        assert not any(part.startswith("domain") for part in parts)
    assert "no-store" in answer.headers["cache-control"]
    plain = sign_in(browser("http://testserver")).headers.get_list("set-cookie")
    names = {cookies.SESSION, cookies.FORM, cookies.BROWSER}
    assert {one.split("=")[0] for one in plain} == names
    assert not any("secure" in one.lower() for one in plain)


def test_a_session_planted_under_the_plain_name_is_not_taken_over_tls(client: TestClient) -> None:
    sign_in(client)
    secret = client.cookies[cookies.SESSION_TLS]
    assert resources.office().find(cookies.SESSION_TLS, secret)
    assert resources.office().find(cookies.SESSION, secret) is None


def test_the_session_changes_at_sign_in(client: TestClient) -> None:
    sign_in(client, "ha.noi")
    planted = client.cookies[cookies.SESSION_TLS]
    page = client.get("/logout").text  # a signed-in browser has no form to sign in with
    assert client.get("/login").status_code == 303
    assert fields(page)["mark"]
    victim = browser()
    victim.cookies.set(cookies.SESSION_TLS, planted, domain="testserver.local")
    victim.get("/login")
    answer = client.post("/logout", data=fields(page))
    assert answer.status_code == 303
    sign_in(client)
    assert client.cookies[cookies.SESSION_TLS] != planted
    assert resources.office().find(cookies.SESSION_TLS, planted) is None


@pytest.mark.parametrize("case", ["missing", "wrong", "foreign", "no cookie", "page", "not ascii"])
def test_a_form_that_is_not_ours_is_refused(client: TestClient, case: str) -> None:
    given = {**fields(client.get("/login").text), "login": "chi.huy", "password": FIRST}
    if case == "missing":
        given.pop("mark")
    elif case == "wrong":
        given["mark"] = "0" * 64
    elif case == "foreign":  # a form of somebody else's browser
        given["mark"] = fields(browser().get("/login").text)["mark"]
    elif case == "page":  # a form of another page of the same browser
        given["mark"] = fields(client.get("/logout").text)["mark"]
    elif case == "not ascii":
        given["mark"] = "ứ" * 64
    else:
        client.cookies.clear()
    answer = client.post("/login", data=given)
    assert answer.status_code == 403
    assert cookies.SESSION_TLS not in client.cookies
    assert "Biểu mẫu này đã cũ" in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "https://testserver.evil.example"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_a_form_sent_from_elsewhere_is_refused(client: TestClient, headers: dict[str, str]) -> None:
    sign_in(client)
    given = fields(client.get("/logout").text)
    assert client.post("/logout", data=given, headers=headers).status_code == 403
    assert who(client) == "chi.huy"
    own = {"origin": "https://testserver", "sec-fetch-site": "same-origin"}
    assert client.post("/logout", data=given, headers=own).status_code == 303


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "http:evil.example",
        "evil.example",
        "///evil.example",
        "/\r\nSet-Cookie: a=b",
        "https:///evil",
        "//[",
        "/login?next=/login",
        "/logout",
        "/" + "a" * 3_000,
        "",
    ],
)
def test_nobody_is_sent_elsewhere(client: TestClient, target: str) -> None:
    assert sign_in(client, next=target).headers["location"] == "/"
    given = {**fields(browser().get("/login").text), "next": target}
    assert cookies.local(given["next"]) == "/"


@pytest.mark.parametrize("target", ["/", "/map?a=1&b=%2F%2Fx", "/province?area=79&lang=vi"])
def test_a_way_back_stays_as_it_was(target: str) -> None:
    assert cookies.local(target) == target


def test_every_refusal_reads_the_same() -> None:
    manage.disable(resources.shared().engine, "ha.noi", actor=US, now=machine_clock())
    answers = [
        sign_in(browser(), login, password)
        for login, password in (("chi.huy", OWN), ("khong.co", OWN), ("ha.noi", FIRST))
    ]
    for _ in range(throttle.ACCOUNT.free):
        sign_in(browser(), "quan.tri", OWN)
    answers.append(sign_in(browser(), "quan.tri", FIRST))
    shapes = {re.sub(r'value="[^"]*"', "", answer.text) for answer in answers}
    assert {answer.status_code for answer in answers} == {403}
    assert len(shapes) == 1
    assert FIRST not in shapes.pop()


def test_the_first_password_is_changed_before_anything_else(client: TestClient) -> None:
    held = resources.shared()
    manage.reset_password(
        held.engine, "chi.huy", password=OWN, keys=None, actor=US, now=machine_clock()
    )
    answer = sign_in(client, password=OWN, next="/map")
    parts = urlsplit(answer.headers["location"])
    assert (parts.path, parse_qs(parts.query)["next"]) == ("/password", ["/map"])
    before = client.cookies[cookies.SESSION_TLS]
    page = client.get(answer.headers["location"])
    given = {**fields(page.text), "password": OWN, "new": "ngắn", "again": "ngắn"}
    assert "ít nhất 12 ký tự" in client.post("/password", data=given).text
    given |= {"new": FIRST, "again": FIRST + "x"}
    assert "không giống nhau" in client.post("/password", data=given).text
    given |= {"again": FIRST}
    answer = client.post("/password", data=given)
    assert (answer.status_code, answer.headers["location"]) == (303, "/map")
    assert client.cookies[cookies.SESSION_TLS] != before
    assert resources.office().find(cookies.SESSION_TLS, before) is None
    found = resources.office().find(cookies.SESSION_TLS, client.cookies[cookies.SESSION_TLS])
    assert found
    assert not found.account.must_change


def test_a_second_factor_from_on_to_off(client: TestClient) -> None:
    sign_in(client)
    page = client.get("/totp")
    shown = re.search(r"<code>([A-Z2-7 ]+)</code>", page.text)
    assert shown
    secret = shown[1].replace(" ", "")
    assert client.get("/totp").text.count(shown[1]) == 1  # the same each time until it is used
    codes, now = pyotp.TOTP(secret), machine_clock()
    given = {**fields(page.text), "password": FIRST, "code": "000000"}
    assert client.post("/totp", data=given).status_code == 403
    given["code"] = codes.at(now)
    assert client.post("/totp", data=given).status_code == 303
    assert who(client) == "chi.huy"
    other = browser()
    assert sign_in(other).status_code == 403
    assert sign_in(other, code=given["code"]).status_code == 403  # used up
    following = codes.at(now + timedelta(seconds=30))
    assert sign_in(other, code=following).status_code == 303
    page = client.get("/totp")
    assert secret not in page.text.replace(" ", "")


def test_a_stale_session_is_told_and_goes_on_after_signing_in(client: TestClient) -> None:
    sign_in(client)
    manage.set_role(
        resources.shared().engine, "chi.huy", Role.STEWARD, reach=frozenset(),
        areas=resources.shared().areas, actor=US, now=machine_clock(),
    )  # fmt: skip
    assert who(client) is None
    page = client.get("/login", params={"next": "/testing?date=2021-09-01"})
    assert "Phiên đã hết hạn, đăng nhập lại." in page.text
    assert client.get("/password").headers["location"].startswith("/login?")
    assert client.get("/totp").headers["location"].startswith("/login?")
    assert fields(page.text)["next"] == "/testing?date=2021-09-01"


def test_signing_out_everywhere(client: TestClient) -> None:
    other = browser()
    sign_in(client)
    sign_in(other)
    given = {**fields(client.get("/logout").text), "way": "everywhere"}
    client.post("/logout", data=given)
    assert who(other) is None


def test_a_body_too_large_or_broken_is_no_form(client: TestClient) -> None:
    given = {**fields(client.get("/login").text), "login": "chi.huy", "password": "x" * 9_000}
    assert client.post("/login", data=given).status_code == 403
    assert client.post("/login", content=b"\xff\xfe%%%=").status_code == 403
    assert client.post("/login", content="&".join("a=1" for _ in range(99))).status_code == 403


def test_nothing_typed_comes_back_as_markup(client: TestClient) -> None:
    page = client.get("/login", params={"next": '/x"><script>alert(1)</script>', "lang": "<b>"})
    assert "<script" not in page.text
    assert 'lang="vi"' in page.text


def test_a_stranger_does_not_shut_out_a_browser_in_which_somebody_signed_in(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cookies, "client_of", lambda _request: f"10.0.0.{next(addresses)}")
    addresses = iter(range(100))
    sign_in(client)
    client.post("/logout", data=fields(client.get("/logout").text))
    assert who(client) is None
    for _ in range(throttle.ACCOUNT.free):
        assert sign_in(browser(), password="sai hết cả rồi đấy").status_code == 403
    assert sign_in(browser()).status_code == 403
    assert sign_in(client).status_code == 303
    assert who(client) == "chi.huy"
    kept = [c for c in client.cookies.jar if c.name == cookies.BROWSER_TLS]
    assert [(c.secure, c.path, c.has_nonstandard_attr("HttpOnly")) for c in kept] == [
        (True, "/", True)
    ]


def test_a_flood_of_guesses_is_turned_away_and_holds_nobody_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each guess costs a hash: few wait for one, and none on a thread that others need."""
    go_on, checks = threading.Event(), []

    def slow(_password: str, _stored: str | None) -> bool:
        checks.append(threading.current_thread().name)
        return not go_on.wait(20)

    monkeypatch.setattr(passwords, "matches", slow)
    with ThreadPoolExecutor(office.MOST_OF_ONE) as guessers:
        guesses = [guessers.submit(sign_in, browser()) for _ in range(office.MOST_OF_ONE)]
        wait_until(lambda: resources.office().waiting == office.MOST_OF_ONE)
        refused = sign_in(browser())
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "5")
        assert "quá nhiều lượt đăng nhập" in refused.text
        assert browser().get("/readyz").status_code == 200
        assert browser().get("/login").status_code == 200
        assert len(checks) <= office.AT_ONCE
        go_on.set()
        assert {guess.result(timeout=20).status_code for guess in guesses} == {403}
    assert resources.office().waiting == 0
    assert {name.rpartition("_")[0] for name in checks} == {"sign-in"}


def test_all_addresses_together_wait_in_one_short_line() -> None:
    desk = resources.office()
    with ExitStack() as line:
        for number in range(office.MOST_WAITING):
            line.enter_context(desk.place(f"10.0.0.{number}"))
        with pytest.raises(office.Busy), desk.place("10.0.1.1"):
            pass
    with desk.place("10.0.1.1"):
        assert desk.waiting == 1


def wait_until(holds: Callable[[], bool]) -> None:
    ends = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.01)


def test_without_a_key_nobody_signs_in(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TUYENDAU_SESSION_KEY")
    st.cache_resource.clear()
    answer = client.get("/login", params={"lang": "en"})
    assert answer.status_code == 503
    assert "not set up here" in answer.text


def test_a_database_that_is_away_is_said_and_the_last_answer_holds_for_a_while(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(client)
    assert who(client)

    def gone(*_args: object, **_more: object) -> object:
        raise DatabaseUnavailable("the shared database does not answer")

    monkeypatch.setattr(office.sessions, "find", gone)
    assert who(client) == "chi.huy"
    monkeypatch.setattr(office, "KEPT_SECONDS", -1.0)
    answer = client.get("/password")
    assert answer.status_code == 503
    assert "Chưa kết nối được" in answer.text


def test_a_shut_account_is_out_within_two_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    client = browser()
    sign_in(client)
    ticks = [time.monotonic()]
    monkeypatch.setattr(office, "FRESH_SECONDS", 2.0)
    monkeypatch.setattr(office.time, "monotonic", lambda: ticks[0])
    assert who(client)
    manage.disable(resources.shared().engine, "chi.huy", actor=US, now=machine_clock())
    ticks[0] += 1.9
    assert who(client)
    ticks[0] += 0.2
    assert who(client) is None


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("TUYENDAU_SESSION_KEY", "demonstration-only-session-key-not-a-secret"),
        ("TUYENDAU_SESSION_KEY", "demonstration-only-not-a-secret"),
        ("TUYENDAU_SESSION_KEY", "short"),
        ("TUYENDAU_PSEUDONYM_KEY", "demonstration-only-session-key-not-a-secret"),
    ],
)
def test_the_server_refuses_to_start_with_keys_of_a_demonstration(
    monkeypatch: pytest.MonkeyPatch, name: str, word: str
) -> None:
    st.cache_resource.clear()
    monkeypatch.setenv(name, word)
    with pytest.raises(SettingsError, match=name):
        resources.refuse_demonstration()


def test_the_server_refuses_to_start_with_accounts_of_a_demonstration() -> None:
    held = resources.shared()
    resources.refuse_demonstration()
    made = demo.make_demo_accounts(
        held.engine, demo=True, areas=held.areas, actor=US, now=machine_clock()
    )
    assert {account.role for account, _ in made} == set(Role) - {Role.SYSTEM}
    with pytest.raises(SettingsError, match="user demo --remove"):
        resources.refuse_demonstration()
    with pytest.raises(Exception, match="TUYENDAU_DEMO"), TestClient(started()):
        pass
    account, password = made[0]
    assert sign_in(browser(), account.login, password).status_code == 403
    demo.remove_demo_accounts(held.engine, actor=US, now=machine_clock())
    resources.refuse_demonstration()


def started() -> Starlette:
    return Starlette(routes=[], lifespan=server.lifespan)  # type: ignore[arg-type]
