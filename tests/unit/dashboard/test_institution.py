"""The institution's own sign-in, set up by halves: refused, and the word says what is missing."""

from dataclasses import replace
from pathlib import Path

import pytest

from dashboard.signin.institution import NEEDED, check_areas, read_institution
from data_access.errors import SettingsError
from data_access.settings import Settings, read_settings

SECRET = "4f1c0a9be27d8356" * 4
WHOLE = {
    "redirect_uri": "https://td.moh.vn/oauth2callback",
    "cookie_secret": SECRET,
    "client_id": "tuyendau",
    "client_secret": "an-invented-word",
    "server_metadata_url": "https://id.moh.vn/realms/y-te/.well-known/openid-configuration",
}
CLAIMS = 'claim = "r"\n[[role]]\nvalue = "x"\nrole = "province"\nareas = ["01", "79"]\n'


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    path = tmp_path / "claims.toml"
    path.write_text(CLAIMS, encoding="utf-8")
    return read_settings({"TUYENDAU_CLAIMS": str(path)})


def test_what_is_whole_is_taken(settings: Settings) -> None:
    found = read_institution(WHOLE, settings)
    assert found
    assert (found.issuer, found.client_id) == ("https://id.moh.vn/realms/y-te", "tuyendau")


def test_nothing_at_all_is_no_fault() -> None:
    assert read_institution({}, read_settings({})) is None


@pytest.mark.parametrize("missing", NEEDED)
@pytest.mark.parametrize("empty", [None, "", "  "])
def test_each_setting_is_needed(settings: Settings, missing: str, empty: str | None) -> None:
    auth = {name: value for name, value in WHOLE.items() if name != missing}
    if empty is not None:
        auth[missing] = empty
    with pytest.raises(SettingsError, match=missing):
        read_institution(auth, settings)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"server_metadata_url": "http://id.moh.vn/.well-known/openid-configuration"}, "https"),
        ({"server_metadata_url": "http://localhost.moh.vn/.well-known/openid-configuration"},
         "https"),
        ({"server_metadata_url": "id.moh.vn/.well-known/openid-configuration"}, "https"),
        ({"server_metadata_url": "https://id.moh.vn/realms/y-te"}, "well-known"),
        ({"redirect_uri": "http://td.moh.vn/oauth2callback"}, "redirect_uri"),
        ({"redirect_uri": "https://td.moh.vn/"}, "oauth2callback"),
        ({"redirect_uri": "https://td.moh.vn/x/oauth2callback"}, "oauth2callback"),
        ({"cookie_secret": "short"}, "cookie_secret"),
        ({"cookie_secret": "changeme" * 8}, "cookie_secret"),
        ({"expose_tokens": ["id"]}, "expose_tokens"),
        ({"client_kwargs": {"scope": "profile"}}, "openid"),
        ({"keycloak": {"client_id": "x"}}, r"auth\.keycloak"),
    ],
)  # fmt: skip
def test_what_cannot_be_trusted_is_refused(
    settings: Settings, change: dict[str, object], word: str
) -> None:
    with pytest.raises(SettingsError, match=word) as told:
        read_institution(WHOLE | change, settings)
    assert SECRET not in str(told.value)


def test_http_is_good_enough_on_this_machine(settings: Settings) -> None:
    here = {
        "server_metadata_url": "http://localhost:8080/realms/y/.well-known/openid-configuration",
        "redirect_uri": "http://localhost:{port}/oauth2callback",
    }
    found = read_institution(WHOLE | here, settings)
    assert found
    assert found.issuer == "http://localhost:8080/realms/y"


def test_one_half_without_the_other_is_refused(settings: Settings) -> None:
    with pytest.raises(SettingsError, match="TUYENDAU_CLAIMS"):
        read_institution(WHOLE, read_settings({}))
    with pytest.raises(SettingsError, match=r"\[auth\]"):
        read_institution({}, settings)


def test_headers_that_name_somebody_are_refused(settings: Settings) -> None:
    with pytest.raises(SettingsError, match="trustedUserHeaders"):
        read_institution(WHOLE, settings, headers={"X-Email": "email"})


def test_no_key_serves_twice(settings: Settings) -> None:
    with pytest.raises(SettingsError, match="cookie_secret"):
        read_institution(WHOLE, replace(settings, session_key=SECRET))


def test_the_name_of_the_provider_may_be_said(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "named.toml"
    path.write_text('issuer = "https://sso.moh.vn/y"\n' + CLAIMS, encoding="utf-8")
    found = read_institution(WHOLE, replace(settings, claims=str(path)))
    assert found
    assert found.issuer == "https://sso.moh.vn/y"


def test_a_province_that_there_is_not_is_named(settings: Settings) -> None:
    found = read_institution(WHOLE, settings)
    assert found
    check_areas(found, frozenset({"01", "79"}))
    with pytest.raises(SettingsError, match="79"):
        check_areas(found, frozenset({"01"}))
