"""Claims of the institution's sign-in: a role and provinces, or the press; never more."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dashboard.claims import ClaimMap, outsider, read_claims
from data_access.codes import Role
from data_access.errors import SettingsError

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
FILE = """
claim = "realm_access.roles"
name = "preferred_username"
[[role]]
value = "td-national"
role = "national"
[[role]]
value = "td-ha-noi"
role = "province"
areas = ["01"]
"""


@pytest.fixture
def chart(tmp_path: Path) -> ClaimMap:
    return read_claims(written(tmp_path, FILE))


def written(folder: Path, text: str) -> Path:
    path = folder / "claims.toml"
    path.write_text(text, encoding="utf-8")
    return path


def said(roles: object, **more: object) -> dict[str, object]:
    return {
        "is_logged_in": True,
        "sub": "4711",
        "iat": NOW.timestamp() - 60,
        "preferred_username": "Lan",
        "realm_access": {"roles": roles},
        **more,
    }


def test_a_known_value_is_its_role(chart: ClaimMap) -> None:
    found = outsider(said(["other", "td-ha-noi"]), chart, now=NOW)
    assert found
    assert (found.role, found.areas, found.name) == (Role.PROVINCE, {"01"}, "Lan")
    assert found.account_id == "oidc:4711"
    both = outsider(said(["td-ha-noi", "td-national"]), chart, now=NOW)
    assert both
    assert both.role is Role.NATIONAL  # the first of the file, not of the claim


@pytest.mark.parametrize(
    "roles", [[], ["td-nation"], "td-nationalx", None, 7, {"td-national": True}, [["td-national"]]]
)
def test_anything_else_is_the_press(chart: ClaimMap, roles: object) -> None:
    found = outsider(said(roles), chart, now=NOW)
    assert found
    assert (found.role, found.areas) == (Role.PRESS, frozenset())


def test_without_a_file_everybody_is_the_press() -> None:
    found = outsider(said(["td-national"]), None, now=NOW)
    assert found
    assert found.role is Role.PRESS


@pytest.mark.parametrize("claims", [{}, {"is_logged_in": False, "sub": "1"}, {"is_logged_in": True},
                                    {"is_logged_in": "yes", "sub": "1"}])  # fmt: skip
def test_nobody_is_nobody(chart: ClaimMap, claims: dict[str, object]) -> None:
    assert outsider(claims, chart, now=NOW) is None


@pytest.mark.parametrize(
    ("issued", "over"),
    [
        (NOW - timedelta(hours=11, minutes=59), False),
        (NOW - timedelta(hours=12), True),
        (NOW + timedelta(hours=1), True),
    ],
)
def test_a_token_counts_for_twelve_hours(chart: ClaimMap, issued: datetime, over: bool) -> None:
    found = outsider(said(["td-national"], iat=issued.timestamp()), chart, now=NOW)
    assert found
    assert found.is_over is over


@pytest.mark.parametrize("issued", [None, "now", True])
def test_a_token_without_its_time_is_over(chart: ClaimMap, issued: object) -> None:
    found = outsider(said(["td-national"], iat=issued), chart, now=NOW)
    assert found
    assert found.is_over


@pytest.mark.parametrize(
    "text",
    [
        "",
        "claim = 1",
        "claim = 'a'\n[[role]]\nvalue = 'x'\nrole = 'king'",
        "claim = 'a'\n[[role]]\nvalue = 'x'\nrole = 'system'",
        "claim = 'a'\n[[role]]\nvalue = 'x'\nrole = 'province'",
        "claim = 'a'\n[[role]]\nvalue = ''\nrole = 'national'",
        "claim = 'a'\nrole = 'national'",
        "not toml",
    ],
)
def test_a_file_that_says_nothing_sound_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError, match="TUYENDAU_CLAIMS"):
        read_claims(written(tmp_path, text))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="TUYENDAU_CLAIMS"):
        read_claims(tmp_path / "none.toml")
