"""Numbers and dates as people write them."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard import formatting

MINUS = "\u2212"


@pytest.mark.parametrize(
    ("value", "decimals", "vi", "en"),
    [
        (13_855_509, 0, "13.855.509", "13,855,509"),
        (0, 0, "0", "0"),
        (999, 0, "999", "999"),
        (1234.56, 1, "1.234,6", "1,234.6"),
        (-559, 0, f"{MINUS}559", f"{MINUS}559"),
        (-0.04, 1, "0,0", "0.0"),
    ],
)
def test_number(value: float, decimals: int, vi: str, en: str) -> None:
    assert formatting.number(value, language="vi", decimals=decimals) == vi
    assert formatting.number(value, language="en", decimals=decimals) == en


@pytest.mark.parametrize(
    ("ratio", "vi", "en"),
    [(0.516, "51,6\u00a0%", "51.6%"), (1.139, "113,9\u00a0%", "113.9%"), (0, "0,0\u00a0%", "0.0%")],
)
def test_percent_is_the_ratio_times_hundred(ratio: float, vi: str, en: str) -> None:
    assert formatting.percent(ratio, language="vi") == vi
    assert formatting.percent(ratio, language="en") == en


@pytest.mark.parametrize(
    ("value", "text"), [(1240, "+1.240"), (-3, f"{MINUS}3"), (0, "0"), (0.2, "0")]
)
def test_signed(value: float, text: str) -> None:
    assert formatting.signed(value, language="vi") == text


@pytest.mark.parametrize(
    ("value", "vi", "en"),
    [
        (1_200_000, "1,2\u00a0tr", "1.2M"),
        (45_000, "45\u00a0N", "45k"),
        (2_500, "2.500", "2,500"),
        (0.5, "0,50", "0.50"),
        (2.5, "2,5", "2.5"),
    ],
)
def test_short(value: float, vi: str, en: str) -> None:
    assert formatting.short(value, language="vi") == vi
    assert formatting.short(value, language="en") == en


def test_days_and_moments() -> None:
    day = date(2022, 1, 2)
    assert formatting.day(day, language="vi") == "02/01/2022"
    assert formatting.day(day, language="en") == "2 Jan 2022"
    assert formatting.short_day(day, language="vi") == "02/01"
    # 18:05 in London is five past one the next morning in Hanoi.
    late = datetime(2021, 12, 31, 18, 5, tzinfo=UTC)
    zone = "Asia/Ho_Chi_Minh"
    assert formatting.moment(late, language="vi", zone=zone) == "01:05 01/01/2022"
    assert formatting.moment(late, language="en", zone=zone) == "01:05, 1 Jan 2022"


@given(st.integers(min_value=-(10**12), max_value=10**12))
def test_whole_numbers_can_be_read_back(value: int) -> None:
    for language, thousands in (("vi", "."), ("en", ",")):
        text = formatting.number(value, language=language)
        assert int(text.replace(thousands, "").replace(MINUS, "-")) == value
