"""Who is looking: an account, somebody from outside, a demonstration's choice, nobody."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from streamlit.testing.v1 import AppTest

from dashboard import access, navigation, resources
from dashboard.claims import outsider, read_claims
from dashboard.signin import cookies, office
from dashboard.signin.institution import Institution
from data_access.accounts import manage, passwords, rows, sessions, signin
from data_access.accounts.model import console
from data_access.actor import Actor
from data_access.clock import machine_clock
from data_access.codes import Role
from data_access.viewer import system_viewer
from tests.app.conftest import LAST, cases_on, html, run
from tests.app.test_pages import text

pytestmark = pytest.mark.app
PASSWORD, US = "sông Hồng chảy 7 nhánh", console("tests")
SignIn = Callable[..., str]


@pytest.fixture(autouse=True)
def _installation(settings: pytest.MonkeyPatch, _filled: Path, tmp_path: Path) -> None:
    """A copy of the filled database, outside a demonstration."""
    shutil.copy(_filled, tmp_path / "own.sqlite")
    settings.setenv("TUYENDAU_DATABASE_URL", f"sqlite:///{tmp_path}/own.sqlite")
    settings.setenv("TUYENDAU_DEMO", "0")
    settings.setenv("TUYENDAU_SESSION_KEY", "an-invented-key-of-these-tests-9f3b7c51")
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    settings.setattr(passwords, "HASHER", quick)
    settings.setattr(office, "FRESH_SECONDS", 0.0)


@pytest.fixture
def sign_in(settings: pytest.MonkeyPatch) -> SignIn:
    """Makes an account, signs it in, and gives its cookie to every page run after."""

    def signed(login: str, role: Role, *areas: str, first: bool = False) -> str:
        held = resources.shared()
        new = manage.NewAccount(
            login=login, name="Nguyễn <Lan>", role=role, areas=frozenset(areas), password=PASSWORD
        )
        manage.add_account(held.engine, new, areas=held.areas, actor=US, now=machine_clock())
        if not first:
            with held.engine.begin() as connection:
                connection.exec_driver_sql("UPDATE account SET must_change = 0")
        attempt = signin.Attempt(login=login, password=PASSWORD)
        door = resources.office().door(cookies.SESSION)
        secret = signin.sign_in(door, attempt, now=machine_clock())
        assert secret
        settings.setattr(access, "_cookies", lambda: {cookies.SESSION: secret})
        return secret

    return signed


def card(app: AppTest) -> int:
    found = re.search(r'data-id="cases">.*?<strong>([\d,]+)</strong>', html(app))
    assert found
    return int(found[1].replace(",", ""))


def test_an_account_of_a_province_sees_its_own_whatever_the_address_says(sign_in: SignIn) -> None:
    sign_in("hcm", Role.PROVINCE, "79")
    app = run("overview", **{"as": "national", "lang": "en"})
    assert not app.exception
    assert card(app) == cases_on("79", LAST)
    assert "as" not in dict(app.query_params)
    assert "Nguyễn &lt;Lan&gt;" in html(app)
    assert "Hồ Chí Minh (province)" in html(app)
    assert not [box for box in app.selectbox if box.key == "choose_role"]
    assert 'href="/logout?' in html(app)


def test_in_a_demonstration_an_account_counts_more_than_the_choice(
    settings: pytest.MonkeyPatch, sign_in: SignIn
) -> None:
    settings.setenv("TUYENDAU_DEMO", "1")
    sign_in("hcm", Role.PROVINCE, "79")
    assert card(run("overview", **{"as": "national", "lang": "en"})) == cases_on("79", LAST)


@pytest.mark.parametrize("role", [Role.NATIONAL, Role.STEWARD, Role.OPERATOR, Role.ADMIN])
def test_accounts_of_the_nation_see_the_nation(sign_in: SignIn, role: Role) -> None:
    sign_in("somebody", role)
    app = run("overview", lang="en")
    assert not app.exception
    assert card(app) > cases_on("79", LAST)


def test_an_account_of_the_press_sees_what_the_press_sees(sign_in: SignIn) -> None:
    sign_in("bao", Role.PRESS)
    app = run("overview")
    assert "Chưa có bản tin nào được công bố" in text(app)
    assert "td-card" not in html(app)


@pytest.mark.parametrize("case", ["forged", "ended", "role", "disabled", "other cookie"])
def test_a_session_that_is_over_shows_the_public_view_and_says_so(
    settings: pytest.MonkeyPatch, sign_in: SignIn, case: str
) -> None:
    secret = sign_in("hcm", Role.PROVINCE, "79")
    app = run("overview", lang="vi", area="79")
    assert "td-card" in html(app)
    held, now = resources.shared(), machine_clock()
    if case == "forged":
        settings.setattr(access, "_cookies", lambda: {cookies.SESSION: "A" * 43})
    elif case == "ended":
        sessions.end(held.engine, secret, cookie=cookies.SESSION, now=now)
    elif case == "role":
        manage.set_role(
            held.engine, "hcm", Role.PROVINCE, reach=frozenset({"01"}), areas=held.areas,
            actor=US, now=now,
        )  # fmt: skip
    elif case == "disabled":
        manage.disable(held.engine, "hcm", actor=US, now=now)
    else:
        settings.setattr(access, "_cookies", lambda: {cookies.SESSION_TLS: secret})
    app.run()
    assert not app.exception
    assert "td-card" not in html(app)
    assert "Phiên đã hết hạn, đăng nhập lại." in html(app)
    assert "next=%2F%3F" in html(app)


def test_a_first_password_opens_nothing_until_it_is_changed(sign_in: SignIn) -> None:
    sign_in("hcm", Role.NATIONAL, first=True)
    app = run("overview")
    assert "td-card" not in html(app)
    assert 'href="/password?' in html(app)


def test_somebody_from_outside_is_what_their_claims_say(
    settings: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "claims.toml"
    path.write_text(
        'claim = "roles"\n[[role]]\nvalue = "hcm"\nrole = "province"\nareas = ["79"]\n',
        encoding="utf-8",
    )
    trusted = Institution(issuer="https://id.vn", client_id="td", chart=read_claims(path))
    settings.setenv("TUYENDAU_CLAIMS", str(path))
    settings.setattr(resources, "institution", lambda: trusted)
    said: dict[str, object] = {"is_logged_in": True, "sub": "7", "name": "Minh", "roles": ["hcm"]}
    said |= {"iss": "https://id.vn", "aud": "td", "nonce": "once"}
    said["iat"] = machine_clock().timestamp()
    settings.setattr(access, "_claims", lambda: said)
    # A cookie whose sign-in was never taken down opens nothing, however well it is signed.
    app = run("overview", lang="en")
    assert "td-card" not in html(app)
    assert "Your session is over" in html(app)
    who = outsider(said, trusted.chart, resources.trust(trusted), now=machine_clock())
    assert who
    minh = Actor(account="oidc:7", role=Role.PROVINCE, areas=frozenset({"79"}))
    assert resources.office().admit(cookies.INSTITUTION, who.stamp, minh)
    assert card(app.run()) == cases_on("79", LAST)
    assert "Minh" in html(app)
    said["roles"] = ["unknown"]
    assert "td-card" not in html(app.run())
    assert "no role has been given" in html(app)
    said["roles"], said["aud"] = ["hcm"], "another client"
    assert "td-card" not in html(app.run())
    said["aud"], said["iat"] = "td", 0.0
    assert "Your session is over" in html(app.run())
    said["iat"] = machine_clock().timestamp()
    assert card(app.run()) == cases_on("79", LAST)
    # Ended by an administrator: over in this open screen too.
    sessions.end_everywhere(resources.shared().engine, "oidc:7", actor=US, now=machine_clock())
    assert "Your session is over" in html(app.run())


@pytest.mark.parametrize("role", [role for role in Role if role not in {Role.ADMIN, Role.SYSTEM}])
def test_administration_is_closed_to_everybody_else(sign_in: SignIn, role: Role) -> None:
    sign_in("somebody", role, *(("79",) if role is Role.PROVINCE else ()))
    app = run("administration")
    assert not app.exception
    assert "td-table" not in html(app)
    assert not app.text_input


def test_the_menu_lists_what_a_role_may_open(
    settings: pytest.MonkeyPatch,
) -> None:
    def listed(role: Role) -> set[str]:
        found: dict[str, bool] = {}

        def noted(key: str, **about: object) -> None:
            found[key] = bool(about["listed"])

        settings.setattr(navigation, "streamlit_page", noted)
        navigation.menu(lambda key, **_: key, role=role)
        return {key for key, is_listed in found.items() if is_listed}

    every = {entry.key for entry in navigation.PAGES}
    assert listed(Role.ADMIN) == every
    assert listed(Role.NATIONAL) == every - {"administration"}
    closed = {"levels", "alerts", "data_sync", "rollout", "needs", "scenarios", "administration"}
    assert listed(Role.PRESS) == every - closed


def accounts() -> dict[str, Role]:
    viewer = system_viewer(machine_clock())
    found = rows.list_accounts(resources.shared().engine, viewer=viewer)
    return {one.login: one.role for one in found if one.disabled_at is None}


def press(app: AppTest, label: str) -> AppTest:
    next(one for one in app.button if one.label == label).click()
    return app.run()


def test_an_administrator_adds_an_account_and_its_password_opens_once(sign_in: SignIn) -> None:
    sign_in("quan.tri", Role.ADMIN)
    app = run("administration", lang="en")
    assert not app.exception
    login, name = app.text_input[0], app.text_input[1]
    login.input("ha.noi")
    name.input("Ban Chỉ đạo Hà Nội")
    app.multiselect(key="account_add_areas").set_value(["01"])
    press(app, "Add an account")
    assert accounts()["ha.noi"] is Role.PROVINCE
    password = app.code[0].value
    attempt = signin.Attempt(login="ha.noi", password=password)
    door = resources.office().door(cookies.SESSION)
    assert signin.sign_in(door, attempt, now=machine_clock())
    app.run()
    assert not app.code
    assert password not in html(app)
    app.text_input[0].input("ha.noi")
    app.text_input[1].input("x")
    press(app, "Add an account")
    assert "at least one province" in app.warning[0].value or "Another" in app.warning[0].value


def test_an_administrator_cannot_shut_out_themselves(sign_in: SignIn) -> None:
    sign_in("quan.tri", Role.ADMIN)
    app = run("administration", lang="en")
    press(app, "Shut")
    assert "Nobody can shut out" in app.warning[0].value
    assert accounts() == {"quan.tri": Role.ADMIN}


def test_who_lost_the_role_while_the_page_was_open_changes_nothing(sign_in: SignIn) -> None:
    sign_in("quan.tri", Role.ADMIN)
    held = resources.shared()
    new = manage.NewAccount(login="hai", name="hai", role=Role.ADMIN, password=PASSWORD)
    manage.add_account(held.engine, new, areas=held.areas, actor=US, now=machine_clock())
    app = run("administration", lang="en")
    manage.disable(held.engine, "quan.tri", actor=US, now=machine_clock())
    app.selectbox(key="account_chosen").set_value("hai")
    press(app, "Shut")
    assert accounts() == {"hai": Role.ADMIN}
    assert "td-table" not in html(app)


def test_a_token_that_reads_is_made_and_revoked_on_the_page(sign_in: SignIn) -> None:
    sign_in("quan.tri", Role.ADMIN)
    app = run("administration", lang="en")
    app.segmented_control(key="token_purpose").set_value("api")
    app.run()
    next(one for one in app.text_input if one.label == "Source").input("BI")
    app.multiselect(key="token_areas").set_value(["79"])
    press(app, "Make a token")
    token = app.code[0].value
    assert token.startswith("tdt_")
    press(app, "Revoke a token")
    assert "Revoked" in html(app)
