"""Which keys are taken."""

import pytest

from data_access.errors import SettingsError
from data_access.settings import DEMO_KEY, read_settings

GOOD = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"


@pytest.mark.parametrize(
    ("key", "says"),
    [
        (DEMO_KEY, "demonstration"),
        ("short", "at least 32"),
        ("a" * 64, "at least 32"),
        ("change-me-change-me-change-me-1234567890", "placeholder"),
        (f"{GOOD}|{GOOD}", "may not contain"),
    ],
)
def test_a_bad_key_is_refused_and_not_repeated(key: str, says: str) -> None:
    with pytest.raises(SettingsError, match=says) as caught:
        read_settings({"TUYENDAU_PSEUDONYM_KEY": key})
    assert key not in str(caught.value)


def test_a_good_key_none_and_a_demonstration() -> None:
    assert read_settings({"TUYENDAU_PSEUDONYM_KEY": GOOD}).key_chain == GOOD
    assert read_settings({}).key_chain == ""
    assert read_settings({"TUYENDAU_DEMO": "1"}).key_chain == DEMO_KEY


def test_earlier_keys_come_first_and_are_never_shown() -> None:
    settings = read_settings(
        {"TUYENDAU_PSEUDONYM_KEY": GOOD, "TUYENDAU_PSEUDONYM_KEYS_BEFORE": "first | second"}
    )
    assert settings.key_chain == f"first|second|{GOOD}"
    assert GOOD not in repr(settings)
    assert "first" not in repr(settings)
