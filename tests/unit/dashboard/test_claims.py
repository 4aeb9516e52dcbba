"""Claims of the institution's sign-in: a role and provinces, or the press; never more."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dashboard.claims import ClaimMap, Outsider, Trust, fault, outsider, read_claims
from data_access.codes import Role
from data_access.errors import SettingsError

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
TRUST = Trust(
    issuer="https://id.vn/realms/y-te", client_id="tuyendau",
    provinces=lambda: frozenset({"01", "79"}),
)  # fmt: skip
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


def person(claims: Mapping[str, object], chart: ClaimMap) -> Outsider | None:
    return outsider(claims, chart, TRUST, now=NOW)


def said(roles: object, **more: object) -> dict[str, object]:
    return {
        "is_logged_in": True,
        "sub": "4711",
        "iss": TRUST.issuer,
        "aud": TRUST.client_id,
        "nonce": "once",
        "iat": NOW.timestamp() - 60,
        "preferred_username": "Lan",
        "realm_access": {"roles": roles},
        **more,
    }


def test_a_known_value_is_its_role(chart: ClaimMap) -> None:
    found = person(said(["other", "td-ha-noi"]), chart)
    assert found
    assert (found.role, found.areas, found.name) == (Role.PROVINCE, {"01"}, "Lan")
    assert found.account_id == "oidc:4711"
    both = person(said(["td-ha-noi", "td-national"]), chart)
    assert both
    assert both.role is Role.NATIONAL  # the first of the file, not of the claim


@pytest.mark.parametrize(
    "roles", [[], ["td-nation"], "td-nationalx", None, 7, {"td-national": True}, [["td-national"]]]
)
def test_anything_else_is_the_press(chart: ClaimMap, roles: object) -> None:
    found = person(said(roles), chart)
    assert found
    assert (found.role, found.areas) == (Role.PRESS, frozenset())


@pytest.mark.parametrize(
    ("name", "value", "word"),
    [
        ("iss", "https://id.vn/realms/other", "issuer"),
        ("iss", "https://id.vn/realms/y-te/", "issuer"),
        ("iss", None, "issuer"),
        # The library takes this one, if `azp` is ours.
        ("aud", ["other"], "audience"),
        ("aud", "tuyendau2", "audience"),
        ("aud", None, "audience"),
        ("sub", "", "subject"),
        ("sub", 7, "subject"),
        ("sub", "a" * 256, "subject"),
        ("sub", "a\nb", "subject"),
        ("nonce", None, "nonce"),
        ("nonce", "", "nonce"),
    ],
)
def test_a_token_that_is_not_for_us_is_nobody(
    chart: ClaimMap, name: str, value: object, word: str
) -> None:
    claims = said(["td-national"], azp="tuyendau") | {name: value}
    assert fault(claims, TRUST) == word
    assert person(claims, chart) is None


def test_a_token_for_several_clients_is_for_us_too(chart: ClaimMap) -> None:
    found = person(said(["td-national"], aud=["other", "tuyendau"]), chart)
    assert found
    assert found.role is Role.NATIONAL


def test_an_address_counts_only_if_the_provider_has_verified_it(tmp_path: Path) -> None:
    rule = '[[role]]\nvalue = "lan@moh.vn"\nrole = "national"\n'
    chart = read_claims(written(tmp_path, f'claim = "email"\nname = "email"\n{rule}'))
    for verified in (None, False, "true", 1):
        found = person(said([], email="lan@moh.vn", email_verified=verified), chart)
        assert found
        assert (found.role, found.name, found.is_known) == (Role.PRESS, "4711", False)
    found = person(said([], email="lan@moh.vn", email_verified=True), chart)
    assert found
    assert (found.role, found.name) == (Role.NATIONAL, "lan@moh.vn")


def test_two_people_with_one_address_and_one_name_are_two(chart: ClaimMap) -> None:
    same: dict[str, object] = {"email": "lan@moh.vn", "email_verified": True}
    one = person(said(["td-national"], **same), chart)
    two = person(said(["td-national"], **same, sub="4712"), chart)
    assert one
    assert two
    assert one.name == two.name
    assert one.account_id != two.account_id
    assert one.stamp != two.stamp


FROM_CLAIM = """
claim = "groups"
[[role]]
value = "/td-province"
role = "province"
areas_from = "areas"
"""


@pytest.mark.parametrize(
    ("areas", "expected"),
    [
        (["79"], {"79"}),
        ("01", {"01"}),
        (["79", "999", "VN"], {"79"}),
        (["999"], set()),
        ([], set()),
        (None, set()),
        ([7, ["79"], {"79": 1}], set()),
        ("01,79", set()),
        ({"01": True}, set()),
    ],
)
def test_provinces_of_the_token_are_those_that_there_are(
    tmp_path: Path, areas: object, expected: set[str]
) -> None:
    chart = read_claims(written(tmp_path, FROM_CLAIM))
    found = person(said([], groups=["/td-province"], areas=areas), chart)
    assert found
    assert found.areas == expected
    assert found.is_known is bool(expected)
    assert found.role is (Role.PROVINCE if expected else Role.PRESS)


@pytest.mark.parametrize("claims", [{}, {"is_logged_in": False, "sub": "1"}, {"is_logged_in": True},
                                    {"is_logged_in": "yes", "sub": "1"}])  # fmt: skip
def test_nobody_is_nobody(chart: ClaimMap, claims: dict[str, object]) -> None:
    assert person(claims, chart) is None


@pytest.mark.parametrize(
    ("issued", "over"),
    [
        (NOW - timedelta(hours=11, minutes=59), False),
        (NOW - timedelta(hours=12), True),
        (NOW + timedelta(hours=1), True),
    ],
)
def test_a_token_counts_for_twelve_hours(chart: ClaimMap, issued: datetime, over: bool) -> None:
    found = person(said(["td-national"], iat=issued.timestamp()), chart)
    assert found
    assert found.is_over is over


@pytest.mark.parametrize("issued", [None, "now", True])
def test_a_token_without_its_time_is_over(chart: ClaimMap, issued: object) -> None:
    found = person(said(["td-national"], iat=issued), chart)
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
        "claim = 'a'\n[[role]]\nvalue = 'x'\nrole = 'national'\nareas_from = 'b'",
        "claim = 'a'\n[[role]]\nvalue = 'x'\nrole = 'province'\nareas = ['1']\nareas_from = 'b'",
        "not toml",
    ],
)
def test_a_file_that_says_nothing_sound_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError, match="TUYENDAU_CLAIMS"):
        read_claims(written(tmp_path, text))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="TUYENDAU_CLAIMS"):
        read_claims(tmp_path / "none.toml")
