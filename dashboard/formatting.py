"""Numbers, percents and dates as people of a language write them. Pure.

The only place where a ratio 0-1 becomes a percent.
"""

from datetime import date, datetime
from zoneinfo import ZoneInfo

MINUS = "\u2212"
NARROW = "\u00a0"  # between a number and its sign; never broken over two lines
MILLION, THOUSAND = 1_000_000, 1_000
_SIGNS = {"vi": (".", ","), "en": (",", ".")}


def number(value: float, *, language: str, decimals: int = 0) -> str:
    """Return 13855509 as `13.855.509` in Vietnamese, `13,855,509` in English."""
    thousands, comma = _SIGNS[language]
    text = f"{abs(value):,.{decimals}f}"
    text = text.replace(",", " ").replace(".", comma).replace(" ", thousands)
    rounded_to_zero = not any(digit in "123456789" for digit in text)
    return f"{MINUS}{text}" if value < 0 and not rounded_to_zero else text


def percent(ratio: float, *, language: str, decimals: int = 1) -> str:
    """Return the ratio 0.516 as `51,6 %` in Vietnamese, `51.6%` in English."""
    space = NARROW if language == "vi" else ""
    return f"{number(ratio * 100, language=language, decimals=decimals)}{space}%"


def signed(value: float, *, language: str, decimals: int = 0) -> str:
    """Return a change with its sign: `+1.240`, `−3`, `0`."""
    text = number(value, language=language, decimals=decimals)
    return f"+{text}" if value > 0 and any(digit in "123456789" for digit in text) else text


def points(ratio: float, *, language: str, decimals: int = 1) -> str:
    """Return a change of a ratio in percentage points, signed, without the unit."""
    return signed(ratio * 100, language=language, decimals=decimals)


def short(value: float, *, language: str) -> str:
    """Return a number for an axis or a legend: `1,2 tr`, `45 N`; `1.2M`, `45k` in English."""
    million, thousand = ("\u00a0tr", "\u00a0N") if language == "vi" else ("M", "k")
    for size, suffix in ((MILLION, million), (THOUSAND * 10, thousand)):
        if abs(value) >= size:
            scaled = value / (MILLION if size == MILLION else THOUSAND)
            decimals = 0 if scaled == round(scaled) else 1
            return number(scaled, language=language, decimals=decimals) + suffix
    decimals = 0 if value == round(value) else (1 if abs(value) >= 1 else 2)
    return number(value, language=language, decimals=decimals)


def day(value: date, *, language: str) -> str:
    """Return `22/01/2022` in Vietnamese, `22 Jan 2022` in English."""
    if language == "vi":
        return f"{value:%d/%m/%Y}"
    return f"{value.day} {_MONTHS[value.month - 1]} {value.year}"


def short_day(value: date, *, language: str) -> str:
    """Return `22/01` or `22 Jan`."""
    return f"{value:%d/%m}" if language == "vi" else f"{value.day} {_MONTHS[value.month - 1]}"


def moment(value: datetime, *, language: str, zone: str) -> str:
    """Return a UTC instant as local time: `18:05 22/01/2022`, `18:05, 22 Jan 2022`."""
    local = value.astimezone(ZoneInfo(zone))
    joint = " " if language == "vi" else ", "
    return f"{local:%H:%M}{joint}{day(local.date(), language=language)}"


# strftime's month names follow the machine's locale, not the reader's.
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
